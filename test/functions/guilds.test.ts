// Guilds over HTTP.
import { describe, expect, it } from 'vitest'
import {
  guildApplicationsPerCharacterMax,
  guildInvitesPerCharacterMax,
  guildLogMax,
  guildLogSlack,
  guildMembersMax,
  guildWaitingMax,
  guildWaitingMs,
} from '#shared/limits.ts'
import { newId } from '#shared/runtime.ts'
import { codeOf, newAccount, overtaken } from './api.ts'
import type { TestApi } from './api.ts'
import { brokenGuilds, guildActs } from './guild-people.ts'
import { inRealm, people as peopleWith, person as newPerson } from './people.ts'
import type { Person as Anybody } from './people.ts'

const withGuilds = (who: Anybody) => ({ ...who, ...guildActs(who) })
type Person = ReturnType<typeof withGuilds>

const person = async (...known: Parameters<typeof newPerson>) =>
  withGuilds(await newPerson(...known))
const people = async (count: number) => await peopleWith(count, withGuilds)

/** A guild of the first one, with the others as members. */
async function guildOf(count: number, more = 0) {
  const { test, all } = await people(count + more)
  const [ada] = all
  const { guildId } = await ada.found('Lanterns')
  for (const one of all.slice(1, count)) {
    await ada.invite(guildId, one)
    await one.join(guildId)
    test.clock.advance(1000)
  }
  test.trips.reset()
  return { test, all, guildId }
}

async function editGuild(test: TestApi, guildId: string, change: Record<string, number>) {
  const key = { pk: `R#local#GUILD#${guildId}`, sk: 'GUILD' }
  const row = await test.memory.get({ table: 'core', key })
  await test.memory.put({ table: 'core', item: { ...row!, ...change } })
}

describe('a guild', () => {
  it('is founded by a character, found by its looks, and led by its founder', async () => {
    const { all } = await people(2)
    const [ada, bram] = all
    const made = await ada.found('Lanterns of the Vale')
    expect(made).toMatchObject({ name: 'Lanterns of the Vale', leader: 'Ada', members: 1 })
    expect(await bram.find('Lantems of the vaIe')).toEqual(made)
    expect(await ada.mine()).toMatchObject({ guildId: made.guildId, rankId: 0, members: 1 })
    expect(await bram.mine()).toBeUndefined()
    expect(await ada.roster(made.guildId)).toEqual({ Ada: 'Leader' })
    expect(await ada.log(made.guildId)).toEqual(['founded Ada'])
  })

  it('takes who was invited, and who has applied and was accepted; those concerned are told', async () => {
    const { test, all } = await people(3)
    const [ada, bram, cato] = all
    const { guildId } = await ada.found('Lanterns')
    test.clock.advance(1)
    await ada.invite(guildId, bram)
    expect(await bram.told()).toEqual(['guild.invited Ada'])
    expect(await bram.invites()).toEqual(['invite Lanterns'])
    expect(await ada.waiting(guildId)).toEqual(['invite Bram'])
    await bram.join(guildId)
    test.clock.advance(1)
    await cato.apply(guildId)
    expect(await ada.told()).toEqual(['guild.joined Bram', 'guild.applied Cato'])
    expect(await ada.waiting(guildId)).toEqual(['application Cato'])
    await ada.accept(guildId, cato)
    expect(await cato.told()).toEqual(['guild.accepted Ada'])
    expect(await ada.roster(guildId)).toEqual({ Ada: 'Leader', Bram: 'Recruit', Cato: 'Recruit' })
    expect(await bram.invites()).toEqual([])
    expect(await ada.waiting(guildId)).toEqual([])
    expect(await bram.log(guildId)).toEqual(['joined Cato', 'joined Bram', 'founded Ada'])
  })

  it('goes by ranks of its own', async () => {
    const { all, guildId } = await guildOf(4)
    const [ada, bram, cato, dunja] = all
    await ada.rank(guildId, bram, 1)
    await bram.rank(guildId, cato, 2)
    expect(await cato.told()).toEqual(['guild.invited Ada', 'guild.ranked Bram'])
    const own = [
      { rankId: 0, name: 'Queen', permissions: [] },
      { rankId: 1, name: 'Guard', permissions: ['kick'] as const },
      { name: 'Herald', permissions: ['message', 'ranks'] as const },
      { rankId: 2, name: 'Member', permissions: [] },
      { rankId: 3, name: 'Recruit', permissions: [] },
    ]
    const { ranks } = await ada.ranks(guildId, own)
    expect(ranks.map(({ rankId, name }) => `${rankId} ${name}`)).toEqual([
      '0 Queen',
      '1 Guard',
      '4 Herald',
      '2 Member',
      '3 Recruit',
    ])
    // The leader may do all, whatever the list says.
    expect(ranks[0]!.permissions).toContain('invite')
    // What a rank has no more, who has it may do no more.
    expect(await codeOf(bram.invite(guildId, { name: 'Nobody' }))).toBe('guild.forbidden')
    expect(await codeOf(bram.rank(guildId, dunja, 2))).toBe('guild.forbidden')
    await ada.rank(guildId, dunja, 4)
    await dunja.message(guildId, 'We meet at the mill.')
    expect(await cato.mine()).toMatchObject({ message: 'We meet at the mill.', rankId: 2 })
    await dunja.message(guildId, ' ')
    expect(await cato.mine()).not.toHaveProperty('message')
    await bram.kick(guildId, cato)
    expect(await cato.told()).toContain('guild.kicked Bram')
    expect(await cato.mine()).toBeUndefined()
    expect(await ada.roster(guildId)).toEqual({ Ada: 'Queen', Bram: 'Guard', Dunja: 'Herald' })
  })

  it('has one leader, who hands over, and leaves then', async () => {
    const { all, guildId } = await guildOf(3)
    const [ada, bram] = all
    expect(await codeOf(ada.leave(guildId))).toBe('guild.leader')
    await ada.lead(guildId, bram)
    expect(await bram.told()).toContain('guild.led Ada')
    expect(await ada.roster(guildId)).toMatchObject({ Ada: 'Officer', Bram: 'Leader' })
    expect(await bram.mine()).toMatchObject({ leader: 'Bram' })
    expect(await codeOf(ada.disband(guildId))).toBe('guild.forbidden')
    await ada.leave(guildId)
    expect(await bram.roster(guildId)).toEqual({ Bram: 'Leader', Cato: 'Recruit' })
  })

  it('that is disbanded is gone for all, its name is free, and its members are told', async () => {
    const { test, all, guildId } = await guildOf(3, 2)
    const [ada, bram, , dunja, egon] = all
    await ada.invite(guildId, dunja)
    await egon.apply(guildId)
    await ada.disband(guildId)
    expect(await bram.told()).toContain('guild.disbanded Ada')
    expect(await ada.told()).not.toContain('guild.disbanded Ada')
    for (const one of all.slice(0, 5)) expect(await one.mine()).toBeUndefined()
    expect(await dunja.invites()).toEqual([])
    expect(await codeOf(dunja.join(guildId))).toBe('guild.not_found')
    expect(await codeOf(bram.find('Lanterns'))).toBe('guild.not_found')
    expect(guildRows(test).map(({ sk }) => sk)).toEqual([
      'GUILD',
      'COUNT',
      'COUNT',
      'COUNT',
      'COUNT',
    ])
    await bram.found('Lanterns')
    expect(brokenGuilds(test)).toEqual([])
  })
})

/** All rows of guilds, those of the log left out. */
function guildRows(test: TestApi) {
  return test.memory
    .rows('core')
    .filter(({ pk, sk }) => pk.startsWith('R#local#GUILD') && !sk.startsWith('L#'))
}

describe('a refusal', () => {
  it('names why', async () => {
    const { test, all, guildId } = await guildOf(3, 3)
    const [ada, bram, cato, dunja, egon] = all
    const nowhere = newId(test.clock)
    // Names.
    expect(await codeOf(dunja.found('lANTERNS'))).toBe('guild.name_taken')
    expect(await codeOf(dunja.found('The Admins'))).toBe('guild.name_refused')
    expect(await codeOf(bram.found('Another'))).toBe('guild.in_guild')
    expect(await codeOf(dunja.find('Nothing'))).toBe('guild.not_found')
    // Who is no member.
    expect(await codeOf(dunja.invite(guildId, egon))).toBe('guild.not_member')
    expect(await codeOf(dunja.roster(guildId))).toBe('guild.not_member')
    expect(await codeOf(dunja.log(guildId))).toBe('guild.not_member')
    expect(await codeOf(ada.invite(nowhere, egon))).toBe('guild.not_found')
    expect(await codeOf(dunja.apply(nowhere))).toBe('guild.not_found')
    // Who may not.
    const forbidden = [
      () => bram.invite(guildId, dunja),
      () => bram.accept(guildId, dunja),
      () => bram.decline(guildId, dunja),
      () => bram.kick(guildId, cato),
      () => bram.rank(guildId, cato, 2),
      () => bram.lead(guildId, bram),
      () => bram.message(guildId, 'Hello'),
      () => bram.ranks(guildId, []),
      () => bram.disband(guildId),
      () => bram.waiting(guildId),
    ]
    for (const act of forbidden) expect(await codeOf(act())).toBe('guild.forbidden')
    // Whom.
    expect(await codeOf(ada.invite(guildId, { name: 'Nobody Here' }))).toBe('guild.unknown')
    expect(await codeOf(ada.invite(guildId, bram))).toBe('guild.in_guild')
    expect(await codeOf(ada.invite(guildId, ada))).toBe('guild.in_guild')
    expect(await codeOf(ada.kick(guildId, dunja))).toBe('guild.member_unknown')
    expect(await codeOf(ada.rank(guildId, dunja, 1))).toBe('guild.member_unknown')
    expect(await codeOf(ada.lead(guildId, dunja))).toBe('guild.member_unknown')
    expect(await codeOf(ada.lead(guildId, ada))).toBe('guild.leader')
    // What waits.
    expect(await codeOf(dunja.join(guildId))).toBe('guild.not_waiting')
    expect(await codeOf(ada.accept(guildId, dunja))).toBe('guild.not_waiting')
    expect(await codeOf(ada.decline(guildId, dunja))).toBe('guild.not_waiting')
    expect(await codeOf(dunja.decline(guildId, dunja))).toBe('guild.not_waiting')
    await ada.invite(guildId, dunja)
    expect(await codeOf(ada.invite(guildId, dunja))).toBe('guild.waiting')
    expect(await codeOf(dunja.apply(guildId))).toBe('guild.waiting')
    // An invite is accepted by the invited one, no application by who has made it.
    expect(await codeOf(egon.join(guildId))).toBe('guild.not_waiting')
    expect(await codeOf(ada.accept(guildId, dunja))).toBe('guild.not_waiting')
    await egon.apply(guildId)
    expect(await codeOf(egon.join(guildId))).toBe('guild.not_waiting')
    // Texts.
    expect(await codeOf(ada.message(guildId, '\u202Eolleh'))).toBe('guild.text_refused')
    const { client, as } = ada
    const asBram = { params: { ...inRealm, guildId }, body: { as: bram.as } }
    expect(await codeOf(client.guilds.leave(asBram))).toBe('character.not_found')
    expect(as).not.toBe(bram.as)
    expect(brokenGuilds(test)).toEqual([])
    expect(test.logged).toEqual([])
  })

  it('of an act on ranks says which', async () => {
    const { all, guildId } = await guildOf(4)
    const [ada, bram, cato, dunja] = all
    for (const one of [bram, cato]) await ada.rank(guildId, one, 1)
    // Neither those above, nor equals, nor oneself; neither to one's own rank nor above it.
    for (const whom of [ada, bram, cato]) {
      expect(await codeOf(bram.kick(guildId, whom))).toBe('guild.rank_too_low')
      expect(await codeOf(bram.rank(guildId, whom, 3))).toBe('guild.rank_too_low')
    }
    for (const rankId of [0, 1]) {
      expect(await codeOf(bram.rank(guildId, dunja, rankId))).toBe('guild.rank_too_low')
    }
    expect(await codeOf(ada.rank(guildId, dunja, 0))).toBe('guild.rank_too_low')
    expect(await codeOf(ada.rank(guildId, dunja, 7))).toBe('guild.rank_unknown')
    const [leader, officer, member, recruit] = (await ada.mine())!.ranks
    const edit = (...list: unknown[]) => codeOf(ada.ranks(guildId, list as never))
    expect(await edit(leader)).toBe('guild.ranks_refused')
    expect(await edit(officer, leader, recruit)).toBe('guild.ranks_refused')
    expect(await edit(leader, officer, officer)).toBe('guild.ranks_refused')
    expect(await edit(leader, officer, { ...recruit, rankId: 9 })).toBe('guild.rank_unknown')
    expect(await edit(leader, officer, member)).toBe('guild.rank_in_use')
    expect(await edit(leader, officer, { ...recruit, name: '\u0000' })).toBe('guild.text_refused')
    expect(await edit(leader, officer, recruit)).toBe('done')
    // An officer who may edit ranks: those below his own, with permissions that he has.
    await ada.ranks(guildId, [leader!, { ...officer!, permissions: ['ranks', 'kick'] }, recruit!])
    const [, guard] = (await ada.mine())!.ranks
    const byBram = (...list: unknown[]) => codeOf(bram.ranks(guildId, list as never))
    expect(await byBram(leader, { ...guard, name: 'Duke' }, recruit)).toBe('guild.rank_too_low')
    expect(await byBram({ ...leader, name: 'Fool' }, guard, recruit)).toBe('guild.rank_too_low')
    const gives = (...permissions: string[]) => ({ ...recruit, permissions })
    expect(await byBram(leader, guard, gives('invite'))).toBe('guild.rank_too_low')
    expect(await byBram(leader, guard, gives('kick'))).toBe('done')
    expect(await byBram(leader, { name: 'Mine', permissions: [] }, guard, recruit)).toBe(
      'guild.rank_too_low',
    )
  })

  it('comes when the invite or application has expired, and another one may be made', async () => {
    const { test, all, guildId } = await guildOf(1, 2)
    const [ada, bram, cato] = all
    await ada.invite(guildId, bram)
    await cato.apply(guildId)
    test.clock.advance(guildWaitingMs)
    expect(await codeOf((await person(test, 'Ada', ada)).accept(guildId, cato))).toBe(
      'guild.expired',
    )
    expect(await codeOf((await person(test, 'Bram', bram)).join(guildId))).toBe('guild.expired')
    await (await person(test, 'Ada', ada)).invite(guildId, cato)
    const again = await person(test, 'Bram', bram)
    await again.apply(guildId)
    expect(await again.invites()).toEqual(['application Lanterns'])
    expect(brokenGuilds(test)).toEqual([])
  })

  it('comes between players of whom one has blocked the other, at the invite and at the accept', async () => {
    const { test, all, guildId } = await guildOf(2, 2)
    const [ada, bram, cato, dunja] = all
    await cato.block(ada)
    expect(await codeOf(ada.invite(guildId, cato))).toBe('guild.unreachable')
    expect(await codeOf(cato.apply(guildId))).toBe('guild.blocked')
    await ada.block(dunja)
    expect(await codeOf(ada.invite(guildId, dunja))).toBe('guild.blocked')
    expect(await codeOf(dunja.apply(guildId))).toBe('guild.unreachable')
    await ada.unblock(dunja)
    await ada.invite(guildId, dunja)
    await ada.block(dunja)
    expect(await codeOf(dunja.join(guildId))).toBe('guild.unreachable')
    await ada.unblock(dunja)
    await dunja.block(ada)
    expect(await codeOf(dunja.join(guildId))).toBe('guild.blocked')
    await dunja.decline(guildId, dunja)
    await dunja.unblock(ada)
    await dunja.apply(guildId)
    await ada.rank(guildId, bram, 1)
    await ada.block(dunja)
    expect(await codeOf(bram.accept(guildId, dunja))).toBe('guild.unreachable')
    expect(await codeOf(ada.accept(guildId, dunja))).toBe('guild.blocked')
    await ada.unblock(dunja)
    await bram.block(dunja)
    expect(await codeOf(bram.accept(guildId, dunja))).toBe('guild.blocked')
    expect(await cato.told()).toEqual([])
    await ada.accept(guildId, dunja)
    expect(brokenGuilds(test)).toEqual([])
  })

  it('does not take the place of an answer that was given before', async () => {
    const { test, all, guildId } = await guildOf(1, 1)
    const [ada, bram] = all
    const [asked, joined, left, ended] = [1, 2, 3, 4].map(() => newId(test.clock))
    const first = [await ada.invite(guildId, bram, asked), await bram.join(guildId, joined)]
    await bram.leave(guildId, left)
    await ada.disband(guildId, ended)
    await bram.client.characters.delete({ params: { ...inRealm, characterId: bram.as } })
    await ada.client.characters.delete({ params: { ...inRealm, characterId: ada.as } })
    expect(await ada.invite(guildId, bram, asked)).toEqual(first[0])
    expect(await bram.join(guildId, joined)).toEqual(first[1])
    expect(await codeOf(bram.leave(guildId, left))).toBe('done')
    expect(await codeOf(ada.disband(guildId, ended))).toBe('done')
  })
})

/** An act that stops after its first transaction. */
async function stopped(test: TestApi, act: () => Promise<unknown>) {
  let transactions = 0
  test.faults.next = ({ operation }) =>
    operation === 'transact' && ++transactions > 1 ? { kind: 'outage' } : undefined
  expect(await codeOf(act())).toBe('store.unavailable')
  test.faults.next = undefined
}

describe('an act that another one overtakes goes by what is so then:', () => {
  /** Ada leads, Bram is an officer, Cato and Dunja are recruits, Egon has an invite and Fenna has applied. */
  async function six() {
    const made = await guildOf(4, 2)
    const [ada, bram, , , egon, fenna] = made.all
    await ada.rank(made.guildId, bram, 1)
    await ada.invite(made.guildId, egon)
    await fenna.apply(made.guildId)
    const { ranks } = (await ada.mine())!
    return { ...made, ranks }
  }

  type Six = Awaited<ReturnType<typeof six>>
  type Overtaken = [string, (on: Six) => Promise<unknown>, (on: Six) => Promise<unknown>, string]

  const cases: Overtaken[] = [
    [
      'who kicks is degraded',
      ({ all: [, bram, cato], guildId }) => bram.kick(guildId, cato),
      ({ all: [ada, bram], guildId }) => ada.rank(guildId, bram, 2),
      'guild.forbidden',
    ],
    [
      'his rank may not kick any more',
      ({ all: [, bram, cato], guildId }) => bram.kick(guildId, cato),
      ({ all: [ada], guildId, ranks: [leader, officer, ...others] }) =>
        ada.ranks(guildId, [leader!, { ...officer!, permissions: [] }, ...others]),
      'guild.forbidden',
    ],
    [
      'who is to be kicked has risen',
      ({ all: [, bram, cato], guildId }) => bram.kick(guildId, cato),
      ({ all: [ada, , cato], guildId }) => ada.rank(guildId, cato, 1),
      'guild.rank_too_low',
    ],
    [
      'who promotes was kicked',
      ({ all: [, bram, cato], guildId }) => bram.rank(guildId, cato, 2),
      ({ all: [ada, bram], guildId }) => ada.kick(guildId, bram),
      'guild.not_member',
    ],
    [
      'who is promoted has left',
      ({ all: [, bram, cato], guildId }) => bram.rank(guildId, cato, 2),
      ({ all: [, , cato], guildId }) => cato.leave(guildId),
      'guild.member_unknown',
    ],
    [
      'who accepts was degraded',
      ({ all: [, bram, , , , fenna], guildId }) => bram.accept(guildId, fenna),
      ({ all: [ada, bram], guildId }) => ada.rank(guildId, bram, 3),
      'guild.forbidden',
    ],
    [
      'who sets the message was degraded',
      ({ all: [, bram], guildId }) => bram.message(guildId, 'Mine'),
      ({ all: [ada, bram], guildId }) => ada.rank(guildId, bram, 3),
      'guild.forbidden',
    ],
    [
      'who declines was degraded',
      ({ all: [, bram, , , , fenna], guildId }) => bram.decline(guildId, fenna),
      ({ all: [ada, bram], guildId }) => ada.rank(guildId, bram, 3),
      'guild.forbidden',
    ],
    [
      'who leaves leads now',
      ({ all: [, bram], guildId }) => bram.leave(guildId),
      ({ all: [ada, bram], guildId }) => ada.lead(guildId, bram),
      'guild.leader',
    ],
    [
      'who hands over has done so',
      ({ all: [ada, , cato], guildId }) => ada.lead(guildId, cato),
      ({ all: [ada, bram], guildId }) => ada.lead(guildId, bram),
      'guild.forbidden',
    ],
    [
      'the guild was disbanded',
      ({ all: [, , , , egon], guildId }) => egon.join(guildId),
      ({ all: [ada], guildId }) => ada.disband(guildId),
      'guild.not_found',
    ],
    [
      'the guild was disbanded, and its rows are still there',
      ({ all: [, , , , egon], guildId }) => egon.join(guildId),
      ({ test, all: [ada], guildId }) => stopped(test, () => ada.disband(guildId)),
      'guild.not_found',
    ],
    [
      'the one who joins is deleted, and its invite is still there',
      ({ all: [, , , , egon], guildId }) => egon.join(guildId),
      ({ test, all: [, , , , egon] }) => stopped(test, () => egon.remove()),
      'guild.not_waiting',
    ],
    [
      'the invite was taken back',
      ({ all: [, , , , egon], guildId }) => egon.join(guildId),
      ({ all: [ada, , , , egon], guildId }) => ada.decline(guildId, egon),
      'guild.not_waiting',
    ],
    [
      'the one who joins has founded another guild',
      ({ all: [, , , , egon], guildId }) => egon.join(guildId),
      ({ all: [, , , , egon] }) => egon.found('Owls'),
      'guild.in_guild',
    ],
    [
      'the lowest rank has gone',
      ({ all: [, , , , egon], guildId }) => egon.join(guildId),
      async ({ all: [ada, , cato, dunja], guildId, ranks: [leader, officer, member] }) => {
        await ada.rank(guildId, cato, 2)
        await ada.rank(guildId, dunja, 2)
        await ada.ranks(guildId, [leader!, officer!, member!])
      },
      'done',
    ],
    [
      'a rank that goes has a member',
      ({ all: [ada], guildId, ranks: [leader, officer, , recruit] }) =>
        ada.ranks(guildId, [leader!, officer!, recruit!]),
      ({ all: [, bram, cato], guildId }) => bram.rank(guildId, cato, 2),
      'guild.rank_in_use',
    ],
    [
      'the one who joins is deleted',
      ({ all: [, , , , egon], guildId }) => egon.join(guildId),
      ({ all: [, , , , egon] }) => egon.remove(),
      'character.not_found',
    ],
    [
      'who founds is deleted',
      ({ all: [, , , , egon] }) => egon.found('Owls'),
      ({ all: [, , , , egon] }) => egon.remove(),
      'character.not_found',
    ],
  ]

  it.each(cases)('%s', async (_, act, by, code) => {
    const on = await six()
    expect(
      await overtaken(
        on.test,
        () => act(on),
        () => by(on),
      ),
    ).toBe(code)
    expect(brokenGuilds(on.test)).toEqual([])
  })
})

describe('a limit', () => {
  it('of members holds when many join at once', async () => {
    const { test, all, guildId } = await guildOf(1, 7)
    const [ada, ...others] = all
    for (const one of others) await ada.invite(guildId, one)
    await editGuild(test, guildId, { members: guildMembersMax - 2 })
    const codes = await Promise.all(others.map((one) => codeOf(one.join(guildId))))
    expect(codes.filter((code) => code === 'done')).toHaveLength(2)
    expect(codes.filter((code) => code === 'guild.full')).toHaveLength(5)
    await editGuild(test, guildId, { members: guildMembersMax })
    expect(await codeOf(ada.invite(guildId, { name: 'Ada' }))).toBe('guild.in_guild')
  })

  it('of what waits in a guild holds when many ask at once, and what has expired makes room', async () => {
    const { test, all, guildId } = await guildOf(1, 7)
    const [ada, bram, ...others] = all
    await ada.invite(guildId, bram)
    await editGuild(test, guildId, {
      invites: guildWaitingMax - 1,
      applications: guildWaitingMax - 1,
    })
    const invited = await Promise.all(
      others.slice(0, 3).map((one) => codeOf(ada.invite(guildId, one))),
    )
    expect(invited.toSorted()).toEqual(['done', 'guild.limit', 'guild.limit'])
    const applied = await Promise.all(others.slice(3).map((one) => codeOf(one.apply(guildId))))
    expect(applied.toSorted()).toEqual(['done', 'guild.limit', 'guild.limit'])
    test.clock.advance(guildWaitingMs)
    const late = await person(test, 'Ada', ada)
    expect(await codeOf(late.invite(guildId, others[0]))).toBe('done')
  })

  it('of what waits for a character holds', async () => {
    const { test, all, guildId } = await guildOf(1, 2)
    const [ada, bram, cato] = all
    const count = async (who: Person, invites: number, applications: number) => {
      const key = { pk: `R#local#GUILDS#${who.as}`, sk: 'COUNT' }
      await test.memory.put({ table: 'core', item: { ...key, v: 1, invites, applications } })
    }
    await count(bram, guildInvitesPerCharacterMax, 0)
    expect(await codeOf(ada.invite(guildId, bram))).toBe('guild.unreachable')
    await count(cato, 0, guildApplicationsPerCharacterMax)
    expect(await codeOf(cato.apply(guildId))).toBe('guild.limit')
  })

  it('of the log deletes the oldest', async () => {
    const { test, all, guildId } = await guildOf(1)
    const [ada] = all
    for (let i = 0; i < guildLogMax + guildLogSlack + 20; i++)
      await ada.message(guildId, `Day ${i}`)
    const log = test.memory.rows('core').filter(({ sk }) => sk.startsWith('L#'))
    expect(log.length).toBeLessThanOrEqual(guildLogMax + guildLogSlack)
    expect(log.length).toBeGreaterThan(guildLogMax)
    expect(brokenGuilds(test)).toEqual([])
    expect((await ada.log(guildId)).length).toBe(log.length)
  })
})

describe('a request', () => {
  it('takes effect once, three times in turn and fifty times at once', async () => {
    const { test, all, guildId } = await guildOf(1, 3)
    const [ada, bram, cato, dunja] = all
    const { ranks } = (await ada.mine())!
    const acts: [string, (id: string) => Promise<unknown>][] = [
      ['found', (id) => cato.found('Owls', id)],
      ['invite', (id) => ada.invite(guildId, bram, id)],
      ['join', (id) => bram.join(guildId, id)],
      ['rank', (id) => ada.rank(guildId, bram, 1, id)],
      ['message', (id) => ada.message(guildId, 'Hello', id)],
      ['ranks', (id) => ada.ranks(guildId, ranks, id)],
      ['apply', (id) => dunja.apply(guildId, id)],
      ['decline', (id) => bram.decline(guildId, dunja, id)],
      ['apply again', (id) => dunja.apply(guildId, id)],
      ['accept', (id) => bram.accept(guildId, dunja, id)],
      ['kick', (id) => bram.kick(guildId, dunja, id)],
      ['lead', (id) => ada.lead(guildId, bram, id)],
      ['leave', (id) => ada.leave(guildId, id)],
      ['disband', (id) => bram.disband(guildId, id)],
    ]
    for (const [name, act] of acts) {
      const id = newId(test.clock)
      const answers = new Set<string>()
      const send = async () => answers.add(JSON.stringify(await act(id)))
      await Promise.all(Array.from({ length: 50 }, send))
      for (let i = 0; i < 3; i++) await send()
      expect(answers.size, name).toBe(1)
      expect(brokenGuilds(test), name).toEqual([])
    }
    expect((await bram.told()).toSorted()).toEqual([
      'guild.invited Ada',
      'guild.led Ada',
      'guild.ranked Ada',
    ])
    expect((await dunja.told()).toSorted()).toEqual(['guild.accepted Bram', 'guild.kicked Bram'])
  })

  it('reads at once what it can', async () => {
    const { test, all, guildId } = await guildOf(2, 1)
    const [ada, bram, cato] = all
    const trips = async (act: () => Promise<unknown>) => {
      test.trips.reset()
      await act()
      return [test.trips.sequential(), test.trips.trips.length]
    }
    expect(await trips(() => ada.message(guildId, 'Hello'))).toEqual([3, 5])
    expect(await trips(() => ada.rank(guildId, bram, 1))).toEqual([2, 5])
    expect(await trips(() => ada.invite(guildId, cato))).toEqual([4, 9])
    expect(await trips(() => cato.join(guildId))).toEqual([3, 5])
    const query = { as: ada.as, limit: 500 }
    const roster = () => ada.client.guilds.roster({ params: { ...inRealm, guildId }, query })
    expect(await trips(roster)).toEqual([1, 5])
    expect(await trips(() => ada.kick(guildId, cato))).toEqual([2, 5])
    expect(await trips(() => bram.leave(guildId))).toEqual([2, 4])
  })
})

describe('a roster', () => {
  it.each(['a member', 'the leader'])(
    'of 500 comes in pages; %s clears it when its end was interrupted',
    async (byWhom) => {
      const { test, all, guildId } = await guildOf(1)
      const [ada] = all
      for (let i = 2; i < guildMembersMax; i++) {
        const characterId = newId(test.clock)
        const row = {
          characterId,
          accountId: newId(test.clock),
          name: 'Somebody',
          rankId: 3,
          joinedAt: i,
          v: 1,
        }
        await test.memory.put({
          table: 'core',
          item: { pk: `R#local#GUILD#${guildId}`, sk: `M#${characterId}`, ...row },
        })
        await test.memory.put({
          table: 'core',
          item: { pk: `R#local#GUILDS#${characterId}`, sk: 'MEMBER', guildId, v: 1 },
        })
      }
      await editGuild(test, guildId, { members: guildMembersMax - 1, in3: guildMembersMax - 2 })
      // The ids of characters begin with their time.
      test.clock.advance(1)
      const bram = await person(test, 'Bram')
      await ada.invite(guildId, bram)
      await bram.join(guildId)
      const params = { ...inRealm, guildId }
      const whole = await ada.client.guilds.roster({ params, query: { as: ada.as, limit: 500 } })
      expect(whole.entries).toHaveLength(guildMembersMax)
      const seen: string[] = []
      let after: string | undefined
      do {
        const query = { as: ada.as, limit: 7, ...(after === undefined ? {} : { after }) }
        const page = await ada.client.guilds.roster({ params, query })
        seen.push(...page.entries.map(({ characterId }) => characterId))
        after = page.next
      } while (after !== undefined)
      expect(seen).toEqual(whole.entries.map(({ characterId }) => characterId))
      // It takes several transactions to clear it, and a crash in between leaves nobody in it.
      let transactions = 0
      test.faults.next = ({ operation }) =>
        operation === 'transact' && ++transactions > 4 ? { kind: 'outage' } : undefined
      const operationId = newId(test.clock)
      expect(await codeOf(ada.disband(guildId, operationId))).toBe('store.unavailable')
      test.faults.next = undefined
      expect(guildRows(test).length).toBeGreaterThan(800)
      expect(await codeOf(bram.roster(guildId))).toBe('guild.not_found')
      expect(await codeOf(ada.find('Lanterns'))).toBe('guild.not_found')
      expect(await ada.mine()).toBeUndefined()
      expect(brokenGuilds(test)).toEqual([])
      // Who was in it, or the request that is sent again, clears the rest.
      if (byWhom === 'a member') await bram.found('Lanterns')
      else await ada.disband(guildId, operationId)
      expect(guildRows(test).length).toBeLessThan(10)
      await ada.disband(guildId, operationId)
      expect(await bram.told()).toContain('guild.disbanded Ada')
      expect(brokenGuilds(test)).toEqual([])
    },
    30_000,
  )
})

describe('the deletion of a character', () => {
  it('takes it from its guild and from what waits', async () => {
    const { test, all, guildId } = await guildOf(2, 2)
    const [ada, bram, cato, dunja] = all
    await ada.invite(guildId, cato)
    await dunja.apply(guildId)
    for (const one of [bram, cato, dunja]) await one.remove()
    expect(await ada.roster(guildId)).toEqual({ Ada: 'Leader' })
    expect(await ada.waiting(guildId)).toEqual([])
    expect(brokenGuilds(test)).toEqual([])
    expect(await codeOf(ada.invite(guildId, cato))).toBe('guild.unknown')
  })

  it('of a leader hands over to who is longest in the highest rank below, once', async () => {
    const { test, all, guildId } = await guildOf(5)
    const [ada, bram, cato, dunja] = all
    await ada.rank(guildId, dunja, 1)
    await ada.rank(guildId, cato, 1)
    const operationId = newId(test.clock)
    await Promise.all(Array.from({ length: 20 }, () => ada.remove(operationId)))
    for (let i = 0; i < 3; i++) await ada.remove(operationId)
    expect(await bram.roster(guildId)).toEqual({
      Bram: 'Recruit',
      Cato: 'Leader',
      Dunja: 'Officer',
      Egon: 'Recruit',
    })
    expect((await cato.told()).filter((line) => line === 'guild.led Ada')).toHaveLength(1)
    expect(brokenGuilds(test)).toEqual([])
  })

  it('of a guild of one disbands it', async () => {
    const { test, all, guildId } = await guildOf(1, 1)
    const [ada, bram] = all
    await ada.remove()
    expect(await codeOf(bram.apply(guildId))).toBe('guild.not_found')
    await bram.found('Lanterns')
    expect(brokenGuilds(test)).toEqual([])
  })

  it('of a guild of one leaves it to who joins meanwhile', async () => {
    const { test, all, guildId } = await guildOf(1, 1)
    const [ada, bram] = all
    await ada.invite(guildId, bram)
    let transactions = 0
    test.faults.next = ({ operation }) =>
      operation === 'transact' && ++transactions === 2 ? { kind: 'delay', ms: 1 } : undefined
    const { sleep } = test.clock
    test.clock.sleep = async () => {
      test.clock.sleep = sleep
      await bram.join(guildId)
    }
    await ada.remove()
    expect(transactions).toBeGreaterThan(2)
    expect(await bram.roster(guildId)).toEqual({ Bram: 'Leader' })
    expect(brokenGuilds(test)).toEqual([])
  })

  it('that stopped halfway ends with the next request, also under another id', async () => {
    for (const same of [true, false]) {
      const { test, all, guildId } = await guildOf(2)
      const [ada, bram] = all
      const operationId = newId(test.clock)
      let transactions = 0
      test.faults.next = ({ operation }) =>
        operation === 'transact' && ++transactions > 1 ? { kind: 'outage' } : undefined
      expect(await codeOf(ada.remove(operationId))).toBe('store.unavailable')
      test.faults.next = undefined
      expect(await bram.roster(guildId)).toEqual({ Ada: 'Leader', Bram: 'Recruit' })
      const again = await codeOf(ada.remove(same ? operationId : newId(test.clock)))
      expect(again).toBe(same ? 'done' : 'character.not_found')
      expect(await bram.roster(guildId)).toEqual({ Bram: 'Leader' })
      expect(brokenGuilds(test)).toEqual([])
    }
  })

  it('at once with its joining leaves it in no guild', async () => {
    for (let i = 0; i < 10; i++) {
      const { test, all, guildId } = await guildOf(1, 1)
      const [ada, bram] = all
      await ada.invite(guildId, bram)
      await Promise.all([codeOf(bram.join(guildId)), bram.remove()])
      expect(await ada.roster(guildId)).toEqual({ Ada: 'Leader' })
      expect(brokenGuilds(test)).toEqual([])
    }
  })
})

describe("another player's character", () => {
  it('acts for nobody else', async () => {
    const { test, all, guildId } = await guildOf(2, 1)
    const [ada, bram] = all
    const { accessToken } = await newAccount(test, 'thief')
    const thief = test.client({ token: accessToken }).guilds
    const [params, body] = [{ ...inRealm, guildId }, { as: ada.as }]
    const ofBram = { ...params, characterId: bram.as }
    const calls = [
      () => thief.found({ params: inRealm, body: { ...body, name: 'Stolen' } }),
      () => thief.mine({ params: ofBram }),
      () => thief.invites({ params: ofBram }),
      () => thief.roster({ params, query: body }),
      () => thief.waiting({ params, query: body }),
      () => thief.log({ params, query: body }),
      () => thief.invite({ params, body: { ...body, name: 'Cato' } }),
      () => thief.join({ params, body }),
      () => thief.apply({ params, body }),
      () => thief.accept({ params: ofBram, body }),
      () => thief.decline({ params: ofBram, query: { as: bram.as } }),
      () => thief.leave({ params, body: { as: bram.as } }),
      () => thief.kick({ params: ofBram, query: body }),
      () => thief.rank({ params: ofBram, body: { ...body, rankId: 1 } }),
      () => thief.lead({ params, body: { ...body, characterId: bram.as } }),
      () => thief.message({ params, body: { ...body, text: 'Mine' } }),
      () => thief.ranks({ params, body: { ...body, ranks: [] } }),
      () => thief.disband({ params, body }),
    ]
    for (const call of calls) expect(await codeOf(call())).toBe('character.not_found')
  })
})

// Parties over HTTP, and random histories of them on a store that fails.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { partyInviteMs, partyInvitesMax, partyMembersMax, readyCheckMs } from '#shared/limits.ts'
import { newId } from '#shared/runtime.ts'
import { seededFaults } from '#shared/store/faults.ts'
import { codeOf, faulty, newAccount, openApi, settled } from './api.ts'
import type { TestApi } from './api.ts'

const params = { realmId: 'local' }

type Person = Awaited<ReturnType<typeof person>>

/** A player with one character. Letters alone tell names apart, and not all of them. */
async function person(test: TestApi, name: string) {
  const { accessToken, accountId: playerId } = await newAccount(test, name)
  const client = test.client({ token: accessToken })
  const made = { name, race: 'human', job: 'mage' }
  const { characterId } = await client.characters.create({ params, body: made })
  const body = { as: characterId }
  const { parties } = client
  const id = () => newId(test.clock)
  const of = (partyId: string) => ({ params: { ...params, partyId }, body })
  const at = ({ characterId: other }: { characterId: string }) => ({
    params,
    body: { ...body, characterId: other },
  })
  const mine = async () => await parties.mine({ params, query: body })
  return {
    name,
    characterId,
    playerId,
    client,
    mine,
    names: async () => (await mine()).party?.members.map((one) => one.name),
    invite: (other: { name: string }, operationId = id()) =>
      parties.invite({ params, body: { ...body, name: other.name } }, { operationId }),
    accept: (partyId: string, operationId = id()) => parties.accept(of(partyId), { operationId }),
    decline: (partyId: string, operationId = id()) => parties.decline(of(partyId), { operationId }),
    leave: (operationId = id()) => parties.leave({ params, body }, { operationId }),
    kick: (other: { characterId: string }, operationId = id()) =>
      parties.kick(at(other), { operationId }),
    lead: (other: { characterId: string }, operationId = id()) =>
      parties.handOver(at(other), { operationId }),
    askReady: (operationId = id()) => parties.askReady({ params, body }, { operationId }),
    answer: (ready: boolean, operationId = id()) =>
      parties.answerReady({ params, body: { ...body, ready } }, { operationId }),
    block: (other: { name: string }) =>
      client.friends.block({ params, body: { name: other.name } }),
  }
}

const names = ['Ada', 'Bram', 'Cato', 'Dunja', 'Egon', 'Fenna']

async function people(count: number) {
  const test = await openApi()
  const all: Person[] = []
  for (const name of names.slice(0, count)) all.push(await person(test, name))
  test.trips.reset()
  return { test, all: all as [Person, Person, Person, Person, Person, Person] }
}

/** The first one leads, the others have accepted. */
async function together(leader: Person, ...others: Person[]): Promise<string> {
  let partyId = ''
  for (const other of others) {
    partyId = (await leader.invite(other)).party!.partyId
    await other.accept(partyId)
  }
  return partyId
}

describe('a party', () => {
  it('begins with an invite, grows with who accepts, and all see the same', async () => {
    const { all } = await people(3)
    const [ada, bram, cato] = all
    const { party } = await ada.invite(bram)
    expect(party).toMatchObject({ leader: ada.characterId, invited: [{ name: 'Bram' }] })
    const { partyId } = party!
    expect(await bram.mine()).toEqual({
      invites: [{ partyId, name: 'Ada', until: expect.any(Number) }],
    })
    await bram.accept(partyId)
    await ada.invite(cato)
    await cato.decline(partyId)
    for (const one of [ada, bram]) expect(await one.names()).toEqual(['Ada', 'Bram'])
    expect(await cato.mine()).toEqual({ invites: [] })
    const { entries } = await bram.client.notifications.list({ params })
    expect(entries).toMatchObject([{ kind: 'party.invited', name: 'Ada', partyId }])
  })

  it('goes on under who has been there the longest when the leader leaves, and ends with the last', async () => {
    const { test, all } = await people(3)
    const [ada, bram, cato] = all
    await together(ada, bram, cato)
    await ada.leave()
    expect((await cato.mine()).party).toMatchObject({ leader: bram.characterId })
    await bram.lead(cato)
    expect((await bram.mine()).party).toMatchObject({ leader: cato.characterId })
    await cato.kick(bram)
    expect(await bram.mine()).toEqual({ invites: [] })
    const { entries } = await bram.client.notifications.list({ params })
    expect(entries.at(-1)).toMatchObject({ kind: 'party.kicked', name: 'Cato' })
    await cato.invite(ada)
    await cato.leave()
    expect(rowsOf(test)).toEqual([])
  })

  it('loses a character that is deleted, and its leader hands over', async () => {
    const { test, all } = await people(3)
    const [ada, bram, cato] = all
    await together(ada, bram, cato)
    const remove = async ({ client, characterId }: Person) =>
      await client.characters.delete({ params: { ...params, characterId } })
    await remove(ada)
    expect((await bram.mine()).party).toMatchObject({ leader: bram.characterId })
    expect(await bram.names()).toEqual(['Bram', 'Cato'])
    await remove(cato)
    await remove(bram)
    expect(rowsOf(test)).toEqual([])
  })

  it('asks whether all are ready, and knows who has not answered', async () => {
    const { test, all } = await people(3)
    const [ada, bram, cato] = all
    await together(ada, bram, cato)
    await ada.askReady()
    await bram.answer(true)
    const { party } = await cato.answer(false)
    expect(party!.members.map(({ ready }) => ready)).toEqual(['ready', 'ready', 'notReady'])
    expect((await cato.answer(true)).party!.members[2]).toMatchObject({ ready: 'ready' })
    test.clock.advance(readyCheckMs)
    expect(await codeOf(bram.answer(true))).toBe('party.not_asked')
    expect((await ada.mine()).party!.members[0]).toEqual({
      characterId: ada.characterId,
      name: 'Ada',
    })
  })

  it('takes no more than fit, also when all accept at once', async () => {
    const { test, all } = await people(6)
    const [ada, ...others] = all
    let partyId = ''
    for (const other of others) partyId = (await ada.invite(other)).party!.partyId
    const codes = await Promise.all(others.map((other) => codeOf(other.accept(partyId))))
    expect(codes.toSorted()).toEqual(['done', 'done', 'done', 'done', 'party.full'])
    expect(await ada.names()).toHaveLength(partyMembersMax)
    expect(sound(test)).toEqual([])
  })
})

describe('a refusal', () => {
  it('names why', async () => {
    const { test, all } = await people(5)
    const [ada, bram, cato, dunja, egon] = all
    expect(await codeOf(ada.invite(ada))).toBe('party.self')
    expect(await codeOf(ada.invite({ name: 'Nobody Here' }))).toBe('friend.unknown')
    expect(await codeOf(ada.leave())).toBe('party.not_found')
    expect(await codeOf(ada.accept(newId(test.clock)))).toBe('party.not_invited')
    const partyId = await together(ada, bram)
    expect(await codeOf(ada.invite(bram))).toBe('party.already')
    expect(await codeOf(bram.invite(cato))).toBe('party.not_leader')
    expect(await codeOf(bram.kick(ada))).toBe('party.not_leader')
    expect(await codeOf(bram.askReady())).toBe('party.not_leader')
    expect(await codeOf(bram.answer(true))).toBe('party.not_asked')
    expect(await codeOf(ada.kick(ada))).toBe('party.self')
    expect(await codeOf(ada.lead(cato))).toBe('party.not_found')
    expect(await codeOf(cato.accept(partyId))).toBe('party.not_invited')
    // Somebody else's character.
    const as = bram.characterId
    expect(await codeOf(ada.client.parties.mine({ params, query: { as } }))).toBe(
      'character.not_found',
    )
    expect(await codeOf(ada.client.parties.leave({ params, body: { as } }))).toBe(
      'character.not_found',
    )
    // An invite that has expired, and one that was accepted already.
    await ada.invite(cato)
    test.clock.advance(partyInviteMs)
    expect(await codeOf(cato.accept(partyId))).toBe('party.not_invited')
    expect((await cato.mine()).invites).toEqual([])
    // Who is in a party of his own by then.
    await ada.invite(dunja)
    await dunja.invite(egon)
    expect(await codeOf(dunja.accept(partyId))).toBe('party.already')
    expect(await ada.names()).toEqual(['Ada', 'Bram'])
    expect(sound(test)).toEqual([])
  })

  it('is the same for who is blocked and for who is not there, at the invite and at the accept', async () => {
    const { all } = await people(3)
    const [ada, bram, cato] = all
    await bram.block(ada)
    expect(await codeOf(ada.invite(bram))).toBe('friend.unknown')
    expect(await codeOf(bram.invite(ada))).toBe('friend.unknown')
    const { party } = await ada.invite(cato)
    await cato.block(ada)
    expect(await codeOf(cato.accept(party!.partyId))).toBe('friend.unknown')
    expect(await ada.names()).toEqual(['Ada'])
  })

  it('comes when too many invites wait', async () => {
    const { test, all } = await people(1)
    const [ada] = all
    for (let i = 0; i < partyInvitesMax; i++) {
      await ada.invite(await person(test, `Guest${'abcdefghjk'[i]}`))
    }
    const last = await person(test, 'Lastone')
    expect(await codeOf(ada.invite(last))).toBe('party.limit')
    test.clock.advance(partyInviteMs)
    await ada.invite(last)
  })
})

it('each request takes effect once, three times in turn and fifty times at once', async () => {
  const { test, all } = await people(2)
  const [ada, bram] = all
  let partyId = ''
  const acts = [
    async (id: string) => (partyId = (await ada.invite(bram, id)).party!.partyId),
    (id: string) => bram.accept(partyId, id),
    (id: string) => ada.askReady(id),
    (id: string) => bram.answer(true, id),
    (id: string) => ada.lead(bram, id),
    (id: string) => bram.kick(ada, id),
    (id: string) => bram.invite(ada, id),
    (id: string) => ada.decline(partyId, id),
    (id: string) => bram.leave(id),
  ]
  for (const act of acts) {
    const id = newId(test.clock)
    const answers = new Set<string>()
    const send = async () => answers.add(JSON.stringify(await act(id)))
    await Promise.all(Array.from({ length: 50 }, send))
    for (let i = 0; i < 3; i++) await send()
    expect(answers.size).toBe(1)
  }
  expect((await bram.client.notifications.list({ params })).entries).toHaveLength(1)
  expect((await ada.client.notifications.list({ params })).entries).toHaveLength(2)
  expect(rowsOf(test)).toEqual([])
})

it('an act costs three trips beside what a name takes', async () => {
  const { test, all } = await people(2)
  const [ada, bram] = all
  const trips = async (act: () => Promise<unknown>) => {
    test.trips.reset()
    await act()
    return test.trips.trips.map(({ operation }) => operation).join(' ')
  }
  const { partyId } = (await ada.invite(bram)).party!
  expect(await trips(() => bram.accept(partyId))).toBe('get get transact')
  expect(await trips(() => ada.askReady())).toBe('get get get transact')
  expect(await trips(() => ada.mine())).toBe('get query get')
  expect(await trips(() => ada.leave())).toBe('get get get transact')
})

/** All rows of parties. */
function rowsOf(test: TestApi) {
  return test.memory.rows('core').filter(({ pk }) => pk.startsWith('R#local#PARTY'))
}

/** What is wrong with them: each character in one party at most, both ways; one leader; no more than fit. */
function sound(test: TestApi): string[] {
  const wrong: string[] = []
  const rows = rowsOf(test)
  const of = new Map<string, string>()
  for (const { pk, sk, partyId } of rows) {
    if (pk.startsWith('R#local#PARTY-OF#') && sk === 'PARTY')
      of.set(pk.slice(17), partyId as string)
  }
  for (const { pk, sk, partyId, members, leader } of rows) {
    if (!pk.startsWith('R#local#PARTY#') || sk !== 'PARTY') continue
    const ids = (members as { characterId: string }[]).map(({ characterId }) => characterId)
    if (ids.length === 0 || ids.length > partyMembersMax) wrong.push(`${ids.length} members`)
    if (!ids.includes(leader as string)) wrong.push('no leader')
    for (const id of ids) {
      if (of.get(id) !== partyId) wrong.push(`${id} is in a party and does not know`)
      of.delete(id)
    }
  }
  for (const id of of.keys()) wrong.push(`${id} thinks that it is in a party`)
  return wrong
}

/** What is so by the words of the API. Parties as lists of names, the first leads; invites by party and name. */
class Model {
  readonly parties: { members: string[]; leader: string; invited: Set<string> }[] = []

  of(name: string) {
    return this.parties.find(({ members }) => members.includes(name))
  }

  act(what: What, a: string, b: string): string {
    const party = this.of(a)
    switch (what) {
      case 'invite': {
        if (party?.members.includes(b)) return 'party.already'
        if (party !== undefined && party.leader !== a) return 'party.not_leader'
        if (party !== undefined && party.members.length === partyMembersMax) return 'party.full'
        if (party !== undefined) party.invited.add(b)
        else this.parties.push({ members: [a], leader: a, invited: new Set([b]) })
        return 'done'
      }
      case 'accept':
      case 'decline': {
        const theirs = this.of(b)
        if (theirs === undefined || !theirs.invited.has(a)) return 'party.not_invited'
        if (what === 'accept') {
          if (theirs.members.length === partyMembersMax) return 'party.full'
          if (party !== undefined) return 'party.already'
          theirs.members.push(a)
        }
        theirs.invited.delete(a)
        return 'done'
      }
      case 'leave':
        if (party === undefined) return 'party.not_found'
        this.remove(party, a)
        return 'done'
      case 'kick':
        if (party === undefined) return 'party.not_found'
        if (party.leader !== a) return 'party.not_leader'
        if (!party.members.includes(b)) return 'party.not_found'
        this.remove(party, b)
        return 'done'
      case 'lead':
        if (party === undefined) return 'party.not_found'
        if (party.leader !== a) return 'party.not_leader'
        if (!party.members.includes(b)) return 'party.not_found'
        party.leader = b
        return 'done'
    }
  }

  private remove(party: Model['parties'][0], name: string) {
    party.members = party.members.filter((one) => one !== name)
    if (party.members.length === 0) this.parties.splice(this.parties.indexOf(party), 1)
    if (party.leader === name) party.leader = party.members[0]!
  }
}

const whats = ['invite', 'accept', 'decline', 'leave', 'kick', 'lead'] as const
type What = (typeof whats)[number]
const history = fc.array(
  fc.record({
    who: fc.nat(5),
    whom: fc.nat(5),
    what: fc.constantFrom(...whats, 'invite', 'accept', 'accept'),
  }),
  { minLength: 30, maxLength: 80 },
)
/** `parties`: by whom: the party whose invite is meant. */
function sender(a: Person, b: Person, what: What, partyOf: string, id: string) {
  switch (what) {
    case 'invite':
      return async () => await a.invite(b, id)
    case 'accept':
      return async () => await a.accept(partyOf, id)
    case 'decline':
      return async () => await a.decline(partyOf, id)
    case 'leave':
      return async () => await a.leave(id)
    case 'kick':
      return async () => await a.kick(b, id)
    case 'lead':
      return async () => await a.lead(b, id)
  }
}

describe('a random history on a store that conflicts, throttles and loses requests and answers', () => {
  it('of one act after the other ends as the words of the API say', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), history, async (seed, list) => {
        const { test, all } = await people(6)
        const model = new Model()
        // Waiting moves the clock; here invites last.
        test.clock.sleep = async () => {}
        for (const { who, whom, what } of list) {
          if (who === whom) continue
          const [a, b] = [all[who]!, all[whom]!]
          const partyOf = (await b.mine()).party?.partyId ?? newId(test.clock)
          test.faults.next = seededFaults(seed + who + whom, faulty)
          const code = await settled(sender(a, b, what, partyOf, newId(test.clock)))
          test.faults.next = undefined
          expect(code, `${a.name} ${what} ${b.name}`).toBe(model.act(what, a.name, b.name))
        }
        for (const one of all) {
          const { party } = await one.mine()
          expect(party?.members.map(({ name }) => name)).toEqual(model.of(one.name)?.members)
          const leader = party?.members.find(({ characterId }) => characterId === party.leader)
          expect(leader?.name).toBe(model.of(one.name)?.leader)
        }
        expect(sound(test)).toEqual([])
      }),
      { numRuns: 30 },
    )
  }, 120_000)

  it('of acts at once loses nobody, has nobody twice and one leader in each', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), history, async (seed, list) => {
        const { test, all } = await people(6)
        for (let i = 0; i < list.length; i += 10) {
          const ids = await Promise.all(all.map(async (one) => (await one.mine()).party?.partyId))
          test.faults.next = seededFaults(seed + i, faulty)
          const sent = list.slice(i, i + 10).map(async ({ who, whom, what }) => {
            const partyOf = ids[whom] ?? newId(test.clock)
            return await settled(sender(all[who]!, all[whom]!, what, partyOf, newId(test.clock)))
          })
          await Promise.all(sent)
          test.faults.next = undefined
          expect(sound(test)).toEqual([])
        }
      }),
      { numRuns: 30 },
    )
  }, 120_000)
})

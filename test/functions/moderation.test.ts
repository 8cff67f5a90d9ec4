// Reports, decisions, mutes and appeals over HTTP; and that a mute covers each way to speak.
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { declarationsOf } from '#functions/http/record.ts'
import { domains } from '#functions/domains.ts'
import type { Rule } from '#shared/api/moderation.ts'
import { reportKeptMs } from '#shared/limits.ts'
import { readMute } from '#shared/moderation/mute.ts'
import { coreRules } from '#gameserver/sim/rules.ts'
import { guardKey } from '#shared/ownership/guard.ts'
import { newId } from '#shared/runtime.ts'
import { book, requestOf } from '../calls/book.ts'
import { createStage } from '../calls/stage.ts'
import type { Player } from '../calls/stage.ts'
import { codeOf, openApi } from './api.ts'
import type { TestApi } from './api.ts'

const realm = { realmId: 'local' }
const reason = 'Ticket 4711'
const hourMs = 60 * 60 * 1000

async function open() {
  const test = await openApi()
  const stage = createStage({
    ...realm,
    store: test.memory,
    runtime: test.clock,
    client: (token) => test.client(token === undefined ? {} : { token }),
    fleetHost: async () => 'none',
  })
  return { test, stage }
}

/** What a player was told, of some kinds. The clock stands, so the order is by chance. */
async function told({ client }: Player, ...kinds: string[]) {
  const { entries } = await client.notifications.list({ params: realm })
  return entries.filter(({ kind }) => kinds.includes(kind))
}

async function letterTo(by: Player, to: Player, text = 'I will find you') {
  await by.client.mail.send({
    params: realm,
    body: { as: by.as, to: to.name, subject: 'You', text },
  })
  const inbox = { ...realm, characterId: to.as }
  return (await to.client.mail.list({ params: inbox, query: {} })).entries[0]!.letterId
}

type What = Parameters<Player['client']['moderation']['report']>[0]['body']['what']
const report = (by: Player, what: What, rule: Rule = 'threat', note?: string) =>
  by.client.moderation.report({
    params: realm,
    body: { as: by.as, what, rule, ...(note === undefined ? {} : { note }) },
  })

async function threatened() {
  const { test, stage } = await open()
  const [ada, bram] = [await stage.player(), await stage.player()]
  const letterId = await letterTo(bram, ada)
  const what = { kind: 'letter', letterId } as const
  const { reportId } = await report(ada, what, 'threat', 'He does that often')
  const moderator = await stage.operator()
  const params = { ...realm, reportId }
  const decide = (
    body: Omit<Parameters<typeof moderator.client.moderation.decide>[0]['body'], 'reason'>,
    operationId = newId(test.clock),
  ) => moderator.client.moderation.decide({ params, body: { ...body, reason } }, { operationId })
  return { test, stage, ada, bram, letterId, what, reportId, moderator, params, decide }
}

const say = (by: Player, text: string) =>
  by.client.chat.say({ params: { ...realm, channel: 'global' }, body: { as: by.as, text } })

describe('a report', () => {
  it('holds a copy of a letter, whatever becomes of the letter and of its writer', async () => {
    const { ada, bram, letterId, reportId, moderator, params } = await threatened()
    await ada.client.mail.delete({ params: { ...realm, characterId: ada.as, letterId } })
    await bram.client.characters.delete({ params: { ...realm, characterId: bram.as } })
    const { report: shown, history } = await moderator.client.moderation.showReport({ params })
    expect(shown).toMatchObject({
      reportId,
      what: 'letter',
      note: 'He does that often',
      reporter: { playerId: ada.playerId, name: ada.name },
      reported: { playerId: bram.playerId, name: bram.name },
      evidence: { text: 'You\n\nI will find you' },
    })
    expect(history.reports).toMatchObject([{ reportId, rule: 'threat' }])
  })

  it('holds a line of chat with those around it', async () => {
    const { test, stage } = await open()
    const [ada, bram] = [await stage.player(), await stage.player()]
    await say(ada, 'hello')
    test.clock.advance(1000)
    const { lineId } = await say(bram, 'go away')
    test.clock.advance(1000)
    await say(ada, 'why?')
    const { reportId } = await report(ada, { kind: 'line', channel: 'global', lineId })
    const { moderation } = (await stage.operator()).client
    const { evidence } = (await moderation.showReport({ params: { ...realm, reportId } })).report
    expect(evidence).toMatchObject({ text: 'go away', channel: 'global' })
    expect(evidence.around.map(({ name, text }) => `${name}: ${text}`)).toEqual([
      `${ada.name}: hello`,
      `${bram.name}: go away`,
      `${ada.name}: why?`,
    ])
  })

  it('is of what its reporter can read alone, and of another player', async () => {
    const { test, ada, bram, letterId, stage } = await threatened()
    const cato = await stage.player()
    const codes = async (by: Player, ...all: What[]) =>
      await Promise.all(all.map((what) => codeOf(report(by, what))))
    const { lineId } = await ada.client.chat.whisper({
      params: realm,
      body: { as: ada.as, to: bram.name, text: 'hello' },
    })
    const hidden = [
      { kind: 'letter', letterId },
      { kind: 'line', channel: `whisper:${ada.playerId}`, lineId },
      { kind: 'line', channel: `guild:${newId(test.clock)}`, lineId },
      { kind: 'status', playerId: bram.playerId },
      { kind: 'name', name: 'Nobody Here' },
    ] as const
    expect(await codes(cato, ...hidden)).toEqual(hidden.map(() => 'report.unknown'))
    expect(await codes(cato, { kind: 'name', name: cato.name })).toEqual(['report.self'])
    expect(await codeOf(report(cato, { kind: 'name', name: ada.name }, 'name', 'a\u202eb'))).toBe(
      'report.text',
    )
  })

  it('made again by the same player is the same one, also side by side; by another one it is another', async () => {
    const { ada, stage, what, reportId, moderator, bram } = await threatened()
    const name = { kind: 'name', name: bram.name } as const
    const again = await Promise.all([report(ada, what), report(ada, what), report(ada, name)])
    expect(again.map((one) => one.reportId === reportId)).toEqual([true, true, false])
    const cato = await stage.player()
    expect((await report(cato, name)).reportId).not.toBe(again[2].reportId)
    const { entries } = await moderator.client.moderation.reports({ params: realm, query: {} })
    expect(entries).toHaveLength(3)
  })

  it('of the same thing at once by the same player is one', async () => {
    const { stage } = await open()
    const [ada, bram, moderator] = [
      await stage.player(),
      await stage.player(),
      await stage.operator(),
    ]
    const name = { kind: 'name', name: bram.name } as const
    const all = await Promise.all([1, 2, 3, 4].map(() => report(ada, name)))
    expect(new Set(all.map((one) => one.reportId)).size).toBe(1)
    const { entries } = await moderator.client.moderation.reports({ params: realm, query: {} })
    expect(entries).toHaveLength(1)
  })

  it('is listed by state and in pages, each once, and gone after half a year', async () => {
    const { test, stage } = await open()
    const [ada, moderator] = [await stage.player(), await stage.operator()]
    const ids: string[] = []
    for (let i = 0; i < 5; i++) {
      const bram = await stage.player()
      test.clock.advance(1)
      ids.push((await report(ada, { kind: 'name', name: bram.name })).reportId)
    }
    const list = async (client: Player['client'], state: 'open' | 'closed') => {
      const found: string[] = []
      let after: string | undefined
      do {
        const query = { limit: 2, state, ...(after === undefined ? {} : { after }) }
        const page = await client.moderation.reports({ params: realm, query })
        found.push(...page.entries.map((one) => one.reportId))
        after = page.next
      } while (after !== undefined)
      return found
    }
    expect(await list(moderator.client, 'open')).toEqual(ids)
    for (const reportId of ids.slice(0, 2)) {
      const params = { ...realm, reportId }
      await moderator.client.moderation.decide({ params, body: { decision: 'dismiss', reason } })
    }
    expect(await list(moderator.client, 'open')).toEqual(ids.slice(2))
    expect(await list(moderator.client, 'closed')).toEqual([ids[1], ids[0]])
    test.clock.advance(reportKeptMs + 1000)
    const { client } = await stage.operator()
    expect(
      await codeOf(client.moderation.showReport({ params: { ...realm, reportId: ids[3]! } })),
    ).toBe('report.not_found')
  })
})

describe('a decision', () => {
  it('mutes, and both players are told; the reported one does not learn by whom', async () => {
    const { test, ada, bram, decide, reportId } = await threatened()
    const done = await decide({ decision: 'mute', forS: 24 * 3600 })
    expect(done.decision).toMatchObject({ decision: 'mute', reason })
    expect(await told(ada, 'report.decided')).toMatchObject([{ reportId, acted: true }])
    const [news] = await told(bram, 'sanction.given')
    const until = test.clock.now() + 24 * hourMs
    expect(news).toMatchObject({ kind: 'sanction.given', sanction: 'mute', until })
    const { entries } = await bram.client.moderation.sanctions({ params: realm, query: {} })
    expect(entries).toMatchObject([{ kind: 'mute', rule: 'threat', until, state: 'given' }])
    expect(JSON.stringify([news, entries])).not.toContain(ada.playerId)
    expect(await codeOf(say(bram, 'hello'))).toBe('chat.muted')
  })

  it('is one, of two moderators at once, and the second hears which', async () => {
    const { test, bram, decide } = await threatened()
    const outcomes = await Promise.allSettled([
      decide({ decision: 'mute', forS: 1 * 3600 }),
      decide({ decision: 'warn' }),
      decide({ decision: 'dismiss' }),
    ])
    const refused = outcomes.flatMap((one) =>
      one.status === 'rejected' ? [(one.reason as { code: string; detail: string }).code] : [],
    )
    expect(refused).toEqual(['report.decided', 'report.decided'])
    const { entries } = await bram.client.moderation.sanctions({ params: realm, query: {} })
    expect(entries.length).toBeLessThanOrEqual(1)
    const audit = test.memory.rows('core').filter(({ pk }) => pk === 'AUDIT')
    expect(audit.map((row) => row['action'])).toEqual(['report.decide'])
  })

  it('sent again has one effect, on a store that conflicts and throttles', async () => {
    const { test, bram, decide } = await threatened()
    const operationId = newId(test.clock)
    let calls = 0
    test.faults.next = ({ operation }) => {
      calls++
      if (operation !== 'transact' || calls % 2 === 0) return undefined
      return calls % 3 === 0 ? { kind: 'loseAnswer' } : { kind: 'conflict' }
    }
    const all = await Promise.allSettled(
      [1, 2, 3].map(() => decide({ decision: 'mute', forS: 1 * 3600 }, operationId)),
    )
    test.faults.next = undefined
    await decide({ decision: 'mute', forS: 1 * 3600 }, operationId)
    expect(all.length).toBe(3)
    const { entries } = await bram.client.moderation.sanctions({ params: realm, query: {} })
    expect(entries).toHaveLength(1)
    expect(await told(bram, 'sanction.given')).toHaveLength(1)
  })

  it('bans for a time through the ban that there is', async () => {
    const { bram, decide, test } = await threatened()
    await decide({ decision: 'ban', forS: 48 * 3600 })
    const body = { characterId: bram.as, protocol: 2 }
    expect(await codeOf(bram.client.world.enter({ params: realm, body }))).toBe('auth.banned')
    expect(test.memory.rows('core').some(({ sk }) => sk === 'BAN')).toBe(true)
  })

  it('needs a time for a mute and a ban, and takes none otherwise', async () => {
    const { decide } = await threatened()
    for (const body of [
      { decision: 'mute' },
      { decision: 'ban' },
      { decision: 'warn', forS: 1 * 3600 },
    ] as const) {
      expect(await codeOf(decide(body))).toBe('report.time')
    }
  })
})

describe('a mute', () => {
  const muting = { forS: 2 * 3600, rule: 'spam', reason } as const

  async function muted() {
    const { test, stage } = await open()
    const [ada, moderator] = [await stage.player(), await stage.operator()]
    const params = { ...realm, who: ada.playerId }
    const { sanction } = await moderator.client.moderation.mute({ params, body: muting })
    return { test, stage, ada, moderator, params, sanction }
  }

  it('ends by itself, and before that by the hand of a moderator, and the player is told', async () => {
    const { test, ada, moderator, params } = await muted()
    expect(await codeOf(say(ada, 'hello'))).toBe('chat.muted')
    await moderator.client.moderation.unmute({ params, body: { reason } })
    await say(ada, 'hello')
    expect(await told(ada, 'sanction.lifted')).toHaveLength(1)
    await moderator.client.moderation.mute({ params, body: { ...muting, forS: 1 * 3600 } })
    expect(await codeOf(say(ada, 'hello'))).toBe('chat.muted')
    test.clock.advance(hourMs)
    await say(ada, 'hello again').catch((error: unknown) => {
      // The token of the player is over too: what counts is that it is not the mute.
      expect((error as { code: string }).code).toBe('auth.expired')
    })
    const mute = await readMute(test.memory, { ...realm, accountId: ada.playerId })
    expect(mute!.until).toBeLessThanOrEqual(test.clock.now())
  })

  it('reaches the host that has a character of the player in play', async () => {
    const { test, ada, moderator, params, stage } = await muted()
    const { bootId } = await stage.openZone()
    const guard = guardKey('local', ada.as)
    await test.memory.update({
      table: 'core',
      key: guard,
      update: 'SET #state = :active, #owner = :host',
      names: { '#state': 'state', '#owner': 'owner' },
      values: { ':active': 'active', ':host': bootId },
    })
    await moderator.client.moderation.mute({ params, body: muting })
    const inbox = test.memory.rows('volatile').filter(({ sk }) => sk.startsWith('INBOX#mute'))
    expect(inbox).toMatchObject([{ kind: 'mute', accountId: ada.playerId, version: 2 }])
  })

  it('is appealed against once; lifting it lets the player speak, and it is told', async () => {
    const { ada, moderator, sanction, test, stage } = await muted()
    const params = { ...realm, sanctionId: sanction.sanctionId }
    const appeal = () => ada.client.moderation.appeal({ params, body: { text: 'It was a song' } })
    expect(await appeal()).toMatchObject({ appeal: { state: 'open', text: 'It was a song' } })
    expect(await codeOf(appeal())).toBe('sanction.appealed')
    expect(await codeOf(say(ada, 'hello'))).toBe('chat.muted')
    const open = await moderator.client.moderation.appeals({ params: realm, query: {} })
    expect(open.entries).toMatchObject([
      { playerId: ada.playerId, sanction: { appeal: { state: 'open' } } },
    ])
    const other = await stage.operator()
    const decided = await Promise.allSettled(
      [moderator, other].map(({ client }, i) =>
        client.moderation.decideAppeal({
          params,
          body: { decision: i === 0 ? 'lift' : 'uphold', reason },
        }),
      ),
    )
    expect(decided.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    const lifted = decided[0]!.status === 'fulfilled'
    expect(await codeOf(say(ada, 'hello'))).toBe(lifted ? 'done' : 'chat.muted')
    const [last] = await told(ada, 'sanction.lifted', 'appeal.upheld')
    expect(last?.kind).toBe(lifted ? 'sanction.lifted' : 'appeal.upheld')
    expect(test.logged).toEqual([])
  })

  it('is not given to who stands above, nor by who has no role', async () => {
    const { stage, params, ada } = await muted()
    const operator = await stage.operator()
    const codes = [
      await codeOf(ada.client.moderation.mute({ params, body: muting })),
      await codeOf(ada.client.moderation.reports({ params: realm, query: {} })),
    ]
    expect(codes).toEqual(['auth.forbidden', 'auth.forbidden'])
    expect(operator.playerId).not.toBe(ada.playerId)
  })
})

describe('a report of a guild', () => {
  /** A guild of two, with a message by the officer, and one who is in none. */
  async function guilded() {
    const { test, stage } = await open()
    const [ada, bram, cato] = [await stage.player(), await stage.player(), await stage.player()]
    const name = stage.newName()
    const { guilds } = ada.client
    const { guildId } = await guilds.found({ params: realm, body: { as: ada.as, name } })
    const params = { ...realm, guildId }
    await guilds.invite({ params, body: { as: ada.as, name: bram.name } })
    await bram.client.guilds.join({ params, body: { as: bram.as } })
    await guilds.rank({
      params: { ...params, characterId: bram.as },
      body: { as: ada.as, rankId: 1 },
    })
    test.clock.advance(1)
    const text = 'Meet at the pond'
    await bram.client.guilds.message({ params, body: { as: bram.as, text } })
    const moderator = await stage.operator()
    const mine = async (who = ada) => {
      const of = { params: { ...realm, characterId: who.as } }
      return (await who.client.guilds.mine(of)).guild
    }
    const show = async (reportId: string) =>
      (await moderator.client.moderation.showReport({ params: { ...realm, reportId } })).report
    const decide = async (
      reportId: string,
      decision: 'dismiss' | 'remove' | 'warn',
      operationId = newId(test.clock),
    ) =>
      await moderator.client.moderation.decide(
        { params: { ...realm, reportId }, body: { decision, reason } },
        { operationId },
      )
    return {
      test,
      stage,
      ada,
      bram,
      cato,
      name,
      guildId,
      params,
      text,
      moderator,
      mine,
      show,
      decide,
    }
  }

  it('has its name from anybody, its message and ranks from members, with who answers for it', async () => {
    const { test, ada, bram, cato, name, guildId, params, text, show } = await guilded()
    for (const kind of ['guildMessage', 'guildRanks'] as const) {
      expect(await codeOf(report(cato, { kind, guildId }))).toBe('report.unknown')
    }
    const none = { kind: 'guildName', guildId: newId(test.clock) } as const
    expect(await codeOf(report(cato, none))).toBe('report.unknown')
    const byName = await report(cato, { kind: 'guildName', guildId }, 'name')
    expect(await show(byName.reportId)).toMatchObject({
      what: 'guildName',
      reported: { playerId: ada.playerId, name: ada.name },
      evidence: { text: name, guildId, around: [] },
    })
    // Who wrote the message answers for it; the first ranks are the leader's.
    const at = test.clock.now()
    const message = await report(ada, { kind: 'guildMessage', guildId }, 'hate')
    expect(await show(message.reportId)).toMatchObject({
      reported: { playerId: bram.playerId, name: bram.name },
      evidence: { text, at, guildId },
    })
    const ranks = await report(bram, { kind: 'guildRanks', guildId })
    expect(await show(ranks.reportId)).toMatchObject({
      reported: { playerId: ada.playerId },
      evidence: { text: 'Leader\nOfficer\nMember\nRecruit' },
    })
    expect(await codeOf(report(bram, { kind: 'guildMessage', guildId }))).toBe('report.self')
    // A writer with another name is not found by the log: the leader answers.
    const renamed = { params: { ...realm, characterId: bram.as }, body: { name: 'Somebody' } }
    await bram.client.characters.rename(renamed)
    expect(await codeOf(report(ada, { kind: 'guildMessage', guildId }, 'spam'))).toBe('report.self')
    await ada.client.guilds.message({ params, body: { as: ada.as, text: '' } })
    expect(await codeOf(report(bram, { kind: 'guildMessage', guildId }))).toBe('report.unknown')
  })

  it('that is decided takes the text away, and a dismissed one leaves it', async () => {
    const { ada, bram, guildId, text, mine, decide } = await guilded()
    const message = { kind: 'guildMessage', guildId } as const
    const first = await report(ada, message)
    await decide(first.reportId, 'dismiss')
    expect((await mine())?.message).toBe(text)
    const ranks = await report(bram, { kind: 'guildRanks', guildId })
    expect((await decide(ranks.reportId, 'remove')).decision).not.toHaveProperty('sanctionId')
    const numbered = (await mine())!.ranks
    expect(numbered.map(({ name }) => name)).toEqual(['Rank 1', 'Rank 2', 'Rank 3', 'Rank 4'])
    expect(numbered[1]!.permissions).toContain('invite')
    expect(await told(bram, 'report.decided')).toMatchObject([{ acted: true }])
    expect(await told(ada, 'sanction.given')).toEqual([])
  })

  it('warns and takes the message away in one, once, but not one that has come since', async () => {
    const { test, ada, bram, guildId, params, mine, decide } = await guilded()
    const message = { kind: 'guildMessage', guildId } as const
    const { reportId } = await report(ada, message)
    const operationId = newId(test.clock)
    await decide(reportId, 'warn', operationId)
    expect((await mine())?.message).toBeUndefined()
    expect(await told(bram, 'sanction.given')).toHaveLength(1)
    const text = 'Meet at the oak'
    await bram.client.guilds.message({ params, body: { as: bram.as, text } })
    await decide(reportId, 'warn', operationId)
    expect((await mine())?.message).toBe(text)
    const second = await report(ada, message)
    await ada.client.guilds.message({ params, body: { as: ada.as, text: 'Meet at home' } })
    await decide(second.reportId, 'warn')
    expect((await mine())?.message).toBe('Meet at home')
    const log = await ada.client.guilds.log({ params, query: { as: ada.as } })
    const moderated = log.entries.filter(({ kind }) => kind === 'moderated')
    expect(moderated).toMatchObject([{ name: bram.name }])
  })

  it('gives it a name of chance, which leaderboards and invites have too; the old one is free', async () => {
    const { test, stage, ada, bram, cato, name, guildId, params, moderator, mine, decide } =
      await guilded()
    const board = { ...realm, board: 'lively_guilds' }
    const give = async () =>
      await moderator.client.leaderboards.submit({
        params: board,
        body: { name: ada.name, score: 2, reason },
      })
    await give()
    const around = { params: { ...board, characterId: ada.as }, query: {} }
    await ada.client.leaderboards.around(around)
    await ada.client.guilds.invite({ params, body: { as: ada.as, name: cato.name } })
    const { reportId } = await report(cato, { kind: 'guildName', guildId }, 'name')
    // The store fails when the name is given and nothing has followed it; the same is sent again.
    let transactions = 0
    test.faults.next = ({ operation }) =>
      operation === 'transact' && transactions++ > 0 ? { kind: 'throttle' } : undefined
    const operationId = newId(test.clock)
    expect(await codeOf(decide(reportId, 'remove', operationId))).not.toBe('done')
    test.faults.next = undefined
    await decide(reportId, 'remove', operationId)
    const { name: chance } = (await mine())!
    expect(chance).toMatch(/^Guild [b-z]{8}$/)
    await decide(reportId, 'remove', operationId)
    expect((await mine())!.name).toBe(chance)
    const invites = { params: { ...realm, characterId: cato.as }, query: {} }
    expect((await cato.client.guilds.invites(invites)).entries).toMatchObject([{ guild: chance }])
    expect((await ada.client.leaderboards.around(around)).entries).toMatchObject([{ name: chance }])
    expect(
      (await bram.client.guilds.find({ params: realm, query: { name: chance } })).guildId,
    ).toBe(guildId)
    expect(await codeOf(bram.client.guilds.find({ params: realm, query: { name } }))).toBe(
      'guild.not_found',
    )
    // Somebody else may have the old one; the guild ends under its new one.
    const dora = await stage.player()
    await dora.client.guilds.found({ params: realm, body: { as: dora.as, name } })
    await ada.client.guilds.disband({ params, body: { as: ada.as } })
    const left = test.memory.rows('core').filter(({ pk }) => pk.includes('#GUILDNAME#'))
    expect(left).toHaveLength(1)
  })

  it('is of a guild alone: nothing else can be removed', async () => {
    const { ada, bram, decide } = await guilded()
    const { reportId } = await report(ada, { kind: 'name', name: bram.name })
    expect(await codeOf(decide(reportId, 'remove'))).toBe('report.remove')
  })

  it('of a guild that has ended meanwhile is decided all the same', async () => {
    const { ada, cato, guildId, params, decide } = await guilded()
    const { reportId } = await report(cato, { kind: 'guildName', guildId })
    await ada.client.guilds.disband({ params, body: { as: ada.as } })
    expect((await decide(reportId, 'warn')).decision).toMatchObject({ decision: 'warn' })
  })
})

describe('the appeal of a ban', () => {
  const hours = (n: number) => n * 3600

  /** A player with a ban of 48 hours, against which he has appealed. */
  async function banned() {
    const world = await threatened()
    const { test, bram, moderator, decide } = world
    const { decision } = await decide({ decision: 'ban', forS: hours(48) })
    const appeal = async (sanctionId: string) =>
      await bram.client.moderation.appeal({
        params: { ...realm, sanctionId },
        body: { text: 'It was a song' },
      })
    const answer = async (sanctionId: string, what: 'lift' | 'uphold' = 'lift') =>
      await moderator.client.moderation.decideAppeal({
        params: { ...realm, sanctionId },
        body: { decision: what, reason },
      })
    /** Another report, and what is decided about it. */
    const again = async (forS: number) => {
      const what = { kind: 'name', name: bram.name } as const
      const by = await world.stage.player()
      const params = { ...realm, reportId: (await report(by, what, 'name')).reportId }
      const body = { decision: 'ban', forS, reason } as const
      return (await moderator.client.moderation.decide({ params, body })).decision!.sanctionId!
    }
    const enter = () =>
      bram.client.world.enter({ params: realm, body: { characterId: bram.as, protocol: 2 } })
    const until = async () => {
      const who = { params: { who: bram.playerId } }
      const { ban } = await moderator.client.admin.showPlayer(who)
      const copy = test.memory.rows('core').find(({ sk }) => sk === 'BAN')!['bannedUntil']
      expect(copy).toBe(ban?.until ?? 0)
      return ban && Math.round((ban.until - test.clock.now()) / hourMs)
    }
    const first = decision!.sanctionId!
    await appeal(first)
    return { ...world, first, appeal, answer, again, enter, until }
  }

  it('lifts that ban alone: a second one for another reason goes on, and is lifted by its own', async () => {
    const { first, appeal, answer, again, enter, until } = await banned()
    const second = await again(hours(24))
    expect(await until()).toBe(48)
    await answer(first)
    expect(await until()).toBe(24)
    expect(await codeOf(enter())).toBe('auth.banned')
    await appeal(second)
    await answer(second)
    expect(await until()).toBeUndefined()
    expect(await codeOf(enter())).not.toBe('auth.banned')
  })

  it('lifts the shorter of two, and the longer one goes on', async () => {
    const { first, answer, again, until } = await banned()
    await again(hours(72))
    await answer(first)
    expect(await until()).toBe(72)
  })

  it('does not lift what an operator has given by hand since', async () => {
    const { first, answer, moderator, bram, until } = await banned()
    const params = { who: bram.playerId }
    await moderator.client.admin.ban({ params, body: { reason, forS: hours(24 * 100) } })
    await answer(first)
    expect(await until()).toBe(2400)
    await moderator.client.admin.unban({ params, body: { reason } })
    expect(await until()).toBeUndefined()
  })

  it('that meets a second decision at once ends with the second ban alone', async () => {
    const { first, answer, again, until } = await banned()
    await Promise.all([answer(first), again(hours(24)), again(hours(12))])
    expect(await until()).toBe(24)
  })

  it('that is upheld leaves it as it is', async () => {
    const { first, answer, until } = await banned()
    await answer(first, 'uphold')
    expect(await until()).toBe(48)
  })
})

/**
 * Texts that a player writes, by endpoint and field. `speech`: others read it, so a mute covers it and it is filtered.
 * Others: why not. A new free text in the API fails here until it is said which it is.
 */
const texts: Record<string, string> = {
  'characters.create name': 'speech',
  'characters.rename name': 'speech',
  'chat.say text': 'speech',
  'chat.whisper text': 'speech',
  'friends.show status': 'speech',
  'guilds.found name': 'speech',
  'guilds.message text': 'speech',
  'guilds.ranks ranks.name': 'speech',
  'mail.send subject': 'speech',
  'mail.send text': 'speech',
  'moderation.appeal text': 'moderators read it: a muted player must be able to appeal',
  'moderation.report note': 'moderators read it: a muted player must be able to report',
}

/** Names of others, by which they are found; log-in names, secrets and ids that machines made. */
const notWritten =
  /^(auth\.|personal\.|friends\.(ask|block) name|guilds\.invite name|parties\.invite name|chat\.whisper to|mail\.send to|moderation\.report what\.|world\.|tallies\.)/

type Json = {
  $ref?: string
  $defs?: Record<string, Json>
  type?: string
  properties?: Record<string, Json>
  items?: Json
  anyOf?: Json[]
  oneOf?: Json[]
  enum?: unknown[]
  const?: unknown
  pattern?: string
}

/** Paths of the strings in a body that may be anything but an id. */
function textsIn(schema: Json, path: string[] = [], root = schema): string[] {
  const { properties, items, anyOf, oneOf, $ref } = schema
  if ($ref !== undefined) return textsIn(root.$defs![$ref.split('/').at(-1)!]!, path, root)
  if (properties !== undefined) {
    return Object.entries(properties).flatMap(([name, one]) => textsIn(one, [...path, name], root))
  }
  if (items !== undefined) return textsIn(items, path, root)
  const some = anyOf ?? oneOf
  if (some !== undefined) return some.flatMap((one) => textsIn(one, path, root))
  const isText = schema.type === 'string' && schema.enum === undefined && schema.const === undefined
  const isId = schema.pattern !== undefined && !/[ '][^\]]*-/.test(schema.pattern)
  return isText && !isId ? [path.join('.')] : []
}

describe('a mute and the word filter', () => {
  const written = declarationsOf(domains).flatMap((domain) =>
    Object.entries(domain.endpoints).flatMap(([name, { body, identity }]) => {
      if (body === undefined || identity !== 'player') return []
      const schema = z.toJSONSchema(body, { unrepresentable: 'any', io: 'input' }) as Json
      return textsIn(schema).map((field) => `${domain.name}.${name} ${field}`)
    }),
  )

  it('are asked about: each free text of the API is said to be speech, or why not', () => {
    const asked = [...new Set(written)].filter((one) => !notWritten.test(one))
    expect(asked.toSorted()).toEqual(Object.keys(texts).toSorted())
  })

  const speaking = [
    ...new Set(
      Object.entries(texts).flatMap(([at, why]) => (why === 'speech' ? [at.split(' ')[0]!] : [])),
    ),
  ]

  it.each(speaking)(
    'cover %s: a muted player is refused, and nothing of it is stored',
    async (name) => {
      const { test, stage } = await open()
      const { endpoint, example } = book.find((one) => one.name === name)!
      const call = withText(name, await example(stage))
      const by = call.by as Player
      const muter = await stage.operator()
      await muter.client.moderation.mute({
        params: { ...realm, who: by.playerId },
        body: { forS: 1 * 3600, rule: 'spam', reason },
      })
      const before = JSON.stringify(rows(test))
      const { method, target, headers, body } = requestOf(endpoint, call)
      const send = () =>
        test.send(method, target, {
          headers: { ...headers, 'idempotency-key': newId(test.clock) },
          ...(body === undefined ? {} : { body }),
        })
      const answer = await send()
      expect(((await answer.json()) as { code: string }).code).toBe('chat.muted')
      expect(JSON.stringify(rows(test))).toBe(before)
      await muter.client.moderation.unmute({
        params: { ...realm, who: by.playerId },
        body: { reason },
      })
      const [after, stored] = [await send(), () => JSON.stringify(rows(test))]
      expect(stored()).not.toContain(bad)
      // A name is refused, a text is masked.
      if (/create|rename|found|ranks/.test(name)) expect(after.status).toBe(422)
      else expect(stored()).toContain('What a ****')
    },
  )

  it('cover each message of a zone that carries a free text', () => {
    const { messages } = coreRules
    const spoken = [...messages.values()].filter(({ message }) => message.speech.length > 0)
    expect(spoken.map(({ message }) => message.kind)).toContain('chat.nearby')
    for (const { message } of messages.values()) {
      if (message.toServer === undefined || !('def' in (message.toServer as object))) continue
      const schema = z.toJSONSchema(message.toServer as unknown as z.ZodType, {
        unrepresentable: 'any',
        io: 'input',
      }) as Json
      expect(textsIn(schema), message.kind).toEqual([...message.speech])
    }
  })
})

const bad = 'Fuck'

function withText(name: string, call: Awaited<ReturnType<(typeof book)[number]['example']>>) {
  const text = 'What a Fuck'
  const body = call.body as Record<string, unknown>
  switch (name) {
    case 'guilds.ranks': {
      const ranks = (body['ranks'] as { name: string }[]).map((one, i) =>
        i === 1 ? { ...one, name: bad } : one,
      )
      return { ...call, body: { ...body, ranks } }
    }
    case 'characters.create':
    case 'characters.rename':
    case 'guilds.found':
      return { ...call, body: { ...body, name: 'Fuck Walker' } }
    case 'friends.show':
      return { ...call, body: { ...body, status: text } }
    case 'mail.send':
      return { ...call, body: { ...body, subject: text, text } }
    default:
      return { ...call, body: { ...body, text } }
  }
}

function rows(test: TestApi) {
  return [...test.memory.rows('core'), ...test.memory.rows('volatile')].filter(
    ({ pk, sk }) => !pk.startsWith('OP#') && !sk.startsWith('INBOX#') && !pk.startsWith('RATE'),
  )
}

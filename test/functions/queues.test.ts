// Queues, for operators over HTTP: who waits and why, a ticket that is taken out, a queue that is closed.
import { beforeEach, describe, expect, it } from 'vitest'
import { createKeeper, keepMatching } from '#functions/matchmaking/keeper.ts'
import type { Keeper } from '#functions/matchmaking/keeper.ts'
import { declinePenaltyMs } from '#shared/limits.ts'
import { createLiveness } from '#shared/ownership/liveness.ts'
import { newId } from '#shared/runtime.ts'
import { silentLog } from '#shared/telemetry/log.ts'
import { openOneProcess } from '../calls/one-process.ts'
import type { Client, Player, Stage } from '../calls/stage.ts'
import { codeOf } from './api.ts'
import type { TestApi } from './api.ts'

const params = { realmId: 'local' }
const crypt = { ...params, queueId: 'crypt' }
const reason = 'It does not move'

let test: TestApi
let stage: Stage
let keeper: Keeper
let operator: Client
let hinted: string[]

const keeperDeps = () => ({
  store: test.memory,
  runtime: test.clock,
  cache: test.cache,
  content: test.content.content,
  fleet: { allocate: async () => undefined, list: async () => [], drain: async () => false },
  isLive: createLiveness(),
  hint: () => undefined,
  push: {
    hint: (of: string, _: string, all: string[]) =>
      void hinted.push(...all.map((to) => `${of} ${to}`)),
  },
  log: silentLog,
})

beforeEach(async () => {
  ;({ test, stage } = await openOneProcess())
  hinted = []
  keeper = createKeeper(keeperDeps(), 'local', test.content.content.queues.get('crypt')!)
  operator = (await stage.operator()).client
})

const join = async ({ as, client }: Player, role = 'blade') =>
  await client.matchmaking.join({ params: crypt, body: { as, choices: { [as]: { role } } } })
const standing = async ({ as, client }: Player) =>
  await client.matchmaking.standing({ params, query: { as } })
const news = async ({ client }: Player) =>
  (await client.notifications.list({ params, query: {} })).entries.filter(
    ({ kind }) => kind === 'queue.ended',
  )
const state = async () =>
  (await operator.matchmaking.queueStates({ params })).queues.find(
    ({ queueId }) => queueId === 'crypt',
  )!
const show = async ({ playerId }: Player) =>
  await operator.matchmaking.queuedPlayer({ params: { ...params, who: playerId } })
const audited = async () =>
  (await operator.admin.audit({ query: {} })).entries.map(({ action, target, what }) => ({
    action,
    target,
    what,
  }))

async function waits(role?: string): Promise<Player & { ticketId: string }> {
  const player = await stage.player()
  return { ...player, ...(await join(player, role)) }
}

/** A shield and two blades, who are asked. */
async function threeAsked() {
  const all = [await waits('shield'), await waits(), await waits()]
  await keeper.beat()
  return all
}

describe('a queue', () => {
  it('says how many wait since when, which matches are asked, and that nobody matches it', async () => {
    expect(await state()).toEqual({
      queueId: 'crypt',
      title: test.content.content.queues.get('crypt')!.title,
      zone: 'crypt',
      tickets: 0,
      players: 0,
      asked: 0,
      opening: 0,
      atLeast: false,
    })
    const since = test.clock.now()
    await waits()
    test.clock.advance(5000)
    await waits()
    expect(await state()).toMatchObject({ tickets: 2, players: 2, waitsSince: since })
    await threeAsked()
    expect(await state()).toMatchObject({ tickets: 0, asked: 1, opening: 0 })
  })

  it('says which process matches it, until that has been silent', async () => {
    const ends = new AbortController()
    test.clock.sleep = async () => {
      if (ends.signal.aborted) return
      expect(await state()).toMatchObject({ matcher: { until: test.clock.now() + 10_000 } })
      test.clock.advance(10_001)
      expect((await state()).matcher).toBeUndefined()
      ends.abort()
    }
    await keepMatching(keeperDeps(), ['local'], ends.signal)
    expect(ends.signal.aborted).toBe(true)
  })

  it('lists who waits, the oldest first, in pages that miss and repeat nobody', async () => {
    const made: string[] = []
    for (let i = 0; i < 7; i++) {
      made.push((await waits()).ticketId)
      test.clock.advance(10)
    }
    const gone = await waits()
    await gone.client.matchmaking.leave({ params, query: { as: gone.as } })
    const seen: string[] = []
    for (let after: string | undefined; ;) {
      const query = { limit: 3, ...(after && { after }) }
      const page = await operator.matchmaking.queueTickets({ params: crypt, query })
      seen.push(...page.entries.map(({ ticketId }) => ticketId))
      if (page.next === undefined) break
      after = page.next
    }
    expect(seen).toEqual(made)
    const nowhere = { params: { ...params, queueId: 'nowhere' }, query: {} }
    expect(await codeOf(operator.matchmaking.queueTickets(nowhere))).toBe('queue.unknown')
  })

  it('tells of a player by any name why he waits, his match, and his penalty', async () => {
    const alone = await waits()
    await keeper.beat()
    test.clock.sleep = async () => await keeper.beat()
    expect(await show(alone)).toMatchObject({
      accountId: alone.playerId,
      ticket: {
        ticketId: alone.ticketId,
        state: 'waits',
        players: [{ name: alone.name, choices: { role: 'blade' } }],
        why: { position: 1, needs: expect.any(Number) as number },
      },
    })
    const named = { params: { ...params, who: `character:${alone.name}` } }
    expect(await operator.matchmaking.queuedPlayer(named)).toMatchObject({
      accountId: alone.playerId,
    })
    await waits('shield')
    const third = await waits()
    await keeper.beat()
    const { match } = await show(third)
    expect(match).toMatchObject({ state: 'asks' })
    expect(match!.members.map(({ accepted }) => accepted)).toEqual([false, false, false])
    const body = { as: third.as, accept: false }
    await third.client.matchmaking.answer({ params: { ...params, matchId: match!.matchId }, body })
    expect(await show(third)).toEqual({
      accountId: third.playerId,
      penaltyUntil: test.clock.now() + declinePenaltyMs,
    })
    const stranger = await stage.player()
    expect(await show(stranger)).toEqual({ accountId: stranger.playerId })
  })
})

describe('a ticket that an operator takes out', () => {
  it('is over for all its players, who are told, once', async () => {
    const player = await waits()
    await keeper.beat()
    const call = { params: { ...crypt, ticketId: player.ticketId }, body: { reason } }
    const operationId = newId(test.clock)
    await operator.matchmaking.cancelTicket(call, { operationId })
    await operator.matchmaking.cancelTicket(call, { operationId })
    expect(await standing(player)).toEqual({})
    expect(await news(player)).toMatchObject([{ kind: 'queue.ended', queueId: 'crypt' }])
    expect(await audited()).toEqual([
      { action: 'queue.cancel', target: player.ticketId, what: `crypt: ${player.playerId}` },
    ])
    // Who matches the queue knows: two others alone make no match with him.
    await waits('shield')
    const other = await waits()
    await keeper.beat()
    expect((await standing(other)).match).toBeUndefined()
    await join(player)
  })

  it('is refused in a match, and when it is over', async () => {
    const [one] = await threeAsked()
    const call = { params: { ...crypt, ticketId: one!.ticketId }, body: { reason } }
    expect(await codeOf(operator.matchmaking.cancelTicket(call))).toBe('admin.ticket_over')
    const none = { params: { ...crypt, ticketId: newId(test.clock) }, body: { reason } }
    expect(await codeOf(operator.matchmaking.cancelTicket(none))).toBe('admin.ticket_over')
    expect(await audited()).toEqual([])
  })
})

it('a penalty is lifted, and the player queues at once', async () => {
  const [one] = await threeAsked()
  const { match } = await standing(one!)
  const answer = { params: { ...params, matchId: match!.matchId } }
  await one!.client.matchmaking.answer({ ...answer, body: { as: one!.as, accept: false } })
  expect(await codeOf(join(one!))).toBe('queue.penalty')
  const call = { params: { ...params, who: one!.playerId }, body: { reason } }
  await operator.matchmaking.forgive(call)
  await join(one!)
  expect(await codeOf(operator.matchmaking.forgive(call))).toBe('admin.no_penalty')
  expect(await audited()).toEqual([
    { action: 'queue.forgive', target: one!.playerId, what: 'crypt' },
  ])
})

describe('a queue that is closed', () => {
  const text = 'The crypt floods. Back at noon'
  const close = async (forS = 3600) =>
    await operator.matchmaking.closeQueue({ params: crypt, body: { text, forS, reason } })
  const open = async () => await operator.matchmaking.openQueue({ params: crypt, body: { reason } })

  it('refuses who queues with the text, gives up who waits and tells him, and makes no match', async () => {
    const all = [await waits('shield'), await waits(), await waits()]
    expect(await close()).toEqual({ text, until: test.clock.now() + 3_600_000 })
    await keeper.beat()
    for (const one of all) {
      expect(await standing(one)).toEqual({})
      expect(await news(one)).toMatchObject([{ queueId: 'crypt', text }])
      expect(hinted).toContain(`mailbox ${one.playerId}`)
    }
    await expect(join(all[0]!)).rejects.toMatchObject({
      code: 'queue.closed',
      document: { detail: text },
    })
    expect(await state()).toMatchObject({ tickets: 0, closed: { text } })
    expect(await audited()).toEqual([{ action: 'queue.close', target: 'local crypt', what: text }])
  })

  it('lets a match that was made go on', async () => {
    const [one] = await threeAsked()
    await close()
    await keeper.beat()
    expect((await standing(one!)).match).toMatchObject({ state: 'asks' })
  })

  it('gives up a ticket that was taken in the same moment', async () => {
    await close()
    await open()
    const late = await waits()
    await close()
    await keeper.beat()
    expect(await standing(late)).toEqual({})
  })

  it('opens by itself at its time, or when it is opened, and then matches', async () => {
    expect(await codeOf(open())).toBe('admin.queue_open')
    await close(60)
    test.clock.advance(60_000)
    expect(await codeOf(open())).toBe('admin.queue_open')
    await waits('shield')
    await close()
    await keeper.beat()
    await open()
    const [one] = await threeAsked()
    expect((await standing(one!)).match).toBeDefined()
  })
})

// An effect of a step happens once and its outcome reaches the game, wherever the host dies.
import { describe, expect, it } from 'vitest'
import { effect } from '#shared/game/effect.ts'
import { gameKey } from '#shared/game/game.ts'
import { effectsPerCharacterMax, operationKeptMs } from '#shared/limits.ts'
import { stateKey } from '#shared/ownership/guard.ts'
import { endLease } from '#shared/ownership/lease.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import type { Step } from '#shared/store/commit.ts'
import type { Key, Store, Write } from '#shared/store/store.ts'
import { StoreError } from '#shared/store/store.ts'
import { silentLog } from '#shared/telemetry/log.ts'
import { createAllowances } from '#gameserver/instance/allowances.ts'
import { createVoices } from '#gameserver/instance/voices.ts'
import { admit } from '#gameserver/instance/entry.ts'
import { checkpointEntries, createInstance } from '#gameserver/instance/instance.ts'
import { leave } from '#gameserver/instance/leaving.ts'
import { tickInstance } from '#gameserver/instance/tick.ts'
import type { ClientConnection } from '#gameserver/net/client-connection.ts'
import { Players } from '#gameserver/sim/archetype.ts'
import { requestEffect } from '#gameserver/sim/effects.ts'
import { zoneGame } from '#gameserver/sim/rules.ts'
import type { EffectOutcome } from '#shared/rules/effects.ts'
import { openRealm, realmId } from '../ownership/realm.ts'
import { testContent, testZone } from './world-kit.ts'

const row = { pk: gameKey(realmId, 'BELL'), sk: 'COUNT' }
const ring = effect<{ by: number }>({
  kind: 'game.ring',
  body: {
    safeParse: (value) =>
      typeof (value as { by?: unknown }).by === 'number'
        ? { success: true, data: value as { by: number } }
        : { success: false },
  },
  steps: ({ id, body }) => {
    if (id === 'broken') throw new Error('a defect')
    const key = id === 'foreign' ? { pk: 'ACCOUNT#1', sk: 'ACCOUNT' } : row
    return [ringWrite(key, body.by)]
  },
})

const ringWrite = (key: Key, by: number): Step<string> => ({
  write: {
    update: {
      table: 'core',
      key,
      update: 'SET n = if_not_exists(n, :none) + :by',
      condition: 'attribute_not_exists(closed)',
      values: { ':none': 0, ':by': by },
    },
  },
  otherwise: 'closed',
})

type Realm = Awaited<ReturnType<typeof openRealm>>

/** A host with its instance, ticked by hand. Its requests to the store can hang, and it can be killed. */
async function play(realm: Realm, who: { characterId: string; accountId: string }) {
  const alive = { now: true }
  /** Called with each transaction. Says whether it is never sent, or never answered. */
  let hangsAt: (writes: Write[]) => 'before' | 'after' | undefined = () => undefined
  const hang = async (): Promise<never> => await new Promise(() => undefined)
  const only =
    <In, Out>(send: (request: In) => Promise<Out>) =>
    async (request: In) =>
      alive.now ? await send(request) : await hang()
  const { store } = realm
  const mortal: Store = {
    get: only(store.get),
    query: only(store.query),
    put: only(store.put),
    update: only(store.update),
    delete: only(store.delete),
    transact: only(async (writes: Write[]) => {
      const hangs = hangsAt(writes)
      if (hangs === 'before') return await hang()
      await store.transact(writes)
      if (hangs === 'after') await hang()
    }),
  }
  const host = await realm.host('hub', true, { store: mortal, effects: [ring] })
  const outcomes: EffectOutcome[] = []
  const ids: string[] = []
  const inStay: string[] = []
  let fails = false
  const zone = testZone({ id: 'hub', creatures: [] })
  const rules = zoneGame({
    systems: [
      {
        name: 'bell',
        after: 'input',
        run(zone, events) {
          for (const event of events) {
            if (event.event === 'effect') outcomes.push(event.outcome)
          }
          const [player] = zone.all(Players)
          if (player === undefined) return
          for (const id of ids.splice(0)) {
            zone.effect(player, { kind: 'game.ring', body: { by: 1 } }, id)
          }
          for (const id of inStay.splice(0)) {
            zone.effect(player, { kind: 'game.ring', body: { by: 1 } }, id, 'stay')
          }
        },
      },
    ],
  })
  const instance = createInstance({
    id: 'hub-1',
    zone,
    content: testContent([zone]),
    // A system of the core that fails comes before the bell.
    rules: {
      ...rules,
      systems: rules.systems.toSpliced(1, 0, {
        name: 'boom',
        run() {
          if (fails) throw new Error('a defect')
        },
      }),
    },
    persistence: host,
    runtime: realm.runtime,
    monotonic: realm.runtime.now,
    log: silentLog,
    seed: 1,
    nextStay: () => 1,
    allowances: createAllowances(),
    voices: createVoices(),
  })
  const { ticket } = await realm.enterAs(who)
  const claimed = await host.claim(await realm.open(ticket))
  if (claimed.outcome !== 'claimed') throw new Error(`the claim was ${claimed.outcome}`)
  const socket = {
    state: 'joining',
    connection: { send: () => true, close: () => undefined, buffered: () => 0 },
    joined: () => undefined,
    end: () => undefined,
  } as unknown as ClientConnection
  admit(instance, claimed.character, socket)
  const tick = () => tickInstance(instance, realm.runtime.now(), false)
  tick()
  return {
    host,
    instance,
    outcomes,
    character: () => instance.roster.find(who.characterId)!,
    tick,
    /** A tick whose step fails. */
    failedTick() {
      fails = true
      expect(tick).toThrow('a defect')
      fails = false
    },
    /** A tick that asks for one of this stay. */
    askInStay(id: string) {
      inStay.push(id)
      tick()
    },
    /** A tick that asks for effects. */
    ask(...asked: string[]) {
      ids.push(...asked)
      tick()
    },
    /** Requests under way are answered, and a tick takes the answers. */
    async answer() {
      await settle()
      tick()
    },
    checkpoint: async () => await host.checkpoint('hub-1', checkpointEntries(instance)),
    hangAt: (at: typeof hangsAt) => void (hangsAt = at),
    async kill() {
      alive.now = false
      await endLease(store, host.bootId)
    },
  }
}

/** Runs all that waits for no clock. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
}

async function start() {
  const store = createMemoryStore()
  const realm = await openRealm({ store })
  const who = await realm.character()
  const count = () => store.rows('core').find(({ pk }) => pk === row.pk)?.['n'] ?? 0
  return { store, realm, who, count }
}

const isEffect = (writes: Write[]) =>
  writes.some((write) => 'update' in write && write.update.key.pk === row.pk)

/** The fault of the request that makes the effect. */
const makes = (request: 'before' | 'after' | undefined) => (writes: Write[]) =>
  isEffect(writes) ? request : undefined

describe('an effect', () => {
  it('happens once, and its outcome is an input of a later tick', async () => {
    const { realm, who, count } = await start()
    const on = await play(realm, who)
    on.ask('a', 'a')
    expect(on.outcomes).toEqual([])
    await settle()
    expect(on.instance.inputs).toMatchObject([{ input: 'effect', outcome: { outcome: 'done' } }])
    on.tick()
    expect(on.outcomes).toEqual([{ outcome: 'done' }])
    on.ask('a')
    await on.answer()
    expect(on.outcomes).toHaveLength(2)
    expect(count()).toBe(1)
  })

  it('that the game refuses is reported by name; one too many is refused at once', async () => {
    const { realm, who, store, count } = await start()
    const on = await play(realm, who)
    await store.put({ table: 'core', item: { ...row, closed: true } })
    on.ask('a')
    await on.answer()
    expect(on.outcomes).toEqual([{ outcome: 'refused', refused: 'closed' }])
    on.ask(...Array.from({ length: effectsPerCharacterMax + 1 }, (_, i) => `b${i}`))
    on.tick()
    expect(on.outcomes.at(-1)).toEqual({ outcome: 'refused', refused: 'full' })
    expect(count()).toBe(0)
  })

  it('happens once also when the same id comes again after the rows of requests have gone', async () => {
    const { realm, who, count } = await start()
    const on = await play(realm, who)
    on.ask('a')
    await on.answer()
    realm.runtime.advance(operationKeptMs + 1000)
    on.ask('a')
    await on.answer()
    expect(on.outcomes).toEqual([{ outcome: 'done' }, { outcome: 'done' }])
    expect(count()).toBe(1)
  })

  it('whose outcome comes in a step that fails reaches the game in the next one', async () => {
    const { realm, who, count } = await start()
    const on = await play(realm, who)
    on.ask('a')
    await settle()
    on.failedTick()
    expect(checkpointEntries(on.instance)[0]!.saved.effects).toHaveLength(1)
    expect(on.outcomes).toEqual([])
    on.tick()
    expect(on.outcomes).toEqual([{ outcome: 'done' }])
    expect(checkpointEntries(on.instance)[0]!.saved.effects).toBeUndefined()
    on.tick()
    expect([on.outcomes.length, count()]).toEqual([1, 1])
  })

  it.each(['broken', 'foreign'])('whose steps are %s is refused by name, and ends', async (id) => {
    const { realm, who, store } = await start()
    const on = await play(realm, who)
    on.ask(id)
    await on.answer()
    expect(on.outcomes).toEqual([{ outcome: 'refused', refused: 'failed' }])
    expect(checkpointEntries(on.instance)[0]!.saved.effects).toBeUndefined()
    expect(store.rows('core').some(({ pk }) => pk === 'ACCOUNT#1')).toBe(false)
  })

  it('with a body that JSON does not have is a fault of the system that asks', async () => {
    const { realm, who } = await start()
    const on = await play(realm, who)
    const { world } = on.instance
    const asks = () =>
      requestEffect(world, world.players[0]!, { id: 'a', kind: 'game.ring', body: undefined })
    expect(asks).toThrow(RangeError)
  })

  it('with a text that is not the same after it was saved is a fault of the system that asks', async () => {
    const { realm, who } = await start()
    const { instance } = await play(realm, who)
    const asks = (id: string, kind = 'game.ring') =>
      requestEffect(instance.world, instance.world.players[0]!, { id, kind, body: { by: 1 } })
    for (const text of ['\ud800', 'a\udc00b', '\udc00\ud800']) {
      expect(() => asks(text)).toThrow('not well-formed')
      expect(() => asks('a', text)).toThrow('not well-formed')
    }
    expect(() => asks('\ud83d\ude00')).not.toThrow()
  })

  it('with an id of the stay happens once in each stay, and once where another host goes on', async () => {
    const { realm, who, count } = await start()
    const first = await play(realm, who)
    first.askInStay('ember 7')
    first.askInStay('ember 7')
    await first.answer()
    expect(count()).toBe(1)
    first.hangAt(makes('after'))
    first.askInStay('ember 8')
    await first.checkpoint()
    await first.kill()
    const second = await play(realm, who)
    // What waited in the checkpoint is of the first stay; the same id means another ember here.
    second.askInStay('ember 8')
    second.askInStay('ember 7')
    await second.answer()
    expect(count()).toBe(4)
    expect(second.outcomes).toHaveLength(3)
  })

  it('that the store refuses for good is reported by name', async () => {
    const { realm, who } = await start()
    const on = await play(realm, who)
    on.hangAt((writes) => {
      if (isEffect(writes))
        throw new StoreError('invalid', 'AccessDenied', { refusal: 'forbidden' })
      return undefined
    })
    on.ask('a')
    await on.answer()
    expect(on.outcomes).toEqual([{ outcome: 'refused', refused: 'store' }])
  })
})

it('an effect that was unclear for longer than one commit, and is then refused, cannot happen late', async () => {
  const { realm, who, store, count } = await start()
  const on = await play(realm, who)
  const late: Write[][] = []
  /** The row of the id, which each commit makes anew. */
  const begun = (writes: Write[] | undefined) => {
    const last = writes?.at(-1)
    return last !== undefined && 'put' in last ? last.put.item : undefined
  }
  on.hangAt((writes) => {
    if (!isEffect(writes)) return undefined
    if (late.length === 0 || begun(writes) === begun(late[0])) {
      late.push(writes)
      throw new StoreError('unavailable', 'no answer', { unclear: true })
    }
    void store.put({ table: 'core', item: { ...row, closed: true } })
    return undefined
  })
  on.ask('a')
  while (on.instance.inputs.length === 0) await settle()
  on.tick()
  expect(on.outcomes).toEqual([{ outcome: 'refused', refused: 'closed' }])
  await store.delete({ table: 'core', key: row })
  for (const writes of late) await store.transact(writes).catch(() => undefined)
  expect(count()).toBe(0)
})

type Playing = Awaited<ReturnType<typeof play>>

/** Where the first host dies: the fault of the request that makes the effect, and what follows. */
const crashes: {
  at: string
  request?: 'before' | 'after'
  next: (on: Playing) => Promise<void>
  /** The game asks the second host again, for it does not know of the first request. */
  again?: true
  /** The outcome is in a checkpoint, so the second host has none. */
  known?: true
}[] = [
  {
    at: 'before it is sent',
    request: 'before',
    next: async (on) => void (await on.checkpoint()),
  },
  {
    at: 'after the commit, before the answer',
    request: 'after',
    next: async (on) => void (await on.checkpoint()),
  },
  {
    at: 'after the answer, before the next tick',
    async next(on) {
      await settle()
      await on.checkpoint()
    },
  },
  {
    at: 'after the tick with the outcome, before the next checkpoint',
    async next(on) {
      await on.checkpoint()
      await on.answer()
    },
  },
  {
    at: 'before any checkpoint, as if the tick had not been',
    request: 'after',
    next: settle,
    again: true,
  },
  {
    at: 'after the checkpoint that follows the outcome',
    async next(on) {
      await on.answer()
      await on.checkpoint()
    },
    known: true,
  },
]

it.each(crashes)(
  'an effect whose host dies $at: happens once, and its outcome reaches the game once',
  async ({ request, next, again, known }) => {
    const { realm, who, count } = await start()
    const first = await play(realm, who)
    first.hangAt(makes(request))
    first.ask('a')
    await next(first)
    expect(count()).toBe(request === 'before' ? 0 : 1)
    await first.kill()
    const second = await play(realm, who)
    if (again) second.ask('a')
    await second.answer()
    expect(count()).toBe(1)
    expect(second.outcomes).toEqual(known ? [] : [{ outcome: 'done' }])
    // The world knows the outcome, so it is not saved any more.
    expect(checkpointEntries(second.instance)[0]?.saved.effects).toBeUndefined()
  },
)

it('what a newer version saves is carried on beside the effects', async () => {
  const { realm, who } = await start()
  await realm.store.update({
    table: 'core',
    key: stateKey(realmId, who.characterId),
    update: 'SET saved.v = :newer, saved.mount = :mount',
    values: { ':newer': 9, ':mount': 'elk' },
  })
  const on = await play(realm, who)
  on.hangAt(makes('before'))
  on.ask('a')
  const saved = { v: 9, mount: 'elk', effects: [{ id: 'a', kind: 'game.ring' }] }
  expect(checkpointEntries(on.instance)[0]!.saved).toMatchObject(saved)
})

it('a leave carries the effects that wait to the next stay', async () => {
  const { realm, who, count } = await start()
  const on = await play(realm, who)
  on.hangAt(makes('before'))
  on.ask('a')
  await leave(on.instance, on.character(), 'left')
  expect(count()).toBe(0)
  await on.kill()
  const next = await play(realm, who)
  await next.answer()
  await settle()
  expect(count()).toBe(1)
  expect(next.outcomes).toEqual([{ outcome: 'done' }])
})

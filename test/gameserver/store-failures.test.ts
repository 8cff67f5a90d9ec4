// A zone host whose store refuses for good, or is gone: each call has a named outcome, the log has one line,
// and nothing spins.
import { describe, expect, it } from 'vitest'
import { createHostStore } from '#gameserver/persistence/host-store.ts'
import type { HostStore } from '#gameserver/persistence/host-store.ts'
import { stateSaveMs } from '#shared/limits.ts'
import type { CheckpointEntry } from '#shared/ownership/checkpoint.ts'
import { guardKey, newCharacterWrites } from '#shared/ownership/guard.ts'
import { commandPut } from '#shared/ownership/inbox.ts'
import type { Ticket } from '#shared/ownership/ticket.ts'
import { newId } from '#shared/runtime.ts'
import type { Fault, StoreRequest } from '#shared/store/faults.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import type { Log, LogFields } from '#shared/telemetry/log.ts'
import { virtualRuntime } from '../store/virtual-runtime.ts'

const realmId = 'local'
const bootId = 'boot-1'
const saved = { zone: 'hub', x: 1, y: 1, heading: 0 }

/** A host with one character claimed, and a fault for requests that `hit` says. */
async function stage() {
  const runtime = virtualRuntime(3)
  const fault: { hit: (request: StoreRequest) => boolean; fault: Fault | undefined } = {
    hit: () => false,
    fault: undefined,
  }
  let asked = 0
  const store = createMemoryStore({
    runtime,
    faults: (request) => {
      if (!fault.hit(request)) return undefined
      asked++
      return fault.fault
    },
  })
  const lines: { level: string; message: string; fields: LogFields }[] = []
  const line =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push({ level, message, fields })
  const log: Log = {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: () => log,
  }
  const host = createHostStore({
    store,
    runtime,
    clocks: { now: runtime.now, monotonic: runtime.now },
    host: {
      bootId,
      realmId,
      address: 'ws://x',
      protocol: 2,
      contentVersion: 'test',
      publicKey: 'none',
      instances: [{ instance: 'hub-1', zone: 'hub', capacity: 5 }],
    },
    onProof: () => undefined,
    log,
  })
  await host.open()
  await host.setState('open')
  host.onCommand(() => undefined)

  /** A character that is reserved for the host, and its ticket. */
  async function reserve(): Promise<Ticket> {
    const characterId = newId(runtime)
    const ticketId = newId(runtime)
    const profile = { name: 'Mira', race: 'human', job: 'mage' }
    const character = { realmId, characterId, accountId: 'account', profile, saved }
    await store.transact(newCharacterWrites(character))
    const ticketExpires = runtime.now() + 30_000
    await store.update({
      table: 'core',
      key: guardKey(realmId, characterId),
      update: 'SET #o = :o, #i = :i, #s = :s, ticketId = :t, ticketExpires = :e',
      names: { '#o': 'owner', '#i': 'instance', '#s': 'state' },
      values: {
        ':o': bootId,
        ':i': 'hub-1',
        ':s': 'reserved',
        ':t': ticketId,
        ':e': ticketExpires,
      },
    })
    return {
      ticketId,
      characterId,
      accountId: 'account',
      realmId,
      bootId,
      instance: 'hub-1',
      epoch: 0,
      expiresAt: ticketExpires,
    }
  }
  const ticket = await reserve()
  /** Of another character, which waits to be claimed. */
  const next = await reserve()
  expect(await host.claim(ticket)).toMatchObject({ outcome: 'claimed' })
  const { characterId } = ticket
  const entry: CheckpointEntry = { characterId, epoch: 0, saveNumber: 1, saved: { ...saved, x: 9 } }
  await store.put(commandPut(runtime.now(), bootId, { kind: 'announce', id: 'a', text: 'Hi' }))
  return { runtime, store, host, fault, lines, next, entry, asked: () => asked }
}

type Stage = Awaited<ReturnType<typeof stage>>

const touches = (operation: StoreRequest['operation'], sk: string) => (request: StoreRequest) =>
  request.operation === operation && request.rows.some(({ key }) => key.sk.startsWith(sk))

/** Every call of the host, and the request of it that fails. */
const calls: {
  name: string
  hit: (request: StoreRequest) => boolean
  run: (host: HostStore, on: Stage) => Promise<unknown>
  refused: unknown
  /** `undefined`: it is repeated until the store is back. */
  unavailable: unknown
}[] = [
  {
    name: 'claim',
    hit: touches('update', '#GUARD'),
    run: async (host, { next }) => await host.claim(next),
    refused: { outcome: 'storeRefused' },
    unavailable: { outcome: 'unavailable' },
  },
  {
    name: 'claim, reading the rows after it',
    hit: ({ operation }) => operation === 'query',
    run: async (host, { next }) => await host.claim(next),
    refused: { outcome: 'storeRefused' },
    unavailable: { outcome: 'unavailable' },
  },
  {
    name: 'leave',
    hit: touches('transact', '#GUARD'),
    run: async (host, { entry }) => await host.leave({ ...entry, instance: 'hub-1' }),
    refused: 'refused',
    unavailable: undefined,
  },
  {
    name: 'letGo',
    hit: ({ operation }) => operation === 'transact',
    run: async (host, { entry }) => await host.letGo(entry.characterId, entry.epoch),
    refused: 'refused',
    unavailable: 'unavailable',
  },
  {
    name: 'checkpoint',
    hit: touches('put', 'CHECKPOINT#'),
    run: async (host, { entry }) => await host.checkpoint('hub-1', [entry]),
    refused: 'refused',
    unavailable: 'unavailable',
  },
  {
    name: 'checkpoint, saving the state row',
    hit: touches('update', '#STATE'),
    run: async (host, { entry, runtime }) => {
      runtime.advance(stateSaveMs)
      await host.prove()
      return await host.checkpoint('hub-1', [entry])
    },
    refused: 'refused',
    unavailable: 'unavailable',
  },
  {
    name: 'checkpoint, reconciling places',
    hit: ({ operation, rows }) =>
      operation !== 'put' && rows.some(({ key }) => key.pk.startsWith(`R#${realmId}#Z#`)),
    run: async (host, { entry }) => await host.checkpoint('hub-1', [entry]),
    refused: 'refused',
    // Nothing of what was to be saved is missing; the next checkpoint reconciles.
    unavailable: 'saved',
  },
  {
    name: 'setState',
    hit: ({ rows }) => rows.some(({ key }) => key.pk.startsWith(`R#${realmId}#Z#`)),
    run: async (host) => await host.setState('draining'),
    refused: 'refused',
    unavailable: 'unavailable',
  },
  {
    name: 'renewing the lease',
    hit: touches('update', 'LEASE'),
    run: async (host) => await host.prove(),
    refused: 'refused',
    unavailable: 'unavailable',
  },
  {
    name: 'reading the inbox',
    hit: ({ operation }) => operation === 'query',
    run: async (host) => await host.readInbox(),
    refused: 'refused',
    unavailable: 'unavailable',
  },
  {
    name: 'removing a command',
    hit: ({ operation }) => operation === 'delete',
    run: async (host) => await host.readInbox(),
    refused: 'refused',
    unavailable: 'unavailable',
  },
  {
    name: 'release',
    hit: touches('update', 'LEASE'),
    run: async (host) => await host.release(),
    refused: 'refused',
    unavailable: 'unavailable',
  },
]

describe.each(calls)('$name', ({ hit, run, refused, unavailable }) => {
  it('that the store refuses for good ends by name, is logged once for its row, and counted', async () => {
    const on = await stage()
    on.fault.hit = hit
    on.fault.fault = { kind: 'refuse', refusal: 'forbidden' }
    expect(await run(on.host, on)).toEqual(refused)
    const { asked } = on
    expect(asked()).toBeGreaterThan(0)
    expect(asked()).toBeLessThanOrEqual(2)
    expect(on.lines).toHaveLength(1)
    expect(on.lines[0]).toMatchObject({
      level: 'error',
      message: 'the store refuses a request for good',
      fields: { refusal: 'forbidden', pk: expect.any(String), bytes: expect.any(Number) },
    })
    expect(await on.host.stats()).toMatchObject({ refused: asked(), unavailable: 0 })
    // The process goes on: the same host works when it is allowed again.
    on.fault.hit = () => false
    expect(await on.host.prove()).not.toBe('unavailable')
  })

  it('in an outage ends by name or waits for its end, logged at first and then each minute', async () => {
    const on = await stage()
    on.fault.hit = hit
    on.fault.fault = { kind: 'outage' }
    let ended: unknown
    const work = run(on.host, on).then((outcome) => (ended = outcome))
    const minutes = 5
    await on.runtime.sleep(minutes * 60_000)
    if (unavailable !== undefined) await work
    expect(ended).toEqual(unavailable)
    expect(on.asked()).toBeGreaterThan(0)
    // At most one request in two seconds, once the pauses have grown.
    expect(on.asked()).toBeLessThan(minutes * 60)
    expect(on.lines.length).toBeGreaterThan(0)
    expect(on.lines.length).toBeLessThanOrEqual(minutes + 1)
    for (const { message } of on.lines) expect(message).toBe('the store does not answer')
    on.fault.hit = () => false
    await work
    if (unavailable === undefined) expect(ended).toBe('left')
  })
})

it('a checkpoint that is too large is refused, and the rest of it is saved', async () => {
  const { host, fault, lines, entry, store, runtime } = await stage()
  fault.hit = touches('put', 'CHECKPOINT#')
  fault.fault = { kind: 'refuse', refusal: 'tooLarge' }
  const seenAt = () =>
    JSON.stringify(store.rows('volatile').filter(({ pk }) => pk.startsWith(`R#${realmId}#Z#`)))
  const before = seenAt()
  runtime.advance(1000)
  expect(await host.checkpoint('hub-1', [entry])).toBe('refused')
  expect(await host.checkpoint('hub-1', [entry])).toBe('refused')
  expect(lines).toHaveLength(1)
  expect(lines[0]?.fields).toMatchObject({ sk: 'CHECKPOINT#hub-1', refusal: 'tooLarge' })
  expect(lines[0]?.fields['bytes']).toBeGreaterThan(40)
  expect(seenAt()).not.toBe(before)
})

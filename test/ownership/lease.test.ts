// The keeper of a host's lease on clocks that are set by hand.
import { describe, expect, it } from 'vitest'
import { createLeaseKeeper, leaseView } from '#gameserver/persistence/lease-keeper.ts'
import { createLease } from '#shared/ownership/lease.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Store } from '#shared/store/store.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import { seededRuntime } from './seeded-runtime.ts'

const bootId = 'b1'

/** Runs all that needs no time. */
const turn = async () => await new Promise((resolve) => setImmediate(resolve))

async function openKeeper() {
  const runtime = seededRuntime(1)
  const memory = createMemoryStore({ runtime })
  await createLease(memory, runtime.now(), {
    bootId,
    address: 'ws://host/zone',
    protocol: 2,
    content: 'test',
    publicKey: 'none',
    instances: [],
  })
  const time = { wall: 1_000_000, monotonic: 0 }
  const clocks = { now: () => time.wall, monotonic: () => time.monotonic }
  /** Answers of the store that are on their way, oldest first. */
  const answers: (() => void)[] = []
  let held = false
  const store: Store = {
    ...memory,
    async update(request) {
      const row = await memory.update(request)
      if (held) await new Promise<void>((resolve) => answers.push(resolve))
      return row
    },
  }
  let inbox: () => Promise<void> = async () => undefined
  const keeper = createLeaseKeeper({
    store,
    runtime,
    clocks,
    bootId,
    readInbox: async () => await inbox(),
    onProof: () => undefined,
  })
  return {
    keeper,
    holds: () => leaseView(keeper.proof(), clocks).held,
    pass(ms: number) {
      time.wall += ms
      time.monotonic += ms
    },
    /** The machine was suspended: its monotonic clock stood still. */
    suspend(ms: number) {
      time.wall += ms
    },
    setWallClock(byMs: number) {
      time.wall += byMs
    },
    holdAnswers() {
      held = true
    },
    /** Lets the oldest answer arrive, with all that follows from it. */
    async answer() {
      await turn()
      answers.shift()!()
      await turn()
    },
    breakInbox() {
      inbox = async () => {
        throw new StoreError('unavailable', 'no answer')
      }
    },
  }
}

describe('the keeper of a lease', () => {
  it('counts a lapse once, however many renewals end it together', async () => {
    const { keeper, pass, holds, holdAnswers, answer } = await openKeeper()
    await keeper.renew()
    pass(5310)
    holdAnswers()
    const both = [keeper.renew(), keeper.renew()]
    await answer()
    expect(holds()).toBe(true)
    const { lapses } = keeper.proof()
    await answer()
    expect(await Promise.all(both)).toEqual(['held', 'held'])
    expect(keeper.proof().lapses).toBe(lapses)
    expect(lapses).toBe(1)
  })

  it('counts a lapse that came while the renewal was under way', async () => {
    const { keeper, pass, holdAnswers, answer } = await openKeeper()
    await keeper.renew()
    pass(4900)
    holdAnswers()
    const renewed = keeper.renew()
    pass(200)
    await answer()
    expect(await renewed).toBe('held')
    expect(keeper.proof().lapses).toBe(1)
  })

  it('does not go on after such a lapse before the inbox is read', async () => {
    const { keeper, pass, holds, holdAnswers, answer, breakInbox } = await openKeeper()
    await keeper.renew()
    pass(4900)
    holdAnswers()
    breakInbox()
    const renewed = keeper.renew()
    pass(200)
    await answer()
    expect(await renewed).toBe('unavailable')
    expect(holds()).toBe(false)
  })

  it('notices a suspension although its wall clock was set back before the last renewal', async () => {
    const { keeper, pass, suspend, holds, setWallClock } = await openKeeper()
    await keeper.renew()
    setWallClock(-3_600_000)
    pass(1000)
    await keeper.renew()
    expect(holds()).toBe(true)
    suspend(5100)
    expect(holds()).toBe(false)
  })
})

// The lease gate: every event in every state, and that the drawing in docs/ownership.md is the table.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { createLeaseGate, transitions } from '#gameserver/host/lease-gate.ts'
import type { GateEvent, GateState } from '#gameserver/host/lease-gate.ts'
import { leaseDeadlineMs, unsavedWorldMs } from '#shared/limits.ts'
import { silentLog } from '#shared/telemetry/log.ts'

/** A gate with a clock, a lease and a proof that the test sets. */
function stage() {
  let now = 0
  const lease = { held: true, lost: false }
  let answer: (outcome: 'held' | 'lost' | 'unavailable') => void = () => undefined
  const changes: string[] = []
  let proofs = 0
  const gate = createLeaseGate({
    persistence: {
      lease: () => ({ ...lease }),
      prove: () => {
        proofs++
        return new Promise((resolve) => (answer = resolve))
      },
    },
    runtime: { now: () => now, sleep: async () => undefined },
    monotonic: () => now,
    log: silentLog,
    ticksRun: () => 0,
    onChange: (state, before) => changes.push(`${before} ${state}`),
  })
  /** The thread wakes every 50 ms for so long. */
  const wake = (ms = 50) => {
    for (const end = now + ms; now < end;) {
      now += 50
      gate.check(now)
    }
  }
  const reply = async (outcome: 'held' | 'lost' | 'unavailable') => {
    answer(outcome)
    await new Promise(setImmediate)
  }
  const events: Record<GateEvent, () => Promise<void> | void> = {
    held() {
      Object.assign(lease, { held: true, lost: false })
      wake()
    },
    lapsed() {
      lease.held = false
      wake()
    },
    'unsaved too long'() {
      lease.held = false
      wake(unsavedWorldMs + 100)
    },
    'stood still'() {
      now += leaseDeadlineMs + 1
      gate.check(now)
    },
    proved: async () => await reply('held'),
    lost() {
      lease.lost = true
      wake()
    },
    stop: () => gate.stop(),
  }
  return { gate, changes, events, reply, skip: (ms: number) => (now += ms), proofs: () => proofs }
}

const ways: Record<GateState, GateEvent[]> = {
  playing: [],
  unsaved: ['lapsed'],
  frozen: ['unsaved too long'],
  proving: ['stood still'],
  lost: ['lost'],
  stopped: ['stop'],
}
const states = Object.keys(transitions) as GateState[]
const events: GateEvent[] = [
  'held',
  'lapsed',
  'unsaved too long',
  'stood still',
  'proved',
  'lost',
  'stop',
]

/** Where an event leads; of a lapse that lasts, all the way. */
function expected(state: GateState, event: GateEvent): GateState {
  if (event === 'unsaved too long') {
    const lapsed = transitions[state].lapsed ?? state
    return transitions[lapsed][event] ?? lapsed
  }
  // During a proof the lease is not read: the answer to the proof decides.
  if (state === 'proving' && event === 'lost') return 'proving'
  return transitions[state][event] ?? state
}

test.each(states.flatMap((state) => events.map((event) => ({ state, event }))))(
  'in $state: $event',
  async ({ state, event }) => {
    const { gate, events: happen } = stage()
    for (const way of ways[state]) await happen[way]()
    expect(gate.state).toBe(state)
    await happen[event]()
    expect(gate.state).toBe(expected(state, event))
    expect(gate.ticks()).toBe(['playing', 'unsaved'].includes(gate.state))
  },
)

test('a proof that says lost ends it, one without an answer is asked for again', async () => {
  const { gate, events: happen, reply, proofs } = stage()
  await happen['stood still']()
  await reply('unavailable')
  expect([gate.state, proofs()]).toEqual(['proving', 2])
  await reply('lost')
  expect(gate.state).toBe('lost')
})

test('a proof whose answer came in after another gap is asked for again', async () => {
  const { gate, events: happen, reply, skip, proofs } = stage()
  await happen['stood still']()
  skip(leaseDeadlineMs + 1)
  await reply('held')
  expect([gate.state, proofs()]).toEqual(['proving', 2])
  await reply('held')
  expect(gate.state).toBe('playing')
})

test('each change is reported once', async () => {
  const { changes, events: happen } = stage()
  await happen.lapsed()
  await happen.lapsed()
  await happen.held()
  await happen.held()
  expect(changes).toEqual(['playing unsaved', 'unsaved playing'])
})

test('the drawing in docs/ownership.md is the table', () => {
  const file = path.join(import.meta.dirname, '../../docs/ownership.md')
  const section = readFileSync(file, 'utf8').split('## The lease gate')[1]!.split('\n## ')[0]!
  const drawn = [...section.matchAll(/^ {2}(\w+) --> (\w+): (.+)$/gm)].map(
    ([, from, to, event]) => `${from} ${event} ${to}`,
  )
  const table = states.flatMap((from) =>
    Object.entries(transitions[from]).map(([event, to]) => `${from} ${event} ${to}`),
  )
  expect(drawn.toSorted()).toEqual(table.toSorted())
})

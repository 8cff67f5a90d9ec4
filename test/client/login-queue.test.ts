import { expect, it } from 'vitest'
import { enterByQueue, waitingWords } from '#client/library/login-queue.ts'
import type { LoginQueueCalls, Waiting } from '#client/library/login-queue.ts'
import { ApiError } from '#shared/api/client.ts'
import type { Entered, LoginPlace } from '#shared/api/world.ts'

const admission = {
  address: 'ws://host/zone',
  ticket: 't',
  expiresAt: 1,
  zone: 'hub',
  instance: 'hub-1',
  characterId: 'c',
}
const place = (position: number, askAgainS: number): LoginPlace => ({
  position,
  of: 40,
  askAgainS,
  ticket: `at ${position}`,
})

/** A server that answers in this order, and what was sent to it. */
function serve(answers: unknown[]) {
  const sent: string[] = []
  const next = async <T>(what: string): Promise<T> => {
    sent.push(what)
    const answer = await Promise.resolve(answers.shift())
    if (answer instanceof Error) throw answer
    return answer as T
  }
  const calls: LoginQueueCalls = {
    enter: () => next<Entered>('enter'),
    ask: (ticket) => next(`ask ${ticket}`),
    giveUp: async () => {
      sent.push('give up')
      await Promise.resolve()
    },
  }
  const sleep = async (ms: number, signal?: AbortSignal) => {
    sent.push(`sleep ${ms}`)
    await Promise.resolve()
    signal?.throwIfAborted()
  }
  return { sent, calls, sleep }
}

it('asks when the server says, tells where it stands, and enters in its turn', async () => {
  const { sent, calls, sleep } = serve([
    { waiting: place(12, 30) },
    { yourTurn: false, waiting: place(2, 5) },
    { yourTurn: true },
    admission,
  ])
  const told: (Waiting | undefined)[] = []
  const entered = await enterByQueue(calls, { sleep }, undefined, (at) => told.push(at))
  expect(entered).toEqual(admission)
  expect(sent).toEqual(['enter', 'sleep 30000', 'ask at 12', 'sleep 5000', 'ask at 2', 'enter'])
  expect(told).toEqual([
    { position: 12, of: 40, askAgainS: 30 },
    { position: 2, of: 40, askAgainS: 5 },
    undefined,
  ])
})

it('enters anew when its ticket is good no more, and fails as a call does', async () => {
  const over = new ApiError('login_queue.over', 'gone')
  const closed = new ApiError('world.maintenance', 'closed')
  const { sent, calls, sleep } = serve([
    { waiting: place(3, 5) },
    over,
    { waiting: place(9, 5) },
    closed,
  ])
  await expect(enterByQueue(calls, { sleep }, undefined, undefined)).rejects.toBe(closed)
  expect(sent.filter((what) => !what.startsWith('sleep'))).toEqual([
    'enter',
    'ask at 3',
    'enter',
    'ask at 9',
  ])
})

it('gives its place up when the player leaves', async () => {
  const { sent, calls, sleep } = serve([{ waiting: place(3, 5) }])
  const leaving = new AbortController()
  leaving.abort(new Error('left'))
  await expect(enterByQueue(calls, { sleep }, leaving.signal, undefined)).rejects.toThrow('left')
  expect(sent).toEqual(['enter', 'sleep 5000', 'give up'])
})

it.each([
  [{ position: 123, of: 4000, seconds: 180 }, 'You are number 123 of 4,000, about 3 minutes.'],
  [{ position: 1, of: 1, seconds: 20 }, 'You are number 1 of 1, less than a minute.'],
  [{ position: 5, of: 9, seconds: 60 }, 'You are number 5 of 9, about 1 minute.'],
  [
    { position: 9000, of: 9000, seconds: 3 * 3600 },
    'You are number 9,000 of 9,000, about 3 hours.',
  ],
  [{ position: 5, of: 9 }, 'You are number 5 of 9.'],
])('says it in words: %j', (waiting, words) => {
  expect(waitingWords({ ...waiting, askAgainS: 5 })).toBe(`The world is full. ${words}`)
})

import { expect, test } from 'vitest'
import { createBackoff } from '#shared/backoff.ts'
import { createClock } from '#client/library/clock.ts'
import { createHistogram } from '#client/library/histogram.ts'
import { createTime } from '#testing/time.ts'

const tickMs = 50

/** Pings a server whose tick is `now / 50 + 3000`, under uneven delay both ways. */
function ping(clock: ReturnType<typeof createClock>, at: number, there: number, back: number) {
  clock.sample(at, at + there + back, 3000 + (at + there) / tickMs)
  return at + there + back
}
const truth = (now: number) => 3000 + now / tickMs

test('the clock comes within a tenth of a tick of the server under uneven delay', () => {
  const time = createTime(5)
  const clock = createClock(0, 3000 - 4, tickMs)
  let now = 0
  for (let i = 0; i < 30; i++) {
    now = ping(clock, now + 200, 20 + time.random() * 15, 20 + time.random() * 15)
    if (i > 8) expect(Math.abs(clock.tickAt(now) - truth(now))).toBeLessThan(0.2)
  }
  expect(clock.rttMs).toBeGreaterThanOrEqual(40)
  expect(clock.rttMs).toBeLessThan(60)
})

test('one slow answer does not move it', () => {
  const clock = createClock(0, 3000, tickMs)
  let now = 0
  for (let i = 0; i < 6; i++) now = ping(clock, now + 200, 20, 20)
  now = ping(clock, now + 200, 900, 20)
  expect(Math.abs(clock.tickAt(now + 500) - truth(now + 500))).toBeLessThan(0.05)
})

test('it never runs back while it slides, and jumps when it is far off', () => {
  const clock = createClock(0, 3000, tickMs)
  let now = 0
  for (let i = 0; i < 10; i++) now = ping(clock, now + 100, 20, 20)
  // From now on the server's clock is 200 ms behind what it was.
  let last = clock.tickAt(now)
  for (let i = 0; i < 100; i++) {
    now += 100
    clock.sample(now - 40, now, truth(now - 20) - 4)
    for (let step = 0; step < 100; step += 10) {
      const tick = clock.tickAt(now + step)
      expect(tick).toBeGreaterThanOrEqual(last)
      last = tick
    }
  }
  expect(Math.abs(clock.tickAt(now) - (truth(now) - 4))).toBeLessThan(0.05)
  for (let i = 0; i < 9; i++) {
    now += 100
    clock.sample(now - 40, now, truth(now - 20) + 4000)
  }
  expect(Math.abs(clock.tickAt(now) - (truth(now) + 4000))).toBeLessThan(0.05)
})

test('a snapshot from ahead pushes it forward', () => {
  const clock = createClock(0, 100, tickMs)
  clock.atLeast(1000, 125)
  expect(clock.tickAt(1000)).toBe(120)
  expect(clock.tickAt(4000)).toBe(185)
  clock.atLeast(5000, 500)
  expect(clock.tickAt(5000)).toBe(500)
})

test('with another time scale it goes on from where it is, at the new rate', () => {
  const clock = createClock(0, 100, tickMs)
  clock.setTickMs(1000, 100)
  expect(clock.tickAt(1000)).toBe(120)
  expect(clock.tickAt(2000)).toBe(130)
})

test('back-off doubles up to its bound, never less than half, and heeds what the server asks for', () => {
  const time = createTime()
  const backoff = createBackoff(time.runtime, { baseMs: 100, maxMs: 1000 })
  for (const ceiling of [100, 200, 400, 800, 1000, 1000]) {
    const wait = backoff.next()
    expect(wait).toBeGreaterThanOrEqual(ceiling / 2)
    expect(wait).toBeLessThanOrEqual(ceiling)
  }
  expect(backoff.next(7)).toBeGreaterThanOrEqual(7000)
  // What a server names is spread over no more than that time again.
  const patient = createBackoff(time.runtime, { baseMs: 500, maxMs: 10_000 })
  for (let tries = 0; tries < 8; tries++) expect(patient.next(1)).toBeLessThanOrEqual(2000)
  expect(backoff.next(1e9)).toBeLessThanOrEqual(61_000)
  backoff.reset()
  expect(backoff.next()).toBeLessThanOrEqual(100)
})

test('percentiles err by no more than the width of a bucket, also of several added up', () => {
  const [low, high] = [createHistogram(), createHistogram()]
  for (let i = 1; i <= 500; i++) low.add(i)
  for (let i = 501; i <= 1000; i++) high.add(i)
  low.addAll(high)
  expect(low.count).toBe(1000)
  expect(low.percentile(0.5)).toBeGreaterThan(490)
  expect(low.percentile(0.5)).toBeLessThan(512)
  expect(low.percentile(0.99)).toBeGreaterThan(975)
  expect(low.percentile(0.99)).toBeLessThan(1012)
  expect(createHistogram().percentile(0.5)).toBe(0)
})

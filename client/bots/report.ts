// What the players feel, as one line for people or one object for programs.
import { createHistogram } from '../library/histogram.ts'
import type { Histogram } from '../library/histogram.ts'
import type { Bot } from './bot.ts'

export type Report = {
  seconds: number
  bots: number
  inWorld: number
  /** In the login queue: how many, and the places of the first and the last. */
  waiting: { count: number; first: number; last: number; ofAll: number }
  /** From the first request of a bot to its first time in the world. */
  arrivedMs: { p50: number; p99: number; count: number }
  /** From `enter` to the first snapshot, each time that one joins. */
  joinMs: { p50: number; p99: number; count: number }
  updateAgeMs: { p50: number; p99: number }
  /** Per bot in the world, over the time since the last report. */
  bytesInPerSecond: number
  bytesOutPerSecond: number
  framesInPerSecond: number
  correctionsPerMinute: number
  reconnects: number
  redirects: number
  errors: Record<string, number>
}

type Totals = { bytesIn: number; bytesOut: number; framesIn: number; corrections: number }

export type Reporter = {
  /** Rates since the last interim report. */
  interim(now: number): Report
  /** Rates since `start`. */
  total(now: number): Report
  /** All bots are in the world: the rates of the total begin here. */
  start(now: number): void
}

export function createReporter(bots: readonly Bot[], startedAt: number): Reporter {
  const nothing: Totals = { bytesIn: 0, bytesOut: 0, framesIn: 0, corrections: 0 }
  let last = { at: startedAt, totals: nothing }
  let first = last

  const totals = (): Totals => {
    const sum = { ...nothing }
    for (const { metrics } of bots) {
      sum.bytesIn += metrics.bytesIn
      sum.bytesOut += metrics.bytesOut
      sum.framesIn += metrics.framesIn
      sum.corrections += metrics.corrections
    }
    return sum
  }
  const since = (from: { at: number; totals: Totals }, now: number): Report => {
    const sum = totals()
    const seconds = Math.max(0.001, (now - from.at) / 1000)
    const inWorld = bots.filter((bot) => bot.inWorld).length
    const waiting = bots.flatMap(({ waiting: at }) => at ?? [])
    const each = (key: keyof Totals) =>
      (sum[key] - from.totals[key]) / seconds / Math.max(1, inWorld)
    const arrivedMs = createHistogram()
    const joinMs = createHistogram()
    const updateAgeMs = createHistogram()
    const errors: Record<string, number> = {}
    let reconnects = 0
    let redirects = 0
    for (const bot of bots) {
      const { metrics } = bot
      if (bot.arrivedMs !== undefined) arrivedMs.add(bot.arrivedMs)
      joinMs.addAll(metrics.joinMs)
      updateAgeMs.addAll(metrics.updateAgeMs)
      reconnects += metrics.reconnects
      redirects += metrics.redirects
      for (const [code, count] of metrics.errors) errors[code] = (errors[code] ?? 0) + count
    }
    return {
      seconds: (now - startedAt) / 1000,
      bots: bots.length,
      inWorld,
      waiting: {
        count: waiting.length,
        first: waiting.length === 0 ? 0 : Math.min(...waiting.map(({ position }) => position)),
        last: Math.max(...waiting.map(({ position }) => position), 0),
        ofAll: Math.max(...waiting.map(({ of }) => of), 0),
      },
      arrivedMs: summary(arrivedMs),
      joinMs: summary(joinMs),
      updateAgeMs: { p50: updateAgeMs.percentile(0.5), p99: updateAgeMs.percentile(0.99) },
      bytesInPerSecond: each('bytesIn'),
      bytesOutPerSecond: each('bytesOut'),
      framesInPerSecond: each('framesIn'),
      correctionsPerMinute: each('corrections') * 60,
      reconnects,
      redirects,
      errors,
    }
  }

  return {
    interim(now) {
      const report = since(last, now)
      last = { at: now, totals: totals() }
      return report
    },
    total: (now) => since(first, now),
    start(now) {
      first = { at: now, totals: totals() }
    },
  }
}

function summary(times: Histogram) {
  return { p50: times.percentile(0.5), p99: times.percentile(0.99), count: times.count }
}

export function reportLine(r: Report): string {
  const ms = (p: { p50: number; p99: number }) => `${p.p50.toFixed(0)}/${p.p99.toFixed(0)} ms`
  const errors = Object.entries(r.errors).map(([code, count]) => `${code} ${count}`)
  return [
    `${r.seconds.toFixed(0).padStart(4)} s`,
    `${r.inWorld}/${r.bots} in the world`,
    ...(r.waiting.count === 0
      ? []
      : [
          `${r.waiting.count} wait, number ${r.waiting.first} to ${r.waiting.last} of ${r.waiting.ofAll}`,
        ]),
    `arrived ${ms(r.arrivedMs)}`,
    `join ${ms(r.joinMs)}`,
    `update age ${ms(r.updateAgeMs)}`,
    `in ${(r.bytesInPerSecond / 1000).toFixed(2)} out ${(r.bytesOutPerSecond / 1000).toFixed(2)} KB/s each`,
    `${r.framesInPerSecond.toFixed(1)} frames/s`,
    `${r.correctionsPerMinute.toFixed(2)} corrections/min`,
    `${r.redirects} gates`,
    `${r.reconnects} reconnects`,
    errors.length === 0 ? 'no errors' : `errors: ${errors.join(', ')}`,
  ].join(' | ')
}

// When world events happen: a pure function of content and time, in UTC, which knows neither summer time nor leap
// seconds. So every server and every client finds the same occurrences by itself, and nothing has to be stored.
import type { WorldEvent } from './content.ts'
import { weekdays } from './weekdays.ts'

export type Occurrence = {
  readonly eventId: string
  readonly startsAt: number
  readonly endsAt: number
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
const weekMs = 7 * dayMs

/** The first Monday of Unix time: 1970-01-01 was a Thursday. */
const mondayMs = 4 * dayMs

/** The one that is under way at `now`. There is one at most: an event ends before it begins again. */
export function occurrenceNow(event: WorldEvent, now: number): Occurrence | undefined {
  const latest = Math.max(...startsOf(event).map((start) => latestStart(start, now)))
  return now < latest + event.minutes * minuteMs ? occurrence(event, latest) : undefined
}

/** The first that begins after `now`; undefined when none comes. */
export function occurrenceAfter(event: WorldEvent, now: number): Occurrence | undefined {
  const next = Math.min(...startsOf(event).map((start) => nextStart(start, now)))
  return Number.isFinite(next) ? occurrence(event, next) : undefined
}

/** The shortest time between two beginnings, ms; without end for what happens once. */
export function shortestGapMs(event: Pick<WorldEvent, 'when'>): number {
  const starts = startsOf(event)
  const period = starts[0]!.periodMs
  const firsts = starts.map(({ firstMs }) => ((firstMs % period) + period) % period)
  const sorted = firsts.toSorted((a, b) => a - b)
  const gaps = sorted.map((first, i) => (sorted[i + 1] ?? sorted[0]! + period) - first)
  return starts.length === 1 ? period : Math.min(...gaps)
}

/** It begins at `firstMs` and then each `periodMs`, for all time before and after. */
type Start = { firstMs: number; periodMs: number }

function startsOf({ when }: Pick<WorldEvent, 'when'>): Start[] {
  switch (when.every) {
    case 'week':
      return when.on.flatMap((day) =>
        when.at.map((at) => ({
          firstMs: mondayMs + weekdays.indexOf(day) * dayMs + timeMs(at),
          periodMs: weekMs,
        })),
      )
    case 'day':
      return when.at.map((at) => ({ firstMs: timeMs(at), periodMs: dayMs }))
    case 'hours':
      return [{ firstMs: when.minute * minuteMs, periodMs: when.hours * hourMs }]
    case 'once':
      return [{ firstMs: momentMs(when.at), periodMs: Number.POSITIVE_INFINITY }]
  }
}

function latestStart({ firstMs, periodMs }: Start, now: number): number {
  if (periodMs === Number.POSITIVE_INFINITY) {
    return firstMs <= now ? firstMs : Number.NEGATIVE_INFINITY
  }
  return firstMs + Math.floor((now - firstMs) / periodMs) * periodMs
}

function nextStart(start: Start, now: number): number {
  if (start.periodMs !== Number.POSITIVE_INFINITY) return latestStart(start, now) + start.periodMs
  return start.firstMs > now ? start.firstMs : Number.POSITIVE_INFINITY
}

function occurrence({ id, minutes }: WorldEvent, startsAt: number): Occurrence {
  return { eventId: id, startsAt, endsAt: startsAt + minutes * minuteMs }
}

/** `18:30` */
function timeMs(at: string): number {
  const [hours, minutes] = at.split(':').map(Number)
  return hours! * hourMs + minutes! * minuteMs
}

/** A moment that its schema has checked. */
function momentMs(at: string): number {
  // oxlint-disable-next-line no-restricted-globals -- reads a text, not the clock
  return Date.parse(at)
}

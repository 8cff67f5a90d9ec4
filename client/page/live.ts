// What stands for everybody in the realm: a maintenance, announcements, the next event; each with its countdown. It is
// asked for now and again, and when the zone says that it has changed. The countdowns go on by themselves, so none
// depends on a message.
import type { Api } from '#shared/api/api.ts'
import type { ApiClient } from '#shared/api/client.ts'
import type { AnswerOf } from '#shared/api/endpoint.ts'
import { maintenanceWarningsMs } from '#shared/limits.ts'
import type { Runtime } from '#shared/runtime.ts'
import { countdown, timeOf } from './countdown.ts'
import { element } from './element.ts'

export type Live = {
  /** Asks now: something has changed. */
  refresh(): void
  close(): void
}

const refreshEveryMs = 30_000
const drawEveryMs = 1000

type Status = AnswerOf<Api['world']['endpoints']['status']>
type Schedule = AnswerOf<Api['world']['endpoints']['schedule']>

export function createLive(options: {
  api: ApiClient<Api>
  realmId: string
  runtime: Pick<Runtime, 'now'>
}): Live {
  const { api, runtime } = options
  const params = { realmId: options.realmId }
  // Said by a screen reader when it changes: at the marks, not each second.
  const closing = element('p', {
    class: 'closing',
    attributes: { role: 'status', id: 'maintenance' },
  })
  const left = element('b', { attributes: { 'aria-hidden': 'true' } })
  const others = element('div', { attributes: { id: 'announcements' } })
  const next = element('p', { attributes: { id: 'next-event' } })
  const bar = element(
    'aside',
    { class: 'live', attributes: { 'aria-label': 'News' } },
    closing,
    left,
    others,
    next,
  )
  document.body.prepend(bar)
  let status: Status | undefined
  let schedule: Schedule | undefined
  /** What the clock of the server is ahead, ms. */
  let aheadMs = 0

  const now = () => runtime.now() + aheadMs

  async function refresh(): Promise<void> {
    try {
      const [found, planned] = await Promise.all([
        api.world.status({ params }),
        api.world.schedule({ params }),
      ])
      aheadMs = planned.now - runtime.now()
      status = found
      schedule = planned
    } catch {
      // What was known goes on to count; the next time.
    }
    draw()
  }

  function draw(): void {
    const at = now()
    const { maintenance, announcements = [] } = status ?? {}
    put(closing, maintenance && at < maintenance.until ? maintenanceWords(maintenance, at) : '')
    const counts = maintenance !== undefined && at < maintenance.from
    put(left, counts ? countdown(maintenance.from - at) : '')
    const lines = announcements.filter(({ until }) => at < until)
    put(others, lines.map((line) => announcementWords(line, at)).join('\n'))
    put(next, nextWords(schedule?.events ?? [], at))
  }

  void refresh()
  const timers = [setInterval(() => void refresh(), refreshEveryMs), setInterval(draw, drawEveryMs)]
  return {
    refresh: () => void refresh(),
    close() {
      for (const timer of timers) clearInterval(timer)
      bar.remove()
    },
  }
}

function put(to: HTMLElement, text: string): void {
  if (to.textContent !== text) to.textContent = text
}

function maintenanceWords(
  { from, until, text }: { from: number; until: number; text?: string | undefined },
  at: number,
): string {
  const why = text === undefined ? '' : ` ${text}`
  if (at >= from) return `The realm is closed until ${timeOf(until)}.${why}`
  const mark = maintenanceWarningsMs.filter((ms) => from - at <= ms).at(-1)
  const soon =
    mark === undefined
      ? ''
      : mark < 60_000
        ? ' In less than half a minute.'
        : ` In less than ${mark / 60_000 === 1 ? 'a minute' : `${mark / 60_000} minutes`}.`
  return `The realm closes from ${timeOf(from)} to ${timeOf(until)}.${soon}${why}`
}

function announcementWords(
  { text, countdownTo }: { text: string; countdownTo?: number | undefined },
  at: number,
): string {
  return countdownTo === undefined ? text : `${text} (${countdown(countdownTo - at)})`
}

type Event = Schedule['events'][number]

/** The one that ends next of those that are on; else the one that comes next. What came next may have begun. */
export function nextWords(events: readonly Event[], at: number): string {
  const on = events.flatMap(({ name, now, next }) =>
    [now, next].flatMap((one) =>
      one !== undefined && one.startsAt <= at && at < one.endsAt ? [{ name, ms: one.endsAt }] : [],
    ),
  )
  const coming = events.flatMap(({ name, next }) =>
    next !== undefined && at < next.startsAt ? [{ name, ms: next.startsAt }] : [],
  )
  const soonest = (all: typeof on) => all.toSorted((a, b) => a.ms - b.ms)[0]
  const [running, next] = [soonest(on), soonest(coming)]
  if (running !== undefined) return `Now: ${running.name}, for ${countdown(running.ms - at)}`
  return next === undefined ? '' : `Next: ${next.name}, in ${countdown(next.ms - at)}`
}

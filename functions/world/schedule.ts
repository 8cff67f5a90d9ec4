// What happens in the world and when: from the content alone, so it costs the store nothing.
import type { Content } from '#shared/content/content.ts'
import { occurrenceAfter, occurrenceNow } from '#shared/content/schedule.ts'
import type { Occurrence } from '#shared/content/schedule.ts'

/** Each event with the occurrence that is on and the next one; the soonest first. */
export function scheduleOf({ events }: Pick<Content, 'events'>, now: number) {
  const listed = [...events.values()].flatMap((event) => {
    const on = occurrenceNow(event, now)
    const next = occurrenceAfter(event, now)
    if (on === undefined && next === undefined) return []
    const { id, name, text, zone, announceMinutes } = event
    return [
      {
        eventId: id,
        name,
        text,
        ...(zone === undefined ? {} : { zone }),
        announceMinutes,
        ...(on === undefined ? {} : { now: spanOf(on) }),
        ...(next === undefined ? {} : { next: spanOf(next) }),
      },
    ]
  })
  const at = (one: (typeof listed)[number]) => (one.now ?? one.next)!.startsAt
  return {
    now,
    events: listed.toSorted((a, b) => at(a) - at(b) || (a.eventId < b.eventId ? -1 : 1)),
  }
}

function spanOf({ startsAt, endsAt }: Occurrence) {
  return { startsAt, endsAt }
}

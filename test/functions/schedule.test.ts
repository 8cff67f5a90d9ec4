// When world events happen, and what the schedule of a realm says of them.
import { describe, expect, it } from 'vitest'
import { eventSchema } from '#shared/content/content.ts'
import { occurrenceAfter, occurrenceNow, shortestGapMs } from '#shared/content/schedule.ts'
import { openApi } from './api.ts'

const event = (when: object, minutes = 30) =>
  eventSchema.parse({ id: 'fair', name: 'Fair', text: 'At the lake.', when, minutes })
const at = (text: string) => Date.parse(text)
const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString())

/** The beginnings from a moment on. */
function beginnings(when: object, from: string, count: number): (string | undefined)[] {
  const found: (string | undefined)[] = []
  for (let now = at(from) - 1; found.length < count;) {
    const next = occurrenceAfter(event(when), now)
    found.push(iso(next?.startsAt))
    if (next === undefined) break
    now = next.startsAt
  }
  return found
}

describe('an event', () => {
  it.each([
    [
      'on days of the week, over the turn of a week and of a year',
      { every: 'week', on: ['saturday', 'monday'], at: ['18:00'] },
      '2026-12-25T00:00:00Z',
      ['2026-12-26T18:00:00.000Z', '2026-12-28T18:00:00.000Z', '2027-01-02T18:00:00.000Z'],
    ],
    [
      'on a weekday at two times, from the exact moment on',
      { every: 'week', on: ['thursday'], at: ['20:30', '08:00'] },
      '1970-01-01T08:00:00Z',
      ['1970-01-01T08:00:00.000Z', '1970-01-01T20:30:00.000Z', '1970-01-08T08:00:00.000Z'],
    ],
    [
      'every day, over a leap day',
      { every: 'day', at: ['23:59'] },
      '2028-02-28T12:00:00Z',
      ['2028-02-28T23:59:00.000Z', '2028-02-29T23:59:00.000Z', '2028-03-01T23:59:00.000Z'],
    ],
    [
      'every day, over the nights in which clocks in Europe change',
      { every: 'day', at: ['02:30'] },
      '2027-03-27T12:00:00Z',
      ['2027-03-28T02:30:00.000Z', '2027-03-29T02:30:00.000Z'],
    ],
    [
      'every five hours, over midnight',
      { every: 'hours', hours: 5, minute: 15 },
      '2026-06-01T20:00:00Z',
      ['2026-06-01T20:15:00.000Z', '2026-06-02T01:15:00.000Z', '2026-06-02T06:15:00.000Z'],
    ],
    [
      'once, and then never again',
      { every: 'once', at: '2028-02-29T12:00:00Z' },
      '2026-01-01T00:00:00Z',
      ['2028-02-29T12:00:00.000Z', undefined],
    ],
  ])('%s', (_, when, from, expected) => {
    expect(beginnings(when, from, expected.length)).toEqual(expected)
  })

  it('is on from the moment it begins to the moment before it ends', () => {
    for (const when of [
      { every: 'day', at: ['18:00'] },
      { every: 'week', on: ['wednesday'], at: ['18:00'] },
      { every: 'hours', hours: 6 },
      { every: 'once', at: '2026-07-01T18:00:00Z' },
    ]) {
      const on = (text: string) => iso(occurrenceNow(event(when), at(text))?.endsAt)
      expect(on('2026-07-01T17:59:59.999Z'), when.every).toBeUndefined()
      expect(on('2026-07-01T18:00:00Z')).toBe('2026-07-01T18:30:00.000Z')
      expect(on('2026-07-01T18:29:59.999Z')).toBe('2026-07-01T18:30:00.000Z')
      expect(on('2026-07-01T18:30:00Z')).toBeUndefined()
    }
  })

  it('that began yesterday is on after midnight', () => {
    const late = event({ every: 'day', at: ['23:50'] })
    expect(occurrenceNow(late, at('2026-07-02T00:10:00Z'))).toEqual({
      eventId: 'fair',
      startsAt: at('2026-07-01T23:50:00Z'),
      endsAt: at('2026-07-02T00:20:00Z'),
    })
  })

  it('knows the shortest time from one beginning to the next, also over the end of a week', () => {
    const gap = (when: object) => shortestGapMs(event(when)) / 60_000
    expect(gap({ every: 'week', on: ['sunday', 'monday'], at: ['23:30', '00:15'] })).toBe(45)
    expect(gap({ every: 'day', at: ['23:00', '01:00'] })).toBe(120)
    expect(gap({ every: 'hours', hours: 3 })).toBe(180)
    expect(gap({ every: 'week', on: ['friday'], at: ['12:00'] })).toBe(7 * 24 * 60)
    expect(gap({ every: 'once', at: '2028-02-29T12:00:00Z' })).toBe(Number.POSITIVE_INFINITY)
  })

  it.each([
    ['no time of a day', { every: 'day', at: ['24:00'] }],
    ['no weekday', { every: 'week', on: ['caturday'], at: ['12:00'] }],
    ['no moment in UTC', { every: 'once', at: '2026-07-01T18:00:00+02:00' }],
    ['no moment at all', { every: 'once', at: '2026-02-30T18:00:00Z' }],
    ['never', { every: 'week', on: [], at: ['12:00'] }],
  ])('at %s is refused', (_, when) => {
    expect(eventSchema.safeParse({ ...event({ every: 'day', at: ['12:00'] }), when }).success).toBe(
      false,
    )
  })
})

describe('the schedule of a realm', () => {
  it('says what is on and what comes next, without a trip to the store', async () => {
    const test = await openApi()
    const params = { realmId: 'local' }
    const read = async () => await test.client().world.schedule({ params })
    const [bell] = (await read()).events
    expect(bell).toMatchObject({ eventId: 'evening_bell', zone: 'hub', announceMinutes: 10 })
    expect(bell!.now).toBeUndefined()
    const { startsAt, endsAt } = bell!.next!
    expect(new Date(startsAt).toISOString()).toMatch(/T18:00:00/)
    test.clock.advance(startsAt - test.clock.now())
    const later = await read()
    expect(later.now).toBe(startsAt)
    expect(later.events[0]).toMatchObject({
      now: { startsAt, endsAt },
      next: { startsAt: startsAt + 24 * 60 * 60 * 1000 },
    })
    expect(test.trips.trips).toEqual([])
  })
})

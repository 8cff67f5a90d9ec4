// What the page says of the schedule, which it asks for now and again.
import { expect, it } from 'vitest'
import { nextWords } from '#client/page/live.ts'

it('an event that came next is on from its first second, without another look at the schedule', () => {
  const about = { text: 'Rest', announceMinutes: 0 }
  const bell = { ...about, eventId: 'bell', name: 'The bell' }
  const fair = { ...about, eventId: 'fair', name: 'The fair' }
  const events = [
    { ...bell, next: { startsAt: 60_000, endsAt: 120_000 } },
    {
      ...fair,
      now: { startsAt: 0, endsAt: 30_000 },
      next: { startsAt: 150_000, endsAt: 180_000 },
    },
  ]
  const said = [0, 29_000, 30_000, 59_000, 60_000, 119_000, 120_000, 180_000]
  expect(said.map((at) => nextWords(events, at))).toEqual([
    'Now: The fair, for 0:30',
    'Now: The fair, for 0:01',
    'Next: The bell, in 0:30',
    'Next: The bell, in 0:01',
    'Now: The bell, for 1:00',
    'Now: The bell, for 0:01',
    'Next: The fair, in 0:30',
    '',
  ])
})

// The webhook of Agones' autoscaler: what it takes and answers on the wire, and how many hosts a fleet is to have.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { beforeEach, describe, expect, it } from 'vitest'
import { eventSchema } from '#shared/content/content.ts'
import { bodyMaxBytes } from '#shared/limits.ts'
import { cardKey, itemOf } from '#shared/ownership/card.ts'
import type { Card } from '#shared/ownership/card.ts'
import { schemasFolder } from '../agones/schemas.ts'
import { scalingSecret } from '../calls/scaling.ts'
import '../sample-game.ts'
import { openApi } from './api.ts'
import type { TestApi } from './api.ts'

const second = 1000
const minute = 60 * second
const pathOf = (secret: string, realmId = 'local') =>
  `/internal/v1/realms/${realmId}/scaling/${secret}`

let test: TestApi
beforeEach(async () => {
  test = await openApi()
})

/** As a controller of Agones 1.60 writes it, with all that its types have. */
function reviewOf(status: object = {}, request: object = {}) {
  return {
    request: {
      uid: '0a7d1f0e-8f24-4d1c-9d76-57f7f3a5a1f5',
      name: 'hub',
      namespace: 'waystone-zones',
      status: {
        replicas: 3,
        readyReplicas: 1,
        reservedReplicas: 0,
        allocatedReplicas: 2,
        allocations: 41,
        players: { count: 0, capacity: 0 },
        counters: { rooms: { allocatedCount: 1, allocatedCapacity: 2, count: 1, capacity: 4 } },
        lists: { gates: { allocatedCount: 0, allocatedCapacity: 8, count: 0, capacity: 16 } },
        ...status,
      },
      labels: { 'waystone.dev/zone': 'hub' },
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"kind":"Fleet"}' },
      ...request,
    },
    response: null,
  }
}

async function post(body: unknown, secret = scalingSecret): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return await test.send('POST', pathOf(secret), { headers, body: text })
}

type Fleet = { name?: string; replicas: number; inPlay: number; reserved?: number }

/** How many hosts the fleet is to have. */
async function hostsFor({ name = 'hub', replicas, inPlay, reserved = 0 }: Fleet): Promise<number> {
  const readyReplicas = Math.max(0, replicas - inPlay - reserved)
  const status = { replicas, readyReplicas, allocatedReplicas: inPlay, reservedReplicas: reserved }
  const answer = await post(reviewOf(status, { name, labels: {} }))
  expect(answer.status).toBe(200)
  const { response } = (await answer.json()) as {
    response: { scale: boolean; replicas: number }
  }
  expect(response.scale).toBe(response.replicas !== replicas)
  return response.replicas
}

let heartbeat = 0

/** Hosts of a zone write their cards: so many places taken in each. */
async function beat(
  counts: readonly number[],
  more: Partial<Pick<Card, 'zone' | 'state' | 'kind' | 'capacity' | 'instance'>> = {},
): Promise<void> {
  const { clock, memory } = test
  heartbeat++
  for (const [index, count] of counts.entries()) {
    const card: Card = {
      zone: 'hub',
      bootId: `host${index}-${more.state ?? 'open'}`,
      instance: '1',
      address: 'ws://host/zone',
      protocol: 2,
      state: 'open',
      capacity: 500,
      count,
      players: count,
      seenAt: clock.now(),
      heartbeat,
      changes: 0,
      ...more,
    }
    const item = itemOf(cardKey('local', card), clock.now(), card)
    await memory.put({ table: 'volatile', item })
  }
}

/** To that time of the next day, UTC. */
function moveTo(time: string): void {
  const day = 24 * 60 * minute
  const now = test.clock.now()
  test.clock.advance(day - (now % day) + Date.parse(`1970-01-01T${time}Z`))
}

/** Agones asks each ten seconds for so long. Returns the numbers, as the fleet follows them. */
async function watch(
  forMs: number,
  fleet: { replicas: number; inPlay: number },
  counts: (atMs: number) => readonly number[],
): Promise<number[]> {
  const numbers: number[] = []
  for (let at = 0; at < forMs; at += 10 * second) {
    await beat(counts(at))
    fleet.replicas = await hostsFor(fleet)
    numbers.push(fleet.replicas)
    test.clock.advance(10 * second)
  }
  return numbers
}

describe('a review on the wire', () => {
  it('is answered in the envelope that Agones reads', async () => {
    await beat([10, 10])
    const answer = await post(reviewOf({ replicas: 1 }))
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(await answer.json()).toEqual({
      request: null,
      response: { uid: reviewOf().request.uid, scale: true, replicas: 3 },
    })
  })

  it.skipIf(schemasFolder === undefined)('and its answer fit Agones’ own types', async () => {
    const file = join(schemasFolder!, 'schemas', 'fleetautoscalereview.schema.json')
    const validate = new Ajv({ strict: false }).compile(
      JSON.parse(readFileSync(file, 'utf8')) as object,
    )
    expect([validate(reviewOf()), validate.errors]).toEqual([true, null])
    const answer: unknown = await (await post(reviewOf())).json()
    expect([validate(answer), validate.errors]).toEqual([true, null])
  })

  it.each<[string, object]>([
    ['no labels and annotations', { labels: undefined, annotations: undefined }],
    ['null for labels, as Go writes an empty map', { labels: null, annotations: null }],
    ['fields of a later version', { priority: 7, labels: { more: 'x' } }],
    ['annotations of any form', { annotations: { deep: [[{}]] } }],
    ['counters of any size', { status: { ...reviewOf().request.status, counters: { n: -1e300 } } }],
    ['a label with a name of JavaScript', { labels: { constructor: 'x', toString: 'y' } }],
  ])('is taken with %s', async (_what, request) => {
    await beat([10, 10])
    expect((await post(reviewOf({}, request))).status).toBe(200)
  })

  it.each<[string, () => unknown, string]>([
    ['nothing', () => ({}), 'body.request'],
    ['null as its request', () => ({ request: null }), 'body.request'],
    ['a list', () => [], 'body'],
    ['no uid', () => reviewOf({}, { uid: undefined }), 'body.request.uid'],
    ['no status', () => reviewOf({}, { status: undefined }), 'body.request.status'],
    ['a text for a number', () => reviewOf({ replicas: '3' }), 'body.request.status.replicas'],
    ['less than nothing', () => reviewOf({ replicas: -1 }), 'body.request.status.replicas'],
    ['a half', () => reviewOf({ readyReplicas: 0.5 }), 'body.request.status.readyReplicas'],
    ['more than 32 bits', () => reviewOf({ replicas: 2 ** 31 }), 'body.request.status.replicas'],
    [
      'no allocated ones',
      () => reviewOf({ allocatedReplicas: undefined }),
      'body.request.status.allocatedReplicas',
    ],
    ['a list for labels', () => reviewOf({}, { labels: [] }), 'body.request.labels'],
    [
      'a number for its zone',
      () => reviewOf({}, { labels: { 'waystone.dev/zone': 4 } }),
      'body.request.labels.waystone.dev/zone',
    ],
    ['a name without end', () => reviewOf({}, { name: 'x'.repeat(64) }), 'body.request.name'],
  ])('is refused by its field with %s', async (_what, make, field) => {
    const answer = await post(make())
    expect(answer.status).toBe(400)
    const { code, fields } = (await answer.json()) as { code: string; fields: { path: string }[] }
    expect(code).toBe('request.invalid')
    expect(fields.map(({ path }) => path)).toContain(field)
  })

  it.each([
    ['{"request":', 'request.malformed', 400],
    ['{"__proto__":{"request":{}}}', 'request.invalid', 400],
    [`"${'x'.repeat(bodyMaxBytes)}"`, 'request.too_large', 413],
  ])('that is none is refused: %.20s', async (text, code, status) => {
    const answer = await post(text)
    expect([answer.status, await answer.json()]).toMatchObject([status, { code }])
  })

  it('of a realm that is not here is refused', async () => {
    const body = JSON.stringify(reviewOf())
    const headers = { 'content-type': 'application/json' }
    const send = async (realmId: string) =>
      (await test.send('POST', pathOf(scalingSecret, realmId), { headers, body })).status
    expect([await send('far'), await send('nowhere')]).toEqual([421, 404])
  })
})

describe('the secret', () => {
  const others = [
    'x'.repeat(40),
    `${scalingSecret}x`,
    scalingSecret.slice(0, -1),
    scalingSecret.toUpperCase(),
    createHash('sha256').update(scalingSecret).digest('hex'),
  ]
  it.each(others)('is not %s, for which there is nothing here', async (secret) => {
    const answer = await post(reviewOf(), secret)
    expect(answer.status).toBe(404)
    expect(await answer.json()).toMatchObject({ code: 'route.not_found' })
    expect(test.trips.trips).toEqual([])
  })

  it('too short to be one is refused by its form', async () => {
    expect((await post(reviewOf(), 'secret')).status).toBe(400)
  })

  it('may be the one before or the next, while one takes the place of the other', async () => {
    const two = ['the-secret-of-the-year-before-the-next', 'the-secret-of-the-next-year-to-come']
    const scalingHashes = two.map((text) => createHash('sha256').update(text).digest('hex'))
    test = await openApi({ scalingHashes })
    for (const secret of two) expect((await post(reviewOf(), secret)).status).toBe(200)
    expect((await post(reviewOf())).status).toBe(404)
  })

  it('opens nothing where none is set', async () => {
    test = await openApi({ scalingHashes: [] })
    expect((await post(reviewOf())).status).toBe(404)
  })
})

describe('a fleet', () => {
  it('has the hosts in play and those that wait: one of the hub, two of the forest', async () => {
    await beat([300, 20])
    await beat([40], { zone: 'forest', capacity: 100 })
    expect(await hostsFor({ replicas: 2, inPlay: 2 })).toBe(3)
    expect(await hostsFor({ name: 'forest', replicas: 1, inPlay: 1 })).toBe(3)
  })

  it('has the least of its zone where nobody plays', async () => {
    expect(await hostsFor({ replicas: 0, inPlay: 0 })).toBe(2)
    expect(await hostsFor({ name: 'forest', replicas: 0, inPlay: 0 })).toBe(3)
  })

  it('keeps what it has where it is of no zone, and is told by its label of which it is', async () => {
    expect(await hostsFor({ name: 'swamp', replicas: 7, inPlay: 3 })).toBe(7)
    const labels = { 'waystone.dev/zone': 'forest' }
    const answer = await post(reviewOf({ replicas: 1 }, { name: 'swamp-v2', labels }))
    expect(await answer.json()).toMatchObject({ response: { replicas: 4 } })
  })

  it('never has more than the most, nor less than what is in play, whatever is asked', async () => {
    const random = numbers(7)
    for (let round = 0; round < 400; round++) {
      test.faults.next = undefined
      await beat(Array.from({ length: random(12) }, () => random(500)))
      const replicas = random(30)
      const inPlay = random(12)
      const reserved = random(3)
      test.faults.next = random(5) === 0 ? () => ({ kind: 'outage' }) : undefined
      const hosts = await hostsFor({ replicas, inPlay, reserved })
      expect(hosts).toBeGreaterThanOrEqual(inPlay + reserved)
      expect(hosts).toBeGreaterThanOrEqual(2)
      expect(hosts).toBeLessThanOrEqual(Math.max(10, inPlay + reserved))
      test.clock.advance(random(20) * second)
    }
  })

  it('keeps what is in play above a bound that was lowered, and gets nothing beside it', async () => {
    await beat(Array.from({ length: 12 }, () => 390))
    expect(await hostsFor({ replicas: 14, inPlay: 12 })).toBe(12)
  })

  it('has more hosts as fast as players come, where the open ones have no room for as many', async () => {
    const fleet = { replicas: 3, inPlay: 2 }
    const rising = await watch(2 * minute, fleet, (at) => [400, 100 + (at / minute) * 150])
    expect(rising[0]).toBe(3)
    // 275 have come in two minutes, and the fill target leaves room for 25: one host more than waits always.
    expect(rising.at(-1)).toBe(4)
  })

  it('does not count the room of a host that is silent, drains, or has no players yet', async () => {
    moveTo('17:54:00')
    // Room for the 200 who come for the event, as long as the second host is there.
    await beat([400, 100])
    expect(await hostsFor({ replicas: 3, inPlay: 2 })).toBe(3)
    test.clock.advance(20 * second)
    await beat([400])
    expect(await hostsFor({ replicas: 3, inPlay: 2 })).toBe(4)

    for (const state of ['draining', 'ready'] as const) {
      test = await openApi()
      moveTo('17:54:00')
      await beat([400])
      await beat([100], { state })
      expect(await hostsFor({ replicas: 3, inPlay: 2 })).toBe(4)
    }
  })

  it('has hosts by what one of its zone runs, two instances in the forest', async () => {
    const instances = async (count: number) => {
      for (const instance of ['1', '2'])
        await beat([count], { zone: 'forest', capacity: 100, instance })
    }
    await instances(0)
    expect(await hostsFor({ name: 'forest', replicas: 3, inPlay: 1 })).toBe(3)
    test.clock.advance(minute)
    await instances(75)
    // 150 more: 10 find room, and one host takes 160.
    expect(await hostsFor({ name: 'forest', replicas: 3, inPlay: 1 })).toBe(4)
  })

  it('of a private zone has slots for who is expected, by the slots that are taken', async () => {
    const slots = { zone: 'crypt', kind: 'slots', capacity: 8 } as const
    await beat([2, 0], slots)
    // A private instance is no room for anybody.
    const alone = { zone: 'crypt', kind: 'private', capacity: 5, instance: 'of-a-party' } as const
    await beat([0, 0, 0, 0], alone)
    expect(await hostsFor({ name: 'crypt', replicas: 2, inPlay: 1 })).toBe(2)
    test.clock.advance(minute)
    await beat([8, 6], slots)
    await beat([0, 0, 0, 0], alone)
    // Twelve were opened within a minute; two slots are left, and ten more take two hosts.
    expect(await hostsFor({ name: 'crypt', replicas: 3, inPlay: 2 })).toBe(5)
  })
})

describe('an event', () => {
  /** Where it begins at 18:00, by the content, and 200 come. */
  async function hostsAt(time: string): Promise<number> {
    moveTo(time)
    await beat([400])
    return await hostsFor({ replicas: 2, inPlay: 1 })
  }

  it.each([
    ['17:49:59', 2],
    ['17:50:00', 3],
    ['18:00:00', 3],
    ['18:09:59', 3],
    ['18:10:00', 2],
  ])('at 18:00 has hosts wait for its players at %s: %i in all', async (time, hosts) => {
    expect(await hostsAt(time)).toBe(hosts)
  })

  it.each([
    [[250, 350], 3],
    [[251, 350], 4],
    [[450, 200], 3],
    [[450, 201], 4],
  ])(
    'has no host wait where open ones have room below the fill target: %j',
    async (counts, hosts) => {
      moveTo('17:54:00')
      await beat(counts)
      expect(await hostsFor({ replicas: 3, inPlay: 2 })).toBe(hosts)
    },
  )

  it('has hosts wait where none is up yet, and in its own zone alone', async () => {
    moveTo('17:54:00')
    expect(await hostsFor({ replicas: 0, inPlay: 0 })).toBe(2)
    await beat([80], { zone: 'forest', capacity: 100 })
    expect(await hostsFor({ name: 'forest', replicas: 3, inPlay: 1 })).toBe(3)
  })

  it('counts in all shared zones without a zone, and in slots for parties in a private one', async () => {
    const { events } = test.content.content
    const about = { id: 'fair', name: 'Fair', text: 'Everywhere.', minutes: 60, players: 400 }
    const when = { every: 'day', at: ['12:00'] }
    const hosts = async () => [
      await hostsFor({ replicas: 0, inPlay: 0 }),
      await hostsFor({ name: 'forest', replicas: 0, inPlay: 0 }),
      await hostsFor({ name: 'crypt', replicas: 0, inPlay: 0 }),
    ]
    try {
      moveTo('12:01:00')
      expect(await hosts()).toEqual([2, 3, 2])
      events.set('fair', eventSchema.parse({ ...about, when }))
      test.clock.advance(10 * second)
      // 400 fill a hub and five forests.
      expect(await hosts()).toEqual([2, 7, 2])
      events.set('fair', eventSchema.parse({ ...about, when, zone: 'crypt' }))
      test.clock.advance(15 * minute)
      moveTo('12:01:00')
      // 80 parties of five: ten hosts, and the one that is always ready.
      expect(await hosts()).toEqual([2, 3, 11])
      events.set('fair', eventSchema.parse({ ...about, when, zone: 'crypt', players: 80 }))
      moveTo('12:01:00')
      expect(await hosts()).toEqual([2, 3, 3])
    } finally {
      events.delete('fair')
    }
  })
})

describe('the number', () => {
  it('does not follow a count that swings about a bound: it goes up once and stays', async () => {
    const fleet = { replicas: 2, inPlay: 2 }
    const swinging = (at: number) => [400, (at / minute) % 4 < 2 ? 120 : 380]
    const numbersSeen = await watch(60 * minute, fleet, swinging)
    const changes = numbersSeen.filter((one, i) => i > 0 && one !== numbersSeen[i - 1])
    expect(new Set(numbersSeen)).toEqual(new Set([3, 4]))
    expect(changes).toEqual([4])
  })

  it('goes down once, ten minutes after the last host was needed', async () => {
    const fleet = { replicas: 3, inPlay: 2 }
    await watch(12 * minute, fleet, () => [400, 0])
    await watch(minute, fleet, () => [400, 380])
    expect(fleet.replicas).toBe(4)
    const after = await watch(20 * minute, fleet, () => [400, 380])
    const last = after.lastIndexOf(4)
    expect(after.slice(last + 1)).toEqual(Array.from({ length: 120 - last - 1 }, () => 3))
    // Two minutes until nobody has come lately, then ten.
    expect(((last + 1) * 10) / 60).toBeGreaterThan(10)
    expect(((last + 1) * 10) / 60).toBeLessThan(13)
  })

  it('is not lowered by a process that has just begun to watch', async () => {
    const fleet = { replicas: 6, inPlay: 1 }
    const seen = await watch(12 * minute, fleet, () => [100])
    expect(seen.slice(0, 60)).toEqual(Array.from({ length: 60 }, () => 6))
    expect(seen.at(-1)).toBe(2)
    // Nobody asks for a while: what was needed meanwhile is not known.
    test.clock.advance(2 * minute)
    fleet.replicas = 6
    expect((await watch(9 * minute, fleet, () => [100])).at(-1)).toBe(6)
  })

  it('is the one that the fleet has while the registry is gone, and is right again after it', async () => {
    const fleet = { replicas: 3, inPlay: 1 }
    await watch(11 * minute, fleet, () => [100])
    expect(fleet.replicas).toBe(2)
    for (const kind of ['outage', 'throttle', 'loseAnswer'] as const) {
      test.faults.next = () => ({ kind })
      test.clock.advance(10 * second)
      for (const replicas of [2, 5, 9])
        expect(await hostsFor({ replicas, inPlay: 1 })).toBe(replicas)
    }
    expect(test.logged.at(-1)).toContain('the registry does not answer')
    // Within the bounds, which need no registry.
    expect(await hostsFor({ replicas: 40, inPlay: 1 })).toBe(10)
    expect(await hostsFor({ replicas: 0, inPlay: 1 })).toBe(2)
    test.faults.next = undefined
    await beat([100])
    expect(await hostsFor({ replicas: 5, inPlay: 1 })).toBe(2)
  })

  it('follows from the registry: what one caller says of his fleet is not in the answer to another', async () => {
    const fleet = { replicas: 2, inPlay: 1 }
    await watch(11 * minute, fleet, () => [100])
    for (let i = 0; i < 20; i++) {
      await hostsFor({ replicas: 2 ** 31 - 1, inPlay: 2 ** 30 })
      await beat([100])
      expect(await hostsFor(fleet)).toBe(2)
      test.clock.advance(10 * second)
    }
  })
})

it('reads the registry once in five seconds for each zone, however many ask, and writes nothing', async () => {
  await beat([100, 20])
  await beat([10], { zone: 'forest', capacity: 100 })
  const ask = async () => {
    const all = ['hub', 'forest'].map((name) => hostsFor({ name, replicas: 4, inPlay: 1 }))
    await Promise.all(all)
  }
  const cacheTrips = test.cacheTrips()
  test.trips.reset()
  await Promise.all(Array.from({ length: 50 }, ask))
  test.clock.advance(4 * second)
  await Promise.all(Array.from({ length: 50 }, ask))
  expect(test.trips.trips.map(({ operation }) => operation)).toEqual(
    Array.from({ length: 8 }, () => 'query'),
  )
  expect(test.trips.sequential()).toBe(1)
  test.clock.advance(second)
  await ask()
  expect(test.trips.trips).toHaveLength(16)
  expect(test.cacheTrips()).toBe(cacheTrips)
})

/** Whole numbers below a bound, the same for a seed (Park and Miller's generator). */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
}

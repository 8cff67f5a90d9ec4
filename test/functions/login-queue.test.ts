// The login queue of a realm with a limit: in simulated time, by what players send and get.
import { describe, expect, it } from 'vitest'
import { ApiError } from '#shared/api/client.ts'
import type { Admission, LoginPlace } from '#shared/api/world.ts'
import { loginTurnMs } from '#shared/limits.ts'
import { openHost } from '../ownership/open-host.ts'
import { createRandom } from '../simulation/random.ts'
import { codeOf, createClock, newAccount, openApi } from './api.ts'
import { createPlan, openLoginWorld } from './login-world.ts'
import type { LoginWorld, Person } from './login-world.ts'

type Entered = Admission | { waiting: LoginPlace }
const placeOf = (entered: Entered): LoginPlace => {
  if (!('waiting' in entered)) throw new Error('came in at once')
  return entered.waiting
}
const isIn = (entered: Entered) => !('waiting' in entered)

/** A full realm with one host, and the players in it. */
async function fullRealm(options: Partial<Parameters<typeof openLoginWorld>[0]> = {}) {
  const world = await openLoginWorld({ limit: { players: 4 }, hosts: 1, capacity: 50, ...options })
  const inside: Person[] = []
  for (let i = 0; i < world.limit.players; i++) {
    const who = await world.person()
    expect(isIn(await world.enter(who))).toBe(true)
    inside.push(who)
  }
  return { world, inside }
}

/** Time goes on, with a question every two seconds. */
async function pass(world: LoginWorld, ms: number, asking?: { who: Person; place: LoginPlace }) {
  for (let left = ms; left > 0; left -= 2000) {
    world.runtime.advance(Math.min(left, 2000))
    await world.renew()
    if (asking) await world.ask(asking.who, asking.place.ticket).catch(() => undefined)
  }
}

/** Long enough that a place that got free is given to somebody else. */
const heldMs = 14_000

async function comes(world: LoginWorld, of: Parameters<LoginWorld['person']>[0] = {}) {
  const who = await world.person(of)
  return { who, place: placeOf(await world.enter(who)) }
}

describe('5,000 players come in 10 s to a realm for 1,000', () => {
  it('and come in in order, never too many, each when he was told, and nobody starves', async () => {
    const stayMs = Number(process.env['WAYSTONE_TEST_STAY_S'] ?? 100) * 1000
    const world = await openLoginWorld({
      limit: { players: 1000 },
      hosts: 12,
      capacity: 100,
      processes: 3,
    })
    const plan = createPlan(world)
    const random = createRandom(1, 'stays')
    const told: { who: number; at: number; seconds: number }[] = []
    const came: { in?: number; turn?: number; gaveUp?: true }[] = []
    /** The latest of each group whose turn was told, by when. */
    const turns = { priority: [{ at: 0, who: -1 }], others: [{ at: 0, who: -1 }] }
    let passedOver = 0
    let most = 0
    const groupOf = (i: number) => (i % 10 === 0 ? 'priority' : 'others')
    const visit = async (i: number, who: Person): Promise<void> => {
      const entered = await world.enter(who, world.process(i % 3))
      if ('waiting' in entered) {
        // Of a hundred one gives up at once, and one closes his page and says nothing.
        if (i % 100 === 33) await world.giveUp(who)
        if (i % 100 === 33 || i % 100 === 66) came[i] = { gaveUp: true }
        else wait(i, who, entered.waiting)
        return
      }
      came[i] = { ...came[i], in: world.runtime.now() }
      most = Math.max(most, world.inPlay())
      const stay = Math.round(-Math.log(1 - random.next()) * stayMs)
      plan.in(stay, async () => await world.leave(who))
    }
    const wait = (i: number, who: Person, place: LoginPlace) => {
      const now = world.runtime.now()
      if (place.seconds !== undefined) told.push({ who: i, at: now, seconds: place.seconds })
      plan.in(place.askAgainS * 1000, async () => {
        const said = await world.ask(who, place.ticket, world.process(i % 3))
        const told = turns[groupOf(i)]
        const at = world.runtime.now()
        if (said.yourTurn) {
          if (i > told.at(-1)!.who) told.push({ at, who: i })
          return await visit(i, who)
        }
        // What a process knows is a second old, and it looks for two.
        if (told.findLast((one) => one.at <= at - 3000)!.who > i) passedOver++
        return wait(i, who, said.waiting!)
      })
    }
    for (let i = 0; i < 5000; i++) {
      const who = await world.person(groupOf(i) === 'priority' ? { priority: true } : {})
      plan.in(2 * i, async () => await visit(i, who))
    }
    let largest = 0
    for (let minutes = 0; minutes < 100; minutes++) {
      await plan.run(20_000)
      const { waiting } = (await world.status())!
      largest = Math.max(largest, waiting)
      if (waiting === 0) break
    }
    expect(largest).toBeGreaterThan(3000)
    // All came in, and never more than the realm takes.
    for (let i = 0; i < 5000; i++)
      expect(came[i]?.in ?? came[i]?.gaveUp, `player ${i}`).toBeDefined()
    expect(most).toBeLessThanOrEqual(1000)
    expect(most).toBeGreaterThan(950)
    expect(passedOver).toBe(0)
    const errors = told.flatMap(({ who, at, seconds }) => {
      const tookS = ((came[who]!.in ?? Number.NaN) - at) / 1000
      return tookS >= 20 ? [(seconds - tookS) / tookS] : []
    })
    const within = errors.filter((error) => Math.abs(error) <= 0.3).length / errors.length
    const mean = errors.reduce((sum, error) => sum + Math.abs(error), 0) / errors.length

    expect(errors.length).toBeGreaterThan(5000)
    expect(within).toBeGreaterThan(0.9)
    expect(mean).toBeLessThan(0.15)
  }, 600_000)
})

describe('a realm that is full', () => {
  it('says the place of an account, keeps it, and lets him in when somebody has left', async () => {
    const { world, inside } = await fullRealm()
    const first = await comes(world)
    const second = await comes(world)
    expect(first.place).toMatchObject({ position: 1, of: 1, askAgainS: 5 })
    expect(second.place).toMatchObject({ position: 2, of: 2 })
    // A reload of the page, another process, no cache: the same place.
    world.restart()
    expect(placeOf(await world.enter(first.who))).toMatchObject({ position: 1, of: 2 })
    expect(await world.status()).toMatchObject({ playersMax: 4, waiting: 2 })

    await world.leave(inside[0]!)
    await pass(world, heldMs, first)
    expect(await world.ask(first.who, first.place.ticket)).toEqual({ yourTurn: true })
    expect(await world.ask(second.who, second.place.ticket)).toMatchObject({
      yourTurn: false,
      waiting: { position: 1, of: 1, ticket: second.place.ticket },
    })
    expect(isIn(await world.enter(second.who))).toBe(false)
    expect(isIn(await world.enter(first.who))).toBe(true)
    // His turn is taken: what is left of him in the queue is nothing.
    expect(world.memory.rows('volatile', `R#local#LOGIN#${first.who.accountId}`)).toEqual([])
    await pass(world, loginTurnMs * 2, second)
    expect(isIn(await world.enter(second.who))).toBe(false)
    expect(world.inPlay()).toBe(4)
  })

  it('gives a turn to the next one when its player does not come in a minute', async () => {
    const { world, inside } = await fullRealm()
    const away = await comes(world)
    const next = await comes(world)
    await world.leave(inside[0]!)
    await pass(world, heldMs, next)
    expect(await world.ask(next.who, next.place.ticket)).toMatchObject({ yourTurn: false })
    expect(await world.ask(away.who, away.place.ticket)).toEqual({ yourTurn: true })
    await pass(world, loginTurnMs - 10_000, next)
    expect(await world.ask(away.who, away.place.ticket)).toEqual({ yourTurn: true })
    await pass(world, 20_000, next)
    expect(await world.ask(next.who, next.place.ticket)).toEqual({ yourTurn: true })
    expect(await codeOfProblem(world.ask(away.who, away.place.ticket))).toBe('login_queue.over')
    expect(isIn(await world.enter(next.who))).toBe(true)
    expect(placeOf(await world.enter(away.who))).toMatchObject({ position: 1, of: 1 })
  })

  it('passes over who gives up, before his turn and after it', async () => {
    const { world, inside } = await fullRealm()
    const [one, two, three] = [await comes(world), await comes(world), await comes(world)]
    await world.giveUp(two.who)
    await world.giveUp(two.who)
    await pass(world, 2000, three)
    expect(await world.ask(three.who, three.place.ticket)).toMatchObject({ waiting: { of: 2 } })
    await world.leave(inside[0]!)
    await pass(world, heldMs, three)
    expect(await world.ask(one.who, one.place.ticket)).toEqual({ yourTurn: true })
    await world.giveUp(one.who)
    await pass(world, 4000, three)
    expect(await world.ask(three.who, three.place.ticket)).toEqual({ yourTurn: true })
    expect(isIn(await world.enter(three.who))).toBe(true)
    expect(await world.status()).toEqual({ playersMax: 4, waiting: 0 })
  })

  it('gives one place to an account that asks twice at once', async () => {
    const { world } = await fullRealm({ processes: 2 })
    const who = await world.person()
    const both = await Promise.all([world.enter(who), world.enter(who)])
    for (const entered of both) expect(placeOf(entered).position).toBeLessThanOrEqual(2)
    await pass(world, 4000, { who, place: placeOf(both[0]) })
    expect(placeOf(await world.enter(who))).toMatchObject({ position: 1, of: 1 })
    expect(await world.status()).toMatchObject({ waiting: 1 })
  })

  it('lets operators in at once, and the synthetic player', async () => {
    const { world } = await fullRealm()
    for (const role of ['support', 'moderator', 'operator'] as const) {
      expect(isIn(await world.enter(await world.person({ role })))).toBe(true)
    }
    const { accountId: _, ...other } = await world.person()
    const synthetic = { ...other, accountId: 'synthetic' }
    await world.rename(synthetic)
    expect(isIn(await world.enter(synthetic))).toBe(true)
    expect(isIn(await world.enter(await world.person()))).toBe(false)
  })

  it('gives priority its share of turns, and the others theirs', async () => {
    const { world, inside } = await fullRealm({ limit: { players: 8, priorityPercent: 75 } })
    const others = await Promise.all(Array.from({ length: 8 }, () => comes(world)))
    const first: typeof others = []
    for (let i = 0; i < 8; i++) first.push(await comes(world, { priority: true }))
    expect(placeOf(await world.enter(first[0]!.who)).position).toBe(1)
    await world.leave(...inside)
    await pass(world, heldMs, first[0])
    const turnsOf = async (all: typeof first) => {
      const said = await Promise.all(all.map(({ who, place }) => world.ask(who, place.ticket)))
      return said.map(({ yourTurn }) => yourTurn)
    }
    const [mine, theirs] = [await turnsOf(first), await turnsOf(others)]
    expect(mine).toEqual([true, true, true, true, true, true, false, false])
    expect(theirs.filter(Boolean)).toHaveLength(2)
  })

  it('lets who was in play a moment ago come back at once, also with 1,000 others of a host that died', async () => {
    const { world, inside } = await fullRealm({ limit: { players: 40 } })
    const waits = await comes(world)
    // He goes through a gate.
    await world.leave(inside[0]!)
    await pass(world, 4000, waits)
    expect(isIn(await world.enter(inside[0]!))).toBe(true)
    // The host dies with all that are in it, and another one opens.
    world.hosts[0]!.alive = false
    world.places.clear()
    await world.openHost()
    await pass(world, 16_000, waits)
    expect(await world.ask(waits.who, waits.place.ticket)).toMatchObject({ yourTurn: false })
    const back = await Promise.all(inside.map((who) => world.enter(who)))
    expect(back.every(isIn)).toBe(true)
    expect(world.inPlay()).toBe(40)
    await pass(world, loginTurnMs * 2, waits)
    expect(await world.ask(waits.who, waits.place.ticket)).toMatchObject({ yourTurn: false })
  })

  it('keeps places only for a time: who does not come back after a crash leaves them to others', async () => {
    const { world } = await fullRealm({ limit: { players: 40 } })
    const waits = await comes(world)
    world.hosts[0]!.alive = false
    world.places.clear()
    await world.openHost()
    await pass(world, 60_000, waits)
    expect(await world.ask(waits.who, waits.place.ticket)).toMatchObject({ yourTurn: false })
    await pass(world, 40_000, waits)
    expect(await world.ask(waits.who, waits.place.ticket)).toEqual({ yourTurn: true })
  })

  it('never lets in more new players than the limit, from four processes with clocks a minute off', async () => {
    const world = await openLoginWorld({
      limit: { players: 60, perS: 1000 },
      hosts: 2,
      capacity: 100,
      processes: 4,
      skewMs: 60_000,
    })
    const all = []
    for (let i = 0; i < 300; i++) all.push(await world.person())
    const waiting = new Set(all)
    for (let round = 0; round < 40; round++) {
      const entered = await Promise.all(
        [...waiting].map(async (who) =>
          (await settled(() => world.enter(who))) ? who : undefined,
        ),
      )
      for (const who of entered) if (who) waiting.delete(who)
      expect(world.inPlay()).toBeLessThanOrEqual(60)
      const leaving = all.filter(({ characterId }) => world.places.has(characterId)).slice(0, 10)
      if (round % 2 === 0) await world.leave(...leaving)
      await pass(world, 6000)
    }
    expect(300 - waiting.size).toBeGreaterThan(150)
  })

  it('goes on when the store loses requests and answers, and a realm of faults is never too full', async () => {
    const random = createRandom(3, 'faults')
    let on = false
    const world = await openLoginWorld({
      limit: { players: 20 },
      hosts: 1,
      capacity: 100,
      processes: 3,
      faults: () => {
        if (!on) return undefined
        if (random.chance(0.03)) return { kind: 'loseRequest' }
        return random.chance(0.03) ? { kind: 'loseAnswer' } : undefined
      },
    })
    const all = []
    for (let i = 0; i < 60; i++) all.push(await world.person())
    const played = new Set<Person>()
    on = true
    for (let round = 0; round < 120 && played.size < 60; round++) {
      for (const who of all) {
        if (played.has(who) || !(await settled(() => world.enter(who)))) continue
        played.add(who)
      }
      on = false
      expect(world.inPlay()).toBeLessThanOrEqual(20)
      const leaving = all.filter(({ characterId }) => world.places.has(characterId)).slice(0, 6)
      await world.leave(...leaving)
      await pass(world, 6000)
      on = true
    }
    expect(played.size).toBe(60)
  })

  it('takes no turn away while no host has room for who has it', async () => {
    const { world, inside } = await fullRealm()
    const first = await comes(world)
    await world.leave(inside[0]!)
    await pass(world, heldMs, first)
    await world.close(true)
    for (let i = 0; i < 40; i++) {
      expect(await codeOfProblem(world.enter(first.who))).toBe('world.full')
      await pass(world, 4000, first)
    }
    await world.close(false)
    expect(isIn(await world.enter(first.who))).toBe(true)
  })

  it('costs the store under 50 units a second for 10,000 who wait', async () => {
    const world = await openLoginWorld({
      limit: { players: 1000 },
      hosts: 12,
      capacity: 100,
      processes: 8,
      counted: true,
    })
    for (let i = 0; i < 1000; i++) await world.enter(await world.person())
    const some = []
    for (let i = 0; i < 50; i++) some.push(await comes(world))
    // The others have their numbers, and ask as these do.
    await world.memory.update({
      table: 'volatile',
      key: { pk: 'R#local#LOGIN-QUEUE', sk: 'QUEUE' },
      update: 'SET given.#others = given.#others + :more',
      names: { '#others': 'others' },
      values: { ':more': 9950 },
    })
    await pass(world, 4000, some[0])
    const seconds = 60
    world.resetUnits()
    let asked = 0
    for (let tenth = 0; tenth < seconds * 10; tenth++) {
      world.runtime.advance(100)
      if (tenth % 40 === 0) await world.renew()
      // 10,000 each 30 s.
      for (let i = 0; i < 33; i++, asked++) {
        const { who, place } = some[asked % some.length]!
        await world.ask(who, place.ticket)
      }
    }
    const { read, write } = world.units

    expect((await world.status())!.waiting).toBe(10_000)
    expect((read + write) / seconds).toBeLessThan(50)
  })
})

async function codeOfProblem(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'done'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

/** Sent until it is known how it ended. Whether he is in. */
async function settled(send: () => Promise<Entered>): Promise<boolean> {
  for (let tries = 0; tries < 20; tries++) {
    try {
      return isIn(await send())
    } catch (error) {
      const { code, kind } = error as { code?: string; kind?: string }
      if (kind === undefined && code !== 'world.busy') throw error
    }
  }
  return false
}

describe('over HTTP', () => {
  const limits = new Map([['local', { players: 1, priorityPercent: 75, perS: 100 }]])
  const params = { realmId: 'local' }

  async function openStage() {
    const clock = createClock()
    const first = await openApi({ clock, limits })
    const second = await openApi({ clock, limits, memory: first.memory })
    const host = await openHost({
      store: first.memory,
      runtime: clock,
      realmId: 'local',
      zone: 'hub',
      capacity: 100,
    })
    let named = 0
    const player = async () => {
      const { accessToken: token } = await newAccount(first, `p${named}@example.org`)
      const client = first.client({ token })
      const name = `Walker ${'bcdfgh'[named++]!}`
      const body = { name, race: 'human', job: 'mage' }
      const { characterId } = await client.characters.create({ params, body })
      const enter = async (by = client) =>
        await by.world.enter({ params, body: { characterId, protocol: 2 } })
      return { client, elsewhere: second.client({ token }), enter, characterId }
    }
    return { first, second, clock, host, player }
  }

  it('two processes agree about places; tickets of others and made up ones are refused', async () => {
    const { first, clock, player } = await openStage()
    const [mira, bram, cyd] = [await player(), await player(), await player()]
    expect(isIn(await mira.enter())).toBe(true)
    // An answer that was lost: he has his place.
    expect(isIn(await mira.enter(mira.elsewhere))).toBe(true)
    const { ticket, ...place } = placeOf(await bram.enter())
    expect(place).toEqual({ position: 1, of: 1, askAgainS: 5 })
    expect(placeOf(await cyd.enter(cyd.elsewhere)).position).toBe(2)
    expect(placeOf(await bram.enter(bram.elsewhere)).position).toBe(1)
    expect(await bram.elsewhere.world.loginQueue({ params, body: { ticket } })).toMatchObject({
      yourTurn: false,
      waiting: { position: 1, ticket },
    })
    const asked = async (text: string, by = bram) =>
      await codeOf(by.client.world.loginQueue({ params, body: { ticket: text } }))
    expect(await asked(ticket, cyd)).toBe('login_queue.over')
    expect(await asked(`${ticket.slice(0, -4)}AAAA`)).toBe('login_queue.over')
    expect(await asked('')).toBe('login_queue.over')
    const { loginQueue } = await first.client().world.status({ params })
    expect(loginQueue).toEqual({ playersMax: 1, waiting: 2 })
    await bram.client.world.leaveLoginQueue({ params })
    // What a process knows is a second old.
    clock.advance(1500)
    expect(placeOf(await cyd.enter()).of).toBe(1)
  })

  it('an old ticket is void after a day', async () => {
    const { clock, player } = await openStage()
    const [mira, bram] = [await player(), await player()]
    await mira.enter()
    const { ticket } = placeOf(await bram.enter())
    clock.advance(25 * 60 * 60 * 1000)
    const refused: unknown = await bram.client.world
      .loginQueue({ params, body: { ticket } })
      .catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(ApiError)
    expect((refused as ApiError).code).toBe('auth.expired')
  })
})

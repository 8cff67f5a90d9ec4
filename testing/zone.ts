// A zone of a game for its tests: the real host, the real rules and the real client library, in time that moves
// only when the test says so. What a player reads here is what his client was sent.
//
//   const pit = await testZone(game, 'pit', { seed: 7 })
//   const ada = await pit.join('Ada', { x: 20, y: 20 })
//   ada.walk({ x: 30, y: 20 })
//   await pit.run(2)
//   expect(ada.read(Health)).toEqual({ now: 92, most: 100 })
//   await pit.crash()
import { createZoneClient } from '#client/library/zone-client.ts'
import type { ZoneClient } from '#client/library/zone-client.ts'
import type { System, ZoneRules } from '#gameserver/sim/rules.ts'
import type { Zone } from '#gameserver/sim/zone.ts'
import { loadContent } from '#shared/content-files/load.ts'
import type { Content } from '#shared/content/content.ts'
import type { Game } from '#shared/game/game.ts'
import { metresToUnits } from '#shared/rules/units.ts'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import { createLog } from '#shared/telemetry/log.ts'
import { readFault } from './fault.ts'
import type { Fault } from './fault.ts'
import { startHost } from './host.ts'
import type { TestHost } from './host.ts'
import { createPlayer } from './player.ts'
import type { Place, TestPlayer } from './player.ts'
import { createZoneStore } from './store.ts'
import type { ZoneStore } from './store.ts'
import { createTime } from './time.ts'

export type TestZone = {
  /** Unix ms of the zone's own time. */
  readonly now: number
  /** What failed in the code of the game: the system or handler, and the message. */
  readonly faults: readonly Fault[]
  /** The rows of the game, for what effects have written. */
  readonly rows: ZoneStore['rows']
  /**
   * Does something in the zone as a system of the game would, in its next step: sets the stage, or looks at the
   * truth. Answers what `change` returned; fails with what it threw.
   */
  act<T>(change: (zone: Zone) => T): Promise<T>
  /** A character comes in for the first time, at a position; without one, at the zone's spawn. */
  join(name: string, at?: Place & { race?: string; job?: string }): Promise<TestPlayer>
  /** Lets so many seconds pass. */
  run(seconds: number): Promise<void>
  /** Lets time pass until something holds; fails after so many seconds. */
  until(holds: () => boolean, seconds?: number): Promise<void>
  /** Takes over other content, as when a file has changed. */
  contentChanged(change: (content: Content) => Content): Promise<void>
  /** The host dies; another has everybody as the last checkpoint held them, and they are in play again. */
  crash(): Promise<void>
  /** The host hands everybody over to another one, in good order. */
  takeOver(): Promise<void>
}

type Options = {
  /** Chance follows from it. */
  seed?: number
  /** From client to host, and back; ms. */
  latencyMs?: number
  /** A match of this queue is played in the zone; its teams by the names under which players join. */
  match?: { queue: string; teams: Readonly<Record<string, readonly string[]>> }
}

/** A client that lost its host asks `enter` after some waits. */
const backSeconds = 60

/** Throws for a zone that the content lacks, and ContentError for content with mistakes. */
export async function testZone(
  game: Game<ZoneRules>,
  zoneId: string,
  { seed = 1, latencyMs = 20, match }: Options = {},
): Promise<TestZone> {
  const time = createTime(seed)
  let { content } = await loadContent(game.content, game.contentKinds ?? [])
  const faults: Fault[] = []
  const log = createLog({
    level: 'error',
    now: time.now,
    write(line) {
      const fault = readFault(line)
      if (fault !== undefined) faults.push(fault)
    },
  })
  const store = createZoneStore(game, content, time.runtime, log)
  const played = match && (await playMatch(store, time.runtime, match))
  const players = new Set<ZoneClient>()
  /** What tests want done in the next step. */
  let acts: ((zone: Zone) => void)[] = []
  const script: System = {
    name: 'test',
    run({ zone }) {
      const now = acts
      acts = []
      for (const act of now) act(zone)
    },
  }
  const rules = { ...game.zone, systems: [...game.zone.systems, script] }
  let hosts = 0
  const start = (): TestHost => {
    const zone = content.zones.get(zoneId)
    if (zone === undefined) throw new RangeError(`the content has no zone ${zoneId}`)
    const bootId = `host${++hosts}`
    return startHost({
      bootId,
      time,
      store,
      zone,
      // It ends with its host: who was in is elsewhere then.
      match: hosts === 1 ? played : undefined,
      content,
      rules,
      seed,
      delayMs: latencyMs,
      log,
    })
  }
  let host = start()
  const run = async (seconds: number) => await time.pass(seconds * 1000)
  const until = async (holds: () => boolean, seconds = 20) =>
    await time.until(holds, seconds * 1000)
  const backInPlay = async () =>
    await until(() => [...players].every(({ state }) => state.phase === 'joined'), backSeconds)

  const join: TestZone['join'] = async (name, at) => {
    const member = played?.members.get(name)
    const characterId = member?.characterId ?? newId(time.runtime)
    const [x, y] = at === undefined ? [Number.NaN, Number.NaN] : [at.x, at.y].map(metresToUnits)
    store.add({
      characterId,
      accountId: member?.accountId ?? newId(time.runtime),
      name,
      race: at?.race ?? content.races.keys().next().value ?? 'human',
      job: at?.job ?? content.jobs.keys().next().value ?? 'none',
      saveNumber: 0,
      saved: { zone: zoneId, x: x!, y: y!, heading: 0 },
    })
    const world = createZoneClient({
      enter: async () =>
        await Promise.resolve({
          address: characterId,
          ticket: 'test',
          expiresAt: time.now() + 30_000,
          zone: zoneId,
          instance: host.instance.id,
          characterId,
        }),
      loadZone: async () => await Promise.resolve(content.zones.get(zoneId)!),
      socket: (address, events) => host.open(address, events),
      runtime: time.runtime,
      monotonic: time.now,
    })
    players.add(world)
    void world.ended.then(() => players.delete(world))
    const player = createPlayer(world, characterId, time)
    await until(() => world.state.phase === 'joined')
    return player
  }

  return {
    get now() {
      return time.now()
    },
    faults,
    rows: store.rows,
    async act<T>(change: (zone: Zone) => T) {
      const { promise, resolve, reject } = Promise.withResolvers<T>()
      acts.push((zone) => {
        try {
          resolve(change(zone))
        } catch (error) {
          reject(error)
        }
      })
      // It may fail before it is awaited.
      promise.catch(() => undefined)
      await run(1 / host.instance.zone.tickHz)
      return await promise
    },
    join,
    run,
    until,
    async contentChanged(change) {
      content = change(content)
      host.contentChanged(content)
      await run(0.2)
    },
    async crash() {
      host.die()
      host = start()
      // Nobody knows before it is told.
      await time.pass(latencyMs + 1)
      await backInPlay()
    },
    async takeOver() {
      host.drain()
      await run(0.5)
      host.die()
      host = start()
      await backInPlay()
    },
  }
}

/** The match with ids for its members, by their names. */
async function playMatch(
  store: ZoneStore,
  runtime: Runtime,
  { queue, teams }: NonNullable<Options['match']>,
) {
  const members = new Map(
    Object.values(teams)
      .flat()
      .map((name) => [name, { characterId: newId(runtime), accountId: newId(runtime) }]),
  )
  const played = {
    queue,
    teams: Object.entries(teams).map(([name, names]) => ({
      name,
      members: names.map((one) => members.get(one)!.characterId),
    })),
  }
  const id = newId(runtime)
  const accounts = [...members.values()].map((one) => [one.characterId, one.accountId] as const)
  await store.play(id, played, new Map(accounts))
  return { id, played, members }
}

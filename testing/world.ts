// The whole world of a game for its tests, on real processes: API, zone hosts, database and sockets as `npm start`
// has them, and players with the client library. Its clocks may run faster than those of the machine.
//
//   const world = await testWorld(new URL('..', import.meta.url), { seed: 7 })
//   const ada = await world.join('Ada', { zone: 'pit', x: 20, y: 20 })
//   await world.until(() => ada.read(Health)!.now < 100)
//   await world.crash()
//   await world.close()
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createContent } from '#client/library/content.ts'
import { createSession } from '#client/library/session.ts'
import type { InRealm } from '#client/library/session.ts'
import { createMemoryStore } from '#client/library/storage.ts'
import { createZoneClient } from '#client/library/zone-client.ts'
import type { ZoneClient } from '#client/library/zone-client.ts'
import type { Content } from '#shared/content/content.ts'
import type { ContentKind } from '#shared/content/kind.ts'
import { loadContent } from '#shared/content-files/load.ts'
import { loadGame } from '#shared/game/load.ts'
import { parseCharacterRows, readCharacterRows, saveUpdate } from '#shared/ownership/guard.ts'
import { metresToUnits } from '#shared/rules/units.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'
import { systemAt } from '#shared/system.ts'
import { tooLong } from '#shared/telemetry/fault.ts'
import { changeContent } from './content-copy.ts'
import { readFault } from './fault.ts'
import type { Fault } from './fault.ts'
import { createPlayer } from './player.ts'
import type { Place, TestPlayer } from './player.ts'
import type { Stack } from './stack.ts'
import type { Time } from './time.ts'

export type WorldPlayer = TestPlayer & {
  /** The API with his log-in, as the page has it: the core's routes, and those that the game has declared. */
  readonly api: InRealm['api']
}

/** Where and as what a character comes in. */
type Entry = Partial<Place> & { zone?: string; race?: string; job?: string }

export type TestWorld = {
  /** Unix ms of the world's time. */
  readonly now: number
  readonly realmId: string
  /**
   * What failed in the code of the game: the system or handler, and the message. Of all hosts so far. That a step
   * took long is not among it: in a fast time, on a busy machine, many do.
   */
  readonly faults: readonly Fault[]
  /** All rows of the world, for what effects have written. */
  readonly rows: Store
  /**
   * A guest comes in with a new character: in a zone at a position, at the zone's spawn, or where the game begins.
   * The name is as the API takes it.
   */
  join(name: string, at?: Entry): Promise<WorldPlayer>
  /** Lets so many seconds of the world pass. */
  run(seconds: number): Promise<void>
  /** Waits until something holds; fails after so many seconds of the world. */
  until(holds: () => boolean, seconds?: number): Promise<void>
  /** Changes files of the content, in a copy. Resolves when it is in force. */
  contentChanged(change: (content: Content) => Content): Promise<void>
  /** kill -9 of the hosts that players are in. Resolves when all are in play again. */
  crash(): Promise<void>
  /**
   * The hosts that players are in hand everybody over to others, in good order. With a folder, those run the
   * version of the game in it; routes and content stay as they are.
   */
  takeOver(folder?: string | URL): Promise<void>
  /** Ends all processes. */
  close(): Promise<void>
}

type Options = {
  /** Chance in every zone follows from it. */
  seed?: number
  /** How many times as fast as the machine's all clocks run, 1 to 10. */
  speed?: number
}

/** Long, because the machine may be busy while the world's time goes on. */
const untilSeconds = 100
const backSeconds = 300

/**
 * Starts the game of a folder. Throws GameError and ContentError for mistakes in it, and fails with all output when
 * the world does not come up.
 */
export async function testWorld(
  folder: string | URL,
  { seed = 1, speed = 4 }: Options = {},
): Promise<TestWorld> {
  const dir = await mkdtemp(join(tmpdir(), 'waystone-test-'))
  const remove = async () =>
    await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  try {
    const game = await loadGame(pathOf(folder))
    const kinds = game.contentKinds ?? []
    const contentDir = join(dir, 'content')
    await cp(game.content, contentDir, { recursive: true })
    const { content } = await loadContent(contentDir, kinds)
    // The AWS SDK takes a while to load, and tests of a zone alone need none of it.
    const { startStack } = await import('./stack.ts')
    const stack = await startStack({ dir, folder: pathOf(folder), contentDir, seed, speed })
    return await openWorld(stack, { dir: contentDir, kinds, content }, speed, remove)
  } catch (error) {
    await remove()
    throw error
  }
}

function pathOf(folder: string | URL): string {
  return folder instanceof URL ? fileURLToPath(folder) : resolve(folder)
}

async function openWorld(
  stack: Stack,
  copy: { dir: string; kinds: readonly ContentKind[]; content: Content },
  speed: number,
  remove: () => Promise<void>,
): Promise<TestWorld> {
  const { openNodeSocket } = await import('#client/bots/socket.ts')
  const { runtime, clocks } = systemAt(speed)
  const time = worldTime(runtime, speed)
  const until = async (holds: () => boolean, seconds = untilSeconds) =>
    await time.until(holds, seconds * 1000)
  let { content } = copy
  const players = new Set<TestPlayer>()

  /** Does something to the hosts that players are in; all of them lose their sockets and come back. */
  const replaceHosts = async (how: 'SIGKILL' | 'SIGTERM') => {
    const before = [...players].map(({ world }) => ({ world, was: world.metrics.reconnects }))
    const zones = before.map(({ world: { state } }) => ('zone' in state ? state.zone : ''))
    for (const zone of new Set(zones)) stack.signalHosts(zone, how)
    await until(
      () => before.every(({ world, was }) => world.metrics.reconnects > was && isInPlay(world)),
      backSeconds,
    )
  }

  return {
    get now() {
      return runtime.now()
    },
    realmId: stack.realmId,
    get faults() {
      const faults = stack.logged().flatMap((line) => readFault(line) ?? [])
      return faults.filter(({ what }) => !what.startsWith(tooLong))
    },
    rows: stack.store,
    async join(name, entry = {}) {
      const { characterId, realm } = await newCharacter(stack, runtime, content, name, entry)
      const source = createContent({ baseUrl: stack.url, fetch, runtime })
      const world = createZoneClient({
        enter: async (signal, to, waiting) => await realm.enter(characterId, signal, to, waiting),
        loadZone: source.zone,
        contentVersion: source.version,
        socket: openNodeSocket,
        runtime,
        monotonic: clocks.monotonic,
        reconnectForMs: backSeconds * 1000,
      })
      const player = Object.assign(createPlayer(world, characterId, time), { api: realm.api })
      players.add(player)
      void world.ended.then(() => players.delete(player))
      await until(() => isInPlay(world), backSeconds)
      return player
    },
    run: async (seconds) => await time.pass(seconds * 1000),
    until,
    async contentChanged(change) {
      content = await changeContent({ ...copy, content, change, stack, until })
      await time.pass(200)
    },
    async crash() {
      await replaceHosts('SIGKILL')
    },
    async takeOver(next) {
      if (next !== undefined) stack.useGame(pathOf(next))
      await replaceHosts('SIGTERM')
    },
    async close() {
      for (const { world } of players) void world.leave()
      await stack.stop()
      await remove()
    },
  }
}

/** The words of the kit's own time, on a real clock. */
function worldTime(runtime: Runtime, speed: number): Pick<Time, 'every' | 'pass' | 'until'> {
  const pass = async (ms: number) => await runtime.sleep(ms)
  return {
    every(ms, act) {
      const timer = setInterval(act, ms / speed)
      return () => clearInterval(timer)
    },
    pass,
    async until(holds, mostMs = untilSeconds * 1000) {
      const end = runtime.now() + mostMs
      while (!holds()) {
        if (runtime.now() >= end) throw new Error(`did not come to hold within ${mostMs} ms`)
        await pass(25)
      }
    },
  }
}

/** Throws when he will never be again. */
function isInPlay({ state }: Pick<ZoneClient, 'state'>): boolean {
  if (state.phase === 'closed') throw new Error(`a player is out: ${state.reason}`)
  return state.phase === 'joined'
}

/** A guest, and a character of his where the test wants it. */
async function newCharacter(
  { url, realmId, store }: Stack,
  runtime: Runtime,
  content: Content,
  name: string,
  entry: Entry,
): Promise<{ characterId: string; realm: InRealm }> {
  const zone = content.zones.get(entry.zone ?? content.startZone)
  if (zone === undefined) throw new RangeError(`the content has no zone ${entry.zone}`)
  const { x = zone.spawn.x, y = zone.spawn.y } = entry
  const race = entry.race ?? content.races.keys().next().value!
  const session = createSession({ baseUrl: url, fetch, runtime, storage: createMemoryStore() })
  await session.guest()
  const realm = session.inRealm(realmId)
  const job = entry.job ?? content.races.get(race)?.jobs[0] ?? ''
  const { characterId } = await realm.create({ name, race, job })
  await putAt(store, realmId, characterId, { zone: zone.id, x, y })
  return { characterId, realm }
}

/** A character that nobody plays is put somewhere, in its rows. */
async function putAt(
  store: Store,
  realmId: string,
  characterId: string,
  { zone, x, y }: Place & { zone: string },
): Promise<void> {
  const { items } = await store.query(readCharacterRows(realmId, characterId))
  const { epoch, saveNumber, saved } = parseCharacterRows(realmId, characterId, items)!.state
  const there = { ...saved, zone, x: metresToUnits(x), y: metresToUnits(y) }
  await store.update(saveUpdate({ realmId, characterId, epoch, saveNumber, saved: there }))
}

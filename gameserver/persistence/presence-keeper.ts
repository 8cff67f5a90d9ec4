// Keeps the presence of this host's players in Redis (shared/presence/entry.ts), and tells players and their friends
// of what is new. It runs in the worker thread, beside claims and leaves, and nothing waits for it.
//
// `fields` is what the host's hash should hold. Each write says what has changed since the last one. When a write
// fails, or the hash has gone (Redis came back empty), all of it is written again. So Redis needs no word from
// anybody else to be right again.
//
// A player is not seen before his wish is known: he may want to appear offline. While the store does not answer,
// nobody new is seen.
import { CacheError } from '#shared/cache/cache.ts'
import type { Cache, CacheCommand } from '#shared/cache/cache.ts'
import {
  cachePauseMs,
  presenceGapMs,
  presenceKeptMs,
  presencePlaceMs,
  presenceReadsMax,
  presenceRenewMs,
  presenceRounds,
  presenceToldMax,
  presenceWrittenAtOnce,
} from '#shared/limits.ts'
import { readCircle } from '#shared/presence/circle.ts'
import type { Circle } from '#shared/presence/circle.ts'
import { hostKey, placeKey, writeEntry } from '#shared/presence/entry.ts'
import type { Shown } from '#shared/api/friends.ts'
import { readBroadcast, readPush } from '#shared/push/message.ts'
import type { Push } from '#shared/push/push.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { Clocks } from './lease-keeper.ts'
import { createBlockers } from './blockers.ts'
import type { Blocks, ClaimedCharacter, Told } from './persistence.ts'
import { failed } from './store-watch.ts'
import { createTelling } from './telling.ts'

export type PresenceKeeper = {
  /** A character came into a zone. */
  joined(character: ClaimedCharacter, zone: string): void
  /** The stay that began with that epoch ends. */
  left(characterId: string, epoch: number): void
  /** A message on the host's channel. */
  heard(message: string): void
  /** A message on the channel of the realm, or of a zone. */
  heardByAll(message: string, zone?: string): void
  /** Messages may have been lost. */
  missed(): void
  /** The tick thread is alive. Without this between two renewals there is no renewal. */
  heartbeat(): void
  /** Writes and renews until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>
  /** Writes at once what has changed. */
  settle(): Promise<void>
}

type Stay = {
  accountId: string
  epoch: number
  entry: { characterId: string; name: string; zone: string; since: number }
}

/** A player and his latest stay; how he wants to be seen, once it is known. */
type PlayerHere = { stay: Stay; shown: Shown | undefined }

export function createPresenceKeeper(deps: {
  cache: Cache
  push: Pick<Push, 'hint'>
  store: Store
  runtime: Pick<Runtime, 'sleep'>
  clocks: Clocks
  host: { realmId: string; bootId: string }
  log: Log
  onTold: (told: Told[]) => void
  onBlocks: (blocks: Blocks) => void
}): PresenceKeeper {
  const { cache, runtime, clocks } = deps
  const { realmId, bootId } = deps.host
  const key = hostKey(bootId)
  /** By character id. */
  const stays = new Map<string, Stay>()
  /** By account id; the one whose turn it is next to be written again comes first. */
  const players = new Map<string, PlayerHere>()
  const fields = new Map<string, string>()
  /** Accounts whose field is in Redis, as far as is known. */
  const written = new Set<string>()
  const changed = new Set<string>()
  /** Accounts that came in here. */
  const placed = new Set<string>()
  /** Those of them who cannot be found yet: they got no hint until now. */
  const unfound = new Set<string>()
  /** Friends to be told that somebody's presence is another one. */
  const toTell = new Set<string>()
  /** What Redis holds is not known. */
  let doubtful = false
  /** Until then Redis is left alone, monotonic ms. */
  let pausedUntil = Number.NEGATIVE_INFINITY
  let alive = true
  let renewedAt = Number.NEGATIVE_INFINITY
  let writing: Promise<void> = Promise.resolve()
  const telling = createTelling(deps)
  const blockers = createBlockers(deps.onBlocks)
  const wishes = createWishes({ ...deps, onKnown })

  function onKnown(accountId: string, { shown, friends, blocked }: Circle, owed: boolean): void {
    const player = players.get(accountId)
    if (player !== undefined) {
      blockers.set(accountId, blocked)
      // It goes with the first field, in one trip.
      if (player.shown === undefined) {
        placed.add(accountId)
        unfound.add(accountId)
      }
      player.shown = shown
    }
    if (!setField(accountId) && !owed) return
    for (const friend of friends) if (toTell.size < presenceToldMax) toTell.add(friend)
  }

  /** What friends should see of a player from now on. False when it is what they saw. */
  function setField(accountId: string): boolean {
    const { stay, shown } = players.get(accountId) ?? {}
    const before = fields.get(accountId)
    const after =
      stay === undefined || shown?.appear !== 'online'
        ? undefined
        : writeEntry({
            ...stay.entry,
            ...(shown.status === undefined ? {} : { status: shown.status }),
          })
    if (after === before) return false
    if (after === undefined) fields.delete(accountId)
    else fields.set(accountId, after)
    changed.add(accountId)
    return true
  }

  /** The next players in turn are written again, and their wish is looked at: a hint of it may be lost. */
  function takeTurn(): void {
    const count = Math.ceil(players.size / presenceRounds)
    for (const [accountId, player] of [...players].slice(0, count)) {
      players.delete(accountId)
      players.set(accountId, player)
      placed.add(accountId)
      if (fields.has(accountId)) changed.add(accountId)
      wishes.look(accountId)
    }
    for (const [accountId, { shown }] of players) if (shown === undefined) wishes.look(accountId)
  }

  async function write(renews: boolean): Promise<void> {
    if (renews) takeTurn()
    if (clocks.monotonic() < pausedUntil) return
    try {
      if (doubtful || !(await writeChanges(renews))) await writeAll()
      doubtful = false
      greet()
      tell()
    } catch (error) {
      if (!(error instanceof CacheError)) throw error
      doubtful = true
      pausedUntil = clocks.monotonic() + cachePauseMs
    }
  }

  /** From here on hints find them. What was new since they came in, they read now. */
  function greet(): void {
    const found = [...unfound].filter((accountId) => players.has(accountId))
    unfound.clear()
    telling.lookAgain(found)
  }

  /** At most one trip. False when the hash has gone meanwhile. */
  async function writeChanges(renews: boolean): Promise<boolean> {
    if (!renews && changed.size === 0 && placed.size === 0) return true
    const [set, removed] = [new Map<string, string>(), [] as string[]]
    for (const accountId of changed) {
      const field = fields.get(accountId)
      if (field !== undefined) set.set(accountId, field)
      else if (written.has(accountId)) removed.push(accountId)
    }
    const before = written.size
    const commands: CacheCommand[] = []
    // The first one tells whether the hash is still there.
    if (before > 0) commands.push(['PEXPIRE', key, presenceKeptMs])
    if (removed.length > 0) commands.push(['HDEL', key, ...removed])
    commands.push(...setFields(set), ...placesOf(placed))
    forget()
    for (const accountId of set.keys()) written.add(accountId)
    for (const accountId of removed) written.delete(accountId)
    const [there] = await cache.pipeline(commands)
    return before === 0 || there === 1
  }

  async function writeAll(): Promise<void> {
    forget()
    written.clear()
    const all = [...fields]
    for (const [accountId] of all) written.add(accountId)
    const everybody = [...players.keys()]
    let commands: CacheCommand[] = [['DEL', key]]
    for (let i = 0; i < everybody.length || i < all.length; i += presenceWrittenAtOnce) {
      const next = i + presenceWrittenAtOnce
      commands.push(...setFields(new Map(all.slice(i, next))))
      commands.push(...placesOf(everybody.slice(i, next)))
      await cache.pipeline(commands)
      commands = []
    }
    if (commands.length > 0) await cache.pipeline(commands)
  }

  function forget(): void {
    changed.clear()
    placed.clear()
  }

  /** The hash may be a new one, so it gets its end each time. */
  function setFields(set: ReadonlyMap<string, string>): CacheCommand[] {
    if (set.size === 0) return []
    return [
      ['HSET', key, ...[...set].flat()],
      ['PEXPIRE', key, presenceKeptMs],
    ]
  }

  function placesOf(accountIds: Iterable<string>): CacheCommand[] {
    return [...accountIds]
      .filter((accountId) => players.has(accountId))
      .map((accountId) => ['SET', placeKey(realmId, accountId), bootId, 'PX', presencePlaceMs])
  }

  /** No trip when all friends are here. */
  function tell(): void {
    const friends = [...toTell]
    toTell.clear()
    telling.notify(
      'presence',
      friends.filter((friend) => players.has(friend)),
    )
    deps.push.hint(
      'presence',
      realmId,
      friends.filter((friend) => !players.has(friend)),
    )
  }

  /** One after the other. */
  async function inTurn(renews: boolean): Promise<void> {
    writing = writing.catch(() => undefined).then(() => write(renews))
    await writing
  }

  return {
    joined({ characterId, accountId, epoch, name, synthetic }, zone) {
      if (synthetic === true) return
      const entry = { characterId, name, zone, since: clocks.now() }
      const stay = { accountId, epoch, entry }
      stays.set(characterId, stay)
      players.set(accountId, { stay, shown: undefined })
      wishes.look(accountId)
    },
    left(characterId, epoch) {
      const stay = stays.get(characterId)
      if (stay?.epoch !== epoch) return
      stays.delete(characterId)
      const { accountId } = stay
      const player = players.get(accountId)
      if (player?.stay !== stay) return
      // He may play another one here as well.
      const other = [...stays.values()].findLast((one) => one.accountId === accountId)
      if (other === undefined) {
        players.delete(accountId)
        blockers.set(accountId, [])
      } else player.stay = other
      // His friends saw him: they are told, whatever comes next.
      if (setField(accountId)) wishes.look(accountId, true)
    },
    heard(message) {
      const pushed = readPush(message)
      if (pushed === undefined) return
      const accounts = pushed.accounts.filter((accountId) => players.has(accountId))
      if ('event' in pushed) {
        const { event } = pushed
        telling.tell({ event, accounts, except: blockers.of(event) })
      } else if (pushed.of !== 'shown') telling.notify(pushed.of, accounts)
      else for (const accountId of accounts) wishes.look(accountId)
    },
    heardByAll(message, zone) {
      const { event, instance } = readBroadcast(message) ?? {}
      if (event === undefined) return
      const where = { ...(zone && { zone }), ...(instance && { instance }) }
      telling.tell({ event, ...where, except: blockers.of(event) })
    },
    missed() {
      telling.lookAgain([...players.keys()])
    },
    heartbeat() {
      alive = true
    },
    async run(signal) {
      while (!signal.aborted) {
        const now = clocks.monotonic()
        const renews = alive && now - renewedAt >= presenceRenewMs
        if (renews) {
          alive = false
          renewedAt = now
        }
        await inTurn(renews)
        await runtime.sleep(presenceGapMs, signal).catch(() => undefined)
      }
    },
    settle: async () => await inTurn(false),
  }
}

/** Reads how players want to be seen, who their friends are and whom they have blocked, some at once, each player one after the other. */
function createWishes(deps: {
  store: Store
  host: { realmId: string }
  log: Log
  onKnown: (accountId: string, circle: Circle, owed: boolean) => void
}) {
  const { store, onKnown, log } = deps
  /** Whether their friends are to be told, whatever is found. */
  const waiting = new Map<string, boolean>()
  const underWay = new Set<string>()

  async function read(accountId: string, owed: boolean): Promise<void> {
    const of = { realmId: deps.host.realmId, accountId }
    try {
      onKnown(accountId, await readCircle(store, of), owed)
    } catch (error) {
      // The store does not answer: the next renewal looks again at those who are here.
      if (failed(error) === 'unavailable') return
      log.error('the presence of a player is not shown', { accountId, error })
      onKnown(accountId, { shown: { appear: 'offline' }, friends: [], blocked: [] }, false)
    }
  }

  function next(): void {
    for (const [accountId, owed] of waiting) {
      if (underWay.size >= presenceReadsMax) return
      if (underWay.has(accountId)) continue
      waiting.delete(accountId)
      underWay.add(accountId)
      void read(accountId, owed).finally(() => {
        underWay.delete(accountId)
        next()
      })
    }
  }

  return {
    look(accountId: string, owed = false): void {
      waiting.set(accountId, owed || waiting.get(accountId) === true)
      next()
    },
  }
}

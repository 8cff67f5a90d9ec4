// The social socket: what its clients send, and what follows from it (docs/protocol.md, "The social socket"). The same
// functions run behind API Gateway and behind a server of our own, and keep nothing between two calls: whose a
// connection is stands in the store, where pushes find it stands in Redis.
import type { Cache, CacheCommand } from '#shared/cache/cache.ts'
import { CacheError } from '#shared/cache/cache.ts'
import type { RateLimiter } from '#shared/cache/rate.ts'
import { socialFrameMaxBytes, socialHelloMs, socialKeptMs } from '#shared/limits.ts'
import type { Player } from '#shared/notifications/mailbox.ts'
import { isBanned } from '#shared/ownership/ban.ts'
import { readCircle, readShown } from '#shared/presence/circle.ts'
import {
  openSocketsKey,
  readSocketEntry,
  socketKey,
  writeSocketEntry,
} from '#shared/presence/entry.ts'
import { socialFrame } from '#shared/protocol/social-socket.ts'
import type { SocialClose, SocialFrame, SocialMessage } from '#shared/protocol/social-socket.ts'
import type { Push } from '#shared/push/push.ts'
import type { Sockets } from '#shared/push/sockets.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Shown } from '#shared/api/friends.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Store } from '#shared/store/store.ts'
import type { Connection } from '../http/socket.ts'
import { channelsPut, closeWrites, openWrites, readConnection, readSocket } from './store.ts'
import type { ConnectionRow } from './store.ts'
import { readTicket } from './ticket.ts'

export type SocialDeps = {
  store: Store
  cache: Cache
  runtime: Pick<Runtime, 'now'>
  limiter: RateLimiter
  push: Pick<Push, 'hint'>
  sockets: Sockets
}

/** A second hello of the same player may take his row first. */
const looksMax = 4

/** A frame of a client. */
export async function heard(deps: SocialDeps, from: Connection, text: string): Promise<void> {
  const { connectionId } = from
  const frame = readFrame(text)
  if (frame === undefined) return await turnOut(deps, connectionId, 'protocol.malformed')
  try {
    const row = await readConnection(deps.store, connectionId, deps.runtime.now())
    if (row === undefined) {
      if (!('hello' in frame)) return await turnOut(deps, connectionId, 'protocol.unexpected')
      return await hello(deps, from, frame)
    }
    const { allowed } = await deps.limiter.check('social.account', row.accountId)
    if (!allowed) return await turnOut(deps, connectionId, 'protocol.flood')
    if ('hello' in frame) return await turnOut(deps, connectionId, 'protocol.unexpected')
    if ('listen' in frame) return await listen(deps, connectionId, row, frame.listen)
    await ping(deps, connectionId, row, frame.ping)
  } catch (error) {
    if (!(error instanceof StoreError) || error.refusal !== undefined) throw error
    await turnOut(deps, connectionId, 'unavailable')
  }
}

/** The connection has closed, from either end. Friends are told if it was still the player's. */
export async function gone(deps: SocialDeps, connectionId: string): Promise<void> {
  const { store, runtime, cache } = deps
  const row = await readConnection(store, connectionId, runtime.now())
  if (row === undefined) return
  const isHis = await store.transact(closeWrites(row, connectionId, true)).then(
    () => true,
    async (error: unknown) => {
      if (!(error instanceof StoreError) || !error.reasons.includes('condition')) throw error
      await store.transact(closeWrites(row, connectionId, false))
      return false
    },
  )
  await tried(async () => {
    const { realmId, accountId } = row
    const key = socketKey(realmId, accountId)
    const [text] = await cache.pipeline([
      ['GET', key],
      ['HDEL', openSocketsKey(realmId), connectionId],
    ])
    const entry = typeof text === 'string' ? readSocketEntry(text) : undefined
    if (entry?.connectionId !== connectionId) return
    await cache.pipeline([['DEL', key]])
  })
  if (!isHis) return
  const { shown, friends } = await readCircle(store, row)
  if (shown.appear === 'online') deps.push.hint('presence', row.realmId, friends)
}

/** How friends see a player who is outside zones from now on; he may not be there. */
export async function showInLobby(
  { store, cache, push }: Pick<SocialDeps, 'store' | 'cache' | 'push'>,
  of: Player,
  shown: Shown,
): Promise<void> {
  await tried(async () => {
    const key = socketKey(of.realmId, of.accountId)
    const [text] = await cache.pipeline([['GET', key]])
    const entry = typeof text === 'string' ? readSocketEntry(text) : undefined
    if (entry === undefined) return
    const { connectionId, since } = entry
    const now = writeSocketEntry({ connectionId, since, ...shown })
    await cache.pipeline([['SET', key, now, 'PX', socialKeptMs]])
    const { friends } = await readCircle(store, of)
    push.hint('presence', of.realmId, friends)
  })
}

async function hello(
  deps: SocialDeps,
  { connectionId, openedAt }: Connection,
  frame: Extract<SocialFrame, { hello: string }>,
): Promise<void> {
  const { store, runtime } = deps
  if (runtime.now() - openedAt > socialHelloMs) return await turnOut(deps, connectionId, 'timeout')
  const ticket = readTicket(frame.hello)
  if (ticket === undefined) return await turnOut(deps, connectionId, 'ticket.refused')
  const { of, hash } = ticket
  const channels = unique(frame.listen ?? [])
  for (let looks = 1; ; looks++) {
    const now = runtime.now()
    const before = await readSocket(store, of, now)
    try {
      await store.transact(openWrites(of, { hash, connectionId, before, channels }, now))
    } catch (error) {
      if (!(error instanceof StoreError) || error.kind !== 'cancelled') throw error
      const [used, taken] = error.reasons
      if (used === 'condition') return await turnOut(deps, connectionId, 'ticket.refused')
      if (taken === undefined || looks === looksMax) throw error
      continue
    }
    const row = { ...of, since: now, channels }
    const { shown, friends } = await readCircle(store, of)
    await place(deps, connectionId, row, shown)
    if (before !== undefined) await turnOut(deps, before, 'replaced')
    await say(deps, connectionId, { kind: 'ready' })
    if (shown.appear === 'online') deps.push.hint('presence', of.realmId, friends)
    return
  }
}

async function listen(
  deps: SocialDeps,
  connectionId: string,
  row: ConnectionRow,
  wanted: string[],
): Promise<void> {
  const channels = unique(wanted)
  await deps.store.put(channelsPut(connectionId, row, channels)).catch((error: unknown) => {
    // It was replaced a moment ago.
    if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
  })
  await tried(async () => {
    await deps.cache.pipeline(openFields(connectionId, { ...row, channels }))
  })
}

/** Keeps the player in sight. If Redis had forgotten him, he may have missed what was sent meanwhile. */
async function ping(
  deps: SocialDeps,
  connectionId: string,
  row: ConnectionRow,
  number: number,
): Promise<void> {
  const { store, runtime } = deps
  const [shown, banned] = await Promise.all([
    readShown(store, row),
    isBanned(store, row.realmId, row.accountId, runtime.now()),
  ])
  if (banned) return await turnOut(deps, connectionId, 'ticket.refused')
  if (!(await place(deps, connectionId, row, shown))) {
    const again: SocialMessage[] = [
      { kind: 'notified', of: 'mailbox' },
      { kind: 'notified', of: 'presence' },
      { kind: 'lost' },
    ]
    for (const message of again) await say(deps, connectionId, message)
  }
  await say(deps, connectionId, { kind: 'pong', ping: number })
}

/** Pushes find the connection from here on. False when they did not before. */
async function place(
  { cache }: SocialDeps,
  connectionId: string,
  row: ConnectionRow,
  shown: Shown,
): Promise<boolean> {
  const { realmId, accountId, since } = row
  const key = socketKey(realmId, accountId)
  const entry = writeSocketEntry({ connectionId, since, ...shown })
  let before: unknown
  await tried(async () => {
    ;[before] = await cache.pipeline([
      ['GET', key],
      ['SET', key, entry, 'PX', socialKeptMs],
      ...openFields(connectionId, row),
    ])
  })
  return typeof before === 'string' && readSocketEntry(before)?.connectionId === connectionId
}

function openFields(connectionId: string, { realmId, channels }: ConnectionRow): CacheCommand[] {
  const key = openSocketsKey(realmId)
  return [
    ['HSET', key, connectionId, channels.join(' ')],
    ['PEXPIRE', key, socialKeptMs],
  ]
}

/** Says why and closes. What belongs to the connection goes when it has closed (`gone`). */
async function turnOut(
  deps: Pick<SocialDeps, 'sockets'>,
  connectionId: string,
  reason: SocialClose,
): Promise<void> {
  await say(deps, connectionId, { kind: 'closed', reason })
  await deps.sockets.close(connectionId)
}

async function say(
  { sockets }: Pick<SocialDeps, 'sockets'>,
  connectionId: string,
  message: SocialMessage,
): Promise<void> {
  await sockets.post(connectionId, JSON.stringify(message))
}

function readFrame(text: string): SocialFrame | undefined {
  if (Buffer.byteLength(text) > socialFrameMaxBytes) return undefined
  try {
    return socialFrame.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

function unique(channels: readonly string[]): string[] {
  return [...new Set(channels)]
}

/** Without Redis a player is not seen outside zones, and hints do not find him until his next ping. */
async function tried(work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => {
    if (!(error instanceof CacheError)) throw error
  })
}

// Friends, requests and blocks: what pair.ts says, made so in the store.
import type { Friend, Shown } from '#shared/api/friends.ts'
import type { OperationId } from '#shared/api/endpoint.ts'
import type { PageQuery } from '#shared/api/page.ts'
import { renamesAtOnce } from '#shared/limits.ts'
import { notify } from '#shared/notifications/mailbox.ts'
import type { Player } from '#shared/notifications/mailbox.ts'
import { putShown } from '#shared/presence/circle.ts'
import { presenceOf } from '#shared/presence/presence.ts'
import type { PresenceReader } from '#shared/presence/presence.ts'
import { Problem } from '#shared/problem.ts'
import type { Push } from '#shared/push/push.ts'
import { isChatText } from '#shared/protocol/chat-text.ts'
import type { Cache } from '#shared/cache/cache.ts'
import type { OperationDeps, Step } from '#shared/store/commit.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Store } from '#shared/store/store.ts'
import { ownerOfName } from '../characters/characters.ts'
import { once } from '../http/once.ts'
import { readPage } from '../http/page.ts'
import { checkText } from '../moderation/moderation.ts'
import type { TextDeps } from '../moderation/moderation.ts'
import { showInLobby } from '../social/social.ts'
import { next } from './pair.ts'
import type { Act, PairRefusal, Side } from './pair.ts'
import {
  countSide,
  isBlocker,
  listOf,
  nameSide,
  noteBlock,
  readBlocked,
  readBlockers,
  readSide,
  whoKnows,
  writeSide,
} from './store.ts'
import type { FriendRow } from './store.ts'

/** For other domains, where one player reaches another: in the transaction, and for what is read before it. */
export { notBlocked } from './store.ts'

/** Whether a player has blocked another one. One trip. */
export async function hasBlocked(store: Store, by: Player, playerId: string): Promise<boolean> {
  return (await readSide(store, by, playerId))?.state === 'blocked'
}

/** The players that a player has blocked: their lines are not for him. One trip. */
export async function blockedBy(store: Store, of: Player): Promise<ReadonlySet<string>> {
  return new Set((await readBlocked(store, of)).map(({ playerId }) => playerId))
}

/** Who of some players has blocked the one that was asked for. */
export type BlockersAmong = (playerIds: readonly string[]) => Promise<ReadonlySet<string>>

/**
 * Who has blocked a player. One trip. When there are too many for a page, each who is asked for is looked up, all at
 * once: whoever is blocked by thousands costs no more than he asks for.
 */
export async function blockersOf(store: Store, of: Player): Promise<BlockersAmong> {
  const first = await readBlockers(store, of)
  if (!first.more) return async () => first.playerIds
  return async (playerIds) => {
    const asked = [...new Set(playerIds)]
    const found = await Promise.all(asked.map((playerId) => isBlocker(store, of, playerId)))
    return new Set(asked.filter((_, i) => found[i]))
  }
}

/** By which name a player is a friend of another one; undefined when he is none. One trip. */
export async function friendOf(
  store: Store,
  of: Player,
  playerId: string,
): Promise<{ name: string } | undefined> {
  const side = await readSide(store, of, playerId)
  return side?.state === 'friend' ? { name: side.name } : undefined
}

/** Who acts, on whom. Names are those by which they know each other, where the act gives one. */
export type Between = {
  me: Player & { name?: string }
  other: { accountId: string; name?: string }
}

export type FriendDeps = OperationDeps &
  TextDeps & { presence: PresenceReader; cache: Cache; push: Push }

/** Friends with their presence. One trip, and two to the cache. */
export async function listFriends(
  { store, presence }: FriendDeps,
  of: Player,
  query: PageQuery,
): Promise<{ entries: Friend[]; next?: string }> {
  const page = await readPage(store, listOf(of), query)
  const friends = page.entries.filter(({ state }) => state === 'friend')
  const seen = await presence.read(
    of.realmId,
    friends.map(({ playerId }) => playerId),
  )
  const entries = page.entries.map((entry): Friend => {
    const one = seen.get(entry.playerId)
    return one === undefined ? entry : { ...entry, presence: presenceOf(one) }
  })
  return { ...page, entries }
}

/** How friends see a player from now on. Two trips with a status. Throws presence.text, chat.muted, operation.mismatch. */
export async function show(
  deps: FriendDeps,
  of: Player,
  { appear, status }: Shown,
  op: OperationId,
): Promise<Shown> {
  const line = status?.trim()
  if (line !== undefined && (line === '' || !isChatText(line))) throw new Problem('presence.text')
  const answer = await once<Shown>(deps, op, async () => {
    const checked = line === undefined ? {} : { status: await checkText(deps, of, line, 'status') }
    const shown = { appear, ...checked }
    return { steps: [{ write: { put: putShown(of, shown) } }], answer: shown }
  })
  deps.push.hint('shown', of.realmId, [of.accountId])
  await showInLobby(deps, of, answer)
  return answer
}

/**
 * The player whose character has this name; with `deleted`, also one that is deleted. Up to three trips. Throws
 * friend.unknown.
 */
export async function playerOf(
  store: Store,
  realmId: string,
  name: string,
  { deleted }: { deleted: boolean },
): Promise<{ accountId: string; name: string }> {
  const owner = await ownerOfName(store, realmId, name)
  if (owner === undefined || (owner.deleted && !deleted)) throw new Problem('friend.unknown')
  return owner
}

/**
 * What the other one is to the player after an act; undefined for nothing. `who` finds them, or throws a
 * Problem. Three trips, two of them at once, when nobody else changes the pair. Throws friend.*, world.busy,
 * operation.mismatch.
 */
export async function act(
  deps: OperationDeps,
  what: Act,
  who: () => Promise<Between>,
  op: OperationId,
): Promise<Friend | undefined> {
  const { friend } = await once<{ friend?: Friend }>(deps, op, async () => {
    const { me, other } = await who()
    // To himself a player is nothing, so the other acts find nothing to do.
    const begins = what === 'ask' || what === 'block'
    if (begins && other.accountId === me.accountId) throw new Problem('friend.self')
    const them = { realmId: me.realmId, accountId: other.accountId }
    const [mine, theirs] = await Promise.all([
      readSide(deps.store, me, them.accountId),
      readSide(deps.store, them, me.accountId),
    ])
    const before = { mine: sideOf(mine), theirs: sideOf(theirs) }
    const after = next(what, before)
    if (typeof after === 'string') throw new Problem(after)
    const at = deps.runtime.now()
    const row = (state: Side, was: FriendRow | undefined, playerId: string, name?: string) => {
      if (state === 'none') return undefined
      if (was?.state === state) return was
      return { playerId, name: name ?? was!.name, state, at }
    }
    const myRow = row(after.mine, mine, them.accountId, other.name)
    const theirRow = row(after.theirs, theirs, me.accountId, me.name)
    const counts = [
      { write: countSide(me, before.mine, after.mine), otherwise: 'friend.limit' },
      { write: countSide(them, before.theirs, after.theirs), otherwise: 'friend.full' },
    ] as const
    const steps: Step<PairRefusal>[] = [
      { write: writeSide(me, them.accountId, before.mine, myRow) },
      { write: writeSide(them, me.accountId, before.theirs, theirRow) },
      ...counts.flatMap(({ write, otherwise }) =>
        write === undefined ? [] : [{ write, otherwise }],
      ),
    ]
    // Nobody but the player himself makes or ends a block of his.
    const blocked = after.mine === 'blocked'
    if (blocked !== (before.mine === 'blocked')) {
      steps.push({ write: noteBlock(me, them.accountId, blocked) })
    }
    if (after.told !== undefined) {
      const news = { kind: after.told, playerId: me.accountId, name: theirRow!.name }
      steps.push({ write: notify(deps.runtime, them, news) })
    }
    return { steps, answer: myRow === undefined ? {} : { friend: myRow } }
  })
  return friend
}

/**
 * A character has another name: who knows its player by the old one knows him by the new one. Two trips for each of
 * them, some at once: very many may have blocked him. Throws StoreError; safe to repeat.
 */
export async function followName(
  store: Store,
  { realmId, accountId, from, to }: Player & { from: string; to: string },
): Promise<void> {
  const me = { realmId, accountId }
  const follow = async (playerId: string) => {
    const them = { realmId, accountId: playerId }
    const theirs = await readSide(store, them, accountId)
    if (theirs?.name !== from) return
    try {
      await store.update(nameSide(them, accountId, from, to))
    } catch (error) {
      // The pair has changed, and took the name of now.
      if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
    }
  }
  let some: string[] = []
  for await (const playerId of whoKnows(store, me)) {
    some.push(playerId)
    if (some.length < renamesAtOnce) continue
    await Promise.all(some.map(follow))
    some = []
  }
  await Promise.all(some.map(follow))
}

function sideOf(row: FriendRow | undefined): Side {
  return row?.state ?? 'none'
}

// Private instances: a leader opens one for his party, or a player for himself, and `enter` brings members there.
import type { OperationId } from '#shared/api/endpoint.ts'
import type { PrivateView } from '#shared/api/world.ts'
import { privateOpensMs, ticketMs } from '#shared/limits.ts'
import { notify } from '#shared/notifications/mailbox.ts'
import { readCard } from '#shared/ownership/card.ts'
import type { Card } from '#shared/ownership/card.ts'
import { commandPut } from '#shared/ownership/inbox.ts'
import { judgeLease, judgeSuspect, readLease } from '#shared/ownership/lease.ts'
import { findRoom } from '#shared/ownership/listing.ts'
import { privateWrites, readLatestPrivate, readPrivate } from '#shared/ownership/private.ts'
import type { PrivateInstance } from '#shared/ownership/private.ts'
import { answerOf } from '#shared/http/operation.ts'
import { Problem } from '#shared/problem.ts'
import type { ProblemCode } from '#shared/problem.ts'
import { recall } from '#shared/store/commit.ts'
import type { PlayedMatch } from '#shared/rules/played-match.ts'
import type { Step } from '#shared/store/commit.ts'
import type { Push } from '#shared/push/push.ts'
import type { Content } from '#shared/content/content.ts'
import { once } from '../http/once.ts'
import { readMine } from '../parties/parties.ts'
import type { Acting, Member } from '../parties/parties.ts'
import { findPlace, hostPollMs, hostWaitMs, judgeOf } from './placement.ts'
import type { PlacementDeps } from './placement.ts'
import { offersOf } from './choice.ts'

export type PrivateDeps = PlacementDeps & {
  content: Content
  push: Pick<Push, 'hint'>
  hint: (bootId: string) => void
}

/** What opens a private instance: its steps for one transaction, and who is told after it. */
export type Opening = {
  steps: Step<never>[]
  opened: PrivateView
  /** Call it after the commit. */
  tell: () => void
}

/**
 * Takes a slot for an instance of a private zone, and says what opens it there. The same id takes the same slot. `by`:
 * who opens it, and is not told himself; `name`: by whose name the members hear of it; `match`: what is played there.
 * Throws world.full and world.busy.
 */
export async function planPrivate(
  deps: PrivateDeps,
  realmId: string,
  of: {
    instance: string
    zone: string
    difficulty: string | undefined
    members: readonly Member[]
    by?: string
    name: string
    match?: PlayedMatch
  },
): Promise<Opening> {
  const { runtime } = deps
  const { instance, zone, members, name, match } = of
  const { difficulty = deps.content.zones.get(zone)?.private?.difficulties?.[0]?.id } = of
  const slot = await takeSlot(deps, realmId, zone, instance)
  const { bootId } = slot.card
  const openedAt = runtime.now()
  const ids = members.map(({ characterId }) => characterId)
  const hard = difficulty === undefined ? {} : { difficulty }
  const opened = { instance, zone, ...hard, bootId, members: ids, openedAt }
  const slots = { slots: slot.card.instance, slotUntil: slot.ticketExpires }
  const at = { realmId, zone, ...hard, instance, ...slots }
  const command = { kind: 'open' as const, ...at, ...(match && { match }) }
  const others = members.filter(({ characterId }) => characterId !== of.by)
  return {
    steps: [
      ...privateWrites(realmId, opened).map((write) => ({ write })),
      { write: { put: commandPut(openedAt, bootId, command) } },
      ...others.map(({ accountId, characterId }) => {
        const news = { kind: 'instance.opened' as const, characterId, name, zone }
        return { write: notify(runtime, { realmId, accountId }, { ...news, instanceId: instance }) }
      }),
    ],
    opened: viewOf(opened),
    tell() {
      deps.hint(bootId)
      const accounts = others.map(({ accountId }) => accountId)
      if (accounts.length > 0) deps.push.hint('mailbox', realmId, accounts)
    },
  }
}

/** What is to be opened. `running`: the one that is open for him will do, if it is such a one. */
export type Wish = { zone: string; difficulty?: string | undefined; running?: boolean }

/**
 * Opens an instance of a private zone for the caller's party, or for him alone, and tells the others. Its slot is
 * taken under an id that follows from the operation: a request that comes again takes no second one. Throws
 * instance.unknown, party.not_leader, instance.too_many, world.full and world.busy.
 */
export async function openPrivate(
  deps: PrivateDeps,
  { realmId, me, op }: Acting,
  { zone, difficulty, running = false }: Wish,
): Promise<{ instance: PrivateView }> {
  const { store, content } = deps
  // Before a slot is asked for: a repeat must not hold its place for longer.
  const known = await recall<{ instance: PrivateView }, ProblemCode>(deps, op)
  if (known !== undefined) return answerOf(known)
  let tell = () => {}
  const answer = await once(deps, op, async () => {
    const leader = await me()
    const of = content.zones.get(zone)
    if (of?.private === undefined) throw new Problem('instance.unknown')
    const { difficulties = [] } = of.private
    const hard = difficulty ?? difficulties[0]?.id
    if (hard !== undefined && !difficulties.some(({ id }) => id === hard)) {
      throw new Problem('instance.unknown')
    }
    if (running) {
      const { instance } = await latestOf(deps, realmId, leader.characterId)
      if (instance?.zone === zone && instance.difficulty === hard) {
        return { steps: [], answer: { instance } }
      }
    }
    const party = await readMine(store, realmId, leader)
    if (party !== undefined && party.leader !== leader.characterId) {
      throw new Problem('party.not_leader')
    }
    const members = party?.members ?? [leader]
    if (members.length > of.capacity) throw new Problem('instance.too_many')
    const { characterId: by, name } = leader
    const planned = await planPrivate(deps, realmId, {
      instance: idOf(op),
      zone,
      difficulty: hard,
      members,
      by,
      name,
    })
    tell = planned.tell
    return { steps: planned.steps, answer: { instance: planned.opened } }
  })
  tell()
  return answer
}

/** A slot in the fullest host that has one, or in a new host. */
async function takeSlot(deps: PrivateDeps, realmId: string, zone: string, instance: string) {
  const judge = judgeOf(deps)
  const room = await findRoom(deps.store, judge, realmId, zone)
  return await findPlace(deps, offersOf(undefined, [], room, judge.isFresh), {
    realmId,
    zone,
    characterId: instance,
    until: deps.runtime.now() + ticketMs,
    notIn: undefined,
    tried: new Set(),
    synthetic: false,
  })
}

/** The instance that a character may enter now; none when the latest one has ended. Two trips, or three. */
export async function latestOf(
  deps: PlacementDeps,
  realmId: string,
  characterId: string,
): Promise<{ instance?: PrivateView }> {
  const { store, runtime } = deps
  const id = await readLatestPrivate(store, runtime.now(), realmId, characterId)
  const row = id === undefined ? undefined : await readPrivate(store, runtime.now(), realmId, id)
  if (row === undefined || (await stateOf(deps, realmId, row)) === 'over') return {}
  return { instance: viewOf(row) }
}

/**
 * The card of a private instance, for a member. Undefined: it is over, or was never his. Waits while its host opens
 * it. Throws world.busy when that takes long.
 */
export async function findPrivate(
  deps: PlacementDeps,
  realmId: string,
  instance: string,
  characterId: string,
): Promise<Card | undefined> {
  const { store, runtime } = deps
  const beganAt = runtime.now()
  for (;;) {
    const row = await readPrivate(store, runtime.now(), realmId, instance)
    if (row === undefined || !row.members.includes(characterId)) return undefined
    const state = await stateOf(deps, realmId, row)
    if (state === 'over') return undefined
    if (state !== 'opens') return state
    if (runtime.now() - beganAt >= hostWaitMs) throw new Problem('world.busy', { retryAfterS: 1 })
    await runtime.sleep(hostPollMs.allocated)
  }
}

/** `opens`: its host has not said yet that it runs. Two trips side by side. */
async function stateOf(
  deps: PlacementDeps,
  realmId: string,
  row: PrivateInstance,
): Promise<Card | 'opens' | 'over'> {
  const { store, runtime, isLive } = deps
  const { bootId, openedAt, ended } = row
  if (ended) return 'over'
  const [card, lease] = await Promise.all([readCard(store, realmId, row), readLease(store, bootId)])
  if (lease === undefined || judgeLease(bootId, lease).dead) return 'over'
  if (judgeSuspect(bootId, lease).dead) return 'over'
  // Long after it was opened, on any clock: its host never got to it.
  if (card === undefined) return runtime.now() - openedAt > privateOpensMs ? 'over' : 'opens'
  return card.state === 'open' && isLive(card, runtime.now()) ? card : 'over'
}

function viewOf(one: Omit<PrivateInstance, 'bootId' | 'ended'>): PrivateView {
  const { instance, zone, difficulty, members, openedAt } = one
  const hard = difficulty === undefined ? {} : { difficulty }
  return { instanceId: instance, zone, ...hard, members: [...members], openedAt }
}

/** A UUID (version 8) that follows from the id of an operation. */
function idOf({ hash }: OperationId): string {
  const hex = Buffer.from(hash, 'base64url').toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

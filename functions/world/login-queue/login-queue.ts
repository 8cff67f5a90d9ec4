// The login queue of a realm that may have only so many players: who comes in at once, and who waits where.
//
// Numbers and turns are rows (row.ts); how many turns there are is found by a look each two seconds (look.ts), which
// the next request makes that comes when it is due. This process remembers the row of the queue for a second. Who waits
// asks with a signed ticket (ticket.ts), and is answered from memory.
import type { LoginPlace } from '#shared/api/world.ts'
import type { PlayerLimit } from '#shared/config.ts'
import type { Content } from '#shared/content/content.ts'
import { hasPriority } from '#shared/game/priority.ts'
import type { SigningKey, VerifyKeys } from '#shared/keys/jwt.ts'
import { loginAskS, loginLookEveryMs, loginRememberedMs } from '#shared/limits.ts'
import { findInstances } from '#shared/ownership/card.ts'
import type { IsLive } from '#shared/ownership/liveness.ts'
import { Problem } from '#shared/problem.ts'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Store } from '#shared/store/store.ts'
import type { Realms } from '../../http/realms.ts'
import type { Situation } from '../situation.ts'
import { isBack } from './back.ts'
import { lookAt, secondsTo, standingOf } from './look.ts'
import {
  beginQueue,
  claimLook,
  closeTurn,
  deleteWait,
  giveUpNumber,
  groups,
  markBlocked,
  newestOf,
  readGone,
  readQueue,
  readWait,
  takeNumber,
  takeSpare,
  waitingIn,
  writeLook,
  writeWait,
} from './row.ts'
import type { Group, Queue, Wait } from './row.ts'
import { createLoginTickets, signLoginTicket } from './ticket.ts'

export type LoginDeps = {
  store: Store
  runtime: Runtime
  realms: Realms
  content: Pick<Content, 'zones'>
  isLive: IsLive
  signingKey: () => SigningKey
  verifyKeys: VerifyKeys
  isSynthetic: (accountId: string) => boolean
}

type Of = { realmId: string; accountId: string }

/** How one may come in. Call one of the two when it is known how `enter` ended. They never fail. */
export type Entry = {
  entered: () => Promise<void>
  failed: (error: unknown) => Promise<void>
}

export type LoginQueue = {
  /** A place in the queue for who has to wait. One trip and more where the realm has a limit. */
  letIn(of: Of, situation: Situation): Promise<Entry | { waiting: LoginPlace }>
  /** Where the holder of a ticket stands. No trip, most times. Throws login_queue.over. */
  ask(of: Of, ticket: string): Promise<{ waiting?: LoginPlace; yourTurn: boolean }>
  giveUp(of: Of): Promise<void>
  /** Undefined for a realm without a limit. */
  status(
    realmId: string,
  ): Promise<{ playersMax: number; waiting: number; seconds?: number } | undefined>
}

const free: Entry = { entered: async () => {}, failed: async () => {} }

export function createLoginQueue(deps: LoginDeps): LoginQueue {
  const { store, runtime } = deps
  const limitOf = (realmId: string) => deps.realms.limits?.get(realmId)
  const memory = createMemory(deps)
  const readTicket = createLoginTickets(deps.verifyKeys)

  async function placeOf(of: Of, queue: Queue, limit: PlayerLimit, wait: Wait, ticket?: string) {
    const standing = standingOf(queue, limit, wait)
    if (standing.state !== 'waits') return standing
    const { position, seconds } = standing
    const waiting: LoginPlace = {
      position,
      of: standing.of,
      ...(seconds === undefined ? {} : { seconds }),
      askAgainS: askAgainS(position, seconds),
      ticket: ticket ?? (await signLoginTicket(deps.signingKey(), runtime.now(), of, wait)),
    }
    return { state: 'waits' as const, waiting }
  }

  /** The number of an account that has none. Of two requests at once, the one that is slower takes that of the other. */
  async function takePlace({ realmId, accountId }: Of, queue: Queue, before: Wait | undefined) {
    const now = runtime.now()
    const isFirst = await hasPriority(store, realmId, accountId, now)
    const group: Group = isFirst ? 'priority' : 'others'
    const given = await takeNumber(store, realmId, group)
    memory.learn(realmId, given)
    const wait: Wait = { queueId: queue.queueId, group, number: given.given[group] }
    if (await writeWait(store, realmId, accountId, before, wait, now)) return { given, wait }
    await giveUpNumber(store, realmId, wait, now)
    const other = await readWait(store, realmId, accountId)
    if (other === undefined) throw new Problem('world.busy', { retryAfterS: 1 })
    return { given, wait: other }
  }

  async function takeTurn(realmId: string, queue: Queue): Promise<Entry | undefined> {
    if (queue.spare <= 0 || groups.some((group) => waitingIn(queue, group) > 0)) return undefined
    const taken = await takeSpare(store, realmId, queue)
    if (taken === undefined) {
      memory.forget(realmId)
      return undefined
    }
    memory.learn(realmId, taken)
    const turn = { look: taken.look, serial: newestOf(queue).serial }
    const close = async (entered: 0 | 1) => await quietly(closeTurn(store, realmId, turn, entered))
    return { entered: () => close(1), failed: () => close(0) }
  }

  function turnOf({ realmId, accountId }: Of, queue: Queue, wait: Wait, serial: number): Entry {
    return {
      entered: async () =>
        await quietly(
          (async () => {
            // Of two requests at once, one counts.
            if (!(await deleteWait(store, realmId, accountId, wait))) return
            await closeTurn(store, realmId, { look: queue.look, serial }, 1)
          })(),
        ),
      async failed(error) {
        if (!(error instanceof Problem) || error.code !== 'world.full') return
        await quietly(markBlocked(store, realmId, queue.time))
      },
    }
  }

  return {
    async letIn(of, situation) {
      const { realmId, accountId } = of
      const limit = limitOf(realmId)
      if (limit === undefined || situation.role !== undefined || deps.isSynthetic(accountId)) {
        return free
      }
      const [back, queue, before] = await Promise.all([
        isBack(deps, situation),
        memory.current(realmId, limit),
        readWait(store, realmId, accountId),
      ])
      if (back) return free
      if (before?.queueId === queue.queueId) {
        const place = await placeOf(of, queue, limit, before)
        if (place.state === 'waits') return place
        if (place.state === 'turn') return turnOf(of, queue, before, place.serial)
      }
      const turn = await takeTurn(realmId, queue)
      if (turn !== undefined) return turn
      const { given, wait } = await takePlace(of, queue, before)
      const place = await placeOf(of, given, limit, wait)
      if (place.state === 'waits') return place
      if (place.state === 'turn') return turnOf(of, given, wait, place.serial)
      throw new Problem('world.busy', { retryAfterS: 1 })
    },

    async ask(of, ticket) {
      const { realmId } = of
      const limit = limitOf(realmId)
      const wait = await readTicket(runtime.now(), of, ticket)
      if (wait === undefined) throw new Problem('login_queue.over')
      // The limit was lifted.
      if (limit === undefined) return { yourTurn: true }
      const queue = await memory.current(realmId, limit)
      if (queue.queueId !== wait.queueId) throw new Problem('login_queue.over')
      const place = await placeOf(of, queue, limit, wait, ticket)
      if (place.state === 'over') throw new Problem('login_queue.over')
      if (place.state === 'turn') return { yourTurn: true }
      return { yourTurn: false, waiting: place.waiting }
    },

    async giveUp({ realmId, accountId }) {
      const wait = await readWait(store, realmId, accountId)
      if (wait === undefined || !(await deleteWait(store, realmId, accountId, wait))) return
      const queue = await readQueue(store, realmId)
      if (queue?.queueId !== wait.queueId) return
      const serial = queue.batches.find(({ called }) => wait.number <= called[wait.group])?.serial
      if (serial === undefined) await giveUpNumber(store, realmId, wait, runtime.now())
      else if (wait.number > queue.over[wait.group]) {
        await closeTurn(store, realmId, { look: queue.look, serial }, 0)
      }
    },

    async status(realmId) {
      const limit = limitOf(realmId)
      if (limit === undefined) return undefined
      const queue = await readQueue(store, realmId)
      const waiting =
        queue === undefined ? 0 : groups.reduce((sum, group) => sum + waitingIn(queue, group), 0)
      const seconds =
        queue === undefined || waiting === 0 ? undefined : secondsTo(queue, limit, waiting + 1)
      const more = seconds === undefined ? {} : { seconds }
      return { playersMax: limit.players, waiting, ...more }
    },
  }
}

/** What this process knows of the queues, and the looks that it makes when they are due. */
function createMemory(deps: LoginDeps) {
  const { store, runtime } = deps
  const known = new Map<string, { at: number; queue: Promise<Queue> }>()
  const looking = new Map<string, Promise<Queue>>()

  function learn(realmId: string, queue: Queue | Promise<Queue>): void {
    known.set(realmId, { at: runtime.now(), queue: Promise.resolve(queue) })
  }

  async function read(realmId: string): Promise<Queue> {
    const last = known.get(realmId)
    if (last !== undefined && Math.abs(runtime.now() - last.at) < loginRememberedMs) {
      return await last.queue
    }
    const queue = (async () => {
      return (await readQueue(store, realmId)) ?? (await beginQueue(store, realmId, newId(runtime)))
    })()
    learn(realmId, queue)
    try {
      return await queue
    } catch (error) {
      known.delete(realmId)
      throw error
    }
  }

  async function look(realmId: string, limit: PlayerLimit, due: Queue): Promise<Queue> {
    const now = runtime.now()
    const queue = await claimLook(store, realmId, due, now)
    if (queue === undefined) {
      known.delete(realmId)
      return due
    }
    const [players, priority, others] = await Promise.all([
      countPlayers(deps, realmId),
      ...groups.map(async (group) =>
        queue.gone[group] > 0
          ? await readGone(store, realmId, group, queue.called[group])
          : new Set<number>(),
      ),
    ] as const)
    const seen = {
      elapsedMs: now - due.lookedAt,
      players,
      gone: { priority: priority!, others: others! },
    }
    const found = lookAt(queue, limit, seen)
    const next = await writeLook(store, realmId, queue.look, found)
    if (next === undefined) return queue
    learn(realmId, next)
    return next
  }

  return {
    learn,
    forget: (realmId: string) => known.delete(realmId),
    /** The queue as it was a second ago at most; looked at again when that is due. */
    async current(realmId: string, limit: PlayerLimit): Promise<Queue> {
      const under = looking.get(realmId)
      if (under !== undefined) return await under
      const queue = await read(realmId)
      if (Math.abs(runtime.now() - queue.lookedAt) < loginLookEveryMs) return queue
      const begun = looking.get(realmId) ?? look(realmId, limit, queue)
      looking.set(realmId, begun)
      try {
        return await begun
      } finally {
        if (looking.get(realmId) === begun) looking.delete(realmId)
      }
    },
  }
}

/** Places that are taken in all instances of the realm, those of players under way among them. */
async function countPlayers(
  { store, runtime, content, isLive }: LoginDeps,
  realmId: string,
): Promise<number> {
  const zones = [...content.zones.keys()]
  const cards = await Promise.all(
    zones.map(async (zone) => await findInstances(store, realmId, zone, { consistent: true })),
  )
  const now = runtime.now()
  return cards
    .flat()
    .filter((card) => isLive(card, now))
    .reduce((sum, { count, players }) => sum + Math.max(count, players), 0)
}

function askAgainS(position: number, seconds: number | undefined): number {
  const { least, most, part } = loginAskS
  return Math.round(Math.min(most, Math.max(least, (seconds ?? position) / part)))
}

/** A turn that is not closed is over a minute later. */
async function quietly(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
  }
}

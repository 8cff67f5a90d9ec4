// The functions: three of them, each with a clock of its own, that run the real `enter` and the real
// verbs of operators. A request goes to any of them, and its answer may be lost. When a function stands
// still or ends, its requests stop at their present step.
import type { AdminDeps } from '#functions/admin/admin.ts'
import { requireSession } from '#functions/auth/auth.ts'
import { newAccount, newFamily } from '#functions/auth/store.ts'
import { createLoginQueue } from '#functions/world/login-queue/login-queue.ts'
import { enter } from '#functions/world/world.ts'
import type { WorldDeps } from '#functions/world/world.ts'
import type { Content } from '#shared/content/content.ts'
import { createLiveness } from '#shared/ownership/liveness.ts'
import { Problem } from '#shared/problem.ts'
import { PROTOCOL_VERSION } from '#shared/protocol/version.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Write } from '#shared/store/store.ts'
import type { Judge } from './judge.ts'
import { realmId } from './map.ts'
import type { FaultPlan } from './plan.ts'
import type { Enter } from './player.ts'
import { beganAt, createProcess } from './process.ts'
import { createRandom } from './random.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { Keys } from './signing.ts'
import type { Network } from './network.ts'

/** The one login session of each account. */
const loginSessionId = 'session'
/** A function has no longer than this for a request, as behind a gateway, ms. */
const functionMs = 10_000

export type FunctionDeps = WorldDeps & AdminDeps
export type FunctionFault = Extract<FaultPlan, { kind: 'function' }>

/** An account with its session. */
export function accountWrites(accountId: string): Write[] {
  return [
    newAccount(accountId, { createdAt: beganAt, guest: false, era: 0 }),
    newFamily({ accountId, familyId: loginSessionId, era: 0 }, beganAt),
  ]
}

export type Functions = {
  enter: Enter
  /** One request to some function; undefined when no answer came. Fails as the function does. */
  request<T>(work: (deps: FunctionDeps) => Promise<T>): Promise<T | undefined>
  strike(fault: FunctionFault): void
}

type Running = {
  deps: FunctionDeps
  /** The fault strikes it after so many more requests to the store. */
  arm(steps: number, strike: () => void): void
  stop(ms: number): void
  kill(): void
}

export function startFunctions(world: {
  scheduler: Scheduler
  network: Network
  judge: Judge
  seed: number
  skewsMs: readonly number[]
  content: Content
  keys: Keys
  chance: Random
  calm: () => boolean
}): Functions {
  const { scheduler, network, judge, seed, skewsMs, content, keys, chance, calm } = world
  let started = 0

  const start = (i: number): Running => {
    const random = createRandom(seed, `fn ${started++}`)
    const process = createProcess(scheduler, `function ${i}`, random, skewsMs[i]!)
    const thread = process.thread()
    let armed: { steps: number; strike: () => void } | undefined
    const store = network.client({
      slot: undefined,
      thread,
      onRequest() {
        if (armed === undefined || --armed.steps > 0) return
        const { strike } = armed
        armed = undefined
        strike()
      },
    })
    const base = {
      store,
      runtime: thread.runtime,
      realms: { list: [], here: new Set([realmId]) },
      content,
      isLive: createLiveness(),
      signingKey: () => ({ keyId: 'k1', privateKey: keys.privateKey }),
      verifyKeys: () => keys.publicKey,
      isSynthetic: () => false,
    }
    return {
      deps: {
        ...base,
        loginQueue: createLoginQueue(base),
        fleet: { allocate: async () => undefined, list: async () => [], drain: async () => false },
        maintenance: async () => undefined,
        bulletin: async () => ({ maintenance: undefined, announcements: [] }),
        push: { hint: () => {}, send: () => {}, broadcast: () => {} },
        requireSession: async (player) =>
          await requireSession({ store, runtime: thread.runtime }, player),
        hint: (bootId) => {
          // A third of the hints over the cache never arrive.
          if (chance.chance(0.3)) return
          scheduler.after(chance.int(2, 20), () => {
            judge.hosts.find((host) => host.bootId === bootId)?.hint()
          })
        },
      },
      arm(steps, strike) {
        armed = { steps, strike }
      },
      stop: (ms) => process.stop(ms, false),
      kill: () => process.kill(),
    }
  }
  const running = skewsMs.map((_, i) => start(i))

  const request = async <T>(work: (deps: FunctionDeps) => Promise<T>): Promise<T | undefined> => {
    const { deps } = chance.pick(running)
    return await new Promise((resolve, reject) => {
      const answer = (settle: () => void) => {
        const lost = !calm() && chance.chance(0.05)
        if (!lost) scheduler.after(chance.int(5, 40), settle)
      }
      scheduler.after(functionMs, () => resolve(undefined))
      scheduler.after(chance.int(5, 40), () => {
        work(deps).then(
          (value) => answer(() => resolve(value)),
          (error: unknown) => answer(() => reject(error)),
        )
      })
    })
  }

  return {
    request,
    async enter(characterId, accountId, observed) {
      try {
        return await request(async (deps) => {
          const startedAt = scheduler.now()
          judge.bans.asked(accountId)
          const player = {
            kind: 'player' as const,
            accountId,
            loginSessionId,
            era: 0,
            guest: false,
          }
          const admission = await enter(deps, player, realmId, {
            characterId,
            protocol: PROTOCOL_VERSION,
            observed,
          })
          if ('waiting' in admission) throw new Error('the realm has no limit')
          judge.bans.entered(characterId, startedAt)
          return admission
        })
      } catch (error) {
        if (error instanceof StoreError) return { code: 'store', retryMs: 500, observed: undefined }
        if (!(error instanceof Problem)) throw error
        const { code, retryAfterS } = error
        return { code, retryMs: (retryAfterS ?? 0.3) * 1000, observed: error.observed }
      }
    },
    strike({ at, fn, steps, delayMs, ms, crash }) {
      const i = fn % running.length
      const one = running[i]!
      one.arm(steps, () => {
        if (scheduler.now() > at + 12_000) return
        scheduler.after(delayMs, () => {
          judge.noteAll(`function ${i} ${crash ? 'ends' : 'stands still'} at a request`)
          if (!crash) return one.stop(ms)
          one.kill()
          if (running[i] === one) running[i] = start(i)
        })
      })
    },
  }
}

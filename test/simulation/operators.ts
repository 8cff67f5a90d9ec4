// Operators: they show, kick, ban and unban players through the functions, and send each request again
// until it was answered, as their command line does. Some send it once more at the end.
import { ban as banPlayer, kick as kickPlayer, showPlayer, unban } from '#functions/admin/admin.ts'
import { Problem } from '#shared/problem.ts'
import { StoreError } from '#shared/store/store.ts'
import type { FunctionDeps, Functions } from './functions.ts'
import type { Judge } from './judge.ts'
import { actionWaitMs } from './plan.ts'
import type { ActionPlan } from './plan.ts'
import type { Scheduler } from './scheduler.ts'

const operator = { kind: 'operator' as const, role: 'operator' as const, operatorId: 'cli:sim' }
const reason = 'simulated'
const retryMs = 700

export function startOperators(world: {
  scheduler: Scheduler
  judge: Judge
  functions: Functions
  actions: readonly ActionPlan[]
  /** Those of the account that an action is about. */
  accountOf: (player: number) => string
}): void {
  const { scheduler, judge, functions, actions, accountOf } = world
  const { bans } = judge
  const sleep = async (ms: number) =>
    await new Promise<void>((resolve) => scheduler.after(ms, resolve))

  /** Repeats until an answer comes. A failure that is not of the store or of the moment is a defect. */
  async function untilAnswered<T>(work: (deps: FunctionDeps) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        const answer = await functions.request(work)
        if (answer !== undefined) return answer
      } catch (error) {
        const passes =
          error instanceof StoreError ||
          (error instanceof Problem &&
            (error.code === 'store.unavailable' || error.code === 'world.busy'))
        if (!passes) throw error
      }
      await sleep(retryMs)
    }
  }

  async function kick(accountId: string, name: string): Promise<void> {
    const op = { hash: `kick ${name}`, fingerprint: 'kick' }
    let attempts = 0
    await untilAnswered(async (deps) => {
      // A repeat kicks the stays that the first request met, not later ones.
      const inPlay = attempts++ === 0 ? bans.inPlay(accountId) : []
      const { stillInPlay } = await kickPlayer(deps, operator, accountId, reason, op)
      bans.kicked(op.hash, inPlay, new Set(stillInPlay.map(({ characterId }) => characterId)))
      return true
    })
  }

  async function ban(accountId: string, name: string, action: ActionPlan): Promise<void> {
    const op = { hash: `ban ${name}`, fingerprint: 'ban' }
    const send = async () =>
      await untilAnswered(async (deps) => {
        const startedAt = scheduler.now()
        const { stillInPlay } = await banPlayer(deps, operator, accountId, { reason }, op)
        const still = new Set(stillInPlay.map(({ characterId }) => characterId))
        bans.banned(op.hash, accountId, still, startedAt)
        return true
      })
    await send()
    if (action.kind !== 'ban' || action.liftMs === undefined) return
    await sleep(action.liftMs)
    const lift = { hash: `unban ${name}`, fingerprint: 'unban' }
    bans.lifting(accountId)
    await untilAnswered(async (deps) => await unban(deps, operator, accountId, reason, lift))
    bans.lifted(lift.hash, accountId)
    // It does what the account says now: nothing.
    if (action.resend) await send()
  }

  async function show(accountId: string): Promise<void> {
    await untilAnswered(async (deps) => {
      const before = bans.standing(accountId)
      bans.shown(accountId, before, await showPlayer(deps, accountId))
      return true
    })
  }

  /** The moment that the action is tied to, if it comes in time. */
  async function moment(accountId: string, action: ActionPlan): Promise<void> {
    const { after } = action
    if (after === undefined) return
    await new Promise<void>((resolve) => {
      scheduler.after(actionWaitMs - after.ms, resolve)
      bans.once(accountId, after.what, resolve)
    })
    await sleep(after.ms)
  }

  async function carryOut(action: ActionPlan, name: string): Promise<void> {
    const accountId = accountOf(action.player)
    await moment(accountId, action)
    judge.noteAll(`an operator: ${action.kind} P${action.player}`)
    if (action.kind === 'show') await show(accountId)
    else if (action.kind === 'kick') await kick(accountId, name)
    else await ban(accountId, name, action)
  }

  for (const [i, action] of actions.entries()) {
    scheduler.after(action.at, () => {
      carryOut(action, `${i}`).catch((error: unknown) => {
        const what = error instanceof Error ? error.stack : ''
        judge.violation('defect', `${action.kind}: ${what}`)
      })
    })
  }
}

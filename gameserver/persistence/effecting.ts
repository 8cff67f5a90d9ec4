// Makes the effects of a game's zone durable: each once, under the operation id that its character, kind
// and id give, and only while this host owns the character.
//
// Where steps go by rows that were read, the write of such a row is conditioned on what was read. A try that
// comes too late changes nothing, and the next one reads again. Which of the tries happens does not matter:
// all of them put the same operation row, so one of them happens at most.
import { createBackoff } from '#shared/backoff.ts'
import type { CoreEffect, EffectKind, EffectPlan, EffectRequest } from '#shared/game/effect.ts'
import { gameKey } from '#shared/game/game.ts'
import { effectAnswerMaxBytes, effectReadsMax, effectTriesMax } from '#shared/limits.ts'
import { ownedCheck } from '#shared/ownership/transitions.ts'
import type { EffectAnswer, EffectOutcome } from '#shared/rules/effects.ts'
import type { Runtime } from '#shared/runtime.ts'
import { commit, operationOf, refuse } from '#shared/store/commit.ts'
import type { Outcome, Step } from '#shared/store/commit.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Key, Store, TableName, Write } from '#shared/store/store.ts'
import type { Leaver } from './leaving.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { EffectCall, Persistence } from './persistence.ts'
import { failed } from './store-watch.ts'

/** Pauses between repeats of an effect whose outcome is unclear. */
const repeatMs = { baseMs: 250, maxMs: 2000 }

/** A call as its kind has accepted it. */
type Asked = {
  call: EffectCall
  effect: EffectKind | CoreEffect
  request: Omit<EffectRequest<unknown>, 'now'>
}

/** See Persistence.effect. */
export function createEffecting(deps: {
  store: Store
  runtime: Runtime
  host: { realmId: string; bootId: string }
  leaver: Pick<Leaver, 'ownership'>
  /** By kind. */
  effects: ReadonlyMap<string, EffectKind>
  /** Those of the core, by kind. */
  coreEffect?: (kind: string) => CoreEffect | undefined
  log: Log
}): Persistence['effect'] {
  const { store, runtime, host, leaver, effects, coreEffect, log } = deps
  const { realmId, bootId } = host
  const inTurn = createTurns()

  /** A defect of the game. The same request would meet it again each time. */
  function defect({ kind, id }: EffectCall, error: unknown): 'failed' {
    log.error('the code of an effect failed', { kind, id, error })
    return 'failed'
  }

  /** Undefined for what the game has not registered, or not like this. */
  function readCall(call: EffectCall): Asked | undefined {
    const { characterId, accountId, name, id, kind, body } = call
    const effect = coreEffect?.(kind) ?? effects.get(kind)
    const read = effect?.body.safeParse(JSON.parse(body))
    if (effect === undefined || !read?.success) return undefined
    return { call, effect, request: { realmId, characterId, accountId, name, id, body: read.data } }
  }

  /** What the effect does, by its rows as they are now. Throws StoreError. */
  async function plan({ call, effect, request }: Asked): Promise<EffectPlan> {
    const now = runtime.now()
    try {
      if ('plan' in effect) return await effect.plan({ ...request, now })
      const keys = effect.reads?.({ ...request, now }) ?? []
      if (keys.length > effectReadsMax) throw new RangeError(`${keys.length} rows are too many`)
      for (const key of keys) requireOwnRow(call.kind, realmId, 'core', key)
      const rows = await Promise.all(
        keys.map(async (key) => await store.get({ table: 'core', key, consistent: true })),
      )
      const steps = effect.steps({ ...request, now }, rows)
      if ('refused' in steps) return steps
      for (const { write } of steps) requireOwnRow(call.kind, realmId, ...rowOf(write))
      const answer = effect.answer?.({ ...request, now }, rows) ?? {}
      if (new TextEncoder().encode(JSON.stringify(answer)).length > effectAnswerMaxBytes) {
        throw new RangeError('the answer is too long')
      }
      return { steps: steps.map((step) => guarded(call, step)), answer }
    } catch (error) {
      if (error instanceof StoreError) throw error
      return { refused: defect(call, error) }
    }
  }

  /** The step with an `otherwise` that does not throw. */
  function guarded(call: EffectCall, step: Step<string>): Step<string> {
    const { otherwise } = step
    if (typeof otherwise !== 'function') return step
    return {
      ...step,
      otherwise(row) {
        try {
          return otherwise(row)
        } catch (error) {
          return defect(call, error)
        }
      },
    }
  }

  /** One try. `last`: what is busy now is refused. Throws StoreError while the outcome is not settled. */
  async function attempt(
    asked: Asked,
    unclear: boolean,
    last: boolean,
  ): Promise<EffectOutcome | 'fenced' | 'busy'> {
    const { call, effect } = asked
    const { characterId, epoch, kind, id, body } = call
    // Without the epoch: the host that takes the character over asks for the same effect. A game asks again
    // whenever it likes, and so does a character that comes back after a year.
    const operation = operationOf(['effect', realmId, characterId, kind, id], body)
    const kept = { unclear, forGood: true }
    const owned: Step<string> = { write: ownedCheck({ realmId, characterId, bootId, epoch }) }
    const planned = await plan(asked)
    let ended: Outcome<EffectAnswer, string> | undefined
    if ('steps' in planned) {
      const { steps, answer } = planned
      ended = await commit({ store, runtime }, operation, {
        steps: [owned, ...steps],
        answer,
        ...kept,
      })
    }
    if (ended === undefined || (ended.outcome === 'refused' && ended.refused === 'busy')) {
      // The check of the owner has no name of its own: it must not be remembered.
      if ((await leaver.ownership(call)) === 'lost') return 'fenced'
      if (ended !== undefined && !last) return 'busy'
      const refused = 'refused' in planned ? planned.refused : 'busy'
      ended = await refuse({ store, runtime }, operation, { refused, ...kept })
    }
    if (ended.outcome === 'mismatch') return refusedAs('mismatch')
    if (ended.outcome === 'refused') return refusedAs(ended.refused)
    if ('plan' in effect) {
      effect.happened({ ...asked.request, now: runtime.now() }, ended.answer)
      return { outcome: 'done', answer: ended.answer }
    }
    return effect.answer === undefined
      ? { outcome: 'done' }
      : { outcome: 'done', answer: ended.answer }
  }

  async function untilClear(asked: Asked): Promise<EffectOutcome | 'fenced'> {
    const backoff = createBackoff(runtime, repeatMs)
    let unclear = false
    for (let busy = 0; ;) {
      try {
        const outcome = await attempt(asked, unclear, busy >= effectTriesMax - 1)
        if (outcome !== 'busy') return outcome
        busy++
      } catch (error) {
        if (failed(error) === 'refused') return refusedAs('store')
        unclear = true
      }
      await runtime.sleep(backoff.next())
    }
  }

  return async (call) => {
    let asked: Asked | undefined
    try {
      asked = readCall(call)
    } catch (error) {
      return refusedAs(defect(call, error))
    }
    if (asked === undefined) {
      log.error('an effect is not registered, or not with such a body', { kind: call.kind })
      return refusedAs('unknown')
    }
    const settle = async () => await untilClear(asked)
    if (!('plan' in asked.effect) && asked.effect.reads === undefined) return await settle()
    // A player's effects of a kind mostly read the same rows: at once they would be in each other's way.
    return await inTurn(`${call.kind} ${call.characterId}`, settle)
  }
}

function refusedAs(name: string): EffectOutcome {
  return { outcome: 'refused', refused: name }
}

/** Runs what has the same name one after the other, in the order of the calls. */
function createTurns() {
  const last = new Map<string, Promise<unknown>>()
  return async <T>(name: string, run: () => Promise<T>): Promise<T> => {
    const before = last.get(name)
    const mine = (before ?? Promise.resolve()).then(run, run)
    last.set(name, mine)
    try {
      return await mine
    } finally {
      if (last.get(name) === mine) last.delete(name)
    }
  }
}

/** A game reads and writes rows of its own alone. Throws, with the kind. */
function requireOwnRow(kind: string, realmId: string, table: TableName, { pk }: Key): void {
  if (table === 'core' && pk.startsWith(gameKey(realmId, ''))) return
  throw new Error(`the effect ${kind} uses a row that is not the game's: ${table} ${pk}`)
}

function rowOf(write: Write): [TableName, Key] {
  if ('put' in write) return [write.put.table, write.put.item]
  const of = 'update' in write ? write.update : 'delete' in write ? write.delete : write.check
  return [of.table, of.key]
}

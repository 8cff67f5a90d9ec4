// Makes the effects of a game's zone durable: each once, under the operation id that its character, kind
// and id give, and only while this host owns the character.
import { createBackoff } from '#shared/backoff.ts'
import type { EffectKind } from '#shared/game/effect.ts'
import { gameKey } from '#shared/game/game.ts'
import { ownedCheck } from '#shared/ownership/transitions.ts'
import type { EffectOutcome } from '#shared/rules/effects.ts'
import type { Runtime } from '#shared/runtime.ts'
import { commit, operationOf } from '#shared/store/commit.ts'
import type { Step } from '#shared/store/commit.ts'
import type { Store, Write } from '#shared/store/store.ts'
import type { Leaver } from './leaving.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { EffectCall, Persistence } from './persistence.ts'
import { failed } from './store-watch.ts'

/** Pauses between repeats of an effect whose outcome is unclear. */
const repeatMs = { baseMs: 250, maxMs: 2000 }

/** See Persistence.effect. */
export function createEffecting(deps: {
  store: Store
  runtime: Runtime
  host: { realmId: string; bootId: string }
  leaver: Leaver
  /** By kind. */
  effects: ReadonlyMap<string, EffectKind>
  log: Log
}): Persistence['effect'] {
  const { store, runtime, host, leaver, effects, log } = deps
  const { realmId, bootId } = host

  /** The steps of the effect; undefined for what the game has not registered, or not like this. */
  function stepsOf({
    characterId,
    id,
    kind,
    body,
  }: EffectCall): readonly Step<string>[] | undefined {
    const known = effects.get(kind)
    const read = known?.body.safeParse(JSON.parse(body))
    if (known === undefined || !read?.success) return undefined
    const steps = known.steps({ realmId, characterId, id, body: read.data })
    for (const { write } of steps) requireOwnRow(kind, realmId, write)
    return steps
  }

  return async (call) => {
    const { characterId, epoch, id, kind, body } = call
    let steps: readonly Step<string>[] | undefined
    try {
      steps = stepsOf(call)
    } catch (error) {
      // A defect of the game. The same request would meet it again each time.
      log.error('the steps of an effect failed', { kind, id, error })
      return refused('failed')
    }
    if (steps === undefined) return refused('unknown')
    // Without the epoch: the host that takes the character over asks for the same effect.
    const operation = operationOf(['effect', realmId, characterId, kind, id], body)
    const owned: Step<string> = { write: ownedCheck({ realmId, characterId, bootId, epoch }) }
    const backoff = createBackoff(runtime, repeatMs)
    let unclear = false
    for (;;) {
      try {
        const ended = await commit<object, string>({ store, runtime }, operation, {
          steps: [owned, ...steps],
          answer: {},
          unclear,
          // A game asks again whenever it likes, and so does a character that comes back after a year.
          forGood: true,
        })
        if (ended.outcome === 'mismatch') return refused('mismatch')
        if (ended.outcome !== 'refused') return { outcome: 'done' }
        // The check of the owner has no name of its own: it must not be remembered.
        if (ended.refused !== 'busy') return refused(ended.refused)
        if ((await leaver.ownership(call)) === 'lost') return 'fenced'
      } catch (error) {
        if (failed(error) === 'refused') return refused('store')
        unclear = true
      }
      await runtime.sleep(backoff.next())
    }
  }
}

function refused(name: string): EffectOutcome {
  return { outcome: 'refused', refused: name }
}

/** A game writes rows of its own alone. Throws, with the kind. */
function requireOwnRow(kind: string, realmId: string, write: Write): void {
  const { table, pk } =
    'put' in write
      ? { table: write.put.table, pk: write.put.item.pk }
      : 'update' in write
        ? { table: write.update.table, pk: write.update.key.pk }
        : 'delete' in write
          ? { table: write.delete.table, pk: write.delete.key.pk }
          : { table: write.check.table, pk: write.check.key.pk }
  if (table === 'core' && pk.startsWith(gameKey(realmId, ''))) return
  throw new Error(`the effect ${kind} writes a row that is not the game's: ${table} ${pk}`)
}

// Effects: what a game's zone wants made durable. A step never awaits: it asks for an effect by an id that
// names a fact, the host's worker makes it happen once, and the outcome is an input of a later tick.
import type { EffectAnswer } from '../rules/effects.ts'
import type { Step } from '../store/commit.ts'
import type { Item, Key } from '../store/store.ts'

export type EffectRequest<Body> = {
  realmId: string
  characterId: string
  accountId: string
  /** Of the character. */
  name: string
  id: string
  body: Body
  /** Unix ms of this try. */
  now: number
}

type Schema<T> = {
  safeParse(value: unknown): { success: true; data: T } | { success: false }
}

/** The rows that `reads` names, in that order. */
export type Rows = readonly (Item | undefined)[]

/** Its functions are pure: they depend on the request and the rows alone. */
export type EffectOptions<Body> = {
  /** `game.` and a name. */
  kind: string
  body: Schema<Body>
  /**
   * Keys of rows of the game (`gameKey`, table `core`) that `steps` goes by, at most `effectReadsMax`. They
   * are read strongly, and again before each try. Steps that go by a row condition their write on what was read,
   * without `otherwise`: if somebody has changed it, the effect reads again and tries again.
   */
  reads?(request: EffectRequest<Body>): readonly Key[]
  /**
   * The rows of the game that it writes, each with the name of its refusal; or why it is refused. They
   * happen in one transaction with the check that the host still owns the character.
   */
  steps(request: EffectRequest<Body>, rows: Rows): readonly Step<string>[] | { refused: string }
  /** Comes with the outcome and is kept with the id, at most `effectAnswerMaxBytes` of JSON. */
  answer?(request: EffectRequest<Body>, rows: Rows): EffectAnswer
}

/** A kind with its types forgotten: only what its own schema has accepted reaches `steps`. */
export type EffectKind = EffectOptions<unknown>

/** What an effect does, or why it is refused. */
export type EffectPlan =
  | { steps: readonly Step<string>[]; answer: EffectAnswer }
  | { refused: string }

/** An effect of the core: it may read and write rows that are not the game's. */
export type CoreEffect = {
  body: Schema<unknown>
  /** Looks again before each try; a step without a name fails when somebody was faster. Throws StoreError. */
  plan(request: EffectRequest<unknown>): Promise<EffectPlan>
  /** It has happened, now or before. Not waited for; never fails. */
  happened(request: EffectRequest<unknown>, answer: EffectAnswer): void
}

/** Checks that schema and steps agree. */
export function effect<Body>(options: EffectOptions<Body>): EffectKind {
  return options
}

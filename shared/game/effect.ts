// Effects: what a game's zone wants made durable. A step never awaits: it asks for an effect by an id that
// names a fact, the host's worker makes it happen once, and the outcome is an input of a later tick.
import type { Step } from '../store/commit.ts'

export type EffectRequest<Body> = { realmId: string; characterId: string; id: string; body: Body }

type Schema<T> = {
  safeParse(value: unknown): { success: true; data: T } | { success: false }
}

export type EffectOptions<Body> = {
  /** `game.` and a name. */
  kind: string
  body: Schema<Body>
  /**
   * The rows of the game that it writes (`gameKey`), each with the name of its refusal: a pure function of
   * the request. They happen in one transaction with the check that the host still owns the character.
   */
  steps(request: EffectRequest<Body>): readonly Step<string>[]
}

/** A kind with its types forgotten: only what its own schema has accepted reaches `steps`. */
export type EffectKind = EffectOptions<unknown>

/** Checks that schema and steps agree. */
export function effect<Body>(options: EffectOptions<Body>): EffectKind {
  return options
}

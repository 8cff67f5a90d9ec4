// What the zone, the host and its worker say of an effect (shared/game/effect.ts).

/** An effect that was asked for and whose outcome the zone does not know yet. Saved with its character. */
export type WaitingEffect = {
  /** Names the fact: the same id of the same character and kind takes effect once, for good. */
  id: string
  kind: string
  /** JSON text. */
  body: string
}

/** What an effect says of itself besides: a few plain values. */
export type EffectAnswer = Readonly<Record<string, number | string | boolean>>

/**
 * How an effect ended. An effect that is repeated has the answer of the first time. `full`: too much waits
 * already; it was not sent. `failed`: the code of its kind threw. `busy`: a condition without a name was not met
 * for long, or others changed the same rows each time.
 */
export type EffectOutcome =
  | { outcome: 'done'; answer?: EffectAnswer }
  | { outcome: 'refused'; refused: string }

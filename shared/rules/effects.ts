// What the zone, the host and its worker say of an effect (shared/game/effect.ts).

/** An effect that was asked for and whose outcome the zone does not know yet. Saved with its character. */
export type WaitingEffect = {
  /** Names the fact: the same id of the same character and kind takes effect once, for good. */
  id: string
  kind: string
  /** JSON text. */
  body: string
}

/** How an effect ended. `full`: too much waits already; it was not sent. `failed`: its steps threw. */
export type EffectOutcome = { outcome: 'done' } | { outcome: 'refused'; refused: string }

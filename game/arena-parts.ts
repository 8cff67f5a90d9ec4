// What both halves of the game know of the arena. No I/O.
import { component, oneOf, u16, u8 } from 'waystone/api'

/** For whom a player fights; `none` outside the arena. */
export const Side = component(
  'side',
  { side: oneOf('none', 'red', 'blue') },
  { audience: 'near', life: 'entity', first: { side: 'none' } },
)

/**
 * How the fight stands, for each who is in it. `red` and `blue`: percent of the time that they have to hold the ring.
 * `seconds`: until it begins, ends, or closes.
 */
export const Fight = component(
  'fight',
  { state: oneOf('waits', 'fights', 'over'), red: u8, blue: u8, seconds: u16 },
  { audience: 'owner', life: 'entity', first: { state: 'waits', red: 0, blue: 0, seconds: 0 } },
)

/** The ring in the middle, as everybody sees it. */
export const Held = component(
  'held',
  { by: oneOf('none', 'red', 'blue', 'both') },
  { audience: 'near', life: 'entity', first: { by: 'none' } },
)

/** Metres. */
export const ringRadius = 4

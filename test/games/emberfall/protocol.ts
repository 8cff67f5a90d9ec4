// What both halves of the game know.
import { component, Health, tally, u8 } from 'waystone/api'

export { Health }
export const Mana = component(
  'mana',
  { now: u8, most: u8 },
  { audience: 'owner', life: 'character', first: { now: 100, most: 100 } },
)
/** Embers that a character has gathered. */
export const Score = tally('score', { per: 'character', ranked: true })

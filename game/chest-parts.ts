// What both halves of the game know of chests. No I/O.
import { component, flag, tally } from 'waystone/api'

export const Opened = component(
  'opened',
  { opened: flag },
  { audience: 'near', life: 'entity', first: { opened: false } },
)

/** Dungeons that a character has come to the end of. */
export const Delved = tally('delved', { per: 'character', ranked: true })

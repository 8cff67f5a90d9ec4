// The browser half of the sample game: how things look that content does not say, and what its own
// messages look like. No I/O.
import { cairns, emoteKind, emotes, emoteShown } from './protocol.ts'

/** Its routes, for createApiClient: `{ api: { ...api, ...gameApi } }`. */
export const gameApi = { game: cairns }

/** What the page shows before the player has chosen anything. */
export const title = 'Waystone'

/** Colours of jobs, `#rrggbb`: a player's body has the colour of the race, its rim that of the job. */
export const jobColors: Record<string, string> = {
  guardian: '#4a6fa5',
  ranger: '#4f7942',
  mage: '#8e5ba6',
  healer: '#e0c868',
}

/**
 * How a creature is drawn from above. Lengths are radii of its body; `marks` are what the page knows
 * to paint: antlers, beak, brush, comb, ears, mask, tail, tusks.
 */
export type CreatureShape = {
  length: number
  width: number
  head: number
  marks: readonly string[]
}

/** By content id; others are drawn plain. */
export const creatureShapes: Record<string, CreatureShape> = {
  badger: { length: 2, width: 1.3, head: 0.42, marks: ['mask', 'ears'] },
  boar: { length: 2.1, width: 1.35, head: 0.5, marks: ['tusks', 'ears'] },
  deer: { length: 2.1, width: 1, head: 0.36, marks: ['antlers', 'ears'] },
  fox: { length: 1.9, width: 0.9, head: 0.4, marks: ['brush', 'ears'] },
  hen: { length: 1.6, width: 1.2, head: 0.38, marks: ['tail', 'comb', 'beak'] },
}

// Words, for pictures of this kind need a font that not every machine has.
const signs = { wave: '*waves*', bow: '*bows*', dance: '*dances*' } as const

/** What the page sends when the player presses a key (`event.code`) or the button with this label. */
export const actions: Record<string, { label: string; message: GameMessage }> = Object.fromEntries(
  emotes.map((emote, i) => [
    `Digit${i + 1}`,
    { label: emote, message: { kind: emoteKind, emote } },
  ]),
)

/** What the page shows over the head of an entity for a message of the game; undefined for nothing. */
export function bubbleOf(message: GameMessage): { entity: number; text: string } | undefined {
  if (message.kind !== emoteKind) return undefined
  const shown = emoteShown.safeParse(message)
  return shown.success ? { entity: shown.data.from, text: signs[shown.data.emote] } : undefined
}

/** A message of the game, either way. */
export type GameMessage = { kind: string; [field: string]: unknown }

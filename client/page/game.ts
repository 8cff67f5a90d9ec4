// What a game says to the page: how things look that content does not say, and what its own messages do.

/** A message of the game, either way. */
export type GameMessage = { kind: string; [field: string]: unknown }

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

export type PageGame = {
  /** What the page shows before the player has chosen anything. */
  title: string
  /** By id in the content, `#rrggbb`: a player's body has the colour of the race, its rim that of the job. */
  jobColors: Readonly<Record<string, string>>
  /** By id in the content; others are drawn plain. */
  creatureShapes: Readonly<Record<string, CreatureShape>>
  /** What is sent when the player presses a key (`event.code`) or the button with this label. */
  actions: Readonly<Record<string, { label: string; message: GameMessage }>>
  /** What is shown over the head of an entity for a message of the game; undefined for nothing. */
  bubbleOf(message: GameMessage): { entity: number; text: string } | undefined
}

/** The browser half of a game: the export `page` of its page.ts. */
export function pageGame(page: PageGame): PageGame {
  return page
}

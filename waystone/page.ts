// `waystone/page`: the browser half of a game.
export { pageGame } from '#client/page/game.ts'
export type { CreatureShape, GameMessage, PageGame } from '#client/page/game.ts'

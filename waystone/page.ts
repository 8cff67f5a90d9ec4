// `waystone/page`: the browser half of a game.
export { read } from '#client/library/view.ts'
export type { Drawn, Known, Seen } from '#client/library/view.ts'
export { toMetres } from '#client/library/zone.ts'
export type { ZoneClient } from '#client/library/zone-client.ts'
export { pageGame } from '#client/page/game.ts'
export type { Binding, GameMessage, Own, Page, PageGame } from '#client/page/game.ts'
export type { Look, Mark } from '#client/page/looks.ts'
export type { Pen, Stroke } from '#client/page/pen.ts'

// How often a viewer is sent a frame. Oneself and who is in the same cell are worth one in each tick; what
// is farther away may come in every second, for everybody goes straight on between records, and clients
// draw a little behind (docs/protocol.md). In a crowd somebody in sight turns in every tick, and a send is
// the larger part of what a viewer costs.
//
// A host that cannot keep up sends fewer frames before it gives up ticks: first of what is far, then of
// what is near as well. What a client must know about itself at once it is told at once at every pace.

/**
 * A viewer's turn comes every so many ticks: for what has changed in its own cell, and for all else. In
 * which of them depends on the viewer, so that each tick has its share.
 */
export type Pace = { nearTicks: number; farTicks: number }

/** From the usual one to the thinnest. */
export const paces: readonly [Pace, ...Pace[]] = [
  { nearTicks: 1, farTicks: 2 },
  { nearTicks: 1, farTicks: 4 },
  { nearTicks: 2, farTicks: 4 },
]

// How often a viewer is sent a snapshot: the level of detail. A viewer's own body and its cell are worth
// a snapshot in each tick. What is farther away may come in every second one: everybody moves straight on
// between records, and clients draw a little behind (docs/protocol.md). In a crowd somebody in view turns
// in every tick, and a send is the larger part of what a viewer costs.
//
// A host that cannot keep up sends fewer snapshots before it skips ticks: first of what is far, then of
// what is near as well. What a client must know about itself at once is sent at once at every level.

/**
 * A viewer's turn comes every so many ticks: for what has changed in its own cell, and for all else. The
 * turns of different viewers fall into different ticks, so that ticks cost alike.
 */
export type Detail = { nearTicks: number; farTicks: number }

/** From the usual level to the lowest. */
export const details: readonly [Detail, ...Detail[]] = [
  { nearTicks: 1, farTicks: 2 },
  { nearTicks: 1, farTicks: 4 },
  { nearTicks: 2, farTicks: 4 },
]

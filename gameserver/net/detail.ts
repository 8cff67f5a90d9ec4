// How often a viewer is sent a snapshot: the level of detail. A viewer's own body and its cell are worth
// a snapshot in each tick. For farther cells every second tick is enough: entities move straight on between
// records, and clients draw a little behind (docs/protocol.md). In a crowd some entity in view turns in every
// tick, and a send is the larger part of a viewer's cost.
//
// A host that cannot keep up sends fewer snapshots before it skips ticks: first of far cells, then of near
// ones as well. At every level a client gets at once what it must know about itself.

/**
 * A viewer's turn comes every so many ticks: `nearTicks` for changes in its own cell, `farTicks` for all
 * others. The turns of different viewers fall into different ticks, so that all ticks cost about the same.
 */
export type Detail = { nearTicks: number; farTicks: number }

/** From the usual level to the lowest. */
export const details: readonly [Detail, ...Detail[]] = [
  { nearTicks: 1, farTicks: 2 },
  { nearTicks: 1, farTicks: 4 },
  { nearTicks: 2, farTicks: 4 },
]

// What crosses between adapter and host before somebody joins.

/** A player as the bench wants it; places in metres of the bench. */
export type Newcomer = { name: string; x: number; y: number; hp: number; level: number }

/**
 * The socket on which the host that listens on `port` takes newcomers: of Linux' abstract names (unix(7)),
 * which go with their process, however the bench ends it.
 */
export function doorPath(port: number): string {
  return `\0waystone-bench-${port}`
}

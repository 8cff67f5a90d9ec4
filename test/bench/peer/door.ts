// What crosses between adapter and host before somebody joins.
import { tmpdir } from 'node:os'
import path from 'node:path'

/** A player as the bench wants it; places in metres of the bench. */
export type Newcomer = { name: string; x: number; y: number; hp: number; level: number }

/** The socket on which the host that listens on `port` takes newcomers. */
export function doorPath(port: number): string {
  return path.join(tmpdir(), `waystone-bench-${port}.sock`)
}

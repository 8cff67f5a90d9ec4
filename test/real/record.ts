// What bots were told by the server, as they wrote it down (`--record`), and what a crash may cost of it.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { unitsPerMetre } from '#shared/rules/units.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What a crash may lose, with the pace at which the record is written (5 a second), ms. */
export const lostMs = 5000 + 200
/** How far a bot walks between two lines of the record, metres. */
const betweenLines = 1.2
/** How far the server moves it on after the last line: a line's time, and 0.5 s of repeated commands. */
const aheadOfLast = 3.6

/** Bots as `npm run bots` starts them. */
export function startBots(args: string[]): ChildProcess {
  return spawn(process.execPath, ['client/bots/main.ts', ...args], { cwd: root, stdio: 'ignore' })
}

export type Position = { at: number; zone: string; x: number; y: number }

type Line = { at: number; bot: number } & (
  | { what: 'account'; accountId: string }
  | { what: 'character'; characterId: string; name: string }
  | { what: 'position'; zone: string; body: { x: number; y: number } }
)
export type Told = {
  accountId: string
  characterId: string
  name: string
  positions: Position[]
}

/** What each bot was told, by its index. */
export async function readRecord(file: string): Promise<Map<number, Told>> {
  const told = new Map<number, Told>()
  for (const text of (await readFile(file, 'utf8')).split('\n')) {
    // The last line of a bot that was killed may be cut.
    if (!text.endsWith('}')) continue
    const line = JSON.parse(text) as Line
    const one = told.get(line.bot) ?? { accountId: '', characterId: '', name: '', positions: [] }
    told.set(line.bot, one)
    if (line.what === 'account') one.accountId = line.accountId
    else if (line.what === 'character') Object.assign(one, line)
    else {
      const { x, y } = line.body
      const place = { x: x / unitsPerMetre, y: y / unitsPerMetre }
      one.positions.push({ at: line.at, zone: line.zone, ...place })
    }
  }
  return told
}

/**
 * How long ago, before the last of these positions, the character was where it is now; undefined when
 * it never was there.
 */
export function behindMs(told: Position[], now: Omit<Position, 'at'>): number | undefined {
  const last = told.at(-1)
  const near = told.findLast((line) => {
    const apart = Math.hypot(line.x - now.x, line.y - now.y)
    return line.zone === now.zone && apart <= (line === last ? aheadOfLast : betweenLines)
  })
  return near && last!.at - near.at
}

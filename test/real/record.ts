// What bots were told by the server, as they wrote it down (`--record`), and what a crash may cost of it.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { open } from 'node:fs/promises'
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
  | { what: 'state'; phase: string; why?: string; reason?: string }
  | { what: 'admitted' | 'opened' }
  | { what: 'saving'; paused: boolean }
)
/** What happened to its connection: a phase of the library, `admitted` by `enter`, socket `opened`. */
export type Step = { at: number; what: string; why: string | undefined }
export type Told = {
  accountId: string
  characterId: string
  name: string
  positions: Position[]
  steps: Step[]
  saving: { at: number; paused: boolean }[]
}

export type BotRecord = {
  /** What each bot was told up to now, by its index. The same objects each time, which grow. */
  read(): Promise<Map<number, Told>>
}

/** Follows the record while bots write it: each line is read once. */
export function followRecord(file: string): BotRecord {
  const told = new Map<number, Told>()
  let offset = 0
  let rest = ''
  return {
    async read() {
      const handle = await open(file).catch(() => undefined)
      if (handle === undefined) return told
      try {
        const { size } = await handle.stat()
        const bytes = Buffer.alloc(size - offset)
        const { bytesRead } = await handle.read(bytes, 0, bytes.length, offset)
        offset += bytesRead
        // What bots write down is ASCII, so no letter is ever cut in two.
        const lines = (rest + bytes.toString('latin1', 0, bytesRead)).split('\n')
        rest = lines.pop()!
        for (const line of lines) take(told, JSON.parse(line) as Line)
      } finally {
        await handle.close()
      }
      return told
    },
  }
}

/** What each bot was told, by its index; the last line of bots that were killed may be cut. */
export async function readRecord(file: string): Promise<Map<number, Told>> {
  return await followRecord(file).read()
}

function take(told: Map<number, Told>, line: Line): void {
  const { at } = line
  let one = told.get(line.bot)
  if (one === undefined) {
    one = { accountId: '', characterId: '', name: '', positions: [], steps: [], saving: [] }
    told.set(line.bot, one)
  }
  switch (line.what) {
    case 'account':
      one.accountId = line.accountId
      break
    case 'character':
      one.characterId = line.characterId
      one.name = line.name
      break
    case 'position': {
      const place = { x: line.body.x / unitsPerMetre, y: line.body.y / unitsPerMetre }
      one.positions.push({ at, zone: line.zone, ...place })
      break
    }
    case 'state':
      one.steps.push({ at, what: line.phase, why: line.why ?? line.reason })
      break
    case 'admitted':
    case 'opened':
      one.steps.push({ at, what: line.what, why: undefined })
      break
    case 'saving':
      one.saving.push({ at, paused: line.paused })
      break
  }
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

/** The value below which this part of them lies, whole ms. */
export function percentile(values: number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return Math.round(
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN,
  )
}

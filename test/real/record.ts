// What bots recorded of the server's answers (`--record`), and how much of it a crash may lose.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { open } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { game } from '#game'
import { loadContent } from '#shared/content-files/load.ts'
import { unitsPerMetre } from '#shared/rules/units.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { content } = await loadContent(game.content)

/** What a crash may lose, with the pace at which the record is written (5 a second), ms. */
export const lostMs = 5000 + 200
/** How far beside its recorded way a bot may be, for it turns between two lines, metres. */
const betweenLines = 1.2
/** Lines further apart than this do not show the way between them, ms. */
const oneWayMs = 1000
/** How far the server may move it after the last line: one line's time, and 0.5 s of repeated commands. */
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
  | { what: 'state'; phase: string; zone?: string; why?: string; reason?: string }
  | { what: 'admitted' | 'opened' }
  | { what: 'saving'; paused: boolean }
)
/** What happened to its connection: a phase of the library, `admitted` by `enter`, socket `opened`. */
export type Step = { at: number; what: string; why: string | undefined }
export type BotHistory = {
  accountId: string
  characterId: string
  name: string
  positions: Position[]
  steps: Step[]
  saving: { at: number; paused: boolean }[]
}

export type BotRecord = {
  /** The history of each bot up to now, by its index. The same objects each time, which grow. */
  read(): Promise<Map<number, BotHistory>>
}

/** Follows the record while bots write it: each line is read once. */
export function followRecord(file: string): BotRecord {
  const histories = new Map<number, BotHistory>()
  let offset = 0
  let rest = ''
  return {
    async read() {
      const handle = await open(file).catch(() => undefined)
      if (handle === undefined) return histories
      try {
        const { size } = await handle.stat()
        const bytes = Buffer.alloc(size - offset)
        const { bytesRead } = await handle.read(bytes, 0, bytes.length, offset)
        offset += bytesRead
        // Bots write ASCII, so no letter is cut in two.
        const lines = (rest + bytes.toString('latin1', 0, bytesRead)).split('\n')
        rest = lines.pop()!
        for (const line of lines) take(histories, JSON.parse(line) as Line)
      } finally {
        await handle.close()
      }
      return histories
    },
  }
}

/** The history of each bot, by its index; the last line of bots that were killed may be cut. */
export async function readRecord(file: string): Promise<Map<number, BotHistory>> {
  return await followRecord(file).read()
}

function take(histories: Map<number, BotHistory>, line: Line): void {
  const { at } = line
  let one = histories.get(line.bot)
  if (one === undefined) {
    one = { accountId: '', characterId: '', name: '', positions: [], steps: [], saving: [] }
    histories.set(line.bot, one)
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
      if (line.phase === 'travelling') arrive(one.positions, line.zone!, at)
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

/** Who is through a gate stands where it leads to, though no host has told so yet. */
function arrive(positions: Position[], zone: string, at: number): void {
  const last = positions.at(-1)
  if (last === undefined) return
  const gates = content.zones.get(last.zone)?.gates.filter(({ to }) => to === zone) ?? []
  const beside = ({ area: { x, y, width, height } }: (typeof gates)[number]) =>
    Math.hypot(last.x - (x + width / 2), last.y - (y + height / 2))
  const [gate] = gates.toSorted((a, b) => beside(a) - beside(b))
  if (gate?.arrive !== undefined) positions.push({ at, zone, ...gate.arrive })
}

/**
 * How long before the last of these positions the character was where it is now, ms. It counts the ways
 * between lines, for a busy machine writes few lines. Undefined when it never was there.
 */
export function behindMs(positions: Position[], now: Omit<Position, 'at'>): number | undefined {
  const last = positions.at(-1)
  if (last === undefined) return undefined
  if (now.zone === last.zone && apart(last, now) <= aheadOfLast) return 0
  for (let index = positions.length - 1; index >= 0; index--) {
    const near = nearestOf(positions, index, now)
    if (near.zone === now.zone && near.metres <= betweenLines) return Math.round(last.at - near.at)
  }
  return undefined
}

/** For a message: where it is, and its nearest earlier position. */
export function farFrom(positions: Position[], now: Omit<Position, 'at'>): string {
  const place = `(${now.x.toFixed(1)}, ${now.y.toFixed(1)}) of ${now.zone}`
  const near = positions
    .map((_, index) => nearestOf(positions, index, now))
    .filter(({ zone }) => zone === now.zone)
    .toSorted((a, b) => a.metres - b.metres)[0]
  if (near === undefined) return `${place}, where it never was`
  const last = positions.at(-1)!
  const way = `${near.metres.toFixed(1)} m away, ${Math.round(last.at - near.at)} ms before the last line`
  return `${place}, ${way} at (${last.x.toFixed(1)}, ${last.y.toFixed(1)})`
}

/** The nearest point to a place on the way from a line to the next one. */
function nearestOf(positions: Position[], index: number, to: { x: number; y: number }) {
  const [from, next] = [positions[index]!, positions[index + 1]]
  if (next === undefined || next.zone !== from.zone || next.at - from.at > oneWayMs) {
    return { zone: from.zone, at: from.at, metres: apart(from, to) }
  }
  const [dx, dy] = [next.x - from.x, next.y - from.y]
  const along = ((to.x - from.x) * dx + (to.y - from.y) * dy) / (dx * dx + dy * dy || 1)
  const part = Math.min(1, Math.max(0, along))
  const metres = apart({ x: from.x + part * dx, y: from.y + part * dy }, to)
  return { zone: from.zone, at: from.at + part * (next.at - from.at), metres }
}

function apart(a: { x: number; y: number }, b: { x: number; y: number }): number {
  return Math.hypot(a.x - b.x, a.y - b.y)
}

/** The value below which this part of them lies, whole ms. */
export function percentile(values: number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return Math.round(
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN,
  )
}

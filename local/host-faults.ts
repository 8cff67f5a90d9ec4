// What a developer must see of zone hosts is shown at once: faults of the game, other errors, and what the game
// itself prints (`console.log`). The start follows their logs, which are files so that a host can always write.
import { closeSync, openSync, readSync, readdirSync, statSync } from 'node:fs'
import { basename, join, relative, sep } from 'node:path'
import * as z from 'zod'
import type { Runtime } from '#shared/runtime.ts'
import { faultLine, hostReplacedMessage, tooLong } from '#shared/telemetry/fault.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { every } from './every.ts'

const readEveryMs = 250
/** More at once is not read: it is in the file. */
const readMaxBytes = 256 * 1024
/** A system that prints does so 20 times a second. More lines of a reading are in the file. */
const printedMax = 20
/** These are no hosts: what they print is no word of the game. */
const others = ['start.log', 'bots.log']

/** A line of a log of ours. */
const logLine = z.object({
  level: z.string(),
  message: z.string(),
  instance: z.string().optional(),
  kind: z.string().optional(),
  error: z.object({ message: z.string() }).optional(),
})

/** Prints what hosts log of faults and what they print from now on, until the signal is aborted. */
export function followHostFaults(options: {
  folder: string
  /** The folder of the game: places in it are shown from there. */
  game: string
  print: (line: string) => void
  runtime: Pick<Runtime, 'sleep'>
  log: Log
  signal: AbortSignal
}): Promise<void> {
  const { folder, print } = options
  /** How far each file was read. */
  const readTo = new Map<string, number>()
  const known = new Set<string>()
  const readNew = (isFirst: boolean) => {
    for (const file of readdirSync(folder)) {
      if (!file.endsWith('.log')) continue
      const path = join(folder, file)
      const { size } = statSync(path)
      const from = readTo.get(path) ?? (isFirst ? size : 0)
      readTo.set(path, size)
      if (size <= from) continue
      const text = readPart(path, Math.max(from, size - readMaxBytes), size)
      // An incomplete line is read again when it is complete.
      const end = text.lastIndexOf('\n') + 1
      readTo.set(path, size - Buffer.byteLength(text.slice(end)))
      const lines = text
        .slice(0, end)
        .split('\n')
        .filter((line) => line !== '')
      for (const line of lines.filter(isLogged)) {
        const shown = readFault(line, options.game) ?? readError(line)
        // Errors of the core come again and again: a host that cannot live is replaced by one that cannot.
        if (shown === undefined || known.has(shown.once ?? '')) continue
        if (shown.once !== undefined) known.add(shown.once)
        print(shown.text)
      }
      if (!others.includes(file)) printAll(basename(file, '.log'), lines)
    }
  }
  const printAll = (host: string, lines: string[]) => {
    const printed = lines.filter((line) => !isLogged(line))
    for (const line of printed.slice(0, printedMax)) print(`${host}: ${line}`)
    const more = printed.length - printedMax
    if (more > 0) print(`${host}: ${more} more lines, in logs/${host}.log`)
  }
  readNew(true)
  return every(
    readEveryMs,
    'reading the logs of the zone hosts',
    async () => readNew(false),
    options,
  )
}

/** `once`: said once, by this name. */
type Shown = { text: string; once?: string }

/** What is printed for a line of a log; undefined when it is no fault. */
function readFault(line: string, game: string): Shown | undefined {
  const value = parsed(line)
  if ((value as { message?: unknown }).message === hostReplacedMessage) {
    return { text: hostReplacedMessage }
  }
  const fault = faultLine.safeParse(value)
  if (!fault.success) return undefined
  const { instance, what, at, times, error } = fault.data
  const where = at === undefined ? '' : ` at ${at.startsWith(game + sep) ? relative(game, at) : at}`
  const count = times === 1 ? '' : ` (${times} times)`
  const failed = what.startsWith(tooLong) ? '' : ' failed'
  return { text: `${instance}: ${what}${failed}${where}: ${error.message}${count}` }
}

function readError(line: string): Shown | undefined {
  const { data } = logLine.safeParse(parsed(line))
  if (data?.level !== 'error') return undefined
  const { message, instance, kind, error } = data
  const of = kind === undefined ? '' : ` (${kind})`
  const why = error === undefined ? '' : `: ${error.message}`
  const text = `${message}${of}${why}`
  return { text: instance === undefined ? text : `${instance}: ${text}`, once: text }
}

function isLogged(line: string): boolean {
  return logLine.safeParse(parsed(line)).success
}

/** Undefined for what is no JSON: what the game prints, and a crash. */
function parsed(line: string): unknown {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function readPart(path: string, from: number, to: number): string {
  const bytes = Buffer.alloc(to - from)
  const file = openSync(path, 'r')
  try {
    return bytes.toString('utf8', 0, readSync(file, bytes, 0, bytes.length, from))
  } finally {
    closeSync(file)
  }
}

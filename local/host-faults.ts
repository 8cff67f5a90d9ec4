// Faults of the game are shown at once: the start follows the logs of the zone hosts, which are files so
// that a host can always write.
import { closeSync, openSync, readSync, readdirSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import type { Runtime } from '#shared/runtime.ts'
import { faultLine, hostReplacedMessage } from '#shared/telemetry/fault.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { every } from './every.ts'

const readEveryMs = 250
/** More at once is not read: it is in the file. */
const readMaxBytes = 256 * 1024

/** Prints each fault that a host logs from now on, until the signal is aborted. */
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
      for (const line of text.slice(0, end).split('\n')) {
        const shown = readFault(line, options.game)
        if (shown !== undefined) print(shown)
      }
    }
  }
  readNew(true)
  return every(
    readEveryMs,
    'reading the logs of the zone hosts',
    async () => readNew(false),
    options,
  )
}

/** What is printed for a line of a log; undefined when it is no fault. */
function readFault(line: string, game: string): string | undefined {
  if (!line.startsWith('{')) return undefined
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    // Not a line of ours: a crash prints plain text.
    return undefined
  }
  if ((value as { message?: unknown }).message === hostReplacedMessage) return hostReplacedMessage
  const fault = faultLine.safeParse(value)
  if (!fault.success) return undefined
  const { instance, what, at, times, error } = fault.data
  const where = at === undefined ? '' : ` at ${at.startsWith(game + sep) ? relative(game, at) : at}`
  const count = times === 1 ? '' : ` (${times} times)`
  return `${instance}: ${what} failed${where}: ${error.message}${count}`
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

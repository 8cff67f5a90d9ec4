// The log of `npm start`: a file in the data folder, and its warnings and errors on the terminal.
import { appendFileSync, renameSync, rmSync, statSync } from 'node:fs'
import type { Runtime } from '#shared/runtime.ts'
import { createLog } from '#shared/telemetry/log.ts'
import type { Log, LogLevel } from '#shared/telemetry/log.ts'

/** A larger log is put aside at the next start. One such log is kept. */
const logMaxBytes = 16 * 1024 * 1024
/** The same message is printed at most this often, ms; and how many messages are remembered for that. */
const printAgainMs = 60_000
const printedMax = 100

/** Everything goes to a file; warnings and errors are printed as well, each once a minute. */
export function openStartLog(
  path: string,
  level: LogLevel,
  runtime: Pick<Runtime, 'now'>,
  print: (line: string) => void,
): Log {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > logMaxBytes) {
    rmSync(`${path}.1`, { force: true })
    renameSync(path, `${path}.1`)
  }
  const printedAt = new Map<string, number>()
  const write = (line: string) => {
    appendFileSync(path, line)
    const { level: severity, message } = JSON.parse(line) as { level: string; message: string }
    if (severity !== 'warn' && severity !== 'error') return
    const now = runtime.now()
    if (now - (printedAt.get(message) ?? 0) < printAgainMs) return
    if (printedAt.size >= printedMax) printedAt.clear()
    printedAt.set(message, now)
    print(`${severity}: ${message} (see ${path})`)
  }
  return createLog({ level, write, now: runtime.now })
}

// Writes down what bots were told, as JSON lines, so that a test can compare it with what the server
// still knows after a crash. Written at once: what is in the file was acknowledged.
import { appendFileSync, writeFileSync } from 'node:fs'
import type { Told } from './bot.ts'

/** A position of a bot is written at most this often. */
const positionEveryMs = 200
const flushEveryMs = 100

export type Recorder = {
  told(bot: number, told: Told): void
  /** Writes what waits; call often and at the end. */
  flush(now: number, force?: boolean): void
}

/** Times in the file are Unix milliseconds. */
export function createRecorder(path: string, now: () => number): Recorder {
  writeFileSync(path, '')
  const written = new Map<number, number>()
  let lines: string[] = []
  let flushedAt = 0
  return {
    told(bot, told) {
      const at = now()
      if (told.what === 'position') {
        if (at - (written.get(bot) ?? 0) < positionEveryMs) return
        written.set(bot, at)
      }
      lines.push(JSON.stringify({ at, bot, ...told }))
    },
    flush(at, force = false) {
      if (lines.length === 0 || (!force && at - flushedAt < flushEveryMs)) return
      flushedAt = at
      appendFileSync(path, `${lines.join('\n')}\n`)
      lines = []
    },
  }
}

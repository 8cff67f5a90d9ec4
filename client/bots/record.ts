// Writes the server's answers to bots to a file, as JSON lines. A test compares them with the state of the
// server after a crash. Each line is written at once: the server has acknowledged all that is in the file.
import { appendFileSync, writeFileSync } from 'node:fs'
import type { BotEvent } from './bot.ts'

/**
 * A position of a bot is written at most this often, ms. When several come within this time, the last one is
 * written at its end.
 */
const positionEveryMs = 200
const flushEveryMs = 100

export type Recorder = {
  record(bot: number, event: BotEvent): void
  /** Writes the lines that wait. Call it often, and at the end. */
  flush(now: number, force?: boolean): void
}

/** Times in the file are Unix milliseconds. */
export function createRecorder(path: string, now: () => number): Recorder {
  writeFileSync(path, '')
  const written = new Map<number, number>()
  /** The newest position of a bot that is not written yet. */
  const waiting = new Map<number, string>()
  let lines: string[] = []
  let flushedAt = 0

  const write = (bot: number, at: number, line: string) => {
    waiting.delete(bot)
    written.set(bot, at)
    lines.push(line)
  }

  return {
    record(bot, event) {
      const at = now()
      const line = JSON.stringify({ at, bot, ...event })
      const before = waiting.get(bot)
      if (event.what !== 'position') {
        // The last position comes before the event that happened there.
        if (before !== undefined) write(bot, at, before)
        lines.push(line)
      } else if (at - (written.get(bot) ?? 0) < positionEveryMs) waiting.set(bot, line)
      else write(bot, at, line)
    },
    flush(at, force = false) {
      if (!force && at - flushedAt < flushEveryMs) return
      flushedAt = at
      for (const [bot, line] of waiting) {
        if (force || now() - written.get(bot)! >= positionEveryMs) write(bot, now(), line)
      }
      if (lines.length > 0) appendFileSync(path, `${lines.join('\n')}\n`)
      lines = []
    },
  }
}

// A few bots, so that the first player does not walk alone. It is the same program as `npm run bots`, in a
// process of its own.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Runtime } from '#shared/runtime.ts'
import type { Log, LogFields } from '#shared/telemetry/log.ts'
import { compiledCode } from './compiled-code.ts'
import type { Guardian } from './guardian.ts'
import { environmentOfOthers } from './host-environment.ts'

const program = fileURLToPath(new URL('../client/bots/main.ts', import.meta.url))
/** They leave in less. A stop has 10 s in all, and the zone hosts need the rest to save. */
const graceMs = 2000
const readyWithinMs = 30_000
const restartMs = 5000
const restartMaxMs = 60_000

export type BotsOptions = {
  count: number
  url: string
  /** Resolves when there is a world to enter. */
  ready: (withinMs: number) => Promise<boolean>
  dataDir: string
  guardian: Guardian
  runtime: Runtime
  log: Log
}

export type Bots = { stop(): Promise<void> }

export function startBots(options: BotsOptions): Bots {
  const { runtime, log, guardian } = options
  const stopping = new AbortController()
  let child: ChildProcess | undefined

  async function runOnce(): Promise<void> {
    const output = openSync(join(options.dataDir, 'logs', 'bots.log'), 'w', 0o600)
    const args = [program, '--count', String(options.count), '--url', options.url]
    const started = spawn(process.execPath, args, {
      env: { ...environmentOfOthers(process.env), NODE_COMPILE_CACHE: compiledCode },
      stdio: ['ignore', output, output],
      detached: true,
    })
    closeSync(output)
    child = started
    const { pid } = started
    if (pid !== undefined) guardian.add('host', pid)
    const how = await new Promise<LogFields>((resolve) => {
      started.on('exit', (code, signal) => resolve({ code, signal }))
      started.on('error', (error) => resolve({ error }))
    })
    if (pid !== undefined) guardian.remove(pid)
    if (!stopping.signal.aborted) log.warn('the bots ended; their output is in logs/bots.log', how)
  }

  const keep = async () => {
    await options.ready(readyWithinMs)
    if (stopping.signal.aborted) return
    for (let waitMs = restartMs; ; waitMs = Math.min(waitMs * 2, restartMaxMs)) {
      await runOnce()
      await runtime.sleep(waitMs, stopping.signal)
    }
  }
  const kept = keep().catch(() => {
    // Aborted: the bots were asked to end, and have.
  })
  return {
    stop: async () => {
      stopping.abort()
      child?.kill('SIGTERM')
      const over = new AbortController()
      void runtime.sleep(graceMs, over.signal).then(
        () => child?.kill('SIGKILL'),
        () => {},
      )
      await kept
      over.abort()
    },
  }
}

// Names one process without doubt: its pid, and when it started. Pids are used again, so a pid in a file of
// the last run may belong to another process by now.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import * as z from 'zod'
import type { Runtime } from '#shared/runtime.ts'

export const processIdentitySchema = z.object({
  pid: z.int().positive(),
  /** Opaque; equal for the same process only. Empty where the system does not say. */
  started: z.string(),
})
export type ProcessIdentity = z.infer<typeof processIdentitySchema>

/** The process that has this pid now; undefined when none has it, or only a zombie. */
export function identify(pid: number): ProcessIdentity | undefined {
  const started = startOf(pid)
  return started === undefined ? undefined : { pid, started }
}

/** Whether that process still runs. */
export function runs(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid)
  return now !== undefined && now.started === identity.started
}

/** Sends a signal to that process; false when it has ended. */
export function signal(identity: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (!runs(identity)) return false
  try {
    return process.kill(identity.pid, name)
  } catch {
    // It has ended, or it belongs to another user.
    return false
  }
}

/** Asks to end, waits up to `graceMs`, then forces. Resolves when none of them runs. */
export async function endAll(
  processes: ProcessIdentity[],
  graceMs: number,
  runtime: Pick<Runtime, 'now' | 'sleep'>,
): Promise<void> {
  for (const each of processes) signal(each, 'SIGTERM')
  const forceAt = runtime.now() + graceMs
  for (let left = processes.filter(runs); left.length > 0; left = left.filter(runs)) {
    if (runtime.now() >= forceAt) for (const each of left) signal(each, 'SIGKILL')
    await runtime.sleep(50)
  }
}

function startOf(pid: number): string | undefined {
  if (process.platform === 'linux') return startOnLinux(pid)
  if (process.platform === 'win32') return exists(pid) ? '' : undefined
  try {
    const args = ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)]
    const text = execFileSync('ps', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    const [state, ...started] = text.trim().split(/\s+/)
    return state!.startsWith('Z') ? undefined : started.join(' ')
  } catch {
    return undefined
  }
}

/** proc(5): field 3 of stat is the state, field 22 the start in clock ticks since the machine's. */
function startOnLinux(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in parentheses, which may itself hold blanks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot}/${fields[19]}`
  } catch {
    return undefined
  }
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

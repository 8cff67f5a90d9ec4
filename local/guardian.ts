// Ends what is left when this process is killed outright. A shell in a session of its own holds the
// reading end of a pipe. The pipe closes at every end of this process. Then the shell ends the processes whose
// pids it was sent: zone hosts first, which still save into the database, the database last.
import { spawn } from 'node:child_process'

export type Guarded = 'host' | 'database'

export interface Guardian {
  /** The lists of pids. Call `add` before the process does anything. */
  add(kind: Guarded, pid: number): void
  remove(pid: number): void
  /** Ends all at once, without grace. */
  killAll(): void
  /** Lets the guardian go: nothing is left to guard. */
  release(): Promise<void>
}

// Plain POSIX. `$hosts` and `$databases` are lists of pids between blanks.
const script = `
hosts=' '
databases=' '
without() { case "$1" in *" $2 "*) printf '%s' "\${1%% $2 *} \${1#* $2 }";; *) printf '%s' "$1";; esac; }
any() { for pid in $1; do kill -0 "$pid" 2>/dev/null && return 0; done; return 1; }
end() {
  for pid in $1; do kill -TERM "$pid" 2>/dev/null; done
  tries=$2
  while [ "$tries" -gt 0 ] && any "$1"; do sleep 0.1; tries=$((tries - 1)); done
  for pid in $1; do kill -KILL "$pid" 2>/dev/null; done
}
while read -r verb pid; do
  case "$verb" in
    host) hosts="$hosts$pid ";;
    database) databases="$databases$pid ";;
    gone) hosts=$(without "$hosts" "$pid"); databases=$(without "$databases" "$pid");;
    release) exit 0;;
  esac
done
end "$hosts" 80
end "$databases" 20
`

/** Starts the guardian. Windows has no such shell: there, processes that outlive us stay. */
export function startGuardian(): Guardian {
  const guarded = new Set<number>()
  const shell = process.platform === 'win32' ? undefined : startShell()
  return {
    add: (kind, pid) => {
      guarded.add(pid)
      shell?.send(`${kind} ${pid}`)
    },
    remove: (pid) => {
      guarded.delete(pid)
      shell?.send(`gone ${pid}`)
    },
    killAll: () => {
      for (const pid of guarded) {
        try {
          process.kill(pid, 'SIGKILL')
        } catch {
          // It has ended. Its end is reported in a moment.
        }
      }
    },
    release: async () => {
      shell?.send('release')
      await shell?.exited()
    },
  }
}

function startShell() {
  const shell = spawn('/bin/sh', ['-c', script, 'waystone-guardian'], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  const exited = new Promise<void>((resolve) => {
    shell.on('exit', () => resolve())
    shell.on('error', () => resolve())
  })
  // A guardian that was killed reads nothing. Nothing else depends on it.
  shell.stdin.on('error', () => {})
  shell.unref()
  return {
    send: (line: string) => {
      if (shell.stdin.writable) shell.stdin.write(`${line}\n`)
    },
    exited: async () => {
      shell.ref()
      await exited
    },
  }
}

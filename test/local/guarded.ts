// The parent that guardian.test.ts kills: starts children, has them guarded, prints their pids.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { startGuardian } from '#local/guardian.ts'

const [mode, dir] = process.argv.slice(2) as [string, string]
const log = join(dir, 'log')
const guardian = startGuardian()

function start(name: string, savesFor: string): number {
  const script =
    `trap 'echo "${name} asked" >> "${log}"; ` +
    `${savesFor === '0' ? '' : `sleep ${savesFor}; echo "${name} saved" >> "${log}"; `}exit' TERM; ` +
    `: > "${join(dir, name)}"; while :; do sleep 0.05; done`
  const child = spawn('/bin/sh', ['-c', script], { detached: true, stdio: 'ignore' })
  child.unref()
  return child.pid!
}

/** A child that is asked before it listens ends without a word. */
async function listens(name: string): Promise<void> {
  while (!existsSync(join(dir, name))) await setTimeout(10)
}

const pids = {
  gone: start('gone', '0'),
  host: start('host', '0.5'),
  database: start('database', '0'),
}
guardian.add('host', pids.gone)
guardian.add('database', pids.database)
guardian.add('host', pids.host)
guardian.remove(pids.gone)
await Promise.all(Object.keys(pids).map(listens))
console.log(JSON.stringify(pids))

if (mode === 'release') await guardian.release()
else setInterval(() => {}, 1000)

// `npm start` with a switch for faults that have no process of their own: on SIGUSR2 the sidecars of all
// zone hosts crash and are back a second later.
import { readConfig } from '#shared/config.ts'
import { systemRuntime } from '#shared/system.ts'
import { bringUp } from '#local/bring-up.ts'

const awayMs = 1000

const print = (line: string) => process.stderr.write(`${line}\n`)
await bringUp({
  config: readConfig(process.env, { WAYSTONE_LIMITS: 'generous' }),
  env: process.env,
  runtime: systemRuntime,
  onKill: () => undefined,
  onFleet: (fleet) => {
    process.on('SIGUSR2', () => {
      fleet.restartSidecars(awayMs).catch((error: unknown) => print(String(error)))
    })
  },
  print,
})

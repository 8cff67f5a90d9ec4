// What a request costs: `npm run bench:http -- --seconds 4 --rounds 3`. Authenticated reads and log-ins a
// second on one core, in turn with a bare Hono route that answers the same bytes. The functions are a
// process of its own on core 0, the load comes from core 1 (`taskset`; elsewhere nothing is pinned).
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { newId } from '#shared/runtime.ts'
import { systemRuntime } from '#shared/system.ts'
import type { Ready, Used } from './http-host.ts'
import { load } from './http-load.ts'
import { scalingSecret } from '../calls/scaling.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '32' },
    only: { type: 'string' },
    'node-args': { type: 'string', default: '' },
  },
})
const seconds = Number(values.seconds)
const rounds = Number(values.rounds)

const canPin = spawnSync('taskset', ['-V']).error === undefined
if (canPin) spawnSync('taskset', ['-a', '-c', '-p', '1', `${process.pid}`])
const entry = fileURLToPath(new URL('http-host.ts', import.meta.url))
const nodeArgs = values['node-args'].split(' ').filter((each) => each !== '')
const command = [...(canPin ? ['taskset', '-c', '0'] : []), process.execPath, ...nodeArgs, entry]
const host = spawn(command[0]!, command.slice(1), {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  env: { ...process.env, NODE_ENV: 'production' },
})
let stopping = false
host.once('exit', (code) => {
  if (!stopping) throw new Error(`the functions ended (${code})`)
})
const [{ ports, accounts, hashMs }] = (await once(host, 'message')) as [Ready]

let turn = 0
const nextAccount = () => accounts[turn++ % accounts.length]!
const head = 'Host: bench\r\nConnection: keep-alive\r\n'
const bareRequest = Buffer.from(`GET / HTTP/1.1\r\n${head}\r\n`)
const reads = accounts.map(({ token }) =>
  Buffer.from(
    `GET /v1/realms/local/characters HTTP/1.1\r\n${head}Authorization: Bearer ${token}\r\n\r\n`,
  ),
)
const logIn = () => {
  const { loginName, password } = nextAccount()
  const body = JSON.stringify({ loginName, password })
  const operation = `Idempotency-Key: ${newId(systemRuntime)}\r\n`
  const type = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`
  return Buffer.from(`POST /v1/auth/login HTTP/1.1\r\n${head}${operation}${type}\r\n${body}`)
}

const reviewBody = JSON.stringify({
  request: {
    uid: '5a9e3a4e-6f5b-4f0e-9d57-3a3c6f0d1a11',
    name: 'hub',
    status: { replicas: 9, readyReplicas: 1, reservedReplicas: 0, allocatedReplicas: 8 },
  },
  response: null,
})
const review = Buffer.from(
  `POST /internal/v1/realms/local/scaling/${scalingSecret} HTTP/1.1\r\n${head}` +
    `Content-Type: application/json\r\nContent-Length: ${reviewBody.length}\r\n\r\n${reviewBody}`,
)

const status = 'HTTP/1.1 200'
const targets = [
  { name: 'bare Hono route', port: ports.bare, request: () => bareRequest },
  { name: 'authenticated read', port: ports.api, request: () => reads[turn++ % reads.length]! },
  { name: 'log-in without its hash', port: ports.unhashed, request: logIn },
  { name: 'log-in', port: ports.api, request: logIn },
  { name: 'review of a fleet', port: ports.api, request: () => review },
].filter(({ name }) => values.only === undefined || name === values.only)

type Round = { rate: number; micros: number; p99Ms: number }
const measured = targets.map((): Round[] => [])
for (let round = 0; round < rounds; round++) {
  for (const [i, { name, port, request }] of targets.entries()) {
    const cpu: number[] = []
    const measure = async () => {
      host.send('measure')
      const [{ cpuMicros }] = (await once(host, 'message')) as [Used]
      cpu.push(cpuMicros)
    }
    // More than a few log-ins at once only wait for one another.
    const connections = name === 'log-in' ? 4 : Number(values.connections)
    const { rate, p99Ms } = await load({ port, connections, request, status }, 1, seconds, measure)
    measured[i]!.push({ rate, micros: (cpu[1]! - cpu[0]!) / (rate * seconds), p99Ms })
  }
}
stopping = true
host.send('stop')
await once(host, 'exit')

const middle = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!
const ofBare = middle(measured[0]!.map(({ micros }) => micros))
const lines = targets.map(({ name }, i) => {
  const rates = measured[i]!.map(({ rate }) => rate)
  const micros = middle(measured[i]!.map((each) => each.micros))
  const range = `${Math.min(...rates).toFixed(0)}..${Math.max(...rates).toFixed(0)}`
  const p99Ms = Math.max(...measured[i]!.map((each) => each.p99Ms))
  const ratio = (micros / ofBare).toFixed(1)
  return `| ${name} | ${middle(rates).toFixed(0)} | ${range} | ${micros.toFixed(0)} | ${ratio} | ${p99Ms.toFixed(1)} |`
})
console.log(
  `one password takes ${hashMs.toFixed(1)} ms of a core to hash; ${rounds} rounds of ${seconds} s in turn`,
)
console.log(
  '| route | a second | min..max | CPU microseconds each | of the first | worst p99, ms |',
)
console.log('|---|---|---|---|---|---|')
console.log(lines.join('\n'))
process.exit(0)

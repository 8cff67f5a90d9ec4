// The worker thread of a zone host: every SDK call happens here. A burst of 500 of them makes a tick
// 97 ms late on the tick thread, 3 ms from here (docs/performance.md).
import { flushCompileCache } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { game } from '#game'
import { createSignedFetch } from '#shared/aws/call.ts'
import { createCache } from '#shared/cache/upstash.ts'
import { gameFolder } from '#shared/game/folder.ts'
import { reloadGame } from '#shared/game/load.ts'
import { effectKindsOf } from '#shared/game/tallying.ts'
import { readKeyRows } from '#shared/keys/store.ts'
import { inboxChannel } from '#shared/ownership/inbox.ts'
import { broadcastChannel } from '#shared/push/message.ts'
import { createSockets, noSockets } from '#shared/push/sockets.ts'
import type { Sockets } from '#shared/push/sockets.ts'
import { createDynamoStore, processCredentials } from '#shared/store/dynamo.ts'
import { systemAt } from '#shared/system.ts'
import { createLog } from '#shared/telemetry/log.ts'
import { createHostStore } from './host-store.ts'
import { crossError } from './messages.ts'
import type {
  WorkerCalls,
  WorkerMessage,
  WorkerRequest,
  WorkerSetup,
  WorkerSignal,
} from './messages.ts'

/** Public keys are read again this often; a new key is published long before it signs. */
const keysEveryMs = 60_000

/** Time for the cache to answer; only presence and hints depend on it. */
const cacheTimeoutMs = 2000

const port = parentPort!
const setup = workerData as WorkerSetup
const { runtime, clocks } = systemAt(setup.speed)
const send = (message: WorkerMessage): void => port.postMessage(message)

const store = createDynamoStore(setup.store)
const cache = setup.cache && createCache({ ...setup.cache, timeoutMs: cacheTimeoutMs })
const effects = effectKindsOf(game)

/** Those of AWS are signed with the role of the host, as requests to the store are. */
function openSockets(): Sockets {
  const { sockets } = setup
  if (sockets === undefined) return noSockets
  if ('secret' in sockets) return createSockets(sockets)
  const { region } = setup.store
  const credentials = processCredentials(setup.store)
  return createSockets({ ...sockets, signed: createSignedFetch({ region, credentials, runtime }) })
}

const host = createHostStore({
  store,
  runtime,
  clocks,
  host: setup.host,
  effects,
  boards: setup.boards,
  ...(cache && { cache }),
  sockets: openSockets(),
  onProof: (proof) => send({ kind: 'proof', proof }),
  log: createLog({
    level: setup.logLevel,
    write: (line) => process.stdout.write(line),
    now: runtime.now,
    fields: { boot: setup.host.bootId },
  }),
})
host.onCommand((command) => send({ kind: 'command', command }))
host.onMaintenance((planned) => send({ kind: 'maintenance', planned }))
host.onTold((told) => send({ kind: 'told', told }))
host.onBlocks((blocks) => send({ kind: 'blocks', blocks }))
const ending = new AbortController()

async function refreshKeys(): Promise<void> {
  const rows = await readKeyRows(store)
  if (rows === undefined) return
  const keys = rows.keys.map(({ keyId, x, retireAt }) => ({ keyId, x, retireAt }))
  send({ kind: 'keys', keys })
}

async function keepKeys(): Promise<void> {
  while (!ending.signal.aborted) {
    await runtime.sleep(keysEveryMs, ending.signal).catch(() => undefined)
    // The store may not answer for a while: the known keys stay.
    if (!ending.signal.aborted) await refreshKeys().catch(() => undefined)
  }
}

async function open(): Promise<void> {
  await refreshKeys()
  await host.open()
  void host.run(ending.signal)
  void keepKeys()
  flushCompileCache()
  const { bootId, realmId, instances } = setup.host
  cache?.subscribe(inboxChannel(bootId), host.heard, ending.signal, host.missed)
  for (const zone of new Set([undefined, ...instances.map((one) => one.zone)])) {
    const heard = (message: string) => host.heardByAll(message, zone)
    cache?.subscribe(broadcastChannel(realmId, zone), heard, ending.signal, host.missed)
  }
}

async function takeGame(): Promise<void> {
  const next = await reloadGame(gameFolder(process.env))
  effects.clear()
  for (const [kind, one] of effectKindsOf(next)) effects.set(kind, one)
}

const calls: WorkerCalls = { ...host, open, readKeys: refreshKeys, takeGame }

async function answer({ id, call, args }: WorkerRequest): Promise<void> {
  try {
    // The tick thread's types have checked that the arguments are those of the call.
    const run = calls[call] as (...args: unknown[]) => Promise<unknown>
    send({ kind: 'answer', id, value: await run(...args) })
  } catch (error) {
    send({ kind: 'failure', id, error: crossError(error) })
  }
}

port.on('message', (message: WorkerRequest | WorkerSignal) => {
  if ('call' in message) return void answer(message)
  if (message.signal === 'heartbeat') return host.heartbeat()
  ending.abort()
  store.close()
  port.close()
})

// A real Redis behind the front, by its own protocol. One connection carries the commands of all
// requests, so a command that would change that connection or make it wait is refused. A subscription has a
// connection of its own: Redis then counts listeners as it does everywhere.
//
// Nothing waits for a Redis that is gone. Requests under way fail when the connection breaks, and requests
// without a connection fail at once. The client connects again by itself. A transaction is written in one go,
// from MULTI to EXEC. A break drops all that is unsent, so no part of it can reach the next connection.
import { createClient, ErrorReply } from '@redis/client'
import { RedisError } from '#shared/cache/arguments.ts'
import { cachePendingMax, cacheSubscriptionsMax } from '#shared/limits.ts'
import { discarded, Unreachable } from './backend.ts'
import type { Backend, Reply, Result } from './backend.ts'
import type { Words } from './request.ts'

const connectMs = 2000
/** A connection that is silent for so long is closed. A ping is sent each half of it. */
const silentMs = 6000
const reconnectMaxMs = 2000

/** A Redis at `redis://[user:password@]host[:port][/database]`, or `rediss://` with TLS. */
export function remoteBackend(url: string): Backend {
  const client = open(url, (retries) => Math.min(50 * 2 ** Math.min(retries, 10), reconnectMaxMs))
  // Without a listener it would end the process. Those that wait for an answer get the error.
  client.on('error', () => undefined)
  const ready = new Promise<void>((resolve, reject) => {
    client.once('ready', () => resolve())
    client.once('error', (error) => reject(new Unreachable(error)))
  })
  ready.catch(() => undefined)
  client.connect().catch(() => undefined)
  let pending = 0
  let subscriptions = 0

  /** Sends all in one go, so no command of another request comes between. */
  async function send(commands: Words[]): Promise<unknown[]> {
    if (!client.isReady || pending + commands.length > cachePendingMax) throw new Unreachable()
    pending += commands.length
    try {
      const sent = commands.map((command) => client.sendCommand(command))
      return (await Promise.allSettled(sent)).map((outcome) => {
        if (outcome.status === 'fulfilled') return outcome.value
        if (outcome.reason instanceof ErrorReply) return outcome.reason
        throw new Unreachable(outcome.reason)
      })
    } finally {
      pending -= commands.length
    }
  }

  return {
    ready,
    async run(commands) {
      const allowed = commands.filter(isShared)
      const replies = await send(allowed)
      let next = 0
      return commands.map((command) =>
        isShared(command) ? toResult(replies[next++]) : notShared(command),
      )
    },
    async runTogether(commands) {
      if (!commands.every(isShared)) return discarded
      const outcome = (await send([['MULTI'], ...commands, ['EXEC']])).at(-1)
      if (outcome instanceof ErrorReply) return { error: outcome.message }
      return (outcome as unknown[]).map(toResult)
    },
    async subscribe(channels, on) {
      if (subscriptions >= cacheSubscriptionsMax) {
        throw new RedisError('ERR max number of clients reached')
      }
      subscriptions += 1
      const own = open(url, () => false)
      let heard = true
      const leave = () => {
        if (!heard) return
        heard = false
        subscriptions -= 1
        own.destroy()
      }
      own.on('error', () => {
        if (!heard) return
        leave()
        on.end()
      })
      try {
        await own.connect()
        await own.subscribe(channels, (text, channel) => on.message(channel, text))
      } catch (error) {
        leave()
        throw new Unreachable(error)
      }
      return leave
    },
    close: () => client.destroy(),
  }
}

function open(url: string, reconnectStrategy: (retries: number) => number | false) {
  return createClient({
    url,
    // Lists stay lists, as Upstash answers them; with RESP 3 some would be maps.
    RESP: 2,
    disableOfflineQueue: true,
    pingInterval: silentMs / 2,
    socket: { connectTimeout: connectMs, socketTimeout: silentMs, reconnectStrategy },
  })
}

/** Commands that would change the state of the connection, or make it wait. */
const ofOneConnection = new Set(
  (
    'multi exec discard watch unwatch auth hello select client reset quit monitor sync psync ' +
    'subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe ' +
    'blpop brpop brpoplpush blmove blmpop bzpopmin bzpopmax bzmpop xread xreadgroup wait waitaof'
  ).split(' '),
)

function isShared([name]: Words): boolean {
  return !ofOneConnection.has(name!.toLowerCase())
}

function notShared([name]: Words): Result {
  return { error: `ERR Command is not available: '${name!.slice(0, 128)}'.` }
}

function toResult(reply: unknown): Result {
  if (reply instanceof ErrorReply) return { error: reply.message }
  return { result: toReply(reply) }
}

function toReply(reply: unknown): Reply {
  if (Array.isArray(reply)) return reply.map(toReply)
  if (reply instanceof ErrorReply) return reply.message
  if (typeof reply === 'string' || typeof reply === 'number' || reply === null) return reply
  throw new Error(`an answer of Redis is a ${typeof reply}`)
}

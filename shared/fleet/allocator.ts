// Agones' allocator service: allocates hosts for callers that prove who they are by a certificate (mTLS), from
// outside the cluster too. It speaks gRPC, and the same as JSON over HTTP on its own or the same port; we take
// the second. The certificate, its key and the authority of the service are read for each request, so new ones
// are used by the next request, without a restart.
import * as z from 'zod'
import type { Log } from '../telemetry/log.ts'
import type { Allocate } from './agones-api.ts'
import { bootLabel, FleetError } from './fleet.ts'
import { sendHttp } from './http.ts'
import type { SendHttp } from './http.ts'

/** PEM: our certificate, its key, and the authority that signed the certificate of the service. */
type ClientTls = { cert: string; key: string; ca: string }

type AllocatorOptions = {
  /** Base URL of the service. */
  url: string
  /** The namespace of the game servers. */
  namespace: string
  /** Reads what proves who we are. */
  readTls: () => Promise<ClientTls>
  log: Log
  /** How long one request may take, ms. The service gathers requests for up to half a second. */
  callTimeoutMs?: number
  /** Default: over the network. */
  send?: SendHttp
}

const answerSchema = z.object({
  gameServerName: z.string().default(''),
  address: z.string().default(''),
  ports: z.array(z.object({ name: z.string(), port: z.number() })).default([]),
  metadata: z
    .object({ labels: z.record(z.string(), z.string()).default({}) })
    .default({ labels: {} }),
})

/**
 * What the service answers when no host was allocated: 429 for none that is Ready, 409 when it lost them to
 * others.
 */
const noneStatus = new Set([429, 409])

export function createAllocator(options: AllocatorOptions): Allocate {
  const { url, namespace, log } = options
  const send = options.send ?? sendHttp
  const currentTls = createTlsReader(options.readTls, log)
  const fail = (message: string, more: { unclear?: boolean; cause?: unknown } = {}) => {
    const error = new FleetError(`the allocator service: ${message}`, more)
    log.warn('the allocator service of the fleet failed', { error })
    return error
  }
  return async (labels, mark) => {
    const tls = await currentTls()
    const answer = await send({
      method: 'POST',
      url: new URL('/gameserverallocation', url),
      headers: {},
      body: JSON.stringify({
        namespace,
        gameServerSelectors: [
          {
            matchLabels: labels,
            // Without its boot id a host cannot be found among the instances.
            matchExpressions: [{ key: bootLabel, operator: 'Exists' }],
            gameServerState: 'READY',
          },
        ],
        scheduling: 'Packed',
        metadata: { labels: mark },
      }),
      tls,
      timeoutMs: options.callTimeoutMs ?? 3000,
    }).catch((cause: unknown) => {
      throw fail('no answer', { unclear: true, cause })
    })
    if (noneStatus.has(answer.status)) return undefined
    if (answer.status !== 200) throw fail(`${answer.status}`, { unclear: answer.status >= 500 })
    const found = parseAnswer(answer.text)
    if (found === undefined) throw fail('the answer is none of Agones', { unclear: true })
    // A service that is configured so answers 200 without a host.
    if (found.gameServerName === '') return undefined
    return {
      name: found.gameServerName,
      bootId: found.metadata.labels[bootLabel],
      address: found.address,
      port: found.ports[0]?.port ?? 0,
      state: 'allocated',
      labels: found.metadata.labels,
    }
  }
}

function parseAnswer(text: string): z.infer<typeof answerSchema> | undefined {
  try {
    return answerSchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

/**
 * Reads what is current. Files that change may not fit each other for a moment, or may be wrong: then the last
 * ones that fitted are used, and the log says so, once for each.
 */
function createTlsReader(readTls: () => Promise<ClientTls>, log: Log): () => Promise<ClientTls> {
  let good: ClientTls | undefined
  let refused: string | undefined
  return async () => {
    let read: ClientTls | undefined
    try {
      read = await readTls()
      if (good !== undefined && isSame(read, good)) return good
      // It checks that they are PEM and that the key is that of the certificate. With the first request: loading
      // it takes a cold start long.
      const { createSecureContext } = await import('node:tls')
      createSecureContext(read)
      if (good !== undefined) log.info('the certificate for the allocator service has changed')
      refused = undefined
      return (good = read)
    } catch (cause) {
      if (good === undefined) {
        throw new FleetError('the certificate for the allocator service is wrong', { cause })
      }
      const which = read === undefined ? '' : JSON.stringify(read)
      if (which !== refused) {
        log.error('a new certificate for the allocator service is wrong: the old one stays', {
          cause,
        })
      }
      refused = which
      return good
    }
  }
}

function isSame(a: ClientTls, b: ClientTls): boolean {
  return a.cert === b.cert && a.key === b.key && a.ca === b.ca
}

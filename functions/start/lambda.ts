// The entry of a Lambda that serves some domains. Its bundle is made by cdk/bundles.ts.
import { getConnInfo, handle } from 'hono/aws-lambda'
import type { APIGatewayProxyResult, LambdaContext, LambdaEvent } from 'hono/aws-lambda'
import { AwsError } from '#shared/aws/call.ts'
import { Problem } from '#shared/problem.ts'
import { StoreError } from '#shared/store/store.ts'
import { systemRuntime } from '#shared/system.ts'
import { createDomainApp, partsOf } from '../app.ts'
import { problemOf, problemResponse } from '../http/failure.ts'
import { createKeysHealth } from '../http/health.ts'
import { checksOf, socketsOf, timersOf } from '../http/record.ts'
import type { DomainRecord } from '../http/record.ts'
import type { SocketHandlers } from '../http/socket.ts'
import { readReference } from './content.ts'
import { openParts } from './open.ts'
import type { Openers } from './open.ts'
import { processLog, wire } from './wire.ts'

/** How often the keys are read again. One that is not known is looked for at once (shared/keys/jwt.ts). */
const keysFreshMs = 60_000

type LambdaHandler = (
  event: LambdaEvent | SocketEvent | TimerEvent | TopicEvent,
  context?: LambdaContext,
) => Promise<APIGatewayProxyResult>

export function lambda(records: readonly DomainRecord[], openers: Openers): LambdaHandler {
  let started: ReturnType<typeof start> | undefined
  let keysReadAt = 0
  return async (event, context) => {
    // A start that failed is tried again by the next request; two at once share one.
    started ??= start(records, openers)
    let running: Awaited<typeof started>
    try {
      running = await started
    } catch (error) {
      started = undefined
      // A wrong configuration is an error of the function; an outage is the answer that it always is.
      if (isOutage(error)) return await unavailable(error)
      throw error
    }
    const { hear: hearTopic, keys, log, runtime, serve, settled, sockets, timers } = running
    // A Lambda stands still between requests. So a request that finds the keys old reads them again.
    const now = runtime.now()
    if (now - keysReadAt >= keysFreshMs) {
      keysReadAt = now
      await keys.refresh().catch((cause: unknown) => {
        log.error('the keys could not be read', { cause })
      })
    }
    const answer =
      'timer' in event
        ? await keepTime(timers, event)
        : 'Records' in event
          ? await hearTopic(event)
          : isSocketEvent(event)
            ? await hear(sockets, event)
            : await serve(withEncodedPath(event), context)
    // After the answer this process stands still. So it first waits for all requests still under way.
    await settled()
    return answer
  }
}

async function start(records: readonly DomainRecord[], openers: Openers) {
  const wired = await wire(process.env, systemRuntime)
  const parts = await openParts(records, openers, wired)
  const reference = await readReference()
  const app = createDomainApp(records, parts, {
    profile: wired.config.WAYSTONE_LIMITS,
    addressOf: (c) => getConnInfo(c).remote.address,
    corsOrigins: wired.config.WAYSTONE_CORS,
    health: createKeysHealth({ ...parts, checks: checksOf(records, parts) }),
    ...(reference === undefined ? {} : { reference }),
  })
  const { keys, log, runtime } = parts
  const all = partsOf(parts)
  const [sockets, timers] = [socketsOf(records, all), timersOf(records, all)]
  const hear = async ({ Records }: TopicEvent) => {
    const notices = Records.map(({ Sns }) => ({ topic: Sns.TopicArn, message: Sns.Message }))
    for (const notice of notices) for (const one of records) await one.notices?.(all, notice)
    return nothingToSay
  }
  const { settled } = wired
  return { hear, keys, log, runtime, serve: handle(app), settled, sockets, timers }
}

/** What SNS sends to a function that it may call. Fails when it could not be kept: SNS sends it again. */
type TopicEvent = { Records: readonly { Sns: { TopicArn: string; Message: string } }[] }

/** What EventBridge sends when it is time (cdk/api.ts). `timer`: the name of the domain. */
type TimerEvent = { timer: string }

/** Fails when the work does: the alarm for failing functions tells of it. */
async function keepTime(
  timers: ReturnType<typeof timersOf>,
  { timer }: TimerEvent,
): Promise<APIGatewayProxyResult> {
  await timers.find(({ name }) => name === timer)?.run(new AbortController().signal)
  return nothingToSay
}

/** An event of a WebSocket API, as far as it is read here. */
type SocketEvent = {
  requestContext: {
    connectionId: string
    eventType: 'CONNECT' | 'MESSAGE' | 'DISCONNECT'
    /** Unix ms */
    connectedAt: number
  }
  body?: string | null
}

const nothingToSay = { statusCode: 200, headers: {}, body: '', isBase64Encoded: false }

function isSocketEvent(event: LambdaEvent | SocketEvent): event is SocketEvent {
  return 'connectionId' in event.requestContext && 'eventType' in event.requestContext
}

/** The answer goes nowhere: a WebSocket API sends its clients what is posted to them. */
async function hear(
  sockets: SocketHandlers | undefined,
  { requestContext, body }: SocketEvent,
): Promise<APIGatewayProxyResult> {
  const { connectionId, connectedAt: openedAt, eventType } = requestContext
  if (eventType === 'MESSAGE') await sockets?.message({ connectionId, openedAt }, body ?? '')
  if (eventType === 'DISCONNECT') await sockets?.closed(connectionId)
  return nothingToSay
}

function isOutage(error: unknown): boolean {
  if (error instanceof AwsError) return error.outage
  if (error instanceof StoreError) return error.kind !== 'invalid'
  return error instanceof Error && isOutage(error.cause)
}

async function unavailable(cause: unknown): Promise<APIGatewayProxyResult> {
  const log = processLog('error', systemRuntime)
  const problem = problemOf(log, new Problem('store.unavailable', { retryAfterS: 2, cause }), {
    at: 'the start',
  })
  const answer = problemResponse(problem, {})
  return {
    statusCode: answer.status,
    headers: Object.fromEntries(answer.headers),
    body: await answer.text(),
    isBase64Encoded: false,
  }
}

/**
 * HTTP APIs hand over the path decoded, and it becomes part of a URL again: what was an encoded `#`,
 * `?` or `%` must not turn into syntax.
 */
function withEncodedPath(event: LambdaEvent): LambdaEvent {
  if (!('rawPath' in event)) return event
  const rawPath = event.rawPath.toWellFormed().split('/').map(encodeURIComponent).join('/')
  return { ...event, rawPath }
}

// One loop decides the order of attempts: try, read the reason of the end, then try again or stop. It awaits
// the end of a socket as a promise.
import type { ClientFrame } from '#shared/protocol/client-frames.ts'
import type { ServerFrame, Welcome } from '#shared/protocol/server-frames.ts'
import { buildWalls } from '#shared/rules/walls.ts'
import type { Walls } from '#shared/rules/walls.ts'
import { arrive, loseUses, receive } from './arrivals.ts'
import { openConnection } from './connection.ts'
import type { ConnectionEnd, ConnectionEvents } from './connection.ts'
import { countError } from './metrics.ts'
import { createReconnect } from './reconnect.ts'
import type { Attempt, Reconnect, Way } from './reconnect.ts'
import type { ZoneClientCore, ZoneClientEnd } from './zone-client-state.ts'

/** Runs until the player leaves, or until it is over for another reason. */
export async function runAttempts(core: ZoneClientCore): Promise<ZoneClientEnd> {
  const { metrics, stopping } = core
  const { runtime, monotonic, reconnectForMs } = core.options
  const reconnect = createReconnect(runtime, monotonic(), reconnectForMs)
  let way: Way = core.resume ? 'resume' : 'enter'
  for (;;) {
    const attempt = await tryOnce(core, reconnect, way)
    if (stopping.signal.aborted) return 'left'
    const { why } = attempt
    if (why !== 'redirected') countError(metrics, why)
    const next = reconnect.after(attempt, monotonic(), core.resume !== undefined)
    if ('over' in next) return next.over
    if (core.resume !== undefined && !next.mayResume) core.keepResume(undefined)
    way = next.way
    if (why === 'redirected') continue
    if (attempt.joined) metrics.reconnects++
    core.become({ phase: 'reconnecting', attempt: next.failures, why })
    if (next.waitMs !== undefined) {
      await runtime.sleep(next.waitMs, stopping.signal).catch(() => undefined)
      if (stopping.signal.aborted) return 'left'
    }
  }
}

/** One connection to be opened: where to, with which first frame. */
type Opening = { way: Way; address: string; zone: string; first: ClientFrame; startedAt: number }

async function tryOnce(core: ZoneClientCore, reconnect: Reconnect, way: Way): Promise<Attempt> {
  const { options, state } = core
  const startedAt = options.monotonic()
  try {
    if (way === 'resume' && core.resume) {
      const { address, zone, stay, secret } = core.resume
      const first = { kind: 'resume', stay, secret, schema: core.schemas.name } as const
      return await connect(core, reconnect, { way, address, zone, first, startedAt })
    }
    if (state.phase !== 'reconnecting' && state.phase !== 'travelling') {
      core.become({ phase: 'entering' })
    }
    const { address, ticket, zone } = await options.enter(
      core.stopping.signal,
      core.to,
      (place) => {
        if (core.stopping.signal.aborted) return
        reconnect.waits(options.monotonic())
        core.become(place === undefined ? { phase: 'entering' } : { phase: 'waiting', ...place })
      },
    )
    const first = { kind: 'join', ticket, schema: core.schemas.name } as const
    return await connect(core, reconnect, { way: 'enter', address, zone, first, startedAt })
  } catch (error) {
    const { code, retryAfterS } = error as { code?: unknown; retryAfterS?: number }
    // An error without a code is a defect of ours. It is reported. The client still ends in a typed state.
    if (typeof code !== 'string') (options.failed ?? console.error)(error)
    const why = typeof code === 'string' ? code : 'client.defect'
    // The next `enter` leads back to where it was.
    if (why === 'instance.unknown') core.to = undefined
    return { way, why, joined: false, retryAfterS }
  }
}

/** One connection from opening to its end. */
async function connect(
  core: ZoneClientCore,
  reconnect: Reconnect,
  opening: Opening,
): Promise<Attempt> {
  const { options, metrics } = core
  const { way, address, first } = opening
  core.content = await options.loadZone(opening.zone, false)
  if (core.stopping.signal.aborted) return { way, why: 'left', joined: false }
  const walls = buildWalls(core.content)
  if (core.state.phase !== 'reconnecting') {
    core.become({ phase: 'connecting', zone: opening.zone })
  }
  const { promise, resolve } = Promise.withResolvers<ConnectionEnd>()
  const progress = { joined: false, redirected: false }
  core.savingPaused = false
  const { schemas } = core
  const { socket, monotonic } = options
  core.connection = openConnection(socket, address, first, monotonic, schemas, metrics, {
    frame: frameReader(core, reconnect, opening, walls, progress),
    pong: (sentAt, tick) => core.zone?.pong(sentAt, options.monotonic(), tick),
    ended: resolve,
  })
  const why = await promise
  loseUses(core)
  core.connection = undefined
  core.zone = undefined
  core.requests.lose()
  const redirected = progress.redirected || core.going
  core.going = false
  return { way, why: redirected ? 'redirected' : why, joined: progress.joined }
}

/** Takes the frames of one connection: WELCOME, the first snapshot, a redirect, and the rest. */
function frameReader(
  core: ZoneClientCore,
  reconnect: Reconnect,
  { way, address, startedAt }: Opening,
  walls: Walls,
  progress: { joined: boolean; redirected: boolean },
): ConnectionEvents['frame'] {
  let welcome: Welcome | undefined
  const joined = (first: Extract<ServerFrame, { kind: 'snapshot' }>, welcomed: Welcome) => {
    progress.joined = true
    core.to = undefined
    const now = core.options.monotonic()
    reconnect.joined(now)
    core.metrics.joinMs.add(now - startedAt)
    arrive(core, welcomed, first, walls, way === 'resume')
  }
  return (frame) => {
    if (frame.kind === 'welcome') {
      welcome = frame
      const { zone, stay, secret } = frame
      core.keepResume({ address, zone, stay, secret })
    } else if (frame.kind === 'snapshot' && welcome && !progress.joined) {
      joined(frame, welcome)
    } else if (frame.kind === 'redirect' && frame.mode === 'go') {
      progress.redirected = true
      core.metrics.redirects++
      core.become({ phase: 'travelling', zone: frame.zone })
      core.connection?.close('redirected')
    } else {
      receive(core, frame)
    }
  }
}

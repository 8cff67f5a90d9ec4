// The social socket: what a player outside zones is told (docs/protocol.md, "The social socket"). It opens again by
// itself until another one of the player replaces it. Whenever it is open again, and now and then besides, its user
// reads the mailbox and the channels from where he was: an event is a hint.
import { ApiError } from '#shared/api/client.ts'
import { createBackoff, jitterMs } from '#shared/backoff.ts'
import { socialHelloMs, socialPaceMs, socialPingMs } from '#shared/limits.ts'
import type { SocialEvent } from '#shared/protocol/social-event.ts'
import { socialMessage } from '#shared/protocol/social-socket.ts'
import type { SocialMessage } from '#shared/protocol/social-socket.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { OpenTextSocket } from './socket.ts'

export type SocialOptions = {
  /** Asks for a ticket. Fails with ApiError. */
  ticket: () => Promise<{ address: string; ticket: string }>
  socket: OpenTextSocket
  runtime: Runtime
  /** Channels for everybody to be told of: `global`, `zone:…`. */
  listen?: readonly string[]
  /** Events find the player from here on: read now what came before. */
  ready: () => void
  told: (event: SocialEvent) => void
}

export type Social = {
  listen(channels: readonly string[]): void
  /** Ends it for good. */
  close(): void
  /** Why it ended: `closed`, `replaced`, or the code with which no ticket was given. */
  readonly ended: Promise<string>
}

/** Refusals after which there is no point in asking again. */
const FINAL = new Set([
  'social.unavailable',
  'auth.banned',
  'auth.required',
  'auth.expired',
  'auth.session_revoked',
  'auth.refresh_refused',
  'realm.unknown',
])

export function openSocial(options: SocialOptions): Social {
  const { runtime } = options
  const stopped = new AbortController()
  const backoff = createBackoff(runtime, { baseMs: 1000, maxMs: 60_000 })
  let listening = [...(options.listen ?? [])]
  let send: ((frame: unknown) => void) | undefined
  const losses = createLosses(runtime, stopped.signal, options.told)

  function take(message: SocialMessage): void {
    switch (message.kind) {
      case 'ready':
        backoff.reset()
        options.ready()
        return
      case 'lost':
        losses.take(message)
        return
      case 'pong':
      case 'closed':
        return
      case 'notified':
      case 'said':
      case 'announce':
      case 'maintenance':
        options.told(message)
    }
  }

  /** One connection. Resolves with why the server closed it; undefined when it was just lost. */
  async function connect(address: string, ticket: string): Promise<string | undefined> {
    const ended = new AbortController()
    let reason: string | undefined
    let heardAt = runtime.now()
    let isReady = false
    const socket = options.socket(address, {
      opened: () => socket.send(JSON.stringify({ hello: ticket, listen: listening })),
      received(text) {
        heardAt = runtime.now()
        const message = readMessage(text)
        if (message === undefined) return
        isReady ||= message.kind === 'ready'
        if (message.kind === 'closed') reason = message.reason
        take(message)
      },
      closed: () => ended.abort(),
    })
    send = (frame) => {
      if (isReady) socket.send(JSON.stringify(frame))
    }
    const leave = () => socket.close()
    stopped.signal.addEventListener('abort', leave)
    for (let pings = 1; !ended.signal.aborted; pings++) {
      // By chance a little earlier, so that those who came together do not ping together.
      const waitMs = isReady ? socialPingMs - jitterMs(runtime, socialPingMs / 4) : socialHelloMs
      await runtime.sleep(waitMs, ended.signal).catch(() => undefined)
      if (ended.signal.aborted) break
      const silentMs = runtime.now() - heardAt
      if (!isReady || silentMs > 2 * socialPingMs) {
        socket.close()
        break
      }
      send({ ping: pings })
    }
    stopped.signal.removeEventListener('abort', leave)
    send = undefined
    return reason
  }

  async function run(): Promise<string> {
    while (!stopped.signal.aborted) {
      try {
        const { address, ticket } = await options.ticket()
        if (stopped.signal.aborted) break
        if ((await connect(address, ticket)) === 'replaced') return 'replaced'
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        if (FINAL.has(error.code)) return error.code
      }
      await runtime.sleep(backoff.next(), stopped.signal).catch(() => undefined)
    }
    return 'closed'
  }

  const ended = run().finally(() => stopped.abort())
  return {
    listen(channels) {
      listening = [...channels]
      send?.({ listen: listening })
    },
    close: () => stopped.abort(),
    ended,
  }
}

/**
 * Who is told that a channel has something new waits a second before he reads: the server tells it once a second, at
 * its beginning. By chance a little more, so that all who were told do not read at once.
 */
function createLosses(runtime: Runtime, signal: AbortSignal, told: SocialOptions['told']) {
  const waiting = new Set<string>()
  return {
    take(event: Extract<SocialEvent, { kind: 'lost' }>): void {
      const { channel = '', count } = event
      if (count !== undefined) return told(event)
      if (waiting.has(channel)) return
      waiting.add(channel)
      const waitMs = socialPaceMs + jitterMs(runtime, socialPaceMs)
      void runtime.sleep(waitMs, signal).then(
        () => {
          waiting.delete(channel)
          told(event)
        },
        () => undefined,
      )
    },
  }
}

/** Undefined for what this version cannot read, such as a kind of a later one. */
function readMessage(text: string): SocialMessage | undefined {
  try {
    return socialMessage.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

// Subscriptions as server-sent events: `data: subscribe,<channel>,<n>`, then
// `data: message,<channel>,<text>` for each message. A text of several lines has a `data:` line each.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { RedisError } from '#shared/cache/arguments.ts'
import type { Engine } from '#shared/cache/engine.ts'
import { cacheSubscriberBacklogBytes } from '#shared/limits.ts'
import { BadRequest, type Words } from './request.ts'

/** A comment at least this often, so that both sides notice a dead connection. */
const keepAliveMs = 20_000

export type EventStreams = {
  open(channels: Words, request: IncomingMessage, response: ServerResponse): void
  /** Ends every open stream. */
  close(): void
}

export function openEvents(engine: Engine): EventStreams {
  const streams = new Set<ServerResponse>()

  return {
    open(channels, request, response) {
      if (channels.length === 0 || channels.includes('')) {
        throw new BadRequest(400, "ERR wrong number of arguments for 'subscribe' command")
      }
      const send = (line: string) => {
        // A subscriber that does not read would take memory without end.
        if (response.writableLength > cacheSubscriberBacklogBytes) response.destroy()
        else response.write(line)
      }
      const leave = subscribeAll(engine, channels, (channel, message) => {
        send(toEvent(`message,${channel},${message}`))
      })
      const keepAlive = setInterval(() => send(': alive\n\n'), keepAliveMs)
      streams.add(response)
      response.once('close', () => {
        clearInterval(keepAlive)
        streams.delete(response)
        leave()
      })
      request.resume()
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-cache',
      })
      channels.forEach((channel, index) => send(toEvent(`subscribe,${channel},${index + 1}`)))
    },
    close() {
      for (const response of streams) response.end()
    },
  }
}

/** All channels or none: a refusal undoes those already taken. */
function subscribeAll(
  engine: Engine,
  channels: Words,
  onMessage: (channel: string, message: string) => void,
): () => void {
  const taken: (() => void)[] = []
  const leave = () => taken.forEach((unsubscribe) => unsubscribe())
  try {
    for (const channel of channels) {
      taken.push(engine.subscribe(channel, (message) => onMessage(channel, message)))
    }
  } catch (error) {
    leave()
    if (error instanceof RedisError) throw new BadRequest(400, error.message)
    throw error
  }
  return leave
}

function toEvent(text: string): string {
  return `data: ${text.replaceAll(/\r\n|\r|\n/g, '\ndata: ')}\n\n`
}

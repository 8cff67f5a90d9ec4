// Subscriptions as server-sent events: `data: subscribe,<channel>,<n>`, then
// `data: message,<channel>,<text>` for each message. A text of several lines has a `data:` line each.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { cacheSubscriberBacklogBytes } from '#shared/limits.ts'
import type { Backend } from './backend.ts'
import { BadRequest, type Words } from './request.ts'

/** A comment at least this often, so that both sides notice a dead connection. */
const keepAliveMs = 20_000

export type EventStreams = {
  /** Resolves when the channels are subscribed. Throws BadRequest, Unreachable or RedisError. */
  open(channels: Words, request: IncomingMessage, response: ServerResponse): Promise<void>
  /** Ends every open stream. */
  close(): void
}

export function openEvents(backend: Backend): EventStreams {
  const streams = new Set<ServerResponse>()

  return {
    async open(channels, request, response) {
      if (channels.length === 0 || channels.includes('')) {
        throw new BadRequest(400, "ERR wrong number of arguments for 'subscribe' command")
      }
      const send = (line: string) => {
        // A subscriber that does not read would take more and more memory.
        if (response.writableLength > cacheSubscriberBacklogBytes) response.destroy()
        else response.write(line)
      }
      // A message may come before the answer to the subscription.
      let early: string[] | undefined = []
      const leave = await backend.subscribe(channels, {
        message(channel, text) {
          const event = toEvent(`message,${channel},${text}`)
          if (early) early.push(event)
          else send(event)
        },
        end: () => response.end(),
      })
      if (response.closed) {
        leave()
        return
      }
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
      for (const event of early) send(event)
      early = undefined
    },
    close() {
      for (const response of streams) response.end()
    },
  }
}

function toEvent(text: string): string {
  return `data: ${text.replaceAll(/\r\n|\r|\n/g, '\ndata: ')}\n\n`
}

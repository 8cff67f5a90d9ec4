// A subscription over server-sent events, by fetch. The subscriber of @upstash/redis ends silently
// with its stream (no end event, no way to reconnect), so this part is our own.
import { setTimeout as sleep } from 'node:timers/promises'

/** Pauses between attempts, ms: the first is short, for a restart; the last holds for an outage. */
const backOffMs = [100, 200, 500, 1000, 2000, 5000]
/** A stream without a byte for so long may be a dead connection: open a new one. */
const silentMs = 60_000
/** One event is held in memory while it arrives, characters at most. */
const eventMaxLength = 1024 * 1024

export type EventSubscription = {
  url: string
  token: string
  /** Time for the answer's headers. */
  timeoutMs: number
  channel: string
  onMessage: (message: string) => void
  signal: AbortSignal
  /** Called when it listens again after a break. */
  onBack?: (() => void) | undefined
}

/** Listens until the signal is aborted; reconnects with back-off. Never throws. */
export function subscribeByEvents(subscription: EventSubscription): void {
  void listenForEver(subscription)
}

async function listenForEver(subscription: EventSubscription): Promise<void> {
  let failures = 0
  let heard = false
  const opened = () => {
    failures = 0
    if (heard) subscription.onBack?.()
    heard = true
  }
  while (!subscription.signal.aborted) {
    try {
      await listenOnce(subscription, opened)
    } catch {
      // Refused, cut off, silent or aborted: each of them ends in another attempt, or in the end.
    }
    const pauseMs = backOffMs[Math.min(failures, backOffMs.length - 1)]!
    failures += 1
    // Half of the pause is by chance, so that many hosts do not come back at the same moment.
    const waitMs = pauseMs * (0.5 + Math.random() / 2)
    await sleep(waitMs, undefined, { signal: subscription.signal }).catch(() => undefined)
  }
}

/** One connection, until it ends. */
async function listenOnce(subscription: EventSubscription, onOpen: () => void): Promise<void> {
  const { url, token, channel, signal } = subscription
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(), subscription.timeoutMs)
  try {
    const response = await fetch(
      `${url.replace(/\/$/, '')}/subscribe/${encodeURIComponent(channel)}`,
      {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
        signal: AbortSignal.any([signal, silence.signal]),
      },
    )
    if (!response.ok || response.body === null) {
      await response.body?.cancel()
      throw new Error(`subscription refused with status ${response.status}`)
    }
    onOpen()
    const prefix = `message,${channel},`
    const read = createEventReader((data) => {
      // It runs in its own task: an error that a listener throws must not end the connection.
      if (data.startsWith(prefix)) {
        queueMicrotask(() => {
          if (!signal.aborted) subscription.onMessage(data.slice(prefix.length))
        })
      }
    })
    const watch = setInterval(() => silence.abort(), silentMs)
    clearTimeout(timer)
    try {
      for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
        watch.refresh()
        read(text)
      }
    } finally {
      clearInterval(watch)
    }
  } finally {
    clearTimeout(timer)
  }
}

/** Cuts a text stream into events (HTML standard, 9.2) and hands over each event's data. */
function createEventReader(onData: (data: string) => void): (text: string) => void {
  let rest = ''
  let data: string[] = []
  return (text) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    if (rest.length > eventMaxLength) throw new Error('an event is too long')
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) onData(data.join('\n'))
        data = []
      } else if (line.startsWith('data:')) {
        data.push(line.slice(line[5] === ' ' ? 6 : 5))
      }
    }
  }
}

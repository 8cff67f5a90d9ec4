// The debugging hook: what the page knows, for tests and for the browser's console (`waystone.self()`).
// Read only, nothing here changes the game. Places are metres, exactly as the newest snapshot has them.
import { toMetres } from '../library/zone.ts'
import type { ZoneClient } from '../library/zone-client.ts'
import type { ZoneClientState } from '../library/zone-client-state.ts'

export type Person = {
  id: number
  name: string
  type: string
  appearance: string
  x: number
  y: number
}

export type Hook = {
  /** The state of the connection, undefined outside the world. */
  readonly state: ZoneClientState | undefined
  /** Oneself as predicted, with `ack`: the place the server last confirmed. */
  self(): { id: number; x: number; y: number; ack: { x: number; y: number } } | undefined
  /** Everybody else in view. */
  others(): Person[]
  /** All lines heard since the page was loaded, the last 200. */
  readonly chat: { name: string; text: string }[]
  readonly corrections: number
  readonly rttMs: number | undefined
}

declare global {
  interface Window {
    waystone?: Hook
  }
}

const chatMax = 200
const heard: { name: string; text: string }[] = []

/** Publishes a world; undefined when the player has left it. */
export function publish(client: ZoneClient | undefined): void {
  client?.on('chat', ({ name, text }) => {
    heard.push({ name, text })
    if (heard.length > chatMax) heard.shift()
  })
  window.waystone = {
    get state() {
      return client?.state
    },
    self() {
      const self = client?.self()
      const ack = client?.acknowledged?.body
      if (self === undefined || ack === undefined) return undefined
      return {
        id: self.id,
        x: toMetres(self.x),
        y: toMetres(self.y),
        ack: { x: toMetres(ack.x), y: toMetres(ack.y) },
      }
    },
    others: () =>
      (client?.seen() ?? []).map(({ id, name, type, appearance, x, y }) => ({
        id,
        name,
        type,
        appearance,
        x: toMetres(x),
        y: toMetres(y),
      })),
    chat: heard,
    get corrections() {
      return client?.metrics.corrections ?? 0
    },
    get rttMs() {
      return client?.rttMs
    },
  }
}

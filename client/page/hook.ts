// The debugging hook: what the page knows, for tests and for the browser's console (`waystone.self()`).
// It only reads: nothing here changes the game. Positions are metres, exactly as in the newest snapshot.
import { toMetres } from '../library/zone.ts'
import type { ZoneClient } from '../library/zone-client.ts'
import type { ZoneClientState } from '../library/zone-client-state.ts'

export type Person = {
  id: number
  name: string
  archetype: string
  appearance: string
  x: number
  y: number
}

export type Hook = {
  /** The state of the connection, undefined outside the world. */
  readonly state: ZoneClientState | undefined
  /** The own body as predicted, with `ack`: the position that the server last acknowledged. */
  self(): { id: number; x: number; y: number; ack: { x: number; y: number } } | undefined
  /** Everybody else in view. */
  others(): Person[]
  /** The last 200 lines of chat since the page was loaded. */
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

/** Publishes a world; undefined after the player has left. */
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
      (client?.seen() ?? []).map(({ id, name, archetype, appearance, x, y }) => ({
        id,
        name,
        archetype,
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

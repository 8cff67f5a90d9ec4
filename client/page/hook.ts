// The debugging hook: what the page knows, for tests and for the browser's console (`waystone.self()`).
// Read only, nothing here changes the game. Places are metres, exactly as the newest snapshot has them.
import { toMetres } from '../library/zone.ts'
import type { World, WorldState } from '../library/world.ts'

export type Person = { id: number; name: string; type: string; look: string; x: number; y: number }

export type Hook = {
  /** The state of the connection, undefined outside the world. */
  readonly state: WorldState | undefined
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
export function publish(world: World | undefined): void {
  world?.on('chat', ({ name, text }) => {
    heard.push({ name, text })
    if (heard.length > chatMax) heard.shift()
  })
  window.waystone = {
    get state() {
      return world?.state
    },
    self() {
      const self = world?.self()
      const ack = world?.acknowledged?.body
      if (self === undefined || ack === undefined) return undefined
      return {
        id: self.id,
        x: toMetres(self.x),
        y: toMetres(self.y),
        ack: { x: toMetres(ack.x), y: toMetres(ack.y) },
      }
    },
    others: () =>
      (world?.seen() ?? []).map(({ id, name, type, look, x, y }) => ({
        id,
        name,
        type,
        look,
        x: toMetres(x),
        y: toMetres(y),
      })),
    chat: heard,
    get corrections() {
      return world?.metrics.corrections ?? 0
    },
    get rttMs() {
      return world?.rttMs
    },
  }
}

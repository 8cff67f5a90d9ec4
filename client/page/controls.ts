// Where the player wants to go: by keys, or by a held mouse button or finger.
import { headingTo } from '#shared/rules/heading.ts'

/** Directions by the position of the key, so that all keyboard layouts walk alike. */
const KEYS: Record<string, readonly [number, number]> = {
  KeyW: [0, -1],
  ArrowUp: [0, -1],
  KeyS: [0, 1],
  ArrowDown: [0, 1],
  KeyA: [-1, 0],
  ArrowLeft: [-1, 0],
  KeyD: [1, 0],
  ArrowRight: [1, 0],
}

/** A pointer that is nearer to the player than this means standing, pixels. */
const pointerDeadPx = 14
const zoomStep = 1.15
/** A finger that is lifted sooner has tapped; one that stays longer walks. */
const tapMs = 250

export type Controls = {
  /** The heading wanted now; undefined to stand. `selfX`, `selfY`: the player on the screen. */
  heading(selfX: number, selfY: number): number | undefined
  /**
   * Where the player aims, on the screen: the mouse, or where a finger has tapped since one walked. Undefined
   * before there is one.
   */
  aim(): { x: number; y: number } | undefined
  close(): void
}

export type ControlEvents = {
  /** Zooms by a factor. */
  zoom(factor: number): void
  /** The player wants to talk. */
  talk(): void
  /** A key, by its position (`event.code`). Returns true when the game uses it, and then nothing else does. */
  act(key: string): boolean
}

export function createControls(surface: HTMLElement, events: ControlEvents): Controls {
  const closing = new AbortController()
  const keys = listenToKeys(events, closing.signal)
  const pointers = listenToPointers(surface, events, closing.signal)
  return {
    heading: (selfX, selfY) => keys() ?? pointers(selfX, selfY),
    aim: listenToAim(surface, closing.signal),
    close: () => closing.abort(),
  }
}

/** Returns a function: the heading of the keys that are held down. */
function listenToKeys(events: ControlEvents, signal: AbortSignal): () => number | undefined {
  const held = new Set<string>()
  const isTyping = () => document.activeElement instanceof HTMLInputElement

  addEventListener(
    'keydown',
    (event) => {
      if (isTyping() || event.ctrlKey || event.metaKey || event.altKey) return
      if (!event.repeat && events.act(event.code)) event.preventDefault()
      else if (event.code in KEYS) {
        held.add(event.code)
        event.preventDefault()
      } else if (event.key === 'Enter' && !(event.target instanceof HTMLButtonElement)) {
        event.preventDefault()
        events.talk()
      } else if (event.key === '+') events.zoom(zoomStep)
      else if (event.key === '-') events.zoom(1 / zoomStep)
    },
    { signal },
  )
  addEventListener('keyup', (event) => void held.delete(event.code), { signal })
  // The page gets no event for keys that are released outside of it.
  addEventListener('blur', () => held.clear(), { signal })
  document.addEventListener('focusin', () => held.clear(), { signal })

  return () => {
    let x = 0
    let y = 0
    for (const code of held) {
      x += KEYS[code]![0]
      y += KEYS[code]![1]
    }
    return x === 0 && y === 0 ? undefined : headingTo(Math.sign(x), Math.sign(y))
  }
}

/** Returns a function: where the mouse is, or where a finger has tapped. A finger that walks is no aim. */
function listenToAim(surface: HTMLElement, signal: AbortSignal): Controls['aim'] {
  let aim: { x: number; y: number } | undefined
  const down = new Map<number, number>()
  addEventListener(
    'pointermove',
    ({ pointerType, clientX: x, clientY: y }) => {
      if (pointerType === 'mouse') aim = { x, y }
    },
    { signal },
  )
  surface.addEventListener(
    'pointerdown',
    (event) => {
      if (event.pointerType !== 'mouse') down.set(event.pointerId, event.timeStamp)
    },
    { signal },
  )
  surface.addEventListener(
    'pointerup',
    ({ pointerId, timeStamp, clientX: x, clientY: y }) => {
      const since = down.get(pointerId)
      if (since === undefined) return
      down.delete(pointerId)
      aim = timeStamp - since < tapMs ? { x, y } : undefined
    },
    { signal },
  )
  return () => aim
}

/** Fingers or the mouse on the surface. Two fingers zoom. Returns a function: the heading of one. */
function listenToPointers(
  surface: HTMLElement,
  events: ControlEvents,
  signal: AbortSignal,
): (selfX: number, selfY: number) => number | undefined {
  const pointers = new Map<number, { x: number; y: number }>()
  const spread = () => {
    const [a, b] = [...pointers.values()]
    return a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0
  }

  surface.addEventListener(
    'pointerdown',
    (event) => {
      if (event.pointerType === 'mouse' && event.button !== 0) return
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
      surface.setPointerCapture(event.pointerId)
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY })
    },
    { signal },
  )
  surface.addEventListener(
    'pointermove',
    (event) => {
      if (!pointers.has(event.pointerId)) return
      const before = spread()
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY })
      if (before > 0) events.zoom(spread() / before)
    },
    { signal },
  )
  const lift = (event: PointerEvent) => void pointers.delete(event.pointerId)
  surface.addEventListener('pointerup', lift, { signal })
  surface.addEventListener('pointercancel', lift, { signal })
  // The page gets no event for fingers that are lifted outside of it.
  addEventListener('blur', () => pointers.clear(), { signal })
  surface.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault()
      events.zoom(event.deltaY < 0 ? zoomStep : 1 / zoomStep)
    },
    { signal, passive: false },
  )

  return (selfX, selfY) => {
    const [pointer] = pointers.values()
    if (pointer === undefined || pointers.size > 1) return undefined
    const dx = Math.round(pointer.x - selfX)
    const dy = Math.round(pointer.y - selfY)
    return Math.hypot(dx, dy) < pointerDeadPx ? undefined : headingTo(dx, dy)
  }
}

// A typed stream of events: a fault of one listener does not stop the others.

export type Listen<Events> = <K extends keyof Events>(
  name: K,
  listener: (event: Events[K]) => void,
) => () => void

export type Emitter<Events> = {
  /** Listens; the answer stops listening. */
  on: Listen<Events>
  emit<K extends keyof Events>(name: K, event: Events[K]): void
}

/** `failed` gets each error that a listener throws. */
export function createEmitter<Events>(failed: (error: unknown) => void): Emitter<Events> {
  const listeners = new Map<keyof Events, Set<(event: never) => void>>()
  return {
    on(name, listener) {
      const set = listeners.get(name) ?? new Set()
      listeners.set(name, set)
      set.add(listener)
      return () => set.delete(listener)
    },
    emit(name, event) {
      for (const listener of listeners.get(name) ?? []) {
        try {
          listener(event as never)
        } catch (error) {
          failed(error)
        }
      }
    },
  }
}

// Where a session keeps what must outlive the page or the process.

export interface KeyStore {
  get(key: string): string | undefined
  set(key: string, value: string): void
  remove(key: string): void
}

/** Keeps nothing beyond its own life. */
export function createMemoryStore(): KeyStore {
  const values = new Map<string, string>()
  return {
    get: (key) => values.get(key),
    set: (key, value) => void values.set(key, value),
    remove: (key) => void values.delete(key),
  }
}

/**
 * localStorage or sessionStorage under a prefix. A browser that forbids storage, or is full, must not
 * keep a player out: then values last as long as the page.
 */
export function createBrowserStore(storage: () => Storage, prefix: string): KeyStore {
  const memory = createMemoryStore()
  const attempt = <T>(act: () => T): T | undefined => {
    try {
      return act()
    } catch {
      return undefined
    }
  }
  return {
    get: (key) => attempt(() => storage().getItem(prefix + key)) ?? memory.get(key),
    set(key, value) {
      memory.set(key, value)
      attempt(() => storage().setItem(prefix + key, value))
    },
    remove(key) {
      memory.remove(key)
      attempt(() => storage().removeItem(prefix + key))
    },
  }
}

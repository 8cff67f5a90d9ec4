// Where a session keeps what must outlive the page or the process.

export interface KeyStore {
  get(key: string): string | undefined
  set(key: string, value: string): void
  remove(key: string): void
}

/** Undefined where nothing is kept, or what is kept is damaged. */
export function readJson(store: KeyStore, key: string): unknown {
  try {
    const text = store.get(key)
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
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
 * localStorage or sessionStorage under a prefix. A player must come in when the browser forbids
 * storage or has no room: such a value is kept as long as the page lives.
 */
export function createBrowserStore(storage: () => Storage, prefix: string): KeyStore {
  const refused = createMemoryStore()
  const attempt = <T>(act: () => T): T | undefined => {
    try {
      return act()
    } catch {
      return undefined
    }
  }
  return {
    // A value that the storage has taken is read only from there: another page may have changed it since.
    get: (key) => refused.get(key) ?? attempt(() => storage().getItem(prefix + key)) ?? undefined,
    set(key, value) {
      const taken = attempt(() => {
        storage().setItem(prefix + key, value)
        return true
      })
      if (taken === true) refused.remove(key)
      else refused.set(key, value)
    },
    remove(key) {
      refused.remove(key)
      attempt(() => storage().removeItem(prefix + key))
    },
  }
}

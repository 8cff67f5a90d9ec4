// Answers that are the same for all callers. This process keeps them for some seconds.

/**
 * Returns what was loaded for that key less than `forMs` ago. Callers that come meanwhile share one load. A
 * failure is not remembered. Keys must be few: they are kept as long as the process runs.
 */
export function remember<T>(
  now: () => number,
  forMs: number,
  load: (key: string) => Promise<T>,
): (key: string) => Promise<T> {
  const known = new Map<string, { at: number; answer: Promise<T> }>()
  return async (key) => {
    const last = known.get(key)
    // After a clock was set back a kept answer must not count as younger than it is.
    if (last !== undefined && Math.abs(now() - last.at) < forMs) return await last.answer
    const answer = load(key)
    known.set(key, { at: now(), answer })
    try {
      return await answer
    } catch (error) {
      if (known.get(key)?.answer === answer) known.delete(key)
      throw error
    }
  }
}

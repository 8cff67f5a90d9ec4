// The cache in this process alone: for tests, simulations and a single process without Redis.
import type { Runtime } from '../runtime.ts'
import { RedisError } from './arguments.ts'
import { CacheError, type Cache } from './cache.ts'
import { createEngine, type Engine, type EngineOptions } from './engine.ts'

export type MemoryCacheOptions = EngineOptions & { runtime: Pick<Runtime, 'now'> }

/** A Cache without a network; it answers as the embedded Redis does, errors included. */
export function createMemoryCache({ runtime, ...options }: MemoryCacheOptions): Cache {
  return cacheOn(createEngine(runtime, options))
}

/** A Cache on an engine that others may use as well, the embedded Redis of this process for one. */
export function cacheOn(engine: Engine): Cache {
  return {
    async pipeline(commands) {
      // As over the network: all commands run, then the first error is thrown.
      const failures: RedisError[] = []
      const answers = commands.map((command) => {
        try {
          return engine.run(command.map(String))
        } catch (error) {
          if (!(error instanceof RedisError)) throw error
          failures.push(error)
          return null
        }
      })
      if (failures[0]) throw new CacheError(failures[0].message, failures[0])
      return answers
    },

    subscribe(channel, onMessage, signal) {
      if (signal.aborted) return
      const unsubscribe = engine.subscribe(channel, (message) => {
        // Later, as a network would: the publisher never runs the code of a listener.
        queueMicrotask(() => {
          if (!signal.aborted) onMessage(message)
        })
      })
      signal.addEventListener('abort', unsubscribe, { once: true })
    },
  }
}

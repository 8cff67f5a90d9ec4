// The small engine of shared/cache behind the front: what `npm start` uses when no Redis is named.
import { RedisError } from '#shared/cache/arguments.ts'
import type { Engine } from '#shared/cache/engine.ts'
import { discarded } from './backend.ts'
import type { Backend, Listener, Result } from './backend.ts'
import type { Words } from './request.ts'

export function embeddedBackend(engine: Engine): Backend {
  const run = (command: Words): Result => {
    try {
      return { result: engine.run(command) }
    } catch (error) {
      if (error instanceof RedisError) return { error: error.message }
      throw error
    }
  }
  return {
    ready: Promise.resolve(),
    run: async (commands) => commands.map(run),
    async runTogether(commands) {
      try {
        for (const command of commands) engine.check(command)
      } catch (error) {
        if (error instanceof RedisError) return discarded
        throw error
      }
      // The engine is synchronous, so nothing comes between two commands.
      return commands.map(run)
    },
    subscribe: async (channels, on) => subscribeAll(engine, channels, on),
    close: () => undefined,
  }
}

/** A refusal undoes those already taken. */
function subscribeAll(engine: Engine, channels: Words, on: Listener): () => void {
  const taken: (() => void)[] = []
  const leave = () => taken.forEach((unsubscribe) => unsubscribe())
  try {
    for (const channel of channels) {
      taken.push(engine.subscribe(channel, (message) => on.message(channel, message)))
    }
  } catch (error) {
    leave()
    throw error
  }
  return leave
}

// Answers as Upstash gives them: `{ result }` or `{ error }`, in base64 when asked for.
import { RedisError } from '#shared/cache/arguments.ts'
import type { Engine, Reply } from '#shared/cache/engine.ts'
import type { Words } from './request.ts'

type Result = { result: Reply } | { error: string }

export function runCommand(engine: Engine, command: Words): { status: number; result: Result } {
  const result = run(engine, command)
  return { status: 'error' in result ? 400 : 200, result }
}

/** Each command has its own outcome; one that fails stops no other. */
export function runPipeline(engine: Engine, commands: Words[]) {
  return { status: 200, results: commands.map((command) => run(engine, command)) }
}

/** As MULTI and EXEC: a command that cannot be queued discards all; one that fails does not. */
export function runTransaction(
  engine: Engine,
  commands: Words[],
): { status: number; results: Result[] | Result } {
  try {
    for (const command of commands) engine.check(command)
  } catch (error) {
    if (!(error instanceof RedisError)) throw error
    return {
      status: 400,
      results: { error: 'EXECABORT Transaction discarded because of previous errors.' },
    }
  }
  // The engine is synchronous, so nothing comes between two commands.
  return runPipeline(engine, commands)
}

export function encodeReply(reply: Result | Result[], encoding: 'plain' | 'base64'): unknown {
  if (encoding === 'plain') return reply
  return Array.isArray(reply) ? reply.map(toBase64) : toBase64(reply)
}

function run(engine: Engine, command: Words): Result {
  try {
    return { result: engine.run(command) }
  } catch (error) {
    if (error instanceof RedisError) return { error: error.message }
    throw error
  }
}

/** Strings alone are encoded, and the status OK stays as it is; so Upstash does. */
function toBase64(reply: Result): Result {
  if ('error' in reply || typeof reply.result !== 'string' || reply.result === 'OK') return reply
  return { result: Buffer.from(reply.result).toString('base64') }
}

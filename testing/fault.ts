// What failed in the code of the game, as hosts log it.

export type Fault = { what: string; message: string }

/** The fields of a line of a host's log; undefined for what a game or a crash has printed. */
export function readLine(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{"')) return undefined
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return undefined
  }
}

/** The fault that a line of a host's log tells of; undefined when it tells of none. */
export function readFault(line: string): Fault | undefined {
  const { level, message, what = message, error } = readLine(line) ?? {}
  return level === 'error' ? { what: String(what), message: messageOf(error) } : undefined
}

function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown }
  return typeof message === 'string' ? message : String(error)
}

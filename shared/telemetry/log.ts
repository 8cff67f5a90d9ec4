// Structured logs: one JSON object a line. Operators read and keep them, so no secret may stand in a line.
// The one function that writes lines hides each field whose name sounds like a secret.

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Further facts of a line. An `Error` is written with its name, message, code, stack and causes. */
export type LogFields = Record<string, unknown>

export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** A log whose lines all carry these fields as well. */
  child(fields: LogFields): Log
}

export type LogOptions = {
  /** Least severe level that is written. */
  level: LogLevel
  /** Takes one line with its line end. */
  write: (line: string) => void
  /** Unix ms. */
  now: () => number
  fields?: LogFields
}

const severity = { debug: 0, info: 1, warn: 2, error: 3 } as const

// Names, not values: a token looks like any other text. Ids of secrets (`ticketId`) may be logged.
const secretName =
  /(password|passphrase|secret|token|authorization|cookie|credential|private_?key|master_?key|api_?key|(^|_)ticket)$/i

/** A line must not grow with the input of a caller: longer text is cut, deeper objects are left out. */
const textMaxLength = 4000
const depthMax = 5
const entriesMax = 50

export function createLog(options: LogOptions): Log {
  const least = severity[options.level]
  const bound = tidyFields(options.fields ?? {}, 0)
  const line = (level: LogLevel, message: string, fields: LogFields) => {
    if (severity[level] < least) return
    // Fields come first, so that none of them can take the place of time, level or message.
    const { time: _time, level: _level, message: _message, ...own } = tidyFields(fields, 0)
    const all = { time: options.now(), level, message: tidy(message, 0), ...bound, ...own }
    options.write(`${JSON.stringify(all)}\n`)
  }
  return {
    debug: (message, fields = {}) => line('debug', message, fields),
    info: (message, fields = {}) => line('info', message, fields),
    warn: (message, fields = {}) => line('warn', message, fields),
    error: (message, fields = {}) => line('error', message, fields),
    child: (fields) => createLog({ ...options, fields: { ...options.fields, ...fields } }),
  }
}

/** Drops everything: for tests and for parts that are used without a log. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
}

function tidyFields(fields: object, depth: number): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields).slice(0, entriesMax)) {
    if (value === undefined) continue
    result[name] = secretName.test(name) ? '[secret]' : tidy(value, depth)
  }
  return result
}

/** Anything in a form that JSON can carry, bounded in size. */
function tidy(value: unknown, depth: number): unknown {
  if (typeof value === 'string') {
    return value.length > textMaxLength ? `${value.slice(0, textMaxLength)}…` : value
  }
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`
  if (typeof value !== 'object' || value === null) return value
  if (depth >= depthMax) return '[deep]'
  if (value instanceof Error) return tidyError(value, depth)
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`
  if (Array.isArray(value)) return value.slice(0, entriesMax).map((v) => tidy(v, depth + 1))
  if (value instanceof Map) return tidyFields(Object.fromEntries(value), depth + 1)
  if (value instanceof Set) return tidy([...value], depth)
  return tidyFields(value, depth + 1)
}

function tidyError(error: Error, depth: number): Record<string, unknown> {
  const { code } = error as { code?: unknown }
  return {
    name: error.name,
    message: tidy(error.message, depth),
    ...(code === undefined ? {} : { code: tidy(code, depth + 1) }),
    stack: tidy(error.stack, depth),
    ...(error.cause === undefined ? {} : { cause: tidy(error.cause, depth + 1) }),
  }
}

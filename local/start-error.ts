/** Why `npm start` cannot go on: one sentence with the cause and the cure, shown without a stack. */
export class StartError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'StartError'
  }
}

/** The code of a system error (`EADDRINUSE`), if it is one. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}

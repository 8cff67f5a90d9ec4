// Commands as they come in a body: one JSON array, or an array of them.

export type Words = string[]

/** The request is refused as a whole, with an HTTP status. */
export class BadRequest extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.name = 'BadRequest'
    this.status = status
  }
}

export function readCommand(body: string): Words {
  return toWords(parse(body))
}

export function readCommands(body: string): Words[] {
  const commands = parse(body)
  if (!Array.isArray(commands) || commands.length === 0) {
    throw new BadRequest(400, 'ERR failed to parse pipeline request')
  }
  return commands.map(toWords)
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    throw new BadRequest(400, 'ERR failed to parse the request body as JSON')
  }
}

function toWords(command: unknown): Words {
  if (!Array.isArray(command) || command.length === 0) {
    throw new BadRequest(400, 'ERR a command is an array with at least its name')
  }
  return command.map((word: unknown) => {
    if (typeof word === 'string') return word
    if (typeof word === 'number' || typeof word === 'boolean') return String(word)
    throw new BadRequest(400, 'ERR words of a command are strings, numbers or booleans')
  })
}

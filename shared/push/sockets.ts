// Sends to social sockets and closes them, as the API of AWS for WebSocket connections does:
//   POST   <url>/@connections/<connection id>   the body goes to the client as one text message
//   DELETE <url>/@connections/<connection id>   closes the connection
// Both answer 410 for a connection that is gone. On AWS a request is signed. A server of our own takes a secret
// instead; the id of its connection then names the server (functions/start/sockets.ts).
import type { SignedFetch } from '../aws/call.ts'
import { socialPostMs, socialPostsAtOnce } from '../limits.ts'

export type Posted = 'sent' | 'gone' | 'failed'

export interface Sockets {
  /** Where clients open them, `wss://…`; undefined where there are none. */
  readonly address: string | undefined
  /** Sends a text to a connection. Never fails. */
  post(connectionId: string, text: string): Promise<Posted>
  /** Closes a connection. Never fails. */
  close(connectionId: string): Promise<Posted>
}

/** As a process is told of them: those of AWS, by the address of their stage; or those of servers that know a secret. */
export type SocketsAt = { url: string } | { secret: string }

export type SocketsOptions = { address?: string | undefined } &
  /** `url`: https://<api>.execute-api.<region>.amazonaws.com/<stage> */
  (
    | { url: string; signed: SignedFetch }
    /** `fetch`: the global one by default. */
    | { secret: string; fetch?: typeof fetch }
  )

/** Where there are no social sockets, nobody has one. */
export const noSockets: Sockets = {
  address: undefined,
  post: async () => await Promise.resolve('gone' as const),
  close: async () => await Promise.resolve('gone' as const),
}

export function createSockets(options: SocketsOptions): Sockets {
  const enter = createGate(socialPostsAtOnce)

  async function ask(method: 'POST' | 'DELETE', connectionId: string, body?: string) {
    const base = 'url' in options ? options.url : serverOf(connectionId)
    if (base === undefined) return 'gone'
    const url = new URL(
      `${base.replace(/\/$/, '')}/@connections/${encodeURIComponent(connectionId)}`,
    )
    const signal = AbortSignal.timeout(socialPostMs)
    const init = { method, signal, ...(body === undefined ? {} : { body }) }
    const answer =
      'signed' in options
        ? await options.signed('execute-api', url, init)
        : await (options.fetch ?? fetch)(url, {
            ...init,
            headers: { authorization: `Bearer ${options.secret}` },
          })
    await answer.body?.cancel()
    if (answer.status === 410) return 'gone'
    return answer.ok ? 'sent' : 'failed'
  }

  /** The socket may be slow or its server gone: that is a message lost, as any may be. */
  const tried = async (...asked: Parameters<typeof ask>): Promise<Posted> =>
    await enter(() => ask(...asked).catch(() => 'failed' as const))

  return {
    address: options.address,
    post: async (connectionId, text) => await tried('POST', connectionId, text),
    close: async (connectionId) => await tried('DELETE', connectionId),
  }
}

/** The id of a connection of a server of our own: where that is, and a name. */
export function connectionIdAt(server: string, name: string): string {
  return `${Buffer.from(server).toString('base64url')}.${name}`
}

function serverOf(connectionId: string): string | undefined {
  const server = Buffer.from(connectionId.split('.', 1)[0]!, 'base64url').toString()
  return /^https?:/.test(server) && URL.canParse(server) ? server : undefined
}

/** Lets so many in at once; the others wait for their turn. */
function createGate(most: number) {
  let inside = 0
  const waiting: (() => void)[] = []
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (inside >= most) await new Promise<void>((resolve) => waiting.push(resolve))
    else inside += 1
    try {
      return await work()
    } finally {
      // The place goes to the next one.
      const next = waiting.shift()
      if (next === undefined) inside -= 1
      else next()
    }
  }
}

/** Undefined where there are no social sockets. */
export function socketsAt(config: {
  WAYSTONE_SOCKETS?: string | undefined
  WAYSTONE_SOCKETS_SECRET?: string | undefined
}): SocketsAt | undefined {
  const { WAYSTONE_SOCKETS: url, WAYSTONE_SOCKETS_SECRET: secret } = config
  if (secret !== undefined) return { secret }
  return url === undefined ? undefined : { url }
}

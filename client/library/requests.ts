// Requests to the zone: each has a number, which its answer or its refusal carries back. The socket is ordered
// and loses nothing while it lives, so an answer comes or the socket goes: then the outcome is not known.
import type { ControlMessage } from '#shared/protocol/control.ts'
import type { Message } from '#shared/protocol/message.ts'

/**
 * Why a request has no answer. `rate`, `invalid`, `paused`: the zone did not take it. `failed`: the zone's game
 * failed over it. `lost`: the client is not joined, or the socket went before the answer. `busy`: too many wait.
 */
export type RequestRefusal = 'rate' | 'invalid' | 'paused' | 'muted' | 'failed' | 'lost' | 'busy'

/** What a rejected request is. */
export class RequestRefused extends Error {
  readonly code: RequestRefusal

  constructor(kind: string, code: RequestRefusal) {
    super(`the request ${kind} was refused: ${code}`)
    this.name = 'RequestRefused'
    this.code = code
  }
}

type Waiting = {
  answered: (value: ControlMessage) => void
  refused: (code: RequestRefusal) => void
}

export type Requests = {
  /** `send`: false when the client is not joined. */
  ask<In extends object, Answer>(
    message: Message<In, unknown, Answer>,
    body: In,
    send: (message: ControlMessage) => boolean,
  ): Promise<Answer>
  /** Takes an answer. False when no request waits for it. */
  answer(value: ControlMessage): boolean
  /** Takes a refusal. False when no request waits for it. */
  refuse(re: number | undefined, code: RequestRefusal): boolean
  /** The socket went: nothing that waits is answered any more. */
  lose(): void
}

/** More requests than a player has hands for: something asks in a loop. */
const waitingMax = 64

export function createRequests(): Requests {
  const waiting = new Map<number, Waiting>()
  let last = 0
  const take = (re: unknown): Waiting | undefined => {
    const one = typeof re === 'number' ? waiting.get(re) : undefined
    if (one !== undefined) waiting.delete(re as number)
    return one
  }
  return {
    async ask({ kind, answer }, body, send) {
      if (waiting.size >= waitingMax) throw new RequestRefused(kind, 'busy')
      last = (last + 1) >>> 0
      const n = last
      if (!send({ ...body, kind, n })) throw new RequestRefused(kind, 'lost')
      const value = await new Promise<ControlMessage>((answered, reject) => {
        const refused = (code: RequestRefusal) => reject(new RequestRefused(kind, code))
        waiting.set(n, { answered, refused })
      })
      const { kind: _, re: __, ...fields } = value
      const parsed = answer?.safeParse(fields)
      if (!parsed?.success) throw new RequestRefused(kind, 'failed')
      return parsed.data
    },
    answer(value) {
      const one = take(value['re'])
      one?.answered(value)
      return one !== undefined
    },
    refuse(re, code) {
      const one = take(re)
      one?.refused(code)
      return one !== undefined
    },
    lose() {
      const lost = [...waiting.values()]
      waiting.clear()
      for (const { refused } of lost) refused('lost')
    },
  }
}

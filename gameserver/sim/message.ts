// What a zone does with a kind of control message (shared/protocol/message.ts).
//
// A message is checked and counted when it comes in, and waits for the next step. The step handles it like
// any other input. So a handler may change the world as any other does, and a recorded run repeats.
import type { Message } from '#shared/protocol/message.ts'
import type { PlayerHandle } from './zone.ts'
import type { Zone } from './zone.ts'

/** A kind with its handler, or one that clients are only sent. */
export type HandledMessage = {
  readonly message: Message
  /** Runs in the step. What it returns answers a request. No clock, no I/O, nothing awaited. */
  readonly handle: ((zone: Zone, player: PlayerHandle, body: unknown) => unknown) | undefined
}

/** What is done with what clients send of a kind. Only bodies that its schema has accepted reach `handle`. */
export function onMessage<In, Out, Answer>(
  message: Message<In, Out, Answer>,
  handle: (zone: Zone, player: PlayerHandle, body: In) => Answer | void,
): HandledMessage {
  return { message, handle: (zone, player, body) => handle(zone, player, body as In) }
}

// A kind of control message, declared once for clients and zones: what either may send, and how often. It
// says nothing of what is done with it (gameserver/sim/message.ts), so it runs in a browser.

/** The part of a zod schema that is needed. */
export type Schema<T> = {
  safeParse(
    value: unknown,
  ): { success: true; data: T } | { success: false; error?: { issues: readonly Issue[] } }
}

type Issue = { readonly path: readonly PropertyKey[]; readonly message: string }

/** For one player: so many at once, and how fast they come back. */
export type Rate = { readonly burst: number; readonly perSecond: number }

export type MessageOptions<In, Out, Answer> = {
  /**
   * The fields beside `kind` that a client may send: a strict object, with a bound on every text. Without it
   * clients may send nothing of this kind.
   */
  toServer?: Schema<In>
  /** The fields beside `kind` that clients are sent. A body that does not fit is logged instead. */
  toClient?: Schema<Out>
  /** The fields of the answer to a request. No kind has fields `n` and `re` of its own: they number requests. */
  answer?: Schema<Answer>
  /** Of what clients send; one a second by default. */
  rate?: Rate
  /**
   * Fields of `toServer` that are texts for others to read: who is muted is refused, and words that are not allowed
   * are masked, before the message is handled.
   */
  speech?: readonly (keyof In & string)[]
}

export type Message<In = unknown, Out = unknown, Answer = unknown> = {
  readonly kind: string
  readonly toServer: Schema<In> | undefined
  readonly toClient: Schema<Out> | undefined
  readonly answer: Schema<Answer> | undefined
  readonly rate: Rate
  readonly speech: readonly string[]
}

/** `kind`: the core's own, or `game.` and a name of the game's choice. */
export function message<In = never, Out = never, Answer = never>(
  kind: string,
  {
    toServer,
    toClient,
    answer,
    rate = { burst: 1, perSecond: 1 },
    speech = [],
  }: MessageOptions<In, Out, Answer>,
): Message<In, Out, Answer> {
  return { kind, toServer, toClient, answer, rate, speech }
}

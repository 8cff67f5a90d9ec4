// Waits in the login queue of a realm that is full, until it is the player's turn.
import type { LoginPlace, Admission, Entered } from '#shared/api/world.ts'
import type { Runtime } from '#shared/runtime.ts'

/** A place in the queue without its ticket. */
export type Waiting = Omit<LoginPlace, 'ticket'>

export type LoginQueueCalls = {
  enter: () => Promise<Entered>
  ask: (ticket: string) => Promise<{ yourTurn: boolean; waiting?: LoginPlace | undefined }>
  /** Never fails. */
  giveUp: () => Promise<void>
}

/**
 * Enters, and waits as long as it takes. Fails as a call does: the place is kept, and entering again goes on there. A
 * player who leaves meanwhile (`signal`) gives his place up. `told`: where he stands, and at last that he comes in.
 */
export async function enterByQueue(
  { enter, ask, giveUp }: LoginQueueCalls,
  runtime: Pick<Runtime, 'sleep'>,
  signal: AbortSignal | undefined,
  told: ((waiting: Waiting | undefined) => void) | undefined,
): Promise<Admission> {
  let asked = false
  try {
    for (;;) {
      const entered = await enter()
      if (!('waiting' in entered)) {
        if (asked) told?.(undefined)
        return entered
      }
      asked = true
      await waitForTurn(entered.waiting)
    }
  } catch (error) {
    if (asked && signal?.aborted === true) await giveUp()
    throw error
  }

  /** Until `enter` says more: it is his turn, or his ticket is good no more. */
  async function waitForTurn(place: LoginPlace): Promise<void> {
    for (let at: LoginPlace | undefined = place; at !== undefined;) {
      const { ticket, ...waiting }: LoginPlace = at
      told?.(waiting)
      await runtime.sleep(waiting.askAgainS * 1000, signal)
      try {
        at = (await ask(ticket)).waiting
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'login_queue.over') throw error
        at = undefined
      }
    }
  }
}

/** `You are number 123 of 4,000, about 3 minutes`. */
export function waitingWords({ position, of, seconds }: Waiting): string {
  const number = (value: number) => value.toLocaleString('en-GB')
  const place = `The world is full. You are number ${number(position)} of ${number(of)}`
  if (seconds === undefined) return `${place}.`
  const minutes = Math.round(seconds / 60)
  if (minutes < 1) return `${place}, less than a minute.`
  if (minutes < 120) return `${place}, about ${minutes} minute${minutes === 1 ? '' : 's'}.`
  return `${place}, about ${Math.round(minutes / 60)} hours.`
}

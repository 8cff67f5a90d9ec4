// What finds matches among the waiting tickets of a queue: the matcher of our own (built-in.ts), or FlexMatch
// (flexmatch.ts). It only proposes. What it proposes becomes a match by the keeper's transaction, whatever found it.
import type { FlexReport } from '#shared/flexmatch/flexmatch.ts'
import type { Ticket } from './store.ts'

/** These tickets fit. Each goes in as it was read last, so all of them still wait, or none becomes a match. */
export type Proposal = {
  matchId: string
  tickets: readonly Ticket[]
  /** By character. */
  teamOf: ReadonlyMap<string, string>
}

/** A ticket whose wait has ended; `sentAs`: if that is how it was sent last. */
export type Over = { ticket: Ticket; state: 'timedOut' | 'cancelled'; sentAs?: string }

export interface Finder {
  /**
   * The ticket waits, as it was read now. Returns another ticket by which one of its players seems to wait: nobody has
   * seen yet that it is over.
   */
  add(ticket: Ticket): string | undefined
  /** It does not wait. `row`: as it was read; `lately`: it has changed in the last minute. */
  remove(ticketId: string, row: Ticket | undefined, lately: boolean): void
  /** FlexMatch has told something; in any order, and repeatedly. */
  hear(report: FlexReport): void
  /** Looks once. Failures of other services are its own matter; fails with StoreError. */
  find(): Promise<{ proposals: Proposal[]; over: Over[] }>
  /** A proposal was made a match, or one of its tickets did not wait any more. */
  settle(proposal: Proposal, made: boolean): void
  /** Answers why tickets wait. */
  explain(): Promise<void>
}

// What the tick thread asks of the persistence worker. All store traffic of a zone host goes through
// here; nothing on the tick thread awaits it inside a step.
import type { EffectOutcome, WaitingEffect } from '#shared/rules/effects.ts'
import type { CheckpointEntry } from '#shared/ownership/checkpoint.ts'
import type { Saved } from '#shared/ownership/saved.ts'
import type { Command } from '#shared/ownership/inbox.ts'
import type { Ticket } from '#shared/ownership/ticket.ts'

/** A character as it is claimed. */
export type ClaimedCharacter = {
  characterId: string
  accountId: string
  name: string
  race: string
  job: string
  /** Who writes must name it. */
  epoch: number
  /** The last one used; each save uses a higher one, for the character's whole life. */
  saveNumber: number
  saved: Saved
  /** Nobody sees it, and it takes no place (Ticket). */
  synthetic?: boolean
}

export type ClaimOutcome =
  | { outcome: 'claimed'; character: ClaimedCharacter }
  /** The ticket was used, replaced or voided: close with `ticket.refused`. */
  | { outcome: 'refused' }
  /** The store does not answer or the lease is in doubt: close with `host.unavailable`. */
  | { outcome: 'unavailable' }
  /** The store will never take it: close with `internal`. */
  | { outcome: 'storeRefused' }

export type Leaving = CheckpointEntry & { instance: string }

export type EffectCall = WaitingEffect & { characterId: string; epoch: number }

export type LeaseView = {
  /** Inside the deadline: admission and saving are allowed. */
  held: boolean
  /** Declared dead, or the row is gone: everybody must be closed with `fenced` and the process ends. */
  lost: boolean
}

export type RenewOutcome = 'held' | 'lost' | 'unavailable' | 'refused'

export interface Persistence {
  /**
   * Turns a reservation into a playing character. The caller has verified the ticket and remembers its
   * id from before this call on, so that one ticket never claims twice.
   */
  claim(ticket: Ticket): Promise<ClaimOutcome>
  /**
   * Saves a character and gives it up; repeats itself until the outcome is clear, however long that
   * takes. Until it resolves the character stays in the checkpoints. `fenced`: it was not ours any more.
   * `refused`: the store will never take it; what was saved last is what the next owner goes on with.
   */
  leave(leaving: Leaving): Promise<'left' | 'fenced' | 'refused'>
  /**
   * Everybody in the instance, the leaving ones too. Called every 4 s and before the host stops.
   * `refused`: the store will never take a part of it; the rest was saved.
   */
  checkpoint(
    instance: string,
    entries: CheckpointEntry[],
  ): Promise<'saved' | 'unavailable' | 'refused'>
  /**
   * Gives up a character that the guard says is ours at that epoch and that nobody here holds. Resolves
   * when that was tried; whoever wants the character asks again.
   */
  letGo(characterId: string, epoch: number): Promise<'left' | 'fenced' | 'unavailable' | 'refused'>
  /**
   * The stay that began with that epoch was fenced here: nothing more is known of it. A later stay of the
   * character is not touched.
   */
  forget(characterId: string, epoch: number): Promise<void>
  /**
   * Makes an effect of a game durable, once; repeats itself until the outcome is clear. `fenced`: another
   * host owns the character, and asks for the effect by itself. Rejects for a defect of the game.
   */
  effect(call: EffectCall): Promise<EffectOutcome | 'fenced'>
  /** What applies commands from the inbox. They may come more than once. */
  onCommand(apply: (command: Command) => void): void
  /** The tick thread is alive; called each tick. The lease is renewed only while this goes on. */
  beat(): void
  lease(): LeaseView
  /**
   * After a gap longer than the lease: renews it, hands over what the inbox holds, then answers. `lost`
   * means: do not tick again. `refused`: the store will not take the renewal, until an operator acts.
   */
  prove(): Promise<RenewOutcome>
}

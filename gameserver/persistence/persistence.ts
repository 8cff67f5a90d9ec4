// The interface of the persistence worker for the tick thread. All store traffic of a zone host goes through
// it. No step on the tick thread waits for an answer.
import type { Role } from '#shared/api/role.ts'
import type { EffectOutcome, WaitingEffect } from '#shared/rules/effects.ts'
import type { CheckpointEntry } from '#shared/ownership/checkpoint.ts'
import type { RealmMaintenance } from '#shared/live/bulletin.ts'
import type { Saved } from '#shared/ownership/saved.ts'
import type { Command } from '#shared/ownership/inbox.ts'
import type { SocialEvent } from '#shared/protocol/social-event.ts'
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
  /** No player sees it, and it takes no place (Ticket). */
  synthetic?: boolean
  /** The last change of its account's mute, which may be over (shared/moderation/mute.ts). */
  mute?: { until: number; version: number }
  /** Of the account (Ticket). */
  role?: Role
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

export type EffectCall = WaitingEffect &
  Pick<ClaimedCharacter, 'characterId' | 'accountId' | 'name' | 'epoch'>

/** What players of this host are told. */
export type Told = {
  event: SocialEvent
  /** Only these. */
  accounts?: string[]
  /** Only those in this zone, or in this instance of it. */
  zone?: string
  instance?: string
  /** Not those, who have blocked the speaker. */
  except?: string[]
}

/** Whom a player of this host has blocked. */
export type Blocks = { accountId: string; blocked: string[] }

/** A private instance as it is opened: `slots` and `slotUntil` name its slot (shared/ownership/inbox.ts). */
export type OpenPrivate = {
  instance: string
  zone: string
  capacity: number
  slots: string
  slotUntil: number
}

export type LeaseView = {
  /** Inside the deadline: admission and saving are allowed. */
  held: boolean
  /** The lease has ended or its row is absent: all sockets close with `fenced` and the process ends. */
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
   * Saves a character and gives up its ownership. It repeats itself until the outcome is clear, without a
   * time limit. Until it resolves the checkpoints hold the character. `fenced`: this host was not its owner
   * any more. `refused`: the store will never take the save; the next owner gets the last save before it.
   */
  leave(leaving: Leaving): Promise<'left' | 'fenced' | 'refused'>
  /**
   * Saves all characters of the instance, the leaving ones too. Called every 4 s and before the host stops.
   * `refused`: the store will never take a part of it; the rest was saved.
   */
  checkpoint(
    instance: string,
    entries: CheckpointEntry[],
  ): Promise<'saved' | 'unavailable' | 'refused'>
  /**
   * Makes a character offline whose guard names this host at that epoch, but which this host does not hold.
   * Resolves after one try: the `enter` that wants the character asks again.
   */
  letGo(characterId: string, epoch: number): Promise<'left' | 'fenced' | 'unavailable' | 'refused'>
  /**
   * Forgets the stay that began with that epoch, because it was fenced. A later stay of the character stays.
   */
  forget(characterId: string, epoch: number): Promise<void>
  /**
   * Makes an effect of a game durable, once; repeats itself until the outcome is clear. `fenced`: another
   * host owns the character, and asks for the effect itself. A defect of the game is refused as `failed`, and
   * rows that others change at each try as `busy`.
   */
  effect(call: EffectCall): Promise<EffectOutcome | 'fenced'>
  /**
   * Lets members find a private instance, and keeps its slot; repeats itself until the outcome is clear. False: the
   * store will never take it.
   */
  openPrivate(opened: OpenPrivate): Promise<boolean>
  /**
   * Ends a private instance: nobody finds it any more, and its slot is free. `taken`: a place in it is taken, so it
   * stays; never with `always`. Resolves after one try.
   */
  endPrivate(
    instance: string,
    more: { always: boolean },
  ): Promise<'ended' | 'taken' | 'unavailable' | 'refused'>
  /**
   * Closes an instance of this host: `closing`: nobody is sent there any more; `closed`: its players are out, and
   * its card goes. Resolves after one try.
   */
  closeInstance(
    instance: string,
    state: 'closing' | 'closed',
  ): Promise<'done' | 'unavailable' | 'refused'>
  /** Says that this host takes private instances, and which it runs. Called every 4 s where it has slots. */
  reportSlots(): Promise<'done' | 'unavailable' | 'refused'>
  /** Sets the function that applies commands from the inbox. A command may come more than once. */
  onCommand(apply: (command: Command) => void): void
  /** Sets the function that hears what maintenance is planned, whenever that changes. */
  onMaintenance(apply: (planned: RealmMaintenance | undefined) => void): void
  /** Sets the function that tells players. */
  onTold(apply: (told: Told[]) => void): void
  /** Sets the function that learns whom a player has blocked. */
  onBlocks(apply: (blocks: Blocks) => void): void
  /** The tick thread is alive; called each tick. The lease is renewed only while this goes on. */
  heartbeat(): void
  lease(): LeaseView
  /**
   * After a gap longer than the lease: renews it, hands over what the inbox holds, then answers. `lost`
   * means: do not tick again. `refused`: the store will not take the renewal, until an operator acts.
   */
  prove(): Promise<RenewOutcome>
}

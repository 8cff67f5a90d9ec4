// The store's side of a zone host: claims, leaves, checkpoints and the lease, as shared/ownership says.
// It runs in the worker thread; tests run it in the open.
import { stateSaveMs } from '#shared/limits.ts'
import { isBanned } from '#shared/ownership/ban.ts'
import { checkpointPut } from '#shared/ownership/checkpoint.ts'
import type { CheckpointEntry } from '#shared/ownership/checkpoint.ts'
import { parseCharacterRows, readCharacterRows, saveUpdate } from '#shared/ownership/guard.ts'
import type { CharacterRows, SoftState } from '#shared/ownership/guard.ts'
import { readInbox, removeCommand } from '#shared/ownership/inbox.ts'
import type { Command } from '#shared/ownership/inbox.ts'
import { createLease, endLease } from '#shared/ownership/lease.ts'
import { openInstance, reconcilePlaces, releasePlace } from '#shared/ownership/places.ts'
import type { InstanceState, Stay } from '#shared/ownership/places.ts'
import type { Ticket } from '#shared/ownership/ticket.ts'
import { claimUpdate, leaveWrites, letGoWrites } from '#shared/ownership/transitions.ts'
import type { Runtime } from '#shared/runtime.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Store } from '#shared/store/store.ts'
import { createLeaseKeeper, leaseView } from './lease-keeper.ts'
import type { Clocks, LeaseProof } from './lease-keeper.ts'
import { createLeaseWatch } from './lease-watch.ts'
import type { ClaimedCharacter, ClaimOutcome, Leaving, Persistence } from './persistence.ts'

export type HostIdentity = {
  bootId: string
  realmId: string
  /** WebSocket address that clients are given. */
  address: string
  protocol: number
  contentVersion: string
  /** `x` of the key with which it proves who it is. */
  publicKey: string
  instances: { instance: string; zone: string; capacity: number }[]
  /** All zones of the realm: hosts of the next one are watched. */
  zones: readonly string[]
}

export type HostStore = Persistence & {
  /** Writes the lease and instance rows (state `ready`). Fails when the store does. */
  open(): Promise<void>
  /** What the director sees of all instances of this host from now on. */
  setState(state: InstanceState): Promise<void>
  /** A hint came: reads the inbox now. Never fails. */
  poke(): Promise<void>
  /** Renews the lease, and watches those of others, until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>
  /** The host gives up all it owns: for the end of a drain. */
  release(): Promise<void>
}

/** Pause between repeats of a write whose outcome is unclear, ms. */
const repeatMs = 250
/** A claim is repeated this often before the player is asked to enter again. */
const claimAttempts = 4
/** Rows of the inbox removed side by side: a host that wakes has one a player, and proves nothing before. */
const removedAtOnce = 25
/** State rows saved with one checkpoint at most, so that a full hub does not come in one burst. */
const savesPerCheckpoint = 32

type Held = Stay & {
  instance: string
  savedAt: number
  saved: SoftState
  /** Has no place to hold. */
  synthetic: boolean
}

export function createHostStore(deps: {
  store: Store
  runtime: Runtime
  clocks: Clocks
  host: HostIdentity
  onProof: (proof: LeaseProof) => void
}): HostStore {
  const { store, runtime, clocks, host } = deps
  const { bootId, realmId } = host
  const keeper = createLeaseKeeper({
    store,
    runtime,
    clocks,
    bootId,
    readInbox: takeCommands,
    onProof: deps.onProof,
  })
  const watch = createLeaseWatch({ store, runtime, clocks, host })
  let obey: ((command: Command) => void) | undefined
  const held = new Map<string, Held>()
  const checkpointNumbers = new Map<string, number>()
  /** Instances whose row holds nobody: there is nothing to write until somebody is there again. */
  const savedEmpty = new Set(host.instances.map(({ instance }) => instance))
  let state: InstanceState = 'ready'

  const zoneOf = (instance: string): string =>
    host.instances.find((one) => one.instance === instance)!.zone
  const lease = () => leaseView(keeper.proof(), clocks)

  let reading: Promise<void> | undefined
  let reread: Promise<void> | undefined

  /**
   * Hands over what waited when this was called. One read at a time: all who ask while it goes on share
   * the one that follows it. A host that wakes finds a hint for each command, and would else carry out
   * the whole inbox as many times.
   */
  async function takeCommands(): Promise<void> {
    if (reading === undefined) {
      reading = takeOnce().finally(() => (reading = undefined))
      return await reading
    }
    reread ??= reading
      .catch(() => undefined)
      .then(() => {
        reread = undefined
        return takeCommands()
      })
    return await reread
  }

  /** A row is removed after its command was obeyed: rather twice than never. */
  async function takeOnce(): Promise<void> {
    const commands = await readInbox(store, clocks.now(), bootId)
    for (let first = 0; first < commands.length; first += removedAtOnce) {
      if (obey === undefined) return
      const some = commands.slice(first, first + removedAtOnce)
      for (const command of some) obey(command)
      await Promise.all(some.map((command) => removeCommand(store, bootId, command)))
    }
  }

  async function letGo(characterId: string, epoch: number): Promise<void> {
    try {
      await store.transact(letGoWrites({ realmId, characterId, bootId, epoch }))
    } catch (error) {
      // Refused: it is not ours at this epoch any more. Unclear: whoever waits for it asks again.
      if (!(error instanceof StoreError)) throw error
    }
  }

  async function readRows(characterId: string): Promise<CharacterRows | undefined> {
    const page = await store.query(readCharacterRows(realmId, characterId))
    return parseCharacterRows(realmId, characterId, page.items)
  }

  async function claim(ticket: Ticket): Promise<ClaimOutcome> {
    const proofBefore = keeper.proof()
    // An attempt landed, or may have: the next one is then refused although the character is ours.
    let maybeMine = false
    for (let attempt = 0; attempt < claimAttempts && lease().held; attempt++) {
      if (attempt > 0) await runtime.sleep(repeatMs)
      try {
        const claimed = await store
          .update(claimUpdate({ ...ticket, bootId }))
          .then(() => true)
          .catch((error: unknown) => {
            if (error instanceof StoreError && error.kind === 'condition') return false
            maybeMine ||= error instanceof StoreError && error.unclear
            throw error
          })
        maybeMine ||= claimed
        // Guard, state and ban are read after the claim: what was there before may be an earlier
        // owner's, and a ban that came meanwhile has seen no owner.
        const [rows, banned] = await Promise.all([
          readRows(ticket.characterId),
          isBanned(store, realmId, ticket.accountId, clocks.now()),
        ])
        const mine =
          rows !== undefined &&
          rows.guard.owner === bootId &&
          rows.guard.state === 'active' &&
          rows.guard.ticketId === ticket.ticketId
        if (!mine || !maybeMine) return { outcome: 'refused' }
        if (banned) {
          void giveBack(ticket)
          return { outcome: 'refused' }
        }
        if (!unbroken(proofBefore)) break
        return { outcome: 'claimed', character: claimedCharacter(rows, ticket) }
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
      }
    }
    void giveBack(ticket)
    return { outcome: 'unavailable' }
  }

  /** No lapse of the lease since then: an answer that crossed one is void. */
  function unbroken(before: LeaseProof): boolean {
    return lease().held && keeper.proof().lapses === before.lapses
  }

  function claimedCharacter(rows: CharacterRows, ticket: Ticket): ClaimedCharacter {
    held.set(ticket.characterId, {
      instance: ticket.instance,
      epoch: rows.guard.epoch,
      savedAt: clocks.now(),
      saved: rows.state.soft,
      // In the ticket itself it is rounded to seconds.
      ticketExpires: rows.guard.ticketExpires,
      synthetic: ticket.synthetic === true,
    })
    return {
      characterId: ticket.characterId,
      accountId: ticket.accountId,
      ...rows.profile,
      epoch: rows.guard.epoch,
      saveNumber: rows.state.saveNumber,
      soft: rows.state.soft,
      ...(ticket.synthetic === true ? { synthetic: true } : {}),
    }
  }

  /** A claim that nobody will use is undone, once it can be read how it ended. */
  async function giveBack(ticket: Ticket): Promise<void> {
    while (!keeper.proof().lost) {
      try {
        const rows = await readRows(ticket.characterId)
        const mine = rows?.guard.owner === bootId && rows.guard.ticketId === ticket.ticketId
        // While it is still reserved, a late claim of ours may yet land: wait for it or for `enter`.
        if (rows === undefined || !mine) return
        if (rows.guard.state === 'active') {
          const { characterId } = ticket
          await leaveUntilClear({
            instance: ticket.instance,
            characterId,
            epoch: rows.guard.epoch,
            saveNumber: rows.state.saveNumber + 1,
            soft: rows.state.soft,
          })
          await giveBackPlace(ticket.instance, characterId, rows.guard)
          return
        }
        if (clocks.now() > ticket.expiresAt) return
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
      }
      await runtime.sleep(repeatMs)
    }
  }

  async function leaveUntilClear(leaving: Leaving): Promise<'left' | 'fenced'> {
    let unclear = false
    for (;;) {
      try {
        await store.transact(leaveWrites({ ...leaving, realmId, bootId }))
        return 'left'
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        if (error.kind === 'cancelled' && error.reasons.includes('condition')) {
          const guard = (await readRows(leaving.characterId).catch(() => undefined))?.guard
          if (guard !== undefined) {
            const stillMine = guard.owner === bootId && guard.epoch === leaving.epoch
            // Not ours any more: our own earlier try, if one was unclear, or another owner.
            if (!stillMine) return unclear ? 'left' : 'fenced'
          }
        }
        unclear ||= error.unclear
      }
      await runtime.sleep(repeatMs)
    }
  }

  async function leave(leaving: Leaving): Promise<'left' | 'fenced'> {
    const outcome = await leaveUntilClear(leaving)
    const { characterId, epoch, instance } = leaving
    const stay = stayOf(characterId, epoch)
    // Back already, in another instance of this host: what is held now is another stay.
    if (stay === undefined) return outcome
    held.delete(characterId)
    if (!stay.synthetic) await giveBackPlace(instance, characterId, stay)
    return outcome
  }

  /** A place that cannot be given back now lapses at a later reconciling. */
  async function giveBackPlace(instance: string, characterId: string, stay: Stay): Promise<void> {
    const entry = { zone: zoneOf(instance), bootId, instance }
    await releasePlace(store, realmId, entry, characterId, stay).catch(ignoreStoreError)
  }

  async function checkpoint(
    instance: string,
    entries: CheckpointEntry[],
  ): Promise<'saved' | 'unavailable'> {
    // Past the deadline nothing is saved: another owner may already have begun.
    if (!lease().held) return 'unavailable'
    try {
      if (entries.length > 0 || !savedEmpty.has(instance)) {
        const number = (checkpointNumbers.get(instance) ?? 0) + 1
        checkpointNumbers.set(instance, number)
        savedEmpty.delete(instance)
        await store.put(checkpointPut(bootId, instance, number, entries))
        if (entries.length === 0) savedEmpty.add(instance)
      }
      await saveChanged(entries)
      await reconcile(instance, entries)
      return 'saved'
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      return 'unavailable'
    }
  }

  async function reconcile(
    instance: string,
    members: Iterable<{ characterId: string; epoch: number }>,
  ): Promise<void> {
    const here = new Map<string, Stay>()
    for (const { characterId, epoch } of members) {
      // Who has left since the checkpoint began is no member any more.
      const stay = stayOf(characterId, epoch)
      if (stay?.synthetic === false) here.set(characterId, stay)
    }
    const entry = { zone: zoneOf(instance), bootId, instance, state }
    await reconcilePlaces(store, clocks.now(), realmId, entry, here)
  }

  /** What is known of a character since that claim; undefined when it has left or come back since. */
  function stayOf(characterId: string, epoch: number): Held | undefined {
    const one = held.get(characterId)
    return one?.epoch === epoch ? one : undefined
  }

  /** The state rows of those who changed and were not saved for a minute. */
  async function saveChanged(entries: CheckpointEntry[]): Promise<void> {
    let budget = savesPerCheckpoint
    for (const entry of entries) {
      const last = stayOf(entry.characterId, entry.epoch)
      if (last === undefined || clocks.now() - last.savedAt < stateSaveMs) continue
      if (sameSoft(last.saved, entry.soft)) continue
      if (budget-- === 0) return
      try {
        await store.update(saveUpdate({ ...entry, realmId }))
      } catch (error) {
        // Refused: another owner came, or a leave was faster. The guard has the last word, not this.
        if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
      }
      last.savedAt = clocks.now()
      last.saved = entry.soft
    }
  }

  return {
    claim,
    leave,
    checkpoint,
    letGo,
    onCommand(handler) {
      obey = handler
    },
    poke: async () => await takeCommands().catch(ignoreStoreError),
    beat: () => keeper.beat(),
    lease,
    prove: async () => await keeper.renew(),
    async open() {
      const instances = host.instances.map(({ instance, zone }) => ({ realmId, zone, instance }))
      await createLease(store, clocks.now(), { ...host, content: host.contentVersion, instances })
      for (const one of host.instances) {
        const { address, protocol } = host
        await openInstance(store, clocks.now(), realmId, {
          ...one,
          bootId,
          address,
          protocol,
          state,
        })
      }
      await keeper.renew()
    },
    async setState(next) {
      state = next
      for (const { instance } of host.instances) {
        const here = [...held].filter(([, one]) => one.instance === instance)
        await reconcile(
          instance,
          here.map(([characterId, { epoch }]) => ({ characterId, epoch })),
        )
      }
    },
    async run(signal) {
      await Promise.all([keeper.run(signal), watch.run(signal)])
    },
    release: async () => await endLease(store, bootId),
  }
}

function sameSoft(a: SoftState, b: SoftState): boolean {
  return a.zone === b.zone && a.x === b.x && a.y === b.y && a.heading === b.heading
}

function ignoreStoreError(error: unknown): void {
  if (!(error instanceof StoreError)) throw error
}

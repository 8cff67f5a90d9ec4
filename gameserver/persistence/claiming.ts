// How a reservation becomes a playing character.
import { createBackoff } from '#shared/backoff.ts'
import { readProfile } from '#shared/content/profile.ts'
import { ticketMs } from '#shared/limits.ts'
import { readMute } from '#shared/moderation/mute.ts'
import type { Mute } from '#shared/moderation/mute.ts'
import { isBanned } from '#shared/ownership/ban.ts'
import type { CharacterRows } from '#shared/ownership/guard.ts'
import type { Ticket } from '#shared/ownership/ticket.ts'
import { claimUpdate } from '#shared/ownership/transitions.ts'
import type { Runtime } from '#shared/runtime.ts'
import { RowError } from '#shared/store/row.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Store } from '#shared/store/store.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { HostPlaces } from './host-places.ts'
import type { Clocks, LeaseProof } from './lease-keeper.ts'
import { readRows } from './leaving.ts'
import type { Leaver } from './leaving.ts'
import type { ClaimedCharacter, ClaimOutcome, LeaseView } from './persistence.ts'
import { failed } from './store-watch.ts'
import type { Stays } from './stays.ts'

/** Pauses between the tries of a claim. */
const repeatMs = { baseMs: 250, maxMs: 2000 }
/** A claim is repeated this often before the player is asked to enter again. */
const claimAttempts = 4

export type ClaimDeps = {
  store: Store
  runtime: Runtime
  clocks: Clocks
  host: { realmId: string; bootId: string }
  stays: Stays
  places: HostPlaces
  leaver: Leaver
  proof: () => LeaseProof
  lease: () => LeaseView
  log: Log
}

/** See Persistence.claim. */
export async function claim(deps: ClaimDeps, ticket: Ticket): Promise<ClaimOutcome> {
  const proofBefore = deps.proof()
  // An attempt landed, or may have: the next one is then refused although the character is ours.
  const progress = { maybeMine: false }
  const backoff = createBackoff(deps.runtime, repeatMs)
  for (let attempt = 0; attempt < claimAttempts && deps.lease().held; attempt++) {
    if (attempt > 0) await deps.runtime.sleep(backoff.next())
    try {
      const { rows, banned, mute } = await tryClaim(deps, ticket, progress)
      if (!isMine(deps, rows, ticket) || !progress.maybeMine) return { outcome: 'refused' }
      if (banned) {
        void undoClaim(deps, ticket)
        return { outcome: 'refused' }
      }
      // No lapse of the lease meanwhile: an answer that crossed one is void.
      if (!deps.lease().held || deps.proof().lapses !== proofBefore.lapses) break
      return { outcome: 'claimed', character: beginStay(deps, rows, ticket, mute) }
    } catch (error) {
      if (failed(error) === 'unavailable') continue
      if (error instanceof RowError) deps.log.error('a claim is refused', { error })
      if (progress.maybeMine) void undoClaim(deps, ticket)
      return { outcome: 'storeRefused' }
    }
  }
  void undoClaim(deps, ticket)
  return { outcome: 'unavailable' }
}

/** Tries the claim once, and reads the rows after it. */
async function tryClaim(
  { store, clocks, host }: ClaimDeps,
  ticket: Ticket,
  progress: { maybeMine: boolean },
): Promise<{ rows: CharacterRows | undefined; banned: boolean; mute: Mute | undefined }> {
  try {
    await store.update(claimUpdate({ ...ticket, bootId: host.bootId }))
    progress.maybeMine = true
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    progress.maybeMine ||= error.unclear
    if (error.kind !== 'condition') throw error
  }
  // Guard, state, ban and mute are read after the claim. Rows from before may be an earlier owner's, and a ban that
  // was made before the claim saw no owner.
  const { realmId } = host
  const [rows, banned, mute] = await Promise.all([
    readRows(store, realmId, ticket.characterId),
    isBanned(store, realmId, ticket.accountId, clocks.now()),
    readMute(store, { realmId, accountId: ticket.accountId }),
  ])
  return { rows, banned, mute }
}

function isMine(
  { host }: ClaimDeps,
  rows: CharacterRows | undefined,
  ticket: Ticket,
): rows is CharacterRows {
  return (
    rows !== undefined &&
    rows.guard.owner === host.bootId &&
    rows.guard.state === 'active' &&
    rows.guard.ticketId === ticket.ticketId
  )
}

function beginStay(
  { stays, clocks }: ClaimDeps,
  rows: CharacterRows,
  ticket: Ticket,
  mute: Mute | undefined,
): ClaimedCharacter {
  const { guard, state, profile } = rows
  const synthetic = ticket.synthetic === true
  stays.set(ticket.characterId, {
    instance: ticket.instance,
    epoch: guard.epoch,
    savedAt: clocks.now(),
    saved: state.saved,
    // In the ticket itself it is rounded to seconds.
    ticketExpires: guard.ticketExpires,
    synthetic,
  })
  return {
    characterId: ticket.characterId,
    accountId: ticket.accountId,
    ...readProfile(profile),
    epoch: guard.epoch,
    saveNumber: state.saveNumber,
    saved: state.saved,
    ...(synthetic ? { synthetic: true } : {}),
    ...(mute === undefined ? {} : { mute: { until: mute.until, version: mute.version } }),
    ...(ticket.role === undefined ? {} : { role: ticket.role }),
  }
}

/** Undoes a claim that no stay will use, as soon as its outcome can be read. */
async function undoClaim(deps: ClaimDeps, ticket: Ticket): Promise<void> {
  const { store, runtime, clocks, host, places, leaver } = deps
  const { characterId, instance } = ticket
  const backoff = createBackoff(runtime, repeatMs)
  const beganAt = clocks.monotonic()
  while (!deps.proof().lost) {
    try {
      const rows = await readRows(store, host.realmId, characterId)
      const mine = rows?.guard.owner === host.bootId && rows.guard.ticketId === ticket.ticketId
      // While it is still reserved, a late claim of ours may yet land: wait for it or for `enter`, as long as
      // a ticket lives. When it expires is by the clock of a function.
      if (rows === undefined || !mine) return
      if (rows.guard.state === 'active') {
        const { epoch } = rows.guard
        const { saveNumber, saved } = rows.state
        await leaver.untilClear({
          instance,
          characterId,
          epoch,
          saveNumber: saveNumber + 1,
          saved,
        })
        await places.release(instance, characterId, rows.guard)
        return
      }
      if (clocks.monotonic() - beganAt > ticketMs) return
      backoff.reset()
    } catch (error) {
      if (failed(error) === 'refused') return
    }
    await runtime.sleep(backoff.next())
  }
}

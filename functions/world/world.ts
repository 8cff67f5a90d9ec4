// The director's `enter`: finds a place for a character (placement.ts) and reserves it.
//
// `enter` takes four store trips in sequence: (1) character rows beside the account, (2) the copies of
// the zone, beside lease and checkpoint of a former owner, (3) a place, (4) the reservation.
//
// A character that is in play is never taken from a living owner: that one is asked through its inbox
// to let go, and looked at for 3 s. Dead it is by its lease row, or because another host wrote there that
// it fell silent. Else what was seen of its lease goes to the client with the refusal and comes back with
// the next `enter`, until the owner has answered or may be judged dead.
import type { Admission } from '#shared/api/world.ts'
import type { PlayerCaller } from '#shared/api/endpoint.ts'
import { letGoLookLaterMs, letGoLookMs, letGoWaitMs, ticketMs } from '#shared/limits.ts'
import { checkpointKey, recover } from '#shared/ownership/checkpoint.ts'
import { parseCharacterRows, readCharacterRows } from '#shared/ownership/guard.ts'
import type { CharacterRows, Guard } from '#shared/ownership/guard.ts'
import { commandPut } from '#shared/ownership/inbox.ts'
import {
  judgeLease,
  judgeSighting,
  judgeSuspect,
  leaseKey,
  sightLease,
} from '#shared/ownership/lease.ts'
import type { Observation, Sighting } from '#shared/ownership/lease.ts'
import { findInstances, releasePlace } from '#shared/ownership/places.ts'
import { signTicket } from '#shared/ownership/ticket.ts'
import type { SigningKey, VerifyKeys } from '#shared/keys/jwt.ts'
import { reserveWrites, takeOverWrites } from '#shared/ownership/transitions.ts'
import type { Reservation } from '#shared/ownership/transitions.ts'
import { Problem } from '#shared/problem.ts'
import { speaks } from '#shared/protocol/version.ts'
import { newId } from '#shared/runtime.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Item, Write } from '#shared/store/store.ts'
import { findPlace } from './placement.ts'
import type { PlacementDeps } from './placement.ts'
import { readSeat, seatWrite, vacate } from './seat.ts'
import type { Seat } from './seat.ts'
import { readSighting, signSighting } from './sighting.ts'
import type { StatusDeps } from './status.ts'

export type WorldDeps = PlacementDeps &
  StatusDeps & {
    /** The key that signs tickets now. */
    signingKey: () => SigningKey
    verifyKeys: VerifyKeys
    /** Tells a host, as fast as may be, that its inbox has something new. Never fails. */
    hint: (bootId: string) => void
    /** The face of functions/auth. One store trip. Throws auth.session_revoked, auth.banned. */
    requireSession: (player: PlayerCaller) => Promise<void>
    /** Whether it is the account of the synthetic player, who takes no place. */
    isSynthetic: (accountId: string) => boolean
  }

/** How often `enter` starts over when others changed the same rows at once. */
const attempts = 4

/** What one `enter` has learned so far. */
type Progress = {
  /** Instances that had no room, by boot id and name. */
  tried: Set<string>
  sighting: Sighting | undefined
  /** The seat that was found taken by another character, which is out of play since. */
  vacated: Seat | undefined
  /** Until when the owner is given time to let go, Unix ms; set when it was asked. */
  letGoUntil: number | undefined
}

/**
 * Reserves a place for a character and signs the ticket for it. Send it again at any time: each one
 * replaces the reservation before it. `observed` is what the refusal of the one before said.
 */
export async function enter(
  deps: WorldDeps,
  player: PlayerCaller,
  realmId: string,
  request: { characterId: string; protocol: number; observed?: string | undefined },
): Promise<Admission> {
  if (!speaks(request.protocol)) throw new Problem('play.version')
  const progress: Progress = {
    tried: new Set(),
    sighting:
      request.observed === undefined
        ? undefined
        : await readSighting(deps.verifyKeys, request.observed),
    vacated: undefined,
    letGoUntil: undefined,
  }
  for (let attempt = 0; attempt < attempts;) {
    const admission = await tryEnter(deps, player, realmId, request.characterId, progress)
    if (admission === 'owned') await deps.runtime.sleep(lookAgainMs(deps.runtime.now(), progress))
    else if (admission === 'again') attempt++
    else return admission
  }
  throw new Problem('world.busy', { retryAfterS: 1 })
}

function lookAgainMs(now: number, { letGoUntil = now }: Progress): number {
  return letGoUntil - now > letGoWaitMs - 1000 ? letGoLookMs : letGoLookLaterMs
}

/** `again`: others changed the same rows. `owned`: a living owner was asked to let go; look again. */
async function tryEnter(
  deps: WorldDeps,
  player: PlayerCaller,
  realmId: string,
  characterId: string,
  progress: Progress,
): Promise<Admission | 'again' | 'owned'> {
  const { store, runtime } = deps
  const [page, , seat] = await Promise.all([
    store.query(readCharacterRows(realmId, characterId)),
    deps.requireSession(player),
    readSeat(store, realmId, player.accountId),
  ])
  const rows = parseCharacterRows(realmId, characterId, page.items)
  if (rows === undefined || rows.guard.accountId !== player.accountId || rows.guard.deleted) {
    throw new Problem('character.not_found')
  }

  const { guard } = rows
  const zoneRead = zoneOf(deps, rows.state.saved.zone)
  const inPlay = guard.state === 'active'
  // Before the lease is read: what is said of it may be older, by a vacated seat, but never younger.
  const readAt = runtime.now()
  if (inPlay && progress.letGoUntil !== undefined) {
    // Looking on: nothing else is read while the owner lives.
    const row = await store.get({ table: 'volatile', key: leaseKey(guard.owner), consistent: true })
    if (!judge(guard.owner, row, progress, readAt).dead) {
      await askToLetGo(deps, guard, progress)
      return 'owned'
    }
  }
  const [copies, leaseRow, checkpoint] = await Promise.all([
    findInstances(store, realmId, zoneRead),
    inPlay
      ? store.get({ table: 'volatile', key: leaseKey(guard.owner), consistent: true })
      : undefined,
    inPlay
      ? store.get({
          table: 'core',
          key: checkpointKey(guard.owner, guard.instance),
          consistent: true,
        })
      : undefined,
    vacateOther(deps, realmId, characterId, seat, progress),
  ])
  const observed = inPlay ? judge(guard.owner, leaseRow, progress, readAt) : undefined
  if (observed?.dead === false) {
    await askToLetGo(deps, guard, progress)
    return 'owned'
  }

  const recovered = observed === undefined ? rows.state : recover(guard, rows.state, checkpoint)
  const zone = zoneOf(deps, recovered.saved.zone)
  const found = zone === zoneRead ? copies : await findInstances(store, realmId, zone)
  const synthetic = deps.isSynthetic(player.accountId)
  const { place, ticketExpires, renewed } = await findPlace(deps, found, {
    realmId,
    zone,
    characterId,
    // Later than any place that the character ever had: whoever still gives an earlier one back, by another
    // clock, knows it by its time.
    until: Math.max(runtime.now() + ticketMs, guard.ticketExpires + 1),
    notIn: observed === undefined ? undefined : guard.owner,
    tried: progress.tried,
    synthetic,
  })
  const to: Reservation = {
    owner: place.bootId,
    instance: place.instance,
    ticketId: newId(runtime),
    ticketExpires,
  }
  const writes =
    observed === undefined
      ? reserveWrites(rows, to)
      : takeOver(deps, rows, to, recovered, observed.check)
  const taken = { ...place, characterId, ticketExpires }
  const outcome = await reserve(deps, [
    ...writes,
    seatWrite(realmId, player.accountId, seat, taken),
  ])
  // Somebody else moved first: give back the place if it is still this one. One that was there before is
  // not ours to give back: whoever moved first may have it from us.
  if (outcome === 'refused' && !renewed) {
    const held = { ticketExpires }
    await releasePlace(store, realmId, place, characterId, held).catch(ignoreStoreError)
  }
  if (outcome !== 'reserved') return 'again'
  const ticket = await signTicket(deps.signingKey(), {
    ticketId: to.ticketId,
    characterId,
    accountId: player.accountId,
    realmId,
    bootId: place.bootId,
    instance: place.instance,
    epoch: guard.epoch + 1,
    expiresAt: ticketExpires,
    synthetic,
  })
  return {
    address: place.address,
    ticket,
    expiresAt: ticketExpires,
    zone,
    instance: place.instance,
    characterId,
  }
}

/** The account's other character, if one entered last, is taken out of play; once for each `enter`. */
async function vacateOther(
  deps: WorldDeps,
  realmId: string,
  characterId: string,
  seat: Seat | undefined,
  progress: Progress,
): Promise<void> {
  if (seat === undefined || seat.characterId === characterId) return
  if (progress.vacated?.number === seat.number) return
  progress.vacated = seat
  await vacate(deps, realmId, seat)
}

/** Dead by its lease row, or because the row has not changed for long enough. */
function judge(
  owner: string,
  row: Item | undefined,
  progress: Progress,
  readAt: number,
): Observation {
  const told = judgeLease(owner, row)
  if (told.dead || row === undefined) return told
  const suspect = judgeSuspect(owner, row)
  if (suspect.dead) return suspect
  progress.sighting = sightLease(progress.sighting, owner, row, readAt)
  return judgeSighting(progress.sighting)
}

/** Asks once, then looks on for 3 s; after that the client is told to come again with what was seen. */
async function askToLetGo(deps: WorldDeps, guard: Guard, progress: Progress): Promise<void> {
  const now = deps.runtime.now()
  if (progress.letGoUntil === undefined) {
    progress.letGoUntil = now + letGoWaitMs
    const { realmId, characterId, epoch, owner } = guard
    const command = { kind: 'letGo' as const, realmId, characterId, epoch }
    await deps.store.put(commandPut(now, owner, command))
    deps.hint(owner)
  } else if (now >= progress.letGoUntil) {
    const observed =
      progress.sighting === undefined
        ? undefined
        : await signSighting(deps.signingKey(), progress.sighting)
    throw new Problem('play.session_active', { retryAfterS: 1, observed })
  }
}

/** A zone that the content no longer has leads back to where characters begin. */
function zoneOf(deps: WorldDeps, zone: string): string {
  return deps.content.zones.has(zone) ? zone : deps.content.startZone
}

function takeOver(
  deps: WorldDeps,
  rows: CharacterRows,
  to: Reservation,
  recovered: { saved: CharacterRows['state']['saved']; saveNumber: number },
  leaseCheck: Write,
): Write[] {
  const { realmId, characterId, owner, epoch } = rows.guard
  const fence = { kind: 'fence' as const, realmId, characterId, epoch }
  const put = commandPut(deps.runtime.now(), owner, fence)
  return takeOverWrites(rows, to, recovered, leaseCheck, { put })
}

/**
 * One transaction. Its outcome may stay unclear: then the reservation may or may not stand, and the
 * caller reads again; a ticket that nobody was given expires by itself, and so does its place.
 */
async function reserve(
  deps: WorldDeps,
  writes: Write[],
): Promise<'reserved' | 'refused' | 'unclear'> {
  try {
    await deps.store.transact(writes)
    return 'reserved'
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    if (error.kind === 'cancelled' || error.kind === 'conflict') return 'refused'
    if (error.kind === 'unavailable' && error.unclear) return 'unclear'
    throw error
  }
}

function ignoreStoreError(error: unknown): void {
  if (!(error instanceof StoreError)) throw error
}

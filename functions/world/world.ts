// The director's `enter`: reads the situation, waits for the owner, finds a place and reserves it.
//
// It takes four store trips in sequence: (1) the character beside the account and its seat, (2) the
// instances of the zone with room, beside lease and checkpoint of a former owner, (3) a place, (4) the
// reservation.
import type { PlayerCaller } from '#shared/api/endpoint.ts'
import type { Role } from '#shared/api/role.ts'
import type { Admission, Entered, Wish } from '#shared/api/world.ts'
import { isClosed } from '#shared/live/bulletin.ts'
import type { RealmMaintenance } from '#shared/live/bulletin.ts'
import { jitterMs } from '#shared/backoff.ts'
import { ticketMs } from '#shared/limits.ts'
import { readCard, speaksTo } from '#shared/ownership/card.ts'
import type { Card } from '#shared/ownership/card.ts'
import type { Guard } from '#shared/ownership/guard.ts'
import type { Saved } from '#shared/ownership/saved.ts'
import { signTicket } from '#shared/ownership/ticket.ts'
import type { VerifyKeys } from '#shared/keys/jwt.ts'
import type { Reservation } from '#shared/ownership/transitions.ts'
import { Problem } from '#shared/problem.ts'
import { isSame } from './choice.ts'
import type { Offer } from './choice.ts'
import { askToLetGo, pollAgainMs, readOwner } from './owner.ts'
import type { Owner, OwnerDeps, Watch } from './owner.ts'
import { readFriend } from './friend.ts'
import type { FriendAt } from './friend.ts'
import { noMates, readMates } from './mates.ts'
import type { Mates } from './mates.ts'
import { findPlace, judgeOf, readOffers, takeIn, takeMember } from './placement.ts'
import type { Found, PlacementDeps } from './placement.ts'
import type { Entry, LoginQueue } from './login-queue/login-queue.ts'
import { findPrivate } from './private.ts'
import { reserve } from './reservation.ts'
import { vacate } from './seat.ts'
import type { Seat } from './seat.ts'
import { readSighting } from './sighting.ts'
import { readSituation } from './situation.ts'
import type { Entering, Situation, SituationDeps } from './situation.ts'
import type { StatusDeps } from './status.ts'

export type WorldDeps = PlacementDeps &
  SituationDeps &
  OwnerDeps &
  StatusDeps & {
    verifyKeys: VerifyKeys
    /** Whether some hosts may speak this version of the zone protocol. */
    speaks: (protocol: number) => boolean
    /** Whether it is the account of the synthetic player, who takes no place. */
    isSynthetic: (accountId: string) => boolean
    /** What is planned for a realm, at most `bulletinFreshMs` old. */
    maintenance: (realmId: string) => Promise<RealmMaintenance | undefined>
    loginQueue: Pick<LoginQueue, 'letIn' | 'status'>
  }

/** For who lets a match play: functions/matchmaking. */
export { planPrivate } from './private.ts'
/** For who opens one more: functions/admin. */
export { hostPollMs, hostWaitMs } from './placement.ts'
export type { PrivateDeps } from './private.ts'

/** How often `enter` starts over when others changed the same rows at once, and how long it waits before, ms. */
const attempts = 6
const againWaitMs = 40

/** The knowledge of one `enter` so far. */
type Progress = Watch & {
  /** Instances that had no room. */
  tried: Set<string>
  /** The seat that was found taken by another character, which is out of play since. */
  vacated: Seat | undefined
  /** The private instance that is asked for, or `outside`. */
  instance: string | undefined
  /** It was let in, if the realm has a login queue. */
  entry: Entry | undefined
  protocol: number
  wish: Wish
}

/**
 * Reserves a place for a character and signs the ticket for it. Send it again at any time: each one
 * replaces the reservation before it. `observed` is what the refusal of the one before said. In a full realm: a place in
 * its login queue.
 */
export async function enter(
  deps: WorldDeps,
  player: PlayerCaller,
  realmId: string,
  request: {
    characterId: string
    protocol: number
    observed?: string | undefined
    instance?: string | undefined
    wish?: Wish | undefined
  },
): Promise<Entered> {
  const { characterId, protocol, observed, instance, wish = {} } = request
  if (!deps.speaks(protocol)) throw new Problem('play.version')
  const progress: Progress = {
    tried: new Set(),
    sighting: observed === undefined ? undefined : await readSighting(deps, observed),
    vacated: undefined,
    letGoUntil: undefined,
    instance,
    entry: undefined,
    protocol,
    wish,
  }
  try {
    const entered = await enterWith(deps, { player, realmId, characterId }, progress)
    await progress.entry?.entered()
    return entered
  } catch (error) {
    await progress.entry?.failed(error)
    throw error
  }
}

async function enterWith(
  deps: WorldDeps,
  entering: Entering,
  progress: Progress,
): Promise<Entered> {
  for (let attempt = 1; attempt <= attempts;) {
    const admission = await tryEnter(deps, entering, progress)
    if (admission === 'owned') {
      await deps.runtime.sleep(pollAgainMs(deps.runtime.now(), progress))
    } else if (admission === 'again') {
      await deps.runtime.sleep(jitterMs(deps.runtime, againWaitMs * attempt++))
    } else return admission
  }
  throw new Problem('world.busy', { retryAfterS: 1 })
}

/** `again`: others changed the same rows. `owned`: a living owner was asked to let go; read again. */
async function tryEnter(
  deps: WorldDeps,
  entering: Entering,
  progress: Progress,
): Promise<Entered | 'again' | 'owned'> {
  const [situation, planned] = await Promise.all([
    readSituation(deps, entering),
    deps.maintenance(entering.realmId),
  ])
  refuseClosed(deps, { role: situation.role, accountId: entering.player.accountId }, planned)
  if (progress.entry === undefined) {
    const { realmId, player } = entering
    const of = { realmId, accountId: player.accountId }
    const entry = await deps.loginQueue.letIn(of, situation)
    if ('waiting' in entry) return entry
    progress.entry = entry
  }
  const around = await readAround(deps, situation, progress)
  if (around.owner.state === 'lives') {
    await askToLetGo(deps, situation.rows.guard, progress)
    return 'owned'
  }
  const found = await choosePlace(deps, situation, around, progress)
  const reservation = await reserve(deps, situation, around.owner, found)
  if (reservation === undefined) return 'again'
  const admission = await admit(deps, situation, found, reservation)
  return { ...admission, ...wordsOf(found, around, progress) }
}

/**
 * Throws world.maintenance. An `enter` that was a moment faster gets a ticket: the host lets that character go, as
 * all who are in (gameserver/host/closing.ts).
 */
export function refuseClosed(
  { runtime, isSynthetic }: Pick<WorldDeps, 'runtime' | 'isSynthetic'>,
  { role, accountId }: { role?: Role | undefined; accountId: string },
  planned: RealmMaintenance | undefined,
): void {
  const now = runtime.now()
  if (planned === undefined || !isClosed(planned, now, role)) return
  if (isSynthetic(accountId)) return
  const retryAfterS = Math.max(1, Math.ceil((planned.until - now) / 1000))
  throw new Problem('world.maintenance', { retryAfterS, detail: planned.text })
}

/** `card`: of the private instance that it goes to. `sent`: of the one that an operator sent it to. */
type Target = { zone: string; card?: Card; sent?: Card }

type Around = { owner: Owner; target: Target } & Company

/** `friend`: undefined where none is wished for. */
type Company = { offers: readonly Offer[]; mates: Mates; friend?: FriendAt | undefined }

/** The owner, if one plays the character, and where it may go. While an owner is given time, that alone. */
async function readAround(
  deps: WorldDeps,
  { rows, seat }: Situation,
  progress: Progress,
): Promise<Around> {
  const { guard } = rows
  const asked = progress.letGoUntil !== undefined
  const watched = asked ? await readOwner(deps, rows, progress) : undefined
  if (watched?.state === 'lives') return { owner: watched, target: nowhere, ...nobody }
  const target = await readTarget(deps, guard, rows.state.saved, progress)
  const [owner, found] = await Promise.all([
    watched ?? readOwner(deps, rows, progress),
    readOffersAt(deps, guard, target, progress),
    vacateOther(deps, guard, seat, progress),
  ])
  if (owner.state !== 'dead') return { owner, target, ...found }
  // Where its last checkpoint has it may be another zone.
  const recovered = await readTarget(deps, guard, owner.recovered.saved, progress)
  const same = recovered.zone === target.zone && recovered.card === undefined
  return {
    owner,
    target: recovered,
    ...(same ? found : await readOffersAt(deps, guard, recovered, progress)),
  }
}

const nowhere: Target = { zone: '' }
const nobody = { offers: [], mates: noMates }

/**
 * Into the private instance that is asked for, or that it was in; out of one that is over, to where it came from.
 * Throws instance.unknown for one that is asked for and is over, or not its own.
 */
async function readTarget(
  deps: WorldDeps,
  { realmId, characterId }: Guard,
  { zone, outside, sentTo }: Saved,
  progress: Progress,
): Promise<Target> {
  const isPrivate = deps.content.zones.get(zone)?.private !== undefined
  const wanted = progress.instance
  const id = wanted ?? (isPrivate ? outside?.instance : undefined)
  if (id !== undefined && id !== 'outside') {
    const card = await findPrivate(deps, realmId, id, characterId)
    if (card !== undefined) return { zone: card.zone, card }
    if (wanted !== undefined) throw new Problem('instance.unknown')
  }
  const sent = wanted === undefined ? await readSent(deps, realmId, sentTo, progress) : undefined
  return { zone: zoneOf(deps, isPrivate ? (outside?.zone ?? '') : zone), ...(sent && { sent }) }
}

/** Where an operator has sent it, while that takes players. No trip for all others. */
async function readSent(
  deps: WorldDeps,
  realmId: string,
  sentTo: Saved['sentTo'],
  { protocol }: Progress,
): Promise<Card | undefined> {
  if (sentTo === undefined || sentTo.until <= deps.runtime.now()) return undefined
  const card = await readCard(deps.store, realmId, sentTo)
  const takes =
    card?.state === 'open' && card.kind === undefined && judgeOf(deps, { protocol }).isLive(card)
  return takes && deps.content.zones.has(card.zone) ? card : undefined
}

async function readOffersAt(
  deps: WorldDeps,
  guard: Guard,
  { zone, card }: Target,
  { protocol, wish }: Progress,
): Promise<Company> {
  if (card !== undefined) return nobody
  const { friend: playerId } = wish
  const withMates = readMates(deps, guard, zone)
  const withFriend = playerId === undefined ? undefined : readFriend(deps, guard, zone, playerId)
  const company = Promise.all([withMates, withFriend]).then(([{ here }, friend]) => ({
    mates: here,
    friend: typeof friend === 'string' ? undefined : friend,
  }))
  const [offers, mates, friend] = await Promise.all([
    readOffers(deps, guard, zone, { protocol, wish }, company),
    withMates,
    withFriend,
  ])
  return { offers, mates, friend }
}

/** The account's other character, if one entered last, is taken out of play; once for each `enter`. */
async function vacateOther(
  deps: WorldDeps,
  { realmId, characterId }: Guard,
  seat: Seat | undefined,
  progress: Progress,
): Promise<void> {
  if (seat === undefined || seat.characterId === characterId) return
  if (progress.vacated?.number === seat.number) return
  progress.vacated = seat
  await vacate(deps, realmId, seat)
}

async function choosePlace(
  deps: WorldDeps,
  { rows: { guard } }: Situation,
  { owner, target, offers }: Around,
  { tried, protocol, wish }: Progress,
): Promise<Found> {
  const { zone, card, sent } = target
  if (card !== undefined && !speaksTo(card, protocol)) throw new Problem('play.version')
  const search = {
    realmId: guard.realmId,
    zone,
    characterId: guard.characterId,
    // Later than any place that the character ever had: places are known by it (shared/ownership/places.ts).
    until: Math.max(deps.runtime.now() + ticketMs, guard.ticketExpires + 1),
    notIn: owner.state === 'dead' ? guard.owner : undefined,
    tried,
    synthetic: deps.isSynthetic(guard.accountId),
    asked: { protocol, wish },
  }
  if (card !== undefined) return await takeMember(deps, card, search)
  const found = sent && (await takeIn(deps, sent, { ...search, zone: sent.zone }))
  return found ?? (await findPlace(deps, offers, search))
}

async function admit(
  deps: WorldDeps,
  { rows: { guard }, role }: Situation,
  { card }: Found,
  { ticketId, ticketExpires }: Reservation,
): Promise<Admission> {
  const { realmId, characterId, accountId, epoch } = guard
  const ticket = await signTicket(deps.signingKey(), {
    ticketId,
    characterId,
    accountId,
    realmId,
    bootId: card.bootId,
    instance: card.instance,
    epoch: epoch + 1,
    expiresAt: ticketExpires,
    synthetic: deps.isSynthetic(accountId),
    ...(role === undefined ? {} : { role }),
  })
  const { address, zone, instance } = card
  return { address, ticket, expiresAt: ticketExpires, zone, instance, characterId }
}

/** Whether the character comes to the others of its party, and to the friend of its wish, or why not. */
function wordsOf(
  { card }: Found,
  { mates: { here, elsewhere }, friend }: Company,
  { protocol }: Progress,
): Pick<Admission, 'party' | 'friend'> {
  const word = (cards: readonly Card[]) => {
    if (cards.some((one) => isSame(one, card))) return 'together'
    return cards.some((one) => speaksTo(one, protocol)) ? 'full' : 'version'
  }
  const party = here.length > 0 ? word(here) : elsewhere ? 'elsewhere' : undefined
  const about = typeof friend === 'object' ? word([friend]) : friend
  return {
    ...(party === undefined ? {} : { party }),
    ...(about === undefined ? {} : { friend: about }),
  }
}

/** A zone that the content no longer has, or that is private now, leads back to where characters begin. */
function zoneOf({ content }: WorldDeps, id: string): string {
  const zone = content.zones.get(id)
  return zone === undefined || zone.private !== undefined ? content.startZone : id
}

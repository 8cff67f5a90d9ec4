// Checks what must hold, whenever a row changes, an answer arrives, or time passes. It reads the store directly
// and looks into every process. The processes learn nothing from it.
//
// A sample is what a host had of a character when it gave it a save number. Progress is the save
// number: it rises for the whole life of a character, so a stay that goes on from a lower one has lost play.
import type { ClaimOutcome } from '#gameserver/persistence/persistence.ts'
import { banKey } from '#shared/ownership/ban.ts'
import type { CheckpointEntry } from '#shared/ownership/checkpoint.ts'
import { guardKey, parseCharacterRows } from '#shared/ownership/guard.ts'
import type { CharacterRows, Guard } from '#shared/ownership/guard.ts'
import type { Saved } from '#shared/ownership/saved.ts'
import { leaseKey } from '#shared/ownership/lease.ts'
import type { Place } from '#shared/ownership/places.ts'
import type { Ticket } from '#shared/ownership/ticket.ts'
import type { StoreRequest } from '#shared/store/faults.ts'
import type { Item } from '#shared/store/store.ts'
import type { SimulatedHost } from './simulated-host.ts'
import { createBanWatch } from './bans.ts'
import { createEffectWatch } from './effects.ts'
import { realmId, zoneIds } from './map.ts'
import { cardsIn, placesIn } from './registry.ts'
import { beganAt } from './process.ts'
import type { Scheduler } from './scheduler.ts'
import type { Network } from './network.ts'

export type Violation = { rule: string; what: string; at: number; characterId: string | undefined }

/** With a clear store and no fault, this much play may be lost: a checkpoint each 4 s and its write. */
const lossMs = 5000
/** A fault of the store adds its own time, a time-out of requests, and the turn of the next checkpoint. */
const lossMoreMs = 7000
/** A save that was acknowledged this long ago must never be lost, whatever happens. */
const settledMs = 5000
/** A host that runs and reaches the store knows by then that it was fenced. */
const learnMs = 5000
/** How many checks in a row, a second apart, may find a player without a place. */
const placelessMax = 6
/** An enter waits 4 s for the account's other character, then goes on. */
const pairMs = 10_000
/** A write is applied by then, or never, ms. */
const lateMaxMs = 22_000
/** A renewal may follow the last heartbeat of the tick thread, and be applied late, ms. */
const hungMaxMs = 24_000
/** A host that had only faults which everybody had in this time is no more dead than its observers. */
const fateMs = 20_000
/** How long a place may stay without a player: ticket, grace, a checkpoint or two. */
const placeMs = 55_000

type Play = {
  host: SimulatedHost
  epoch: number
  claimedAt: number
  /** When it began to leave. */
  leavingAt: number | undefined
  /** The lease lapsed between the claim and its answer. */
  void: boolean
}

type Known = {
  name: string
  rows: CharacterRows
  movedAt: number
  /** By `epoch/save number`: what was saved under it, and the time of that state. */
  samples: Map<string, { saved: Saved; at: number }>
  /** Checkpoint entries that were acknowledged, latest last. */
  acknowledged: { epoch: number; saveNumber: number; at: number }[]
  plays: Play[]
}

export type Judge = ReturnType<typeof createJudge>

export function createJudge(scheduler: Scheduler, tracing: boolean) {
  const violations: Violation[] = []
  const story: { at: number; characterId: string | undefined; text: string }[] = []
  const known = new Map<string, Known>()
  const hosts: SimulatedHost[] = []
  const claims = new Map<string, number>()
  const renewals = new Map<string, number>()
  /** Boot ids whose leases others have marked with reason, until they are renewed. */
  const markedDead = new Set<string>()
  const checkpointNumbers = new Map<string, number>()
  /** Since when a socket plays a character that another host owns. */
  const ghosts = new Map<unknown, number>()
  /** How often in a row a player was seen without a place. */
  const placeless = new Map<string, number>()
  /** Since when two characters of an account play at once. */
  const pairs = new Map<string, number>()
  /** Since when a place has no player. */
  const orphans = new Map<string, number>()
  /** The places of each instance as they were last written. */
  const lastPlaces = new Map<string, Place[]>()
  let network: Network

  const now = () => scheduler.now()
  const note = (characterId: string | undefined, text: string) => {
    if (tracing) story.push({ at: now(), characterId, text })
  }
  const noteAll = (text: string) => note(undefined, text)
  const violation = (rule: string, what: string, characterId?: string) => {
    violations.push({ rule, what, at: now(), characterId })
    note(characterId, `VIOLATION ${rule}: ${what}`)
  }
  const nameOf = (bootId: string) =>
    hosts.find((host) => host.bootId === bootId)?.process.name ?? (bootId || 'nobody')
  const same = (a: Saved, b: Saved) =>
    a.zone === b.zone && a.x === b.x && a.y === b.y && a.heading === b.heading

  const playOf = (characterId: string, host: SimulatedHost, epoch: number) =>
    known.get(characterId)!.plays.findLast((play) => play.host === host && play.epoch === epoch)

  function readCharacter(characterId: string): CharacterRows | undefined {
    const { pk } = guardKey(realmId, characterId)
    return parseCharacterRows(realmId, characterId, network.memory.rows('core', pk))
  }

  /** A write was applied: its changes must be allowed. */
  function applied(request: StoreRequest): void {
    const characters = new Set<string>()
    const instances = new Set<string>()
    for (const { table, key } of request.rows) {
      effects.applied(key)
      if (key.pk.startsWith('HOST#') && key.sk.startsWith('CHECKPOINT#')) checkpoint(key.pk, key.sk)
      if (table === 'volatile' && key.pk.includes('#I#')) instances.add(key.pk)
      if (key.sk === 'LEASE') leaseChanged(key.pk)
      const character = key.pk.split('#C#')[1]
      if (character !== undefined) characters.add(character)
    }
    for (const characterId of characters) changed(characterId)
    for (const pk of instances) places(pk)
  }

  function changed(characterId: string): void {
    const one = known.get(characterId)
    const after = readCharacter(characterId)
    if (one === undefined || after === undefined) return
    const before = one.rows
    one.rows = after
    guardChanged(one, before, after)
    stateChanged(one, before, after)
  }

  function guardChanged(one: Known, before: CharacterRows, after: CharacterRows): void {
    const [a, b] = [before.guard, after.guard]
    const { characterId } = b
    const moved = a.owner !== b.owner || a.epoch !== b.epoch || a.state !== b.state
    if (b.epoch !== after.state.epoch) {
      violation('epochs', `guard has epoch ${b.epoch}, state row ${after.state.epoch}`, characterId)
    }
    if (!moved && a.ticketId === b.ticketId) return
    note(
      characterId,
      `guard ${a.state}@${a.epoch} ${nameOf(a.owner)} -> ${b.state}@${b.epoch} ${nameOf(b.owner)}, save ${after.state.saveNumber}`,
    )
    if (b.epoch !== a.epoch) one.movedAt = now()
    if (a.state !== 'active' && b.state === 'active') {
      if (b.epoch !== a.epoch || b.owner !== a.owner || b.ticketId !== a.ticketId) {
        violation('claim', 'a claim changed more than the state', characterId)
      }
      countClaim(b)
      return
    }
    if (b.epoch !== a.epoch + 1) {
      violation('epoch + 1', `${a.state}@${a.epoch} -> ${b.state}@${b.epoch}`, characterId)
    }
    if (b.state === 'reserved') placed(b)
    if (a.state === 'active' && b.state === 'reserved') takenOver(one, before, after)
  }

  /** A player with a reservation or in play has a place. No one else may have released it. */
  function hasPlace(guard: Guard): boolean {
    const host = hosts.find(({ bootId }) => bootId === guard.owner)
    if (host === undefined || host.ended !== undefined || host.declaredDead !== undefined)
      return true
    // A reservation that was applied late was undone, and its place released. No player has its ticket.
    // A function that stood still may reserve for a ticket that has lapsed by then.
    if (guard.state === 'reserved' && now() + beganAt > guard.ticketExpires) return true
    const clear = network.clearSince(undefined)
    const hostClear = network.clearSince(host.slot)
    if (clear === undefined || hostClear === undefined) return true
    if (host.tickStands() || host.workerStands()) return true
    if (now() - Math.max(clear, hostClear) < lateMaxMs) return true
    const held = placesIn(network.memory, { bootId: guard.owner, instance: guard.instance })
    return held.some(({ characterId }) => characterId === guard.characterId)
  }

  function placed(guard: Guard): void {
    if (hasPlace(guard)) return
    violation('a reservation has its place', `none in ${guard.instance}`, guard.characterId)
  }

  function countClaim(guard: Guard): void {
    const count = (claims.get(guard.ticketId) ?? 0) + 1
    claims.set(guard.ticketId, count)
    if (count > 1) violation('one claim a ticket', `claimed ${count} times`, guard.characterId)
  }

  function stateChanged(one: Known, before: CharacterRows, after: CharacterRows): void {
    const [a, b] = [before.state, after.state]
    const { characterId } = after.guard
    if (b.saveNumber < a.saveNumber) {
      violation('save numbers rise', `${a.saveNumber} -> ${b.saveNumber}`, characterId)
    }
    if (same(a.saved, b.saved)) return
    if (b.saveNumber === a.saveNumber) {
      violation('save numbers rise', `another state under ${b.saveNumber}`, characterId)
    }
    // Only the owner that the guard named until this write may write.
    const sample = one.samples.get(`${before.guard.epoch}/${b.saveNumber}`)
    if (sample === undefined || !same(sample.saved, b.saved)) {
      violation(
        'only the owner saves',
        `save ${b.saveNumber} at epoch ${before.guard.epoch} is not what its owner had`,
        characterId,
      )
    }
  }

  function takenOver(one: Known, before: CharacterRows, after: CharacterRows): void {
    const { characterId, owner, epoch } = before.guard
    const host = hosts.find(({ bootId }) => bootId === owner)
    if (host === undefined) return
    if (host.mayStillSave() && !host.released && host.declaredDead === undefined) {
      violation('lease', `taken from ${host.process.name}, which may still save`, characterId)
    }
    if (lives(host) && !markedDead.has(owner)) {
      violation('living hosts keep theirs', `taken from ${host.process.name}`, characterId)
    }
    const { saveNumber } = after.state
    for (const saved of one.acknowledged) {
      if (saved.epoch !== epoch || now() - saved.at < settledMs) continue
      if (saved.saveNumber > saveNumber) {
        const ago = ((now() - saved.at) / 1000).toFixed(1)
        violation(
          'acknowledged saves stay',
          `save ${saved.saveNumber}, acknowledged ${ago} s ago, lost: goes on from ${saveNumber}`,
          characterId,
        )
        break
      }
    }
    const play = playOf(characterId, host, epoch)
    if (play === undefined) return
    const goesOnFrom = one.samples.get(`${epoch}/${saveNumber}`)?.at ?? play.claimedAt
    const playedUntil = Math.min(host.heldAt, play.leavingAt ?? Infinity)
    const disturbed =
      network.disturbedMs(host.slot, goesOnFrom, playedUntil) + still(host, goesOnFrom)
    const allowed = lossMs + (disturbed > 0 ? disturbed + lossMoreMs : 0)
    const lost = playedUntil - goesOnFrom
    note(characterId, `taken over; ${(lost / 1000).toFixed(1)} s of play lost`)
    if (lost > allowed) {
      violation('bounded loss', `${lost} ms of play lost, at most ${allowed} allowed`, characterId)
    }
  }

  /** It had no fault of late but those that everybody had. */
  function lives(host: SimulatedHost): boolean {
    return host.process.alive() && network.sharedFate(host.slot, now() - fateMs) && ranSince(host)
  }

  /** In that time it ran without a stop, was not new, and was not marked dead. */
  function ranSince(host: SimulatedHost): boolean {
    const from = now() - fateMs
    const stood = stops.some((stop) => stop.host === host && stop.to > from)
    return !stood && host.startedAt < from && host.declaredDead === undefined && !host.released
  }

  /** It has run and reached the store for so long that it knows all that was written to it. */
  function mustKnow(host: SimulatedHost): boolean {
    const clear = network.clearSince(host.slot)
    if (clear === undefined || now() - clear < learnMs) return false
    return !stops.some((stop) => stop.host === host && stop.to > now() - learnMs)
  }

  /** How long a host's threads stood still since then: reported by what stops them. */
  const stops: { host: SimulatedHost; from: number; to: number }[] = []
  function still(host: SimulatedHost, from: number): number {
    let sum = 0
    for (const stop of stops) if (stop.host === host && stop.to > from) sum += stop.to - stop.from
    return sum
  }

  function checkpoint(pk: string, sk: string): void {
    const row = network.memory.rows('core', pk).find((item) => item.sk === sk)
    if (row === undefined) return
    const number = row['number'] as number
    const before = checkpointNumbers.get(pk + sk) ?? 0
    if (number <= before) violation('checkpoint numbers rise', `${before} -> ${number}`)
    checkpointNumbers.set(pk + sk, number)
  }

  /** From now on its host must end: the lease was marked as ended, or its row is gone. */
  function leaseChanged(pk: string): void {
    const host = hosts.find((one) => leaseKey(one.bootId).pk === pk)
    if (host === undefined || host.ended !== undefined || host.released) return
    const row = network.memory.rows('volatile', pk).find((item) => item.sk === 'LEASE')
    // It was deleted before the host had written it.
    if (row === undefined && !renewals.has(pk)) return
    if (row === undefined || row['ended'] === true) host.declaredDead ??= now()
    else if (row['suspect'] === row['renewal']) {
      // An outage may delay its renewal long after it runs again.
      if (!lives(host)) markedDead.add(host.bootId)
      if (host.mayStillSave()) {
        violation('a lease is suspect past its deadline alone', host.process.name)
      }
    }
    // A transaction that only checked the row changed nothing.
    else if (renewals.get(pk) === row['renewal']) return
    else if (host.hungMs() > hungMaxMs) {
      violation('a hung host is not kept alive', `${host.process.name} renewed`)
    }
    if (row !== undefined) {
      if (row['suspect'] !== row['renewal']) markedDead.delete(host.bootId)
      renewals.set(pk, row['renewal'] as number)
    }
  }

  function places(pk: string): void {
    const [bootId, instance] = pk.split('#').slice(-2) as [string, string]
    const held = placesIn(network.memory, { bootId, instance })
    const card = cardsIn(network.memory, zoneIds).find(
      (one) => one.bootId === bootId && one.instance === instance,
    )
    // The host has ended: no player gets a place there.
    if (card === undefined) return
    if (held.length > card.capacity || card.count > card.capacity) {
      violation('capacity', `${held.length} places, ${card.count} counted in ${pk}`)
    }
    if (held.length !== card.count) {
      violation('the count is that of the places', `${held.length}, not ${card.count} in ${pk}`)
    }
    // The place of a ticket that still counts stays until the ticket is used.
    for (const { characterId, until } of lastPlaces.get(pk) ?? []) {
      const guard = known.get(characterId)?.rows.guard
      if (guard?.state !== 'reserved' || guard.owner !== bootId || guard.instance !== instance) {
        continue
      }
      if (guard.ticketExpires !== until || now() + beganAt > until) continue
      if (!held.some((place) => place.characterId === characterId && place.until >= until)) {
        violation('a reservation keeps its place', `none in ${pk}`, characterId)
      }
    }
    lastPlaces.set(pk, held)
  }

  /** Sockets that play what another host owns, places without a player. Called twice a second. */
  function checkHosts(): void {
    for (const host of hosts) {
      if (host.ended !== undefined) continue
      const clear = network.clearSince(host.slot)
      const declared = host.declaredDead
      if (declared !== undefined && now() - declared > learnMs && mustKnow(host)) {
        violation('a lost lease ends its host', `${host.process.name} goes on`)
      }
      const players = new Map<string, unknown>()
      for (const socket of host.sockets) {
        const { joined } = socket
        if (!socket.open || joined === undefined) continue
        const { characterId, epoch } = joined
        // A player who leaves plays no more. His socket is closed when the leave is clear.
        if (playOf(characterId, host, epoch)?.leavingAt !== undefined) continue
        if (players.has(characterId)) {
          violation('one socket', `two play on ${host.process.name}`, characterId)
        }
        players.set(characterId, socket)
        const one = known.get(characterId)!
        const { guard } = one.rows
        const ghost = guard.epoch > epoch
        if (!ghost || clear === undefined || host.tickStands() || host.workerStands()) {
          ghosts.delete(socket)
          continue
        }
        const since = Math.max(ghosts.get(socket) ?? now(), clear, one.movedAt)
        ghosts.set(socket, since)
        if (now() - since > learnMs) {
          violation(
            'fenced hosts learn it',
            `${host.process.name} plays epoch ${epoch}, the guard has ${guard.epoch} with ${nameOf(guard.owner)}`,
            characterId,
          )
          ghosts.set(socket, now() + 1e9)
        }
      }
    }
  }

  /** Two characters of an account that play at once, on hosts that must know it. Called twice a second. */
  function checkAccounts(): void {
    const clear = network.clearSince(undefined)
    const playing = new Map<string, string[]>()
    for (const { rows } of known.values()) {
      const { accountId, characterId, epoch, owner, state } = rows.guard
      const host = hosts.find(({ bootId }) => bootId === owner)
      const lives = host !== undefined && host.ended === undefined && !host.released
      if (state !== 'active' || !lives || host.declaredDead !== undefined || !mustKnow(host))
        continue
      playing.set(accountId, [...(playing.get(accountId) ?? []), `${characterId}@${epoch}`])
    }
    const seen = new Set<string>()
    for (const together of playing.values()) {
      if (together.length < 2 || clear === undefined) continue
      const key = together.join(' and ')
      seen.add(key)
      const since = Math.max(pairs.get(key) ?? now(), clear)
      pairs.set(key, since)
      if (now() - since > pairMs) violation('an account plays one character', key)
    }
    for (const key of pairs.keys()) if (!seen.has(key)) pairs.delete(key)
  }

  /** After a gap and a proof: the first tick must not move characters that were taken over meanwhile. */
  function tickedAfterProof(host: SimulatedHost, provenFrom: number): void {
    for (const { open, joined } of host.sockets) {
      if (!open || joined === undefined) continue
      // Who is leaving is out of the world. Only his socket waits for how it ends.
      if (playOf(joined.characterId, host, joined.epoch)?.leavingAt !== undefined) continue
      const one = known.get(joined.characterId)!
      if (one.rows.guard.epoch > joined.epoch && one.movedAt < provenFrom) {
        violation(
          'proof before a tick',
          `${host.process.name} ticks on with epoch ${joined.epoch}`,
          joined.characterId,
        )
      }
    }
  }

  /** Places without a player, players without a place. Called each second. */
  function checkPlaces(zones: readonly string[]): void {
    const seen = new Set<string>()
    for (const [characterId, { rows }] of known) {
      const { guard } = rows
      const holds = guard.state === 'reserved' && now() < guard.ticketExpires - beganAt
      const without = (holds || guard.state === 'active') && !hasPlace(guard)
      // Of two enters at once the later one releases the place of both: the next checkpoint of the
      // host, or his own next try, enters it again.
      const times = without ? (placeless.get(characterId) ?? 0) + 1 : 0
      placeless.set(characterId, times)
      if (times > placelessMax) placed(guard)
    }
    for (const card of cardsIn(network.memory, zones)) {
      const host = hosts.find(({ bootId }) => bootId === card.bootId)
      // Places of a dead host do not count: enter passes by silent instances.
      if (host === undefined || host.ended !== undefined) continue
      // A host that is cut off or stands still releases nothing.
      if (network.clearSince(host.slot) === undefined) continue
      if (host.tickStands() || host.workerStands()) continue
      for (const { characterId, until } of placesIn(network.memory, card)) {
        const guard = known.get(characterId)?.rows.guard
        if (guard?.owner === host.bootId && guard.instance === card.instance) continue
        // The key has the time in the row: a renewed place counts anew.
        seen.add(`${card.bootId}#${card.instance} ${characterId} ${until}`)
      }
    }
    for (const key of orphans.keys()) if (!seen.has(key)) orphans.delete(key)
    for (const key of seen) {
      const since = orphans.get(key) ?? now()
      orphans.set(key, since)
      if (now() - since > placeMs) {
        violation('places are released', `${key} for ${now() - since} ms`, key.split(' ')[1])
        orphans.set(key, now() + 1e9)
      }
    }
  }

  function sampled(characterId: string, entry: CheckpointEntry): void {
    const one = known.get(characterId)!
    const key = `${entry.epoch}/${entry.saveNumber}`
    if (!one.samples.has(key)) one.samples.set(key, { saved: entry.saved, at: now() })
  }

  const effects = createEffectWatch({ network: () => network, violation })

  const bans = createBanWatch({
    scheduler,
    network: () => network,
    hosts,
    characters: () => known.values(),
    mustKnow,
    violation,
    note,
  })

  return {
    bans,
    effects,
    violations,
    story,
    hosts,
    note,
    noteAll,
    violation,
    applied,
    check() {
      checkHosts()
      checkAccounts()
      bans.check()
    },
    checkPlaces,
    /** Since when a character has its epoch, if a host that lives has it in play. */
    activeSince(characterId: string): number | undefined {
      const { rows, movedAt } = known.get(characterId)!
      const { state, owner } = rows.guard
      const host = hosts.find(({ bootId }) => bootId === owner)
      const lives = host?.ended === undefined && host?.declaredDead === undefined
      return state === 'active' && host !== undefined && lives ? movedAt : undefined
    },
    tickedAfterProof,
    watch(over: Network) {
      network = over
    },
    meet(characterId: string, name: string) {
      const rows = readCharacter(characterId)!
      known.set(characterId, {
        name,
        rows,
        movedAt: 0,
        samples: new Map(),
        acknowledged: [],
        plays: [],
      })
    },
    name: (characterId: string) => known.get(characterId)?.name ?? characterId,
    guard: (characterId: string): Guard => known.get(characterId)!.rows.guard,
    lease: (bootId: string): Item | undefined =>
      network.memory.rows('volatile', leaseKey(bootId).pk).find((item) => item.sk === 'LEASE'),
    stood(host: SimulatedHost, ms: number) {
      stops.push({ host, from: now(), to: now() + ms })
    },
    claimed(host: SimulatedHost, ticket: Ticket, outcome: ClaimOutcome, lapsed: boolean) {
      note(ticket.characterId, `${host.process.name}: claim @${ticket.epoch} ${outcome.outcome}`)
      if (outcome.outcome === 'refused') {
        const { guard } = known.get(ticket.characterId)!.rows
        const stands = guard.ticketId === ticket.ticketId && guard.epoch === ticket.epoch
        const { pk, sk } = banKey(realmId, guard.accountId)
        const copy = network.memory.rows('core', pk).find((row) => row.sk === sk)
        const isBanned =
          (copy !== undefined && copy['bannedUntil'] !== 0) || bans.liftedLately(guard.accountId)
        // The newest ticket works, unless an earlier answer to it was lost, or its account is banned.
        if (stands && !isBanned && mustKnow(host) && !claims.has(`claimed ${ticket.ticketId}`)) {
          violation('the newest ticket works', `@${ticket.epoch} was refused`, ticket.characterId)
        }
      }
      if (outcome.outcome !== 'claimed') return
      const { characterId, epoch, saveNumber, saved } = outcome.character
      const one = known.get(characterId)!
      one.plays.push({ host, epoch, claimedAt: now(), leavingAt: undefined, void: lapsed })
      const claimed = `claimed ${ticket.ticketId}`
      const count = (claims.get(claimed) ?? 0) + 1
      claims.set(claimed, count)
      if (count > 1) violation('one claim a ticket', 'two joins with one ticket', characterId)
      effects.claimed(outcome.character)
      sampled(characterId, { characterId, epoch, saveNumber, saved })
    },
    /** A host welcomes a character. Returns the epoch at which it plays it. */
    welcomed(host: SimulatedHost, characterId: string): number {
      const play = known.get(characterId)!.plays.findLast((one) => one.host === host)
      if (play?.void === true) {
        violation('a claim across a lapse is void', `${host.process.name} joins`, characterId)
      }
      bans.welcomed(host, characterId)
      note(characterId, `${host.process.name}: welcome @${play?.epoch}`)
      return play?.epoch ?? 0
    },
    sampled(host: SimulatedHost, entries: CheckpointEntry[]) {
      for (const entry of entries) {
        sampled(entry.characterId, entry)
        const one = known.get(entry.characterId)!
        const ghost = one.rows.guard.epoch > entry.epoch && now() - one.movedAt > learnMs
        if (ghost && mustKnow(host) && playOf(entry.characterId, host, entry.epoch)) {
          violation(
            'fenced hosts learn it',
            `${host.process.name} still has epoch ${entry.epoch} of ${one.rows.guard.epoch}`,
            entry.characterId,
          )
        }
      }
    },
    leaving(host: SimulatedHost, entry: CheckpointEntry) {
      note(
        entry.characterId,
        `${host.process.name}: leaves @${entry.epoch}, save ${entry.saveNumber}`,
      )
      sampled(entry.characterId, entry)
      const play = playOf(entry.characterId, host, entry.epoch)
      if (play !== undefined) play.leavingAt ??= now()
    },
    left(host: SimulatedHost, entry: CheckpointEntry, outcome: string) {
      note(entry.characterId, `${host.process.name}: leave @${entry.epoch} is clear: ${outcome}`)
      const { guard } = known.get(entry.characterId)!.rows
      if (guard.epoch <= entry.epoch) {
        violation(
          'leave is clear',
          `${outcome}, but the guard has ${guard.epoch}`,
          entry.characterId,
        )
      }
    },
    checkpointAnswered(host: SimulatedHost, entries: readonly CheckpointEntry[]) {
      for (const { characterId, epoch, saveNumber } of entries) {
        const one = known.get(characterId)!
        const { guard } = one.rows
        if (guard.owner !== host.bootId || guard.epoch !== epoch) continue
        one.acknowledged.push({ epoch, saveNumber, at: now() })
      }
    },
  }
}

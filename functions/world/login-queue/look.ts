// What a look at the realm changes in its login queue: how many come in next, and whose turns are over. Pure.
//
// Nobody new comes in without a turn, or one of the `spare` ones, and all that are open are counted as players. The row
// is read before the players are counted, so who comes in between is counted twice, never not at all. So the realm has
// no more new players than its limit, however many processes let them in.
//
// Places that got free are given away late: after `loginHeldLooks`, for who goes through a gate is in no zone for a
// moment, and after `loginRejoinMs` where many were lost at once, as with a host.
import type { PlayerLimit } from '#shared/config.ts'
import {
  loginBatchMs,
  loginDeparturesLeast,
  loginHeldLooks,
  loginLumpLeast,
  loginLumpPercent,
  loginRejoinMs,
  loginStayHalfMs,
  loginStepMaxMs,
  loginTurnMs,
} from '#shared/limits.ts'
import { groups, slotOf, waitingIn } from './row.ts'
import type { Batch, Found, Group, Queue } from './row.ts'

export type Seen = {
  /** Since the last look, by the clocks of the two processes. */
  elapsedMs: number
  /** Places that are taken in the realm. */
  players: number
  /** Numbers that nobody has any more. */
  gone: Record<Group, ReadonlySet<number>>
}

/** `queue`: as it was when the look began. */
export function lookAt(queue: Queue, limit: PlayerLimit, seen: Seen): Found {
  const elapsedMs = Math.min(loginStepMaxMs, Math.max(0, seen.elapsedMs))
  const time = queue.time + elapsedMs
  // A realm in which nobody finds a host gives no turns, and takes none away.
  const blocked = queue.blockedAt !== undefined && time - queue.blockedAt < loginBatchMs
  const departed = judgeDepartures(queue, limit, seen.players, time)
  // Who came in since the last look counts, though he has left again.
  const before = queue.players.slice(0, -1).concat(expectedOf(queue) ?? [])
  const players = [...before, seen.players].slice(-loginHeldLooks)
  const kept = departed.lost ?? queue.kept
  const { living, ended } = endBatches(queue, time, blocked ? elapsedMs : 0)
  const open = living.reduce((sum, { serial }) => sum + Math.max(0, queue.open[slotOf(serial)]!), 0)
  const taken = Math.max(...players, time < kept.until ? kept.players : 0) + open
  const room = limit.players - taken
  const pace = Math.floor((limit.perS * elapsedMs) / 1000)
  const calls = blocked ? noCalls(queue) : call(queue, limit, seen, Math.min(room, pace))
  const nobodyWaits = groups.every((group) => calls.called[group] === queue.given[group])
  const most = Math.min(room - calls.turns, Math.max(0, queue.spare) + pace - calls.turns)
  const spare = nobodyWaits && !blocked ? Math.max(0, Math.min(most, limit.perS * 10)) : 0
  const last = living.at(-1)
  const begun = last === undefined || time - last.at >= loginBatchMs
  const batch: Batch = begun
    ? {
        serial: queue.batches.at(-1)!.serial + 1,
        at: time,
        called: calls.called,
        turns: calls.turns,
      }
    : { ...last, called: calls.called, turns: last.turns + calls.turns }
  const decay = 0.5 ** (elapsedMs / loginStayHalfMs)
  const was = queue.seen
  return {
    fields: {
      time,
      called: calls.called,
      over: ended.at(-1)?.called ?? queue.over,
      batches: [...(begun ? living : living.slice(0, -1)), batch],
      credit: calls.credit,
      players,
      enteredThen: queue.entered,
      kept,
      room: Math.max(0, room - calls.turns - spare),
      seen: {
        departures: Math.round(was.departures * decay) + thousand * departed.count,
        playerMs:
          Math.round(was.playerMs * decay) + (departed.counts ? seen.players * elapsedMs : 0),
        turns: Math.round(was.turns * decay) + thousand * endedTurns(ended),
        missed: Math.round(was.missed * decay) + thousand * missedOf(queue, ended),
      },
    },
    spare: spare - queue.spare,
    passed: calls.passed,
    turns: calls.turns,
    begun,
  }
}

/** Counts that decay are kept in thousandths: the store takes whole numbers. */
const thousand = 1000

const endedTurns = (ended: readonly Batch[]) => ended.reduce((sum, { turns }) => sum + turns, 0)

function missedOf({ open }: Queue, ended: readonly Batch[]): number {
  return ended.reduce((sum, { serial, turns }) => {
    return sum + Math.min(turns, Math.max(0, open[slotOf(serial)]!))
  }, 0)
}

/** How many there would be if nobody had left since the last look. */
function expectedOf({ players, entered, enteredThen }: Queue): number | undefined {
  const before = players.at(-1)
  return before === undefined ? undefined : before + entered - enteredThen
}

/** Who left since the last look; those who were lost together are no departures, and keep their places for a time. */
function judgeDepartures(queue: Queue, { players: limit }: PlayerLimit, now: number, time: number) {
  const expected = expectedOf(queue)
  if (expected === undefined) return { count: 0, counts: false }
  const count = expected - now
  const lump = Math.max(loginLumpLeast, (limit * loginLumpPercent) / 100)
  if (count >= lump) {
    const keeps = { players: Math.min(limit, expected), until: time + loginRejoinMs }
    return { count: 0, counts: false, lost: keeps }
  }
  // While they come back, who leaves cannot be told from who comes.
  const counts = time >= queue.kept.until
  return { count: counts ? count : 0, counts }
}

/** `longerMs`: turns end so much later. */
function endBatches({ batches }: Queue, time: number, longerMs: number) {
  const later = batches.map((batch) => ({ ...batch, at: batch.at + longerMs }))
  const isOver = ({ at }: Batch) => time - at >= loginBatchMs + loginTurnMs
  return { living: later.filter((one) => !isOver(one)), ended: later.filter(isOver) }
}

type Calls = {
  called: Record<Group, number>
  passed: Record<Group, number>
  turns: number
  credit: number
}

function noCalls({ called, credit }: Queue): Calls {
  return { called, passed: { priority: 0, others: 0 }, turns: 0, credit }
}

/** The next so many, each group in the order of its numbers. While both wait, each has its share: nobody starves. */
function call(queue: Queue, { priorityPercent }: PlayerLimit, { gone }: Seen, room: number): Calls {
  const called = { ...queue.called }
  const passed = { priority: 0, others: 0 }
  let [turns, credit] = [0, queue.credit]
  const passOver = (group: Group) => {
    while (called[group] < queue.given[group] && gone[group].has(called[group] + 1)) {
      called[group]++
      passed[group]++
    }
    return called[group] < queue.given[group]
  }
  for (;;) {
    const waits = { priority: passOver('priority'), others: passOver('others') }
    if (turns >= room || !(waits.priority || waits.others)) break
    let group: Group = waits.priority ? 'priority' : 'others'
    if (waits.priority && waits.others) {
      credit += priorityPercent
      if (credit >= 100) credit -= 100
      else group = 'others'
    }
    called[group]++
    turns++
  }
  // A number that was given up while it was called is counted no longer when nobody waits.
  for (const group of groups) {
    if (called[group] === queue.given[group]) passed[group] = queue.gone[group]
  }
  return { called, passed, turns, credit }
}

/** What a number stands for. `turn`: its player may come in; `over`: he did not come in time. */
export type Standing =
  | { state: 'waits'; position: number; of: number; seconds: number | undefined }
  | { state: 'turn'; serial: number }
  | { state: 'over' }

export function standingOf(
  queue: Queue,
  limit: PlayerLimit,
  { group, number }: { group: Group; number: number },
): Standing {
  if (number <= queue.over[group]) return { state: 'over' }
  if (number <= queue.called[group]) {
    const batch = queue.batches.find(({ called }) => number <= called[group])
    return batch === undefined ? { state: 'over' } : { state: 'turn', serial: batch.serial }
  }
  const position = positionOf(queue, limit, group, number)
  const of = Math.max(position, waitingIn(queue, 'priority') + waitingIn(queue, 'others'))
  return { state: 'waits', position, of, seconds: secondsTo(queue, limit, position) }
}

/** How many turns until this number is called, itself among them. */
function positionOf(
  queue: Queue,
  { priorityPercent }: PlayerLimit,
  group: Group,
  number: number,
): number {
  const beyond = Math.max(1, queue.given[group] - queue.called[group])
  const share = Math.min(1, waitingIn(queue, group) / beyond)
  const own = Math.max(1, Math.round((number - queue.called[group]) * share))
  const ratio = priorityPercent / (100 - priorityPercent)
  const others =
    group === 'others'
      ? Math.min(waitingIn(queue, 'priority'), Math.floor(own * ratio))
      : ratio === 0
        ? waitingIn(queue, 'others')
        : Math.min(waitingIn(queue, 'others'), Math.floor(own / ratio))
  return own + others
}

/** Seconds until so many turns were given; undefined while too few have left to know how long players stay. */
export function secondsTo(
  { room: more, spare, seen, players: now }: Queue,
  { players, perS }: PlayerLimit,
  turns: number,
): number | undefined {
  const room = more + Math.max(0, spare)
  const paced = turns / perS
  const beyond = turns - room
  if (beyond <= 0) return Math.ceil(paced)
  if (seen.departures < loginDeparturesLeast * thousand || seen.playerMs <= 0) return undefined
  const taken = seen.turns === 0 ? 1 : Math.max(0.05, 1 - seen.missed / seen.turns)
  // In a full realm some places are always empty: of turns that are not taken yet.
  const then = room > 0 ? players : Math.max(...now)
  const leaveS = (then * seen.departures) / seen.playerMs
  return Math.ceil(Math.max(paced, room / perS + (beyond * taken) / leaveS))
}

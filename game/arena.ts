// The arena: two teams, and a ring in the middle. A team that stands in it alone holds it; who has held it for 20
// seconds wins. After three minutes who has held it for longer wins, and a team that has gone has lost.
import { archetype, Players } from 'waystone/zone'
import type { At, GameSystem, Player, Zone } from 'waystone/zone'
import { Fight, Held, ringRadius, Side } from './protocol.ts'

const sides = ['red', 'blue'] as const
type SideName = (typeof sides)[number]

const holdSeconds = 20
const fightSeconds = 180
/** It begins when all are there, or so long after the first one. */
const waitSeconds = 30
/** A team of which nobody is there for so long has lost. */
const goneSeconds = 15
const closeSeconds = 20

/** What is kept from step to step. Times are seconds of the zone. */
type State = {
  ring: number
  at: number
  /** When the first player was there. */
  metAt: number | undefined
  beganAt: number | undefined
  endedAt: number | undefined
  held: Record<SideName, number>
  gone: Record<SideName, number>
}

export const Ring = archetype('ring', { body: 'sensor', radius: ringRadius, parts: [Held] })

export const arena: GameSystem = {
  name: 'arena',
  after: 'gates',
  run(zone, events) {
    if (zone.id !== 'arena') return
    const state = stateOf(zone)
    for (const { event, player } of events) if (event === 'entered') takeSide(zone, player)
    const passed = zone.now - state.at
    state.at = zone.now
    // Who opens the instance may come a minute later. Nobody wins against nobody.
    if (zone.all(Players).length === 0) return
    if (state.beganAt === undefined) begin(zone, state)
    else if (state.endedAt === undefined) fight(zone, state, state.beganAt, passed)
    for (const player of zone.all(Players)) if (zone.every(player, 0.25)) show(zone, state, player)
  },
}

function stateOf(zone: Zone): State {
  zone.state['arena'] ??= {
    ring: zone.spawn(Ring, middleOf(zone)).id,
    at: zone.now,
    metAt: undefined,
    beganAt: undefined,
    endedAt: undefined,
    held: { red: 0, blue: 0 },
    gone: { red: 0, blue: 0 },
  } satisfies State
  return zone.state['arena'] as State
}

const middleOf = ({ width, height }: Zone): At => ({ x: width / 2, y: height / 2 })

/** His team is that of the match. Who came without one practises, on the side that has fewer. */
function takeSide(zone: Zone, player: Player): void {
  const team = zone.match?.teams.find(({ members }) => members.includes(player.characterId))
  const [red, blue] = sides.map((side) => onSide(zone, side).length) as [number, number]
  const side = sides.find((one) => one === team?.name) ?? (red <= blue ? 'red' : 'blue')
  zone.set(player, Side, { side })
  const { y } = middleOf(zone)
  const row = onSide(zone, side).length - 2
  zone.place(player, { x: side === 'red' ? 8 : zone.width - 8, y: y + 2 * Math.max(-1, row) })
}

function onSide(zone: Zone, side: SideName): Player[] {
  return zone.all(Players).filter((player) => zone.read(player, Side, 'side') === side)
}

function begin(zone: Zone, state: State): void {
  const members = zone.match?.teams.flatMap((team) => team.members) ?? []
  const missing = members.filter((id) => zone.player(id) === undefined)
  state.metAt ??= zone.now
  if (missing.length === 0 || zone.now - state.metAt >= waitSeconds) state.beganAt = zone.now
}

function fight(zone: Zone, state: State, beganAt: number, passed: number): void {
  const inRing = new Set(
    zone.near(middleOf(zone), ringRadius, Players).map((one) => zone.read(one, Side, 'side')),
  )
  const there = sides.filter((side) => inRing.has(side))
  const by = there.length === 2 ? 'both' : (there[0] ?? 'none')
  const ring = zone.find(state.ring)!
  if (zone.read(ring, Held, 'by') !== by) zone.set(ring, Held, { by })
  if (there.length === 1) state.held[there[0]!] += passed
  for (const side of sides) {
    state.gone[side] = onSide(zone, side).length === 0 ? state.gone[side] + passed : 0
  }
  const winner = winnerOf(zone, state, beganAt)
  if (winner !== undefined) end(zone, state, winner)
}

function winnerOf(
  { match, now }: Zone,
  { held, gone }: State,
  beganAt: number,
): SideName | 'nobody' | undefined {
  const holds = sides.find((side) => held[side] >= holdSeconds)
  if (holds !== undefined) return holds
  const left = match && sides.find((side) => gone[side] >= goneSeconds)
  if (left !== undefined) return left === 'red' ? 'blue' : 'red'
  if (now - beganAt < fightSeconds) return undefined
  return held.red === held.blue ? 'nobody' : held.red > held.blue ? 'red' : 'blue'
}

function end(zone: Zone, state: State, winner: SideName | 'nobody'): void {
  state.endedAt = zone.now
  const placeOf = (side: SideName) => (winner === side || winner === 'nobody' ? 1 : 2)
  zone.result({ red: placeOf('red'), blue: placeOf('blue') })
  zone.close(closeSeconds)
}

function show(zone: Zone, state: State, player: Player): void {
  const { metAt = zone.now, beganAt, endedAt, held } = state
  const percent = (seconds: number) => Math.min(100, Math.floor((seconds / holdSeconds) * 100))
  const until =
    endedAt !== undefined
      ? endedAt + closeSeconds
      : beganAt === undefined
        ? metAt + waitSeconds
        : beganAt + fightSeconds
  const now = endedAt !== undefined ? 'over' : beganAt === undefined ? 'waits' : 'fights'
  const seconds = Math.max(0, Math.ceil(until - zone.now))
  zone.set(player, Fight, { state: now, red: percent(held.red), blue: percent(held.blue), seconds })
}

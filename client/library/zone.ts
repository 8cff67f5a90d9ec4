// The zone that the player is in: clock, own movement and the view of others together. Each call passes the
// time; nothing here waits.
import { unitsPerMetre } from '#shared/rules/units.ts'
import type { Schema, SchemaAbility } from '#shared/components/schema.ts'
import type { Welcome } from '#shared/protocol/server-frames.ts'
import type { Snapshot } from '#shared/protocol/snapshot.ts'
import type { Body, Command } from '#shared/rules/movement.ts'
import type { Aim } from '#shared/rules/own-state.ts'
import type { Walls } from '#shared/rules/walls.ts'
import { createClock } from './clock.ts'
import { createInputFrames } from './input-frames.ts'
import type { InputFrame } from './input-frames.ts'
import type { Metrics } from './metrics.ts'
import { createOwnPosition } from './own-position.ts'
import { createPacing } from './pacing.ts'
import { abilityRules, createOwnAbilities } from './own-abilities.ts'
import type { Casting, UseAnswer } from './own-abilities.ts'
import { createPrediction } from './prediction.ts'
import type { ToldState } from './prediction.ts'
import { createView } from './view.ts'
import type { Drawn, Known, Seen, SeenParts } from './view.ts'

/** Others are drawn this far in the past, so that what they did has usually arrived. */
const drawDelayMs = 100
/** The most numbers that are skipped when the server is ahead. It refuses numbers far above the expected. */
const leadMax = 20
/** Without a snapshot the world moves on for this long, then it stands, ms. */
const drawWithoutNewsMs = 1000

export type Self = Body & {
  id: number
  /** Where to draw oneself, in units: between two steps, errors smoothed. */
  drawX: number
  drawY: number
}

export type Acknowledged = { tick: number; command: number; body: Body }

export type JoinedZone = {
  readonly welcome: Welcome
  readonly tickHz: number
  /** What the player wants from the next command on. */
  intend(command: Command): void
  /** Uses an ability with the next command. */
  use(ability: string, aim: Aim): UseAnswer
  /** Seconds until it may be used again; undefined for an ability that the zone does not have. */
  readyIn(ability: string): number | undefined
  /** What the player casts. */
  casting(): Casting | undefined
  /** What the zone says of an ability. */
  ability(name: string): SchemaAbility | undefined
  /** The outcome of a use came: the name of the ability, or undefined when nothing waits for it. */
  answered(command: number): string | undefined
  /** The uses that no outcome came for: by number of the command, the name of the ability. */
  unanswered(): ReadonlyMap<number, string>
  /** Stands, facing where it faced. */
  stand(): void
  receive(snapshot: Snapshot, now: number): Acknowledged
  pong(sentAt: number, now: number, tick: number): void
  setWalls(walls: Walls): void
  /** Does the steps that are due. Returns the input frames to send. */
  update(now: number): InputFrame[]
  self(now: number): Self
  /** Everybody else, as they are drawn now. */
  draw(now: number): Drawn[]
  /** Everybody else, exactly as of the newest snapshot. */
  seen(): Seen[]
  /** What is known of an entity in view. */
  entity(id: number): Known | undefined
  /** Of one's party, oneself included, wherever in the zone they are: what only they are told. */
  party(): { id: number; parts: SeenParts }[]
  /** The server's tick now, with its fraction. */
  tickAt(now: number): number
  /** The shortest of the last round trips in ms. */
  readonly rttMs: number | undefined
  /** The last acknowledged body. */
  readonly acknowledged: Acknowledged
}

/**
 * Begins with WELCOME and the keyframe that follows it. `now` is local, monotonic. `useRefused` is told of a
 * use whose command is not made, for the server's count has jumped.
 */
export function joinZone(
  welcome: Welcome,
  schema: Schema,
  first: Snapshot,
  walls: Walls,
  now: number,
  metrics: Metrics,
  useRefused: (command: number) => void = () => undefined,
): JoinedZone {
  const tickHz = Math.round(1e6 / welcome.tickUs)
  const tickMs = (timeScale: number) => ((welcome.tickUs / 1000) * 256) / Math.max(1, timeScale)
  const clock = createClock(now, first.tick, tickMs(first.timeScale))
  const view = createView(welcome.entity, tickHz, schema)
  const prediction = createPrediction(
    first.own,
    welcome.nextCommand,
    tickHz,
    walls,
    abilityRules(schema, tickHz),
    toldState(first),
  )
  const abilities = createOwnAbilities(schema, tickHz, prediction)
  const pacing = createPacing(now)
  const partOfStep = (at: number) => pacing.partOfStep(at, clock.tickMs)
  const position = createOwnPosition(prediction, partOfStep, now)
  const frames = createInputFrames(tickHz)

  let intent: Command = { heading: first.own.heading, buttons: 0 }
  let newest = first
  let acknowledged = { tick: first.tick, command: first.ack, body: first.own }
  let othersDrawnAt = now

  const step = () => {
    const { use, refused } = abilities.take()
    if (refused !== undefined) useRefused(refused)
    const number = prediction.step(intent, use)
    if (number === undefined) return
    frames.add(number, use === undefined ? intent : { ...intent, use })
    abilities.made(number)
    // What a player aims is not to wait for the next command.
    if (use !== undefined) frames.flush()
  }

  view.apply(first)

  const known = (id: number): Known | undefined => {
    const entity = view.entity(id)
    if (entity === undefined || id !== welcome.entity) return entity
    return { ...entity, parts: abilities.withCosts(entity.parts) }
  }

  return {
    welcome,
    tickHz,
    intend(command) {
      intent = { ...command }
    },
    use: (ability, aim) => abilities.use(ability, aim, view.entity(welcome.entity)?.parts ?? {}),
    readyIn: abilities.readyIn,
    casting: abilities.casting,
    ability: (name) => schema.abilities.find((each) => each.name === name),
    answered: abilities.answered,
    unanswered: abilities.unanswered,
    stand() {
      intent = { heading: intent.heading, buttons: 0 }
    },
    receive(snapshot, at) {
      clock.setTickMs(at, tickMs(snapshot.timeScale))
      clock.atLeast(at, snapshot.tick)
      if (clock.rttMs !== undefined) {
        metrics.updateAgeMs.add((clock.tickAt(at) - snapshot.tick) * clock.tickMs)
      }
      newest = snapshot
      view.apply(snapshot)
      const roundTrip = Math.ceil((clock.rttMs ?? 0) / clock.tickMs)
      const lead = Math.min(leadMax, roundTrip + pacing.waitingWanted)
      const outcome = position.smoothly(at, () =>
        prediction.acknowledge(snapshot.ack, snapshot.own, lead, toldState(snapshot)),
      )
      if (outcome !== 'agreed') metrics.corrections++
      pacing.waiting(snapshot.waiting, at)
      acknowledged = { tick: snapshot.tick, command: snapshot.ack, body: snapshot.own }
      return acknowledged
    },
    pong: (sentAt, at, tick) => clock.sample(sentAt, at, tick),
    setWalls(changed) {
      prediction.setWalls(changed)
    },
    update(at) {
      for (let due = pacing.due(at, clock.tickMs); due > 0; due--) step()
      const extra = pacing.extra(at)
      if (extra > 0) {
        position.smoothly(at, () => {
          for (let i = 0; i < extra; i++) step()
        })
        frames.flush()
      }
      return frames.take(newest.tick)
    },
    self(at) {
      const { x, y } = position.draw(at)
      return { ...prediction.body, id: welcome.entity, drawX: x, drawY: y }
    },
    draw(at) {
      const elapsedMs = Math.max(0, at - othersDrawnAt)
      othersDrawnAt = at
      const last = newest.tick + drawWithoutNewsMs / clock.tickMs
      return view.draw(Math.min(last, clock.tickAt(at) - drawDelayMs / clock.tickMs), elapsedMs)
    },
    seen: () => view.at(newest.tick),
    entity: known,
    party: view.party,
    tickAt: (at) => clock.tickAt(at),
    get rttMs() {
      return clock.rttMs
    },
    get acknowledged() {
      return acknowledged
    },
  }
}

/** A keyframe without the player's state says that it is plain; any other snapshot, that it is as predicted. */
function toldState({ keyframe, sections }: Snapshot): ToldState {
  const told = sections.find(({ section }) => section === 'self')
  return told?.section === 'self' ? told : keyframe ? 'plain' : undefined
}

/** Metres from units, for drawing and for people. */
export function toMetres(units: number): number {
  return units / unitsPerMetre
}

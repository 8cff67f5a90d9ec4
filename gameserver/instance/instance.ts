// One running copy of a zone: its world, who plays in it, what they see and say, and how they go.
//
// A character passes through: claimed -> (next step) in the world, WELCOME sent -> its socket may go and
// come back for `resumeMs` -> departing: out of the world, in `departures` until the store is clear.
import { createCharacter, nextSave, softState } from './character.ts'
import type { Character } from './character.ts'
import { createDepartures } from './departures.ts'
import type { Departures } from './departures.ts'
import { controlFrame, pongFrame, redirectFrame, sayFrame, welcomeFrame } from './frames.ts'
import type { SayEvent } from './frames.ts'
import { readMessage } from './messages.ts'
import { resumeMs } from '#shared/limits.ts'
import type { CheckpointEntry } from '#shared/ownership/checkpoint.ts'
import { resumeSecretBytes } from '#shared/protocol/client-frames.ts'
import type { CloseReason } from '#shared/protocol/close.ts'
import type { Content, Zone } from '#shared/content/content.ts'
import { metresToUnits, playerRadius } from '#shared/rules/units.ts'
import type { ServerControl } from '#shared/protocol/control.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { createCellRecords } from '../net/cell-records.ts'
import type { CellRecords } from '../net/cell-records.ts'
import { paces } from '../net/pace.ts'
import type { Pace } from '../net/pace.ts'
import type { Player, Session } from '../net/session.ts'
import { createViewer, listens, sendFrame } from '../net/viewer.ts'
import type { Viewer } from '../net/viewer.ts'
import type { ClaimedCharacter, Persistence } from '../persistence/persistence.ts'
import { coreRules } from '../sim/rules.ts'
import type { ZoneRules } from '../sim/rules.ts'
import { step } from '../sim/step.ts'
import { createWorld } from '../sim/world.ts'
import type { Entity, GateArea, World, WorldEvent, WorldInput } from '../sim/world.ts'

export type InstanceDeps = {
  id: string
  zone: Zone
  content: Content
  /** The core's and the game's; the core's alone unless told. */
  rules?: ZoneRules
  persistence: Persistence
  runtime: Runtime
  /** ms */
  monotonic: () => number
  log: Log
  seed: number
  /** A number that no other character of the host has had. */
  nextSession: () => number
}

export class Instance {
  readonly id: string
  /** As its content has it now. */
  zone: Zone
  readonly world: World
  readonly departures: Departures
  /** When the latest tick was due, monotonic ms: what PONG counts from. */
  tickedAt = 0
  /** Nothing moves: commands that come in are dropped, or they would pile up. */
  frozen = false
  /** How often its viewers are sent frames. */
  pace: Pace = paces[0]
  /** Given up after a defect: it is not stepped any more, and nobody comes in. */
  broken = false
  private readonly deps: InstanceDeps
  private readonly rules: ZoneRules
  private content: Content
  private readonly characters = new Map<string, Character>()
  private readonly bySession = new Map<number, Character>()
  private readonly byEntity = new Map<number, Character>()
  /** Came back since the last step; their WELCOME follows the next one. */
  private readonly returning = new Set<Character>()
  private readonly records: CellRecords
  private inputs: WorldInput[] = []
  /** Events that viewers do not know yet: of the latest step, and of those before it that told nothing. */
  private untold: WorldEvent[] = []
  private savingPaused = false

  constructor(deps: InstanceDeps) {
    this.deps = deps
    this.rules = deps.rules ?? coreRules
    this.content = deps.content
    this.id = deps.id
    this.zone = deps.zone
    this.world = createWorld(deps.zone, deps.content.creatures, deps.seed)
    this.records = createCellRecords(this.world)
    this.departures = createDepartures({ ...deps, instance: deps.id })
  }

  /** Characters in the world, those without a socket too; not the synthetic ones, who take no place. */
  get players(): number {
    let players = this.characters.size
    for (const { claimed } of this.characters.values()) if (claimed.synthetic === true) players--
    return players
  }

  find(characterId: string): Character | undefined {
    return this.characters.get(characterId)
  }

  findSession(session: number): Character | undefined {
    return this.bySession.get(session)
  }

  /** A claimed character comes in; WELCOME follows the next step. */
  admit(claimed: ClaimedCharacter, socket: Session): void {
    const before = this.characters.get(claimed.characterId)
    // Whoever holds a newer epoch owns the character: the older object has nothing left to save.
    if (before !== undefined) this.drop(before, 'replaced')
    const secret = this.deps.runtime.randomBytes(resumeSecretBytes)
    const session = this.deps.nextSession()
    const character = createCharacter(claimed, session, secret, socket)
    this.characters.set(claimed.characterId, character)
    this.bySession.set(session, character)
    this.deps.log.info('character in', { characterId: claimed.characterId, epoch: claimed.epoch })
    const { soft } = claimed
    // A place of another zone means nothing here: NaN makes the world take its spawn.
    const here = soft.zone === this.zone.id
    this.inputs.push({
      input: 'enter',
      ref: session,
      look: `${claimed.race}/${claimed.job}`,
      name: claimed.name,
      x: here ? soft.x : Number.NaN,
      y: here ? soft.y : Number.NaN,
      heading: soft.heading,
      radius: playerRadius,
      ...(claimed.synthetic === true ? { unseen: true } : {}),
    })
  }

  /** A claim that was void by the time it was answered: given up again, never in the world. */
  async giveUp(claimed: ClaimedCharacter): Promise<void> {
    const { characterId, epoch, saveNumber, soft } = claimed
    await this.departures.depart({ characterId, epoch, saveNumber: saveNumber + 1, soft })
  }

  /**
   * A socket that has proven itself by `secret` takes over; the one before it is closed. WELCOME follows
   * the next step.
   */
  resume(character: Character, socket: Session, secret: Uint8Array): void {
    character.socket?.end('replaced')
    character.socket = socket
    character.viewer = undefined
    character.lostAt = -1
    // Should this WELCOME be lost on its way, as others may have been, the client still knows only the
    // secret it came with.
    character.oldSecret = secret
    character.secret = this.deps.runtime.randomBytes(resumeSecretBytes)
    if (character.entity === undefined) return
    this.inputs.push({ input: 'halt', id: character.entity.id })
    this.returning.add(character)
  }

  /**
   * One step and its frames; without them when the next step follows at once (`tells`). `now`: monotonic
   * ms. Throws when it fails; what happened until then stands.
   */
  tick(now: number, tells = true): void {
    try {
      this.advance()
      this.records.publish(this.untold)
      if (tells) this.tell(now)
    } catch (error) {
      // Whoever missed a record of this step is told everything anew.
      for (const { viewer } of this.characters.values()) if (viewer) viewer.keyframe = true
      throw error
    }
  }

  private advance(): void {
    const { inputs } = this
    this.inputs = []
    const events: WorldEvent[] = []
    try {
      step(this.world, inputs, this.rules, events)
    } finally {
      this.untold.push(...events)
      for (const event of events) this.heed(event)
    }
  }

  private tell(now: number): void {
    for (const character of this.returning) {
      this.returning.delete(character)
      this.welcome(character)
    }
    const events = this.untold
    this.untold = []
    // Whoever is named in what is said must be known by then.
    for (const event of events) {
      if (event.event !== 'say') continue
      for (const viewer of this.hearers(event)) viewer.prompt = true
    }
    for (const character of this.characters.values()) this.serve(character, now)
    for (const event of events) if (event.event === 'say') this.say(event)
  }

  /** Tells players whether what they do is being saved. Call whenever it may have changed. */
  setSaving(held: boolean): void {
    if (this.savingPaused === !held) return
    this.savingPaused = !held
    this.broadcast({ kind: 'saving', paused: !held })
  }

  /** An operator's line, shown to everybody here. */
  announce(text: string): void {
    this.broadcast({ kind: 'announce', text })
  }

  /**
   * Goes on with other content, from the next step on, and tells everybody. Throws when the zone is not
   * in it; what may not change is for the caller to check.
   */
  takeContent(content: Content): void {
    const zone = content.zones.get(this.zone.id)
    if (zone === undefined) throw new Error(`the content has no zone ${this.zone.id}`)
    this.zone = zone
    this.content = content
    this.inputs.push({ input: 'content', zone, creatures: content.creatures })
    this.broadcast({ kind: 'content', version: content.version })
  }

  /** Everybody's entry for a checkpoint, the leaving ones too. */
  entries(): CheckpointEntry[] {
    const entries = this.departures.entries()
    for (const character of this.characters.values()) {
      entries.push(nextSave(character, softState(character, this.zone.id)))
    }
    return entries
  }

  /** Saves a character and lets it go; its socket is then closed with `reason`. */
  async release(character: Character, reason: CloseReason, gate?: GateArea): Promise<void> {
    const soft =
      gate === undefined
        ? softState(character, this.zone.id)
        : { zone: gate.to, x: gate.arriveX, y: gate.arriveY, heading: character.entity!.heading }
    const { socket } = character
    this.remove(character)
    const outcome = await this.departures.depart(nextSave(character, soft))
    if (outcome === 'fenced') {
      socket?.end('fenced')
      return
    }
    if (gate !== undefined && socket?.state === 'playing') {
      socket.connection.send(redirectFrame(gate.to))
    }
    socket?.end(reason)
  }

  /** Everybody in the world, for a drain. */
  everybody(): Character[] {
    return [...this.characters.values()]
  }

  /** Takes a character out of the world without saving: another owns it, or the host is dead. */
  drop(character: Character, reason: CloseReason): void {
    this.remove(character)
    character.socket?.end(reason)
  }

  private remove(character: Character): void {
    const { characterId, epoch } = character.claimed
    this.deps.log.info('character out', { characterId, epoch })
    this.characters.delete(characterId)
    this.bySession.delete(character.session)
    character.viewer = undefined
    this.returning.delete(character)
    if (character.entity === undefined) return
    this.byEntity.delete(character.entity.id)
    this.inputs.push({ input: 'leave', id: character.entity.id })
  }

  private heed(event: WorldEvent): void {
    switch (event.event) {
      case 'entered': {
        const character = this.bySession.get(event.ref)
        if (character === undefined) {
          // Gone again before its first step.
          this.inputs.push({ input: 'leave', id: event.entity.id })
          break
        }
        character.entity = event.entity
        this.byEntity.set(event.entity.id, character)
        // Whose socket went before WELCOME has no secret to come back with.
        if (character.socket?.state === 'joining') this.welcome(character)
        else this.own(this.release(character, 'left'))
        break
      }
      case 'gate': {
        const character = this.byEntity.get(event.entity.id)
        if (character !== undefined) character.gate = event.gate
        break
      }
      case 'failed':
        this.deps.log.error('a part of a step failed', { what: event.what, error: event.error })
        if (event.ref !== undefined) this.turnAway(event.ref)
        break
      case 'left':
      case 'say':
        break
    }
  }

  /** It could not be put into the world: saved as it came, it may try elsewhere. */
  private turnAway(session: number): void {
    const character = this.bySession.get(session)
    if (character !== undefined) this.own(this.release(character, 'internal'))
  }

  /** What one character is owed after a step. */
  private serve(character: Character, now: number): void {
    const { entity, viewer, gate } = character
    if (entity === undefined) return
    if (gate !== undefined) {
      if (!inside(gate, entity)) character.gate = undefined
      else if (!this.savingPaused) return this.own(this.release(character, 'redirected', gate))
    }
    if (viewer !== undefined) {
      if (sendFrame(viewer, this.world, this.records, this.pace, now) !== 'stalled') return
      character.socket?.end('timeout')
      this.lose(character, character.socket)
      return
    }
    if (character.lostAt >= 0 && now - character.lostAt > resumeMs) {
      this.own(this.release(character, 'left'))
    }
  }

  /** WELCOME, and from then on frames. */
  private welcome(character: Character): void {
    const { entity, socket, secret, session } = character
    if (entity === undefined || socket === undefined) return
    if (socket.state === 'ended') {
      this.lose(character, socket)
      return
    }
    const { world, zone } = this
    const place = { zone: zone.id, instance: this.id, contentVersion: this.content.version }
    socket.connection.send(welcomeFrame(world, entity, { session, secret }, place))
    if (this.savingPaused) socket.connection.send(controlFrame({ kind: 'saving', paused: true }))
    const radius = metresToUnits(zone.viewRadius)
    character.viewer = createViewer(socket.connection, entity, world, radius)
    socket.joined(this.player(character, socket))
  }

  private player(character: Character, socket: Session): Player {
    // A socket that was replaced, or whose character departs, drives nothing any more.
    const drives = () => {
      if (character.socket !== socket || character.viewer === undefined) return false
      character.oldSecret = undefined
      return true
    }
    return {
      input: (first, commands) => {
        if (!drives() || this.frozen) return
        this.inputs.push({ input: 'commands', id: character.entity!.id, first, commands })
      },
      ping: (token) => {
        // Who departs is answered until the store is clear, or he would take the host for silent.
        if (!drives() && character.socket !== socket) return
        const passedMs = this.deps.monotonic() - this.tickedAt
        socket.connection.send(pongFrame(this.world, token, passedMs))
      },
      control: (body) => {
        if (drives()) this.control(character, socket, body)
      },
      leave: () => {
        if (drives()) this.own(this.release(character, 'left'))
      },
      lost: () => this.lose(character, socket),
    }
  }

  /** Its socket went: it stands until it is resumed or its time is up. */
  private lose(character: Character, socket: Session | undefined): void {
    if (character.socket !== socket) return
    character.socket = undefined
    character.viewer = undefined
    character.lostAt = this.deps.monotonic()
  }

  private control(character: Character, socket: Session, bytes: Uint8Array): void {
    const now = this.deps.monotonic()
    const read = readMessage(this.rules, character.mayTell, bytes, this.frozen, now)
    switch (read.reading) {
      case 'message': {
        const { kind, body } = read
        this.inputs.push({ input: 'message', id: character.entity!.id, kind, body })
        break
      }
      case 'refused': {
        const { of, code } = read
        socket.connection.send(controlFrame({ kind: 'refused', of, code }))
        break
      }
      case 'malformed':
        socket.end('protocol.malformed')
        this.lose(character, socket)
        break
    }
  }

  private broadcast(message: ServerControl): void {
    const frame = controlFrame(message)
    for (const { viewer } of this.characters.values()) viewer?.connection.send(frame)
  }

  private say(event: SayEvent): void {
    const frame = sayFrame(this.rules, event)
    if (frame === undefined) {
      this.deps.log.error('a message is not what its kind declares', { kind: event.kind })
      return
    }
    for (const viewer of this.hearers(event)) viewer.connection.send(frame)
  }

  /** One player, or whoever is subscribed to its cell; not those who do not read. */
  private hearers({ from, heard }: SayEvent): Viewer[] {
    if (heard === 'self') {
      const viewer = this.byEntity.get(from.id)?.viewer
      return viewer === undefined ? [] : [viewer]
    }
    const hearers: Viewer[] = []
    for (const { viewer } of this.characters.values()) {
      if (viewer?.interest.has(from.cell) && listens(viewer)) hearers.push(viewer)
    }
    return hearers
  }

  /** A departure that nobody waits for. Its outcome is handled inside; what is left is a defect. */
  private own(work: Promise<void>): void {
    work.catch((error: unknown) => this.deps.log.error('a departure failed', { error }))
  }
}

function inside(gate: GateArea, entity: Entity): boolean {
  const { x, y } = entity
  return x >= gate.x0 && x < gate.x1 && y >= gate.y0 && y < gate.y1
}

// A real world with its real viewer, and the real zone of the client library, joined by a link of chosen
// delay. One player plays. Time is a number that the test moves.
import { joinZone } from '#client/library/zone.ts'
import type { JoinedZone } from '#client/library/zone.ts'
import { createMetrics } from '#client/library/metrics.ts'
import { asControl, serverControl, unpackControl } from '#shared/protocol/control.ts'
import { decodeClientFrame, encodeClientFrame } from '#shared/protocol/client-frames.ts'
import { decodeServerFrame } from '#shared/protocol/server-frames.ts'
import { welcomeFrame, usedFrame } from '#gameserver/instance/frames.ts'
import { createCellRecords } from '#gameserver/net/cell-records.ts'
import { details } from '#gameserver/net/detail.ts'
import { createViewer, sendFrame } from '#gameserver/net/viewer.ts'
import type { Viewer } from '#gameserver/net/viewer.ts'
import { createWorld } from '#gameserver/sim/create-world.ts'
import { zoneGame } from '#gameserver/sim/rules.ts'
import type { CoreSystem } from '#gameserver/sim/rules.ts'
import { step } from '#gameserver/sim/step.ts'
import type { Entity, World, WorldInput } from '#gameserver/sim/world.ts'
import type { Zone } from '#shared/content/content.ts'
import type { AbilityRefusal } from '#shared/protocol/control.ts'
import { metresToUnits } from '#shared/rules/units.ts'
import { enterInput, testZone } from '../gameserver/world-kit.ts'

export type Outcome = { command: number; refused: AbilityRefusal | 'late' | undefined }

export type Linked = {
  readonly world: World
  readonly player: Entity
  readonly zone: JoinedZone
  readonly corrections: number
  /** In the order in which the client heard them. */
  readonly outcomes: readonly Outcome[]
  /** Lets time pass; `each` is called in each step of the world, after the core's system `after`. */
  pass(ms: number, each?: (tick: number) => void): void
  /** One way, in ms, for what is sent from now on. Order is kept, as on every ordered transport. */
  delayMs: () => number
  /** The client library makes no commands. */
  quiet: boolean
  /** Sends an input frame of the test's own. */
  send(frame: Extract<ReturnType<typeof decodeClientFrame>, { kind: 'input' }>): void
  /** The socket is lost and another takes over at once: what is under way is void. */
  resume(): void
}

/** How often the client draws, ms. */
const frameMs = 10

export function link(
  added: NonNullable<Parameters<typeof zoneGame>[0]>,
  options: {
    delayMs: () => number
    after?: CoreSystem
    at?: { x: number; y: number }
    zone?: Partial<Zone>
  },
): Linked {
  let script: ((tick: number) => void) | undefined
  const run = { name: 'script', run: () => script?.(world.tick) }
  const systems = [{ ...run, after: options.after ?? 'movement' }]
  const rules = zoneGame({ ...added, systems })
  const content = testZone({ creatures: [], gates: [], ...options.zone })
  const world = createWorld(content, new Map(), 7, rules)
  const records = createCellRecords(world)
  const { x, y } = options.at ?? { x: 20, y: 20 }
  const entered = step(world, [enterInput(1, x, y)], rules)[0]
  if (entered?.event !== 'entered') throw new Error('no player came in')
  const player = entered.entity
  const metrics = createMetrics()
  const outcomes: Outcome[] = []
  const tickMs = 1000 / world.tickHz
  let now = 1_000_000
  let tickAt = now
  let drawAt = now
  let inputs: WorldInput[] = []
  let viewer: Viewer
  let zone: JoinedZone | undefined
  let generation = 0
  const toClient: { at: number; bytes: Uint8Array; generation: number }[] = []
  const toServer: typeof toClient = []

  const post = (queue: typeof toClient, bytes: Uint8Array) => {
    const at = Math.max(queue.at(-1)?.at ?? 0, now + linked.delayMs())
    queue.push({ at, bytes: bytes.slice(), generation })
  }
  const receive = (bytes: Uint8Array) => {
    const frame = decodeServerFrame(bytes, world.components.schema)
    if (frame.kind === 'welcome') welcomed = frame
    else if (frame.kind === 'snapshot' && zone === undefined) {
      const late = (command: number) => void outcomes.push({ command, refused: 'late' })
      zone = joinZone(welcomed!, world.components.schema, frame, world.walls, now, metrics, late)
      drawAt = now
    } else if (frame.kind === 'snapshot') zone!.receive(frame, now)
    else if (frame.kind === 'control') {
      const message = serverControl.parse(asControl(unpackControl(frame.body)))
      if (message.kind !== 'used') return
      const { command, refused } = message
      zone?.answered(command)
      outcomes.push({ command, refused })
    } else throw new Error(`the client got ${frame.kind}`)
  }
  let welcomed: Extract<ReturnType<typeof decodeServerFrame>, { kind: 'welcome' }> | undefined
  const welcome = () => {
    const place = { zone: 'field', instance: 'field-1', contentVersion: 'test' }
    const resume = { stay: 1, secret: new Uint8Array(16) }
    post(toClient, welcomeFrame(world, player, resume, place))
    const connection = {
      backlogBytes: 0,
      send: (bytes: Uint8Array) => post(toClient, bytes),
      close: () => undefined,
      open: true,
    }
    viewer = createViewer(connection, player, world, metresToUnits(content.viewRadius))
  }
  const tick = () => {
    const taken = inputs
    inputs = []
    const events = step(world, taken, rules)
    for (const event of events) {
      if (event.event === 'failed') throw event.error
    }
    records.publish()
    if (taken.some(({ input }) => input === 'halt')) welcome()
    const used = events.filter(({ event }) => event === 'used')
    if (used.length > 0) viewer.prompt = true
    sendFrame(viewer, world, records, details[0], now)
    for (const event of used) if (event.event === 'used') post(toClient, usedFrame(event))
  }
  const arrive = (queue: typeof toClient, take: (bytes: Uint8Array) => void) => {
    while (queue.length > 0 && queue[0]!.at <= now) {
      const first = queue.shift()!
      if (first.generation === generation) take(first.bytes)
    }
  }
  const takeInput = (bytes: Uint8Array) => {
    const frame = decodeClientFrame(bytes)
    if (frame.kind !== 'input') throw new Error(`the server got ${frame.kind}`)
    const { first, known = 0, commands } = frame
    inputs.push({ input: 'commands', id: player.id, first, known, commands })
  }

  const linked: Linked = {
    world,
    player,
    outcomes,
    delayMs: options.delayMs,
    quiet: false,
    get zone() {
      return zone!
    },
    get corrections() {
      return metrics.corrections
    },
    pass(ms, each) {
      for (const end = now + ms; now < end; now++) {
        arrive(toServer, takeInput)
        if (now >= tickAt) {
          tickAt += tickMs
          script = each
          tick()
          script = undefined
        }
        arrive(toClient, receive)
        if (zone === undefined || linked.quiet || now < drawAt) continue
        drawAt = now + frameMs
        for (const frame of zone.update(now)) post(toServer, encodeClientFrame(frame))
      }
    },
    send: (frame) => post(toServer, encodeClientFrame(frame)),
    resume() {
      generation++
      zone = undefined
      inputs.push({ input: 'halt', id: player.id })
    },
  }
  records.publish()
  welcome()
  tick()
  // Until the first command is taken the player stands for the server, which then changes him at once.
  for (let waits = 0; waits < 1000 && !player.commands!.running; waits++) linked.pass(10)
  return linked
}

// The smallest zone host that the protocol allows, with the real encoders, movement and command queue, over a
// network with delay. It has one player. A test adds others.
import type { Admission } from '#shared/api/world.ts'
import { namedSchema } from '#shared/components/schema.ts'
import { zoneSchema } from '#shared/content/content.ts'
import { decodeClientFrame } from '#shared/protocol/client-frames.ts'
import type { ClientFrame } from '#shared/protocol/client-frames.ts'
import { CLOSE } from '#shared/protocol/close.ts'
import type { CloseReason } from '#shared/protocol/close.ts'
import { packControl } from '#shared/protocol/control.ts'
import type { ServerControl } from '#shared/protocol/control.ts'
import { Writer } from '#shared/protocol/bytes.ts'
import { encodeServerFrame } from '#shared/protocol/server-frames.ts'
import type { ServerFrame } from '#shared/protocol/server-frames.ts'
import {
  beginEntity,
  beginSection,
  endSection,
  writeMotion,
  writeSnapshotHead,
} from '#shared/protocol/snapshot.ts'
import type { Snapshot } from '#shared/protocol/snapshot.ts'
import { stepPlayer, walk } from '#shared/rules/movement.ts'
import type { Body } from '#shared/rules/movement.ts'
import { cellOf, metresToUnits, playerRadius, walkSpeedSteps } from '#shared/rules/units.ts'
import { buildWalls } from '#shared/rules/walls.ts'
import type { OpenSocket, SocketEvents } from '#client/library/socket.ts'
import { coreSchema, looks, writeAll } from '../parts.ts'
import { takesCommands } from './fake-commands.ts'
import type { Time } from '#testing/time.ts'

export const meadow = zoneSchema.parse({
  id: 'meadow',
  name: 'Meadow',
  kind: 'field',
  width: 100,
  height: 100,
  capacity: 10,
  tickHz: 20,
  viewRadius: 40,
  ground: '#77aa77',
  spawn: { x: 50, y: 50 },
  walls: [{ x: 60, y: 40, width: 5, height: 20 }],
  gates: [],
  creatures: [],
})

/** Somebody else: walks as the test says; the course is sent when it changes. */
export type Other = Body & { id: number; name: string; changed: boolean }

type Link = { events: SocketEvents; open: boolean }

export const ownId = 0x010001

export function createFakeServer(time: Time, options: { delayMs?: number; tickHz?: number } = {}) {
  const tickHz = options.tickHz ?? 20
  const tickMs = 1000 / tickHz
  const walls = buildWalls(meadow)
  const own: Body = { x: metresToUnits(50), y: metresToUnits(50), heading: 0, speed: 0 }
  const others: Other[] = []
  const commands = takesCommands()
  const received: ClientFrame[] = []
  let link: Link | undefined
  let joined = false
  let needsKeyframe = false
  let tick = 1000
  let tickAt = time.now()
  let secret = 1
  let tickets = 0

  const server = {
    own,
    others,
    received,
    /** One way, in ms; may be changed at any time. Order is kept. */
    delayMs: options.delayMs ?? 30,
    /** Answers of `enter` instead of an admission, once each. */
    enterFailures: [] as Error[],
    entered: 0,
    /** Where each `enter` was to lead to. */
    asked: [] as (string | undefined)[],
    opened: [] as string[],
    /** Whether sockets are answered at all. */
    reachable: true,
    resumable: true,
    wallsDiffer: false,
    /** Sent right behind WELCOME. */
    afterWelcome: undefined as ServerControl | undefined,
    /** Neither ticks nor answers. */
    frozen: false,
    get tick() {
      return tick
    },
    /** The tick with its fraction, as a perfect clock sees it. */
    tickNow: () => tick + (time.now() - tickAt) / tickMs,
    enter: async (_?: AbortSignal, to?: string): Promise<Admission> => {
      server.entered++
      server.asked.push(to)
      const failure = server.enterFailures.shift()
      if (failure) throw failure
      return {
        address: 'ws://zone.test/zone',
        ticket: `ticket-${++tickets}`,
        expiresAt: time.now() + 30_000,
        zone: 'meadow',
        instance: 'meadow-1',
        characterId: '01900000-0000-7000-8000-000000000001',
      }
    },
    socket: ((address, events) => {
      server.opened.push(address)
      const mine: Link = { events, open: true }
      const toServer = ordered(time, () => server.delayMs)
      if (server.reachable) {
        time.after(server.delayMs * 2, () => {
          if (!mine.open) return
          link = mine
          joined = false
          events.opened()
        })
      } else {
        time.after(5, () => closeLink(mine, 1006))
      }
      return {
        send: (bytes) =>
          toServer(() => {
            if (mine.open && link === mine && !server.frozen) take(bytes)
          }),
        close: () => {
          if (!mine.open) return
          mine.open = false
          if (link === mine) link = undefined
          time.after(0, () => events.closed(1005))
        },
      }
    }) satisfies OpenSocket,
    send(frame: Exclude<ServerFrame, Snapshot>) {
      deliver(encodeServerFrame(frame))
    },
    control(message: ServerControl) {
      deliver(encodeServerFrame({ kind: 'control', body: packControl(message) }))
    },
    /** Raw bytes to the client. */
    raw: (bytes: Uint8Array) => deliver(bytes),
    close(reason: CloseReason) {
      const mine = link
      if (mine) toClient(() => closeLink(mine, CLOSE[reason]))
      link = undefined
    },
    /** Closes at once. Without a code the socket is lost without a close frame. */
    cut(code = 1006) {
      const mine = link
      link = undefined
      if (mine) closeLink(mine, code)
    },
    get joined() {
      return joined && link !== undefined
    },
    commands,
    loadZone: async () => meadow,
    /** Moves the own body, as a rule of the game might. */
    place(x: number, y: number) {
      own.x = x
      own.y = y
    },
  }

  const toClient = ordered(time, () => server.delayMs)
  function closeLink(mine: Link, code: number) {
    if (!mine.open) return
    mine.open = false
    mine.events.closed(code)
  }
  function deliver(bytes: Uint8Array) {
    const mine = link
    toClient(() => {
      if (mine?.open) mine.events.received(bytes)
    })
  }
  function take(bytes: Uint8Array) {
    const frame = decodeClientFrame(bytes)
    if (frame.kind === 'refused') throw new Error(`the client sent a frame that is ${frame.reason}`)
    received.push(frame)
    switch (frame.kind) {
      case 'join':
        welcome()
        break
      case 'resume':
        if (server.resumable && frame.secret[0] === secret) {
          secret++
          welcome()
        } else server.close('resume.refused')
        break
      case 'input':
        for (const [i, command] of frame.commands.entries())
          commands.offer(frame.first + i, command)
        break
      case 'ping': {
        const part = Math.min(65_535, Math.floor(((time.now() - tickAt) / tickMs) * 65_536))
        server.send({ kind: 'pong', token: frame.token, tick, part })
        break
      }
      case 'leave':
        joined = false
        server.close('left')
        break
      case 'control':
        break
    }
  }
  function welcome() {
    commands.halt()
    joined = true
    needsKeyframe = true
    const { name, json } = namedSchema(coreSchema)
    server.send({ kind: 'schema', name, json: new TextEncoder().encode(json) })
    server.send({
      kind: 'welcome',
      stay: 7,
      secret: new Uint8Array(16).fill(secret),
      entity: ownId,
      tick,
      tickUs: Math.round(1e6 / tickHz),
      timeScale: 256,
      width: metresToUnits(100),
      height: metresToUnits(100),
      nextCommand: commands.expected,
      zone: 'meadow',
      instance: 'meadow-1',
      contentVersion: 'v1',
    })
    if (server.afterWelcome !== undefined) server.control(server.afterWelcome)
  }
  function step() {
    if (server.frozen) return
    tick++
    tickAt = time.now()
    const command = commands.take()
    const open = { blocked: () => false }
    if (command) {
      const around = server.wallsDiffer ? open : walls
      stepPlayer(own, command, walkSpeedSteps, tickHz, around, playerRadius)
    } else own.speed = 0
    for (const other of others) {
      const { heading, speed } = other
      walk(other, heading, speed, tickHz, walls, playerRadius)
      other.changed ||= other.heading !== heading || other.speed !== speed
    }
    if (joined && link) deliver(snapshot())
  }
  function snapshot(): Uint8Array {
    const w = new Writer()
    writeSnapshotHead(w, {
      tick,
      keyframe: needsKeyframe,
      timeScale: 256,
      waiting: commands.waiting,
      ack: commands.expected - 1,
      own,
    })
    for (const other of others) {
      if (!needsKeyframe && !other.changed) continue
      const cell = cellOf(other.x, other.y)
      const begin = beginSection(w, needsKeyframe ? 'block' : 'cell', cell)
      if (needsKeyframe) {
        beginEntity(w, cell, { ...other, archetype: 0 })
        writeAll(w, coreSchema, looks('human/mage', other.name))
      } else writeMotion(w, cell, other)
      endSection(w, begin)
      other.changed = false
    }
    needsKeyframe = false
    return w.copy()
  }
  time.every(tickMs, step)
  return server
}

export type FakeServer = ReturnType<typeof createFakeServer>

/** Delivers in order, each after the delay of its moment: a slow packet holds up those behind it. */
function ordered(time: Time, delayMs: () => number): (act: () => void) => void {
  let last = 0
  return (act) => {
    last = Math.max(last, time.now() + delayMs())
    time.after(last - time.now(), act)
  }
}

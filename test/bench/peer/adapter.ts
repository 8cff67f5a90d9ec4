// The adapter with which the peer bench drives our zone host. From a copy of the bench:
//
//   <waystone>/node_modules/.bin/node run.js --peer <waystone>/test/bench/peer/adapter.ts --n 500 --workload town
//
// The bots speak the protocol by hand, as the bench asks; probes are made of the client library: its
// connection, clock and view. They draw everybody at the server's present, reckoned on from the newest
// record; the page draws 100 ms behind that. The library's prediction is left out: it does not know the
// bench's mirrors.
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { openNodeSocket } from '#client/bots/socket.ts'
import { createClock } from '#client/library/clock.ts'
import { openConnection } from '#client/library/connection.ts'
import { createMetrics } from '#client/library/metrics.ts'
import { createSchemas } from '#client/library/schemas.ts'
import { createView } from '#client/library/view.ts'
import { encodeClientFrame } from '#shared/protocol/client-frames.ts'
import { SERVER_KIND } from '#shared/protocol/server-frames.ts'
import type { Welcome } from '#shared/protocol/server-frames.ts'
import type { Snapshot } from '#shared/protocol/snapshot.ts'
import { HEADER } from '#shared/protocol/version.ts'
import { dxOf, dyOf } from '#shared/rules/heading.ts'
import { BUTTON_WALK } from '#shared/rules/movement.ts'
import { unitsPerMetre } from '#shared/rules/units.ts'
import { marginMetres, viewRadius } from './arena.ts'
import { doorPath } from './door.ts'
import type { Newcomer } from './door.ts'

type Client = { host: string; port: number; i: number; spawn: Newcomer; closed: () => void }
type Bot = { write(bytes: Uint8Array): void; joined(): void }

/** Two commands an input: ours is one a tick, the bench's inputs come at half the rate of ticks. */
const commandsPerInput = 2
/** Shown up to here, metres: everybody within the radius, with the bench's own hysteresis. */
const shownMetres = viewRadius + 2

export const variant = ''

type Run = { n: number; port: number; workload: string; 'node-args'?: string }

/** `--node-args="--cpu-prof --cpu-prof-dir=profile"` goes to the host's process. */
export function server({ n, port, workload, 'node-args': nodeArgs }: Run) {
  const entry = fileURLToPath(new URL('host.ts', import.meta.url))
  const options = ['--port', port, '--players', n, '--workload', workload]
  const args = [...(nodeArgs?.split(' ') ?? []), entry, ...options]
  return { exec: process.execPath, args, cwd: import.meta.dirname }
}

/** Fetches a ticket. */
export async function target({ port, spawn }: Client): Promise<{ path: string; ticket: string }> {
  const ticket = await new Promise<string>((resolve, reject) => {
    const asked = request({ socketPath: doorPath(port), method: 'POST' }, (response) => {
      text(response).then((body) => {
        if (response.statusCode === 200) resolve(body)
        else reject(new Error(body))
      }, reject)
    })
    asked.on('error', reject)
    asked.end(JSON.stringify(spawn))
  })
  return { path: '/zone', ticket }
}

export function opened(bot: Bot, { ticket }: { ticket: string }): void {
  bot.write(encodeClientFrame({ kind: 'join', ticket }))
}

export function message(bot: Bot, payload: Uint8Array): void {
  if (payload[1] === SERVER_KIND.welcome) bot.joined()
}

/** An INPUT. `seq` counts inputs from 1, commands count from 1 as well. */
export function input(o: Uint8Array, seq: number, heading: number): number {
  const first = firstCommand(seq)
  const course = nearest(heading)
  o[0] = HEADER
  o[1] = 0x03
  for (let i = 0; i < 4; i++) o[2 + i] = first >>> (8 * i)
  // These bots do not read snapshots.
  for (let i = 0; i < 4; i++) o[6 + i] = 0
  o[10] = commandsPerInput
  let at = 11
  for (let i = 0; i < commandsPerInput; i++) {
    o[at++] = course
    o[at++] = course >>> 8
    o[at++] = BUTTON_WALK
  }
  return at
}

function firstCommand(seq: number): number {
  return (seq - 1) * commandsPerInput + 1
}

/** One of our 1,024 directions. */
function nearest(heading: number): number {
  return (heading + 32) & 0xffc0
}

type Row = [index: number, x: number, y: number, heading: number, name: string]

export async function probe(client: Client) {
  const { ticket } = await target(client)
  const monotonic = () => performance.now()
  const joined = Promise.withResolvers<void>()
  let welcome: Welcome | undefined
  let newest: Snapshot | undefined
  let world: { view: ReturnType<typeof createView>; clock: ReturnType<typeof createClock> }
  let drawnAt = monotonic()

  const address = `ws://${client.host}:${client.port}/zone`
  const first = { kind: 'join', ticket } as const
  const schemas = createSchemas()
  const metrics = createMetrics()
  const connection = openConnection(openNodeSocket, address, first, monotonic, schemas, metrics, {
    frame(frame) {
      if (frame.kind === 'welcome') welcome = frame
      if (frame.kind !== 'snapshot' || welcome === undefined) return
      const { entity, tickUs } = welcome
      const tickMs = tickUs / 1000
      if (newest === undefined) {
        const view = createView(entity, Math.round(1000 / tickMs), schemas.current)
        world = { view, clock: createClock(monotonic(), frame.tick, tickMs) }
        joined.resolve()
      }
      newest = frame
      world.clock.atLeast(monotonic(), frame.tick)
      world.view.apply(frame)
    },
    pong: (sentAt, tick) => world.clock.sample(sentAt, monotonic(), tick),
    ended(why) {
      clearInterval(driving)
      joined.reject(new Error(why))
      client.closed()
    },
  })
  const driving = setInterval(() => connection.update(monotonic()), 50)
  await joined.promise

  return {
    input(seq: number, heading: number) {
      const command = { heading: nearest(heading), buttons: BUTTON_WALK }
      const commands = [command, command]
      connection.send({ kind: 'input', first: firstCommand(seq), commands })
    },
    snapshot(now: number): Row[] {
      const tick = world.clock.tickAt(now)
      const { own, tick: ownTick } = newest!
      const passed = own.speed === 0 ? 0 : tick - ownTick
      const ownX = own.x + passed * dxOf(own.heading, own.speed, 20)
      const ownY = own.y + passed * dyOf(own.heading, own.speed, 20)
      const rows = [row(client.spawn.name, ownX, ownY, own.heading)]
      for (const { name, x, y, heading } of world.view.draw(tick, now - drawnAt)) {
        const distance = Math.hypot(x - ownX, y - ownY) / unitsPerMetre
        if (distance <= shownMetres) rows.push(row(name, x, y, heading))
      }
      drawnAt = now
      return rows
    },
  }
}

function row(name: string, x: number, y: number, heading: number): Row {
  const index = Number(name.slice('Player_'.length))
  const [metresX, metresY] = [x / unitsPerMetre - marginMetres, y / unitsPerMetre - marginMetres]
  return [index, metresX, metresY, (heading / 65_536) * 2 * Math.PI, name]
}

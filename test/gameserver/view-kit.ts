// An instance that the test ticks, with clients without sockets, and checks of their views against the world.
import { createAllowances } from '#gameserver/instance/allowances.ts'
import { createVoices } from '#gameserver/instance/voices.ts'
import { admit } from '#gameserver/instance/entry.ts'
import { createInstance } from '#gameserver/instance/instance.ts'
import type { Instance } from '#gameserver/instance/instance.ts'
import { tickInstance } from '#gameserver/instance/tick.ts'
import { openConnection } from '#gameserver/net/client-connection.ts'
import type { ClientConnection } from '#gameserver/net/client-connection.ts'
import { partsOf } from '#gameserver/sim/components.ts'
import type { Table } from '#gameserver/sim/components.ts'
import type { Entity, World } from '#gameserver/sim/world.ts'
import { coreRules } from '#gameserver/sim/rules.ts'
import type { Connection, ConnectionListener } from '#gameserver/net/transport.ts'
import { lowPriorityTicks } from '#shared/limits.ts'
import { cellUnits, metresToUnits } from '#shared/rules/units.ts'
import { encodeClientFrame } from '#shared/protocol/client-frames.ts'
import { unpackControl } from '#shared/protocol/control.ts'
import { decodeServerFrame } from '#shared/protocol/server-frames.ts'
import type { Welcome } from '#shared/protocol/server-frames.ts'
import type { Snapshot } from '#shared/protocol/snapshot.ts'
import { silentLog } from '#shared/telemetry/log.ts'
import { createFakePersistence } from './fake-persistence.ts'
import { ViewModel } from './view-model.ts'
import type { Believed } from './view-model.ts'
import { testContent, testZone } from './world-kit.ts'

export type TestClient = {
  clientConnection: ClientConnection
  listener: ConnectionListener
  view: ViewModel
  welcome: Welcome | undefined
  latest: Snapshot | undefined
  snapshots: number
  /** All that it was sent: how many bytes, and what of it is text. */
  bytes: number
  text: string
  /** Control messages, as clients read them. */
  controls: unknown[]
  backlog: number
  closed: string | undefined
  next: number
}

export function stage(seed: number, tickHz: 20 | 30 = 20, rules = coreRules, log = silentLog) {
  let now = 0
  let dueAt = 0
  let stays = 0
  const zone = testZone({ tickHz })
  const instance = createInstance({
    id: 'field-1',
    zone,
    content: testContent([zone]),
    rules,
    persistence: createFakePersistence(),
    runtime: {
      now: () => now,
      randomBytes: (count) => new Uint8Array(count),
      sleep: async () => {},
    },
    monotonic: () => now,
    log,
    seed,
    nextStay: () => ++stays,
    allowances: createAllowances(),
    voices: createVoices(),
  })
  const clients: TestClient[] = []
  const enter = (xMetres: number, yMetres: number): TestClient => {
    const connection: Connection = {
      send(bytes) {
        client.bytes += bytes.length
        client.text += Buffer.from(bytes).toString('latin1')
        const frame = decodeServerFrame(bytes, instance.world.components.schema)
        if (frame.kind === 'welcome') {
          client.welcome = frame
          client.next = frame.nextCommand
        }
        if (frame.kind === 'snapshot') {
          client.snapshots++
          client.latest = frame
          client.view.apply(frame)
        }
        if (frame.kind === 'control') client.controls.push(unpackControl(frame.body))
        if (frame.kind === 'refused') throw new Error(`a frame cannot be read: ${frame.reason}`)
      },
      close(reason) {
        client.closed = reason
      },
      get backlogBytes() {
        return client.backlog
      },
      open: true,
    }
    const door = {
      join: (clientConnection: ClientConnection) => {
        admit(
          instance,
          {
            characterId: `c${clients.length}`,
            accountId: 'a',
            name: `Player${clients.length}`,
            race: 'human',
            job: 'mage',
            epoch: 1,
            saveNumber: 0,
            saved: {
              zone: 'field',
              x: metresToUnits(xMetres),
              y: metresToUnits(yMetres),
              heading: 0,
            },
          },
          clientConnection,
        )
      },
      resume: () => {},
    }
    const { client: clientConnection, listener } = openConnection(
      connection,
      door,
      () => now,
      () => {},
    )
    const client: TestClient = {
      clientConnection,
      listener,
      view: new ViewModel(tickHz, instance.world.components.schema),
      welcome: undefined,
      latest: undefined,
      snapshots: 0,
      bytes: 0,
      text: '',
      controls: [],
      backlog: 0,
      closed: undefined,
      next: 1,
    }
    clients.push(client)
    listener.frame(encodeClientFrame({ kind: 'join', ticket: 't' }))
    return client
  }
  /** `lateMs`: after it was due. */
  const tick = (delivers = true, lateMs = 0) => {
    dueAt += 1000 / tickHz
    now = dueAt + lateMs
    tickInstance(instance, now, delivers)
  }
  const command = (client: TestClient, heading: number, buttons: number) => {
    const commands = [{ heading, buttons }]
    const frame = encodeClientFrame({ kind: 'input', first: client.next++, commands })
    client.listener.frame(frame)
  }
  return { instance, clients, enter, tick, command, now: () => now }
}

/**
 * Checks that the client knows each entity within the view radius exactly, and none that is not there. With
 * `near` it checks only entities that were near in the tick before as well.
 */
export function expectTruth(instance: Instance, client: TestClient, near?: Set<number>): void {
  const { world } = instance
  const { schema } = world.components
  const own = client.welcome!.entity
  client.view.advance(world.tick)
  const self = world.players.find((player) => player.id === own)!
  const all = [...world.players, ...world.creatures]
  const radius = metresToUnits(instance.zone.viewRadius)
  for (const entity of all) {
    const believed = client.view.entities.get(entity.id)
    if (near !== undefined && !near.has(entity.id)) continue
    const inView = (entity.x - self.x) ** 2 + (entity.y - self.y) ** 2 <= radius * radius
    if (believed === undefined) {
      if (inView) throw new Error(`tick ${world.tick}: ${entity.id} is near and unknown`)
      continue
    }
    // By hand: an assertion each would take most of the test's time.
    const same =
      schema.archetypes[believed.archetype]!.name === entity.archetype.name &&
      believed.x === entity.x &&
      believed.y === entity.y &&
      believed.heading === entity.heading &&
      believed.speed === entity.speed &&
      sameParts(world, entity, believed)
    if (!same) {
      throw new Error(`tick ${world.tick}: believed ${text(believed)}, in truth ${text(entity)}`)
    }
  }
  expectOwnParts(world, self, client)
  if (near !== undefined) return
  const ids = new Set(all.map((entity) => entity.id))
  for (const [id, believed] of client.view.entities) {
    if (!ids.has(id)) throw new Error(`tick ${world.tick}: ${id} is a ghost`)
    const far = Math.max(Math.abs(believed.x - self.x), Math.abs(believed.y - self.y))
    if (far > radius + 3 * cellUnits) throw new Error(`${id} is far away`)
  }
}

/** The client knows what he alone may know of himself, and nothing else of that kind. */
function expectOwnParts(
  { components }: World,
  { id, archetype, party }: Entity,
  { view }: TestClient,
): void {
  const { owner, party: shared } = partsOf(components, archetype)
  if (!sameValues(owner, id & 0xffff, view.own)) {
    throw new Error(`${id} believes of itself ${JSON.stringify(view.own)}`)
  }
  if (shared.length === 0) return
  const members = (party?.members ?? [{ id }]).map((member) => member.id)
  const same = members.every((member) =>
    sameValues(shared, member & 0xffff, view.party.get(member) ?? {}),
  )
  if (same && view.party.size === members.length) return
  throw new Error(`${id} believes of its party ${JSON.stringify([...view.party])}`)
}

/** Whether what is believed of an entity's components is what those near may know, no less and no more. */
function sameParts({ components }: World, { id, archetype }: Entity, { parts }: Believed): boolean {
  return sameValues(partsOf(components, archetype).near, id & 0xffff, parts)
}

/** A component of low priority may be believed as it was; tests have numbers in it that rise by one a tick. */
function sameValues(tables: readonly Table[], slot: number, parts: Believed['parts']): boolean {
  if (Object.keys(parts).length !== tables.length) return false
  return tables.every(({ component, columns }) =>
    columns.every(({ name, values }) => {
      const believed = parts[component.name]?.[name]
      if (component.priority === 'normal') return believed === values[slot]
      const behind = Number(values[slot]) - Number(believed)
      return behind >= 0 && behind < lowPriorityTicks
    }),
  )
}

/** Ids of those who are in the cell of a client now. */
export function nearTo(instance: Instance, client: TestClient): Set<number> {
  const { players, creatures } = instance.world
  const self = players.find((player) => player.id === client.welcome!.entity)!
  const near = [...players, ...creatures].filter(({ cell }) => cell === self.cell)
  return new Set(near.map(({ id }) => id))
}

function text(body: { id: number; x: number; y: number; heading: number; speed: number }): string {
  return `${body.id} at ${body.x},${body.y} heading ${body.heading} speed ${body.speed}`
}

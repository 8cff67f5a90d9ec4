// A zone host without a process or a network: one instance that ticks as time passes, and sockets that carry
// frames with a delay.
import { createWorldEvents } from '#gameserver/host/world-events.ts'
import { createAllowances } from '#gameserver/instance/allowances.ts'
import { createVoices } from '#gameserver/instance/voices.ts'
import { createCheckpoints } from '#gameserver/instance/checkpoints.ts'
import { takeContent } from '#gameserver/instance/delivery.ts'
import { admit, resume } from '#gameserver/instance/entry.ts'
import { createInstance } from '#gameserver/instance/instance.ts'
import type { Instance, InstanceDeps } from '#gameserver/instance/instance.ts'
import { startLeave } from '#gameserver/instance/leaving.ts'
import { tickInstance } from '#gameserver/instance/tick.ts'
import { openConnection } from '#gameserver/net/client-connection.ts'
import type { Connection } from '#gameserver/net/transport.ts'
import type { OpenSocket, SocketEvents } from '#client/library/socket.ts'
import type { Content } from '#shared/content/content.ts'
import type { PlayedMatch } from '#shared/rules/played-match.ts'
import { CLOSE } from '#shared/protocol/close.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { ZoneStore } from './store.ts'
import type { Time } from './time.ts'

export type TestHost = {
  readonly instance: Instance
  /** The address is the id of the character that wants to come in. */
  open: OpenSocket
  contentChanged(content: Content): void
  /** Hands everybody over: saved and let go. */
  drain(): void
  /** Ends without a word: what no checkpoint holds is lost. */
  die(): void
}

export function startHost(options: {
  bootId: string
  time: Time
  store: ZoneStore
  zone: InstanceDeps['zone']
  /** It is played there; its id is that of the instance. */
  match?: { id: string; played: PlayedMatch } | undefined
  content: Content
  rules: NonNullable<InstanceDeps['rules']>
  seed: number
  /** One way. */
  delayMs: number
  log: Log
}): TestHost {
  const { bootId, time, store, zone, match, content, rules, seed, delayMs, log } = options
  let stays = 0
  const instance = createInstance({
    id: match?.id ?? `${zone.id}-${bootId}`,
    zone,
    match: match?.played,
    content,
    rules,
    persistence: store.persistence(bootId),
    runtime: time.runtime,
    monotonic: time.now,
    log,
    seed,
    nextStay: () => ++stays,
    allowances: createAllowances(),
    voices: createVoices(),
  })
  const { persistence } = instance
  const tellEvents = createWorldEvents({ running: [{ instance }], runtime: time.runtime })
  const checkpoints = createCheckpoints({ instance, persistence, log, firstAt: time.now() })
  let alive = true
  const cuts = new Set<() => void>()
  let ticks = 0
  const startedAt = time.now()
  const tick = () => {
    if (!alive) return
    ticks++
    instance.tickedAt = time.now()
    tickInstance(instance, time.now())
    if (ticks % zone.tickHz === 0) tellEvents()
    checkpoints.run(time.now())
    // A product, not a sum: a third of a hundred milliseconds, added up, drifts.
    time.after(startedAt + ((ticks + 1) * 1000) / zone.tickHz - time.now(), tick)
  }
  time.after(1000 / zone.tickHz, tick)

  const open: OpenSocket = (address, events) => {
    const line = openLine(time, delayMs, events, () => alive)
    cuts.add(line.cut)
    const door = {
      join(client: Parameters<typeof admit>[2]) {
        void store.claim(address, bootId).then((claimed) => admit(instance, claimed, client))
      },
      resume(client: Parameters<typeof admit>[2], stay: number, secret: Uint8Array) {
        const character = instance.roster.findStay(stay)
        if (character === undefined) client.end('resume.refused')
        else resume(instance, character, client, secret)
      },
    }
    const { listener } = openConnection(line.connection, door, time.now, () => undefined)
    time.after(delayMs, () => (alive ? events.opened() : events.closed(1006)))
    return {
      send: (bytes) => time.after(delayMs, () => void (alive && listener.frame(bytes))),
      close() {
        line.cut()
        if (alive) listener.closed()
      },
    }
  }

  return {
    instance,
    open,
    contentChanged: (next) => takeContent(instance, next),
    drain() {
      for (const character of instance.roster.all())
        startLeave(instance, character, 'host.shutdown')
    },
    die() {
      alive = false
      for (const cut of cuts) cut()
    },
  }
}

/** The way from the host to one client. */
function openLine(time: Time, delayMs: number, events: SocketEvents, alive: () => boolean) {
  let open = true
  const close = (code: number) => {
    if (!open) return
    open = false
    time.after(delayMs, () => events.closed(code))
  }
  const connection: Connection = {
    send(bytes) {
      if (!open) return
      const copy = bytes.slice()
      time.after(delayMs, () => void (alive() && events.received(copy)))
    },
    close: (reason) => close(CLOSE[reason]),
    backlogBytes: 0,
    get open() {
      return open
    },
  }
  return { connection, cut: () => close(1006) }
}

// A player without a screen, on the client library, for tests against a running Waystone.
import { webMonotonic, webRuntime } from '#client/library/web-runtime.ts'
import { createContent } from '#client/library/content.ts'
import { createSession } from '#client/library/session.ts'
import { createMemoryStore } from '#client/library/storage.ts'
import { createZoneClient } from '#client/library/zone-client.ts'
import type { ZoneClient } from '#client/library/zone-client.ts'
import { openNodeSocket } from '#client/bots/socket.ts'
import { headingTo } from '#shared/rules/heading.ts'
import { metresToUnits, unitsPerMetre } from '#shared/rules/units.ts'

export const realmId = 'local'

/** `kept`: the content of the storage of the device. */
export function newSession(url: string, kept: Record<string, string> = {}) {
  const storage = createMemoryStore()
  for (const [key, value] of Object.entries(kept)) storage.set(key, value)
  return createSession({ baseUrl: url, fetch, runtime: webRuntime, storage })
}

export type Player = {
  client: ZoneClient
  chat: { name: string; text: string }[]
  /** Own place in metres. */
  place: () => { x: number; y: number }
  zone: () => string | undefined
  /** Walks straight towards a place in metres; resolves when it stands there, or nothing moves any more. */
  walkTo: (x: number, y: number) => Promise<void>
  stop: () => Promise<void>
}

/** Resolves when the condition holds; fails with `what` after `timeoutMs`. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 15_000,
): Promise<void> {
  const timeoutAt = performance.now() + timeoutMs
  while (!(await condition())) {
    if (performance.now() > timeoutAt) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await webRuntime.sleep(20)
  }
}

/** Brings a character into the world and waits until it stands there. */
export async function play(
  url: string,
  session: ReturnType<typeof newSession>,
  characterId: string,
  /** Listens before anything can have come. */
  listen: (client: ZoneClient) => void = () => {},
): Promise<Player> {
  const content = createContent({ baseUrl: url, fetch, runtime: webRuntime })
  const realm = session.inRealm(realmId)
  const client = createZoneClient({
    enter: (signal, to) => realm.enter(characterId, signal, to),
    loadZone: (zone, fresh) => content.zone(zone, fresh),
    contentVersion: content.version,
    socket: openNodeSocket,
    runtime: webRuntime,
    monotonic: webMonotonic,
  })
  listen(client)
  const chat: { name: string; text: string }[] = []
  client.on('chat', ({ name, text }) => chat.push({ name, text }))
  const timer = setInterval(() => client.update(), 20)
  const place = () => {
    const self = client.self()
    if (self === undefined) return { x: Number.NaN, y: Number.NaN }
    return { x: self.x / unitsPerMetre, y: self.y / unitsPerMetre }
  }
  const zone = () => (client.state.phase === 'joined' ? client.state.zone : undefined)
  await until('joined', () => client.self() !== undefined)

  async function walkTo(x: number, y: number): Promise<void> {
    const inZone = zone()
    let movedAt = performance.now()
    let last = place()
    for (;;) {
      const self = client.self()
      if (self === undefined || zone() !== inZone) break
      const here = place()
      if (Math.hypot(here.x - last.x, here.y - last.y) > 0.5) {
        last = here
        movedAt = performance.now()
      }
      if (performance.now() - movedAt > 2000) break
      const dx = metresToUnits(x) - self.x
      const dy = metresToUnits(y) - self.y
      if (Math.hypot(dx, dy) < 0.5 * unitsPerMetre) break
      client.walk(headingTo(dx, dy))
      await webRuntime.sleep(40)
    }
    client.stand()
    // Until the server has confirmed the last step.
    await until('the last step is confirmed', () => {
      const self = client.self()
      const own = client.acknowledged?.body
      if (self === undefined || own === undefined || zone() !== inZone) return true
      return own.speed === 0 && own.x === self.x && own.y === self.y
    })
  }

  return {
    client,
    chat,
    place,
    zone,
    walkTo,
    async stop() {
      await client.leave()
      clearInterval(timer)
    },
  }
}

// The library and the bots' socket against a real zone host, in real time.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openNodeSocket } from '#client/bots/socket.ts'
import { webMonotonic, webRuntime } from '#client/library/web-runtime.ts'
import { createZoneClient } from '#client/library/zone-client.ts'
import type { ZoneClient } from '#client/library/zone-client.ts'
import { openStage } from '../gameserver/host-kit.ts'
import type { Stage } from '../gameserver/host-kit.ts'
import { testZone } from '../gameserver/world-kit.ts'

let stage: Stage
const clients: ZoneClient[] = []
const timer = setInterval(() => {
  for (const client of clients) client.update()
}, 15)

beforeAll(async () => {
  stage = await openStage()
})
afterAll(async () => {
  await Promise.all(clients.map((client) => client.leave()))
  clearInterval(timer)
  await stage.stop()
})

async function until(holds: () => boolean, what: string) {
  const end = performance.now() + 5000
  while (!holds()) {
    if (performance.now() > end) throw new Error(`waited 5 s for: ${what}`)
    await webRuntime.sleep(10)
  }
}

async function join(character: string, place: { x: number; y: number }): Promise<ZoneClient> {
  const zone = testZone({ creatures: [] })
  const client = createZoneClient({
    enter: async () => ({
      address: `ws://127.0.0.1:${stage.host.port}/zone`,
      ticket: await stage.ticket(character, place),
      expiresAt: webRuntime.now() + 30_000,
      zone: zone.id,
      instance: 'field-1',
      characterId: character,
    }),
    loadZone: async () => zone,
    socket: openNodeSocket,
    runtime: webRuntime,
    monotonic: webMonotonic,
  })
  clients.push(client)
  await until(() => client.state.phase === 'joined', `${character} to join`)
  return client
}

/** Whether a player stands at the same position in the view of all clients. */
function stands(player: ZoneClient, watcher: ZoneClient): () => boolean {
  return () => {
    const self = player.self()
    const seen = watcher.seen()[0]
    const bodies = [self, player.acknowledged?.body, seen]
    return bodies.every((body) => body?.speed === 0 && body.x === self?.x && body.y === self.y)
  }
}

test('two players see each other where each of them is, talk, lose the socket and find all again', async () => {
  const ann = await join('ann', { x: 60, y: 60 })
  const bo = await join('bo', { x: 64, y: 60 })
  const heard: string[] = []
  bo.on('chat', ({ text }) => heard.push(text))

  ann.walk(16_384)
  await webRuntime.sleep(900)
  ann.stand()
  await until(stands(ann, bo), 'ann to stand')
  const self = ann.self()!
  expect(self.y).toBeGreaterThan(60 * 1200 + 2000)
  expect(ann.acknowledged!.body).toMatchObject({ x: self.x, y: self.y, speed: 0 })
  expect(bo.seen()).toMatchObject([{ archetype: 'player', x: self.x, y: self.y, speed: 0 }])

  expect(ann.say('Hello')).toBe(true)
  await until(() => heard.length > 0, 'the line')
  expect(heard).toEqual(['Hello'])

  ann.drop()
  await until(() => ann.state.phase === 'reconnecting', 'the loss')
  await until(() => ann.state.phase === 'joined', 'the resume')
  expect(stage.persistence.calls.claim).toBe(2)
  expect(ann.self()).toMatchObject({ x: self.x, y: self.y })

  ann.walk(0)
  await webRuntime.sleep(500)
  ann.stand()
  await until(stands(ann, bo), 'ann to stand again')
  const after = ann.self()!
  expect(after.x).toBeGreaterThan(self.x)
  expect(bo.seen()).toMatchObject([{ x: after.x, y: after.y }])
  expect(ann.rttMs).toBeLessThan(500)

  expect(await bo.leave()).toBe('left')
  await until(() => ann.seen().length === 0, 'bo to be gone')
})

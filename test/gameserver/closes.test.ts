// What the end of a socket means for the stay (docs/protocol.md, "What a close means for the stay").
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStage } from './host-kit.ts'
import type { Stage } from './host-kit.ts'
import type { ZoneClient } from './zone-client.ts'

let stage: Stage
beforeEach(async () => {
  stage = await openStage()
})
afterEach(async () => {
  await stage.stop()
})

test.each<[string, (client: ZoneClient) => void, string | number]>([
  ['closed by the client with 1000', ({ socket }) => socket.close(1000), 1000],
  ['lost', ({ socket }) => socket.terminate(), 1006],
  ['closed for a text message', ({ socket }) => socket.send('hello'), 'protocol.malformed'],
  ['closed for a second JOIN', (c) => c.send({ kind: 'join', ticket: 'x' }), 'protocol.unexpected'],
  ['closed for a message over 4,096 bytes', ({ socket }) => socket.send(Buffer.alloc(4097)), 1009],
  [
    'closed for a message in six fragments',
    ({ socket }) => {
      for (let i = 0; i < 6; i++) socket.send(Buffer.alloc(1), { fin: i === 5 })
    },
    1008,
  ],
])(
  'a stay whose socket was %s is resumed, with its number and its entity',
  async (_, end, code) => {
    const client = await stage.join('anna')
    const before = await client.welcome()
    end(client)
    expect(await client.end()).toBe(code)

    const back = await stage.connect()
    back.send({ kind: 'resume', stay: before.stay, secret: before.secret })
    const after = await back.welcome()
    expect([after.stay, after.entity]).toEqual([before.stay, before.entity])
    expect(after.secret).not.toEqual(before.secret)
  },
)

test('a stay that was left is over', async () => {
  const client = await stage.join('anna')
  const { stay, secret } = await client.welcome()
  client.send({ kind: 'leave' })
  expect(await client.end()).toBe('left')
  const back = await stage.connect()
  back.send({ kind: 'resume', stay, secret })
  expect(await back.end()).toBe('resume.refused')
})

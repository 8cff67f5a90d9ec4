// Messages of a game as clients send them: requests, their answers, and what is refused before a step.
import { expect, test } from 'vitest'
import { onMessage } from '#gameserver/sim/message.ts'
import { zoneGame } from '#gameserver/sim/rules.ts'
import { encodeClientFrame } from '#shared/protocol/client-frames.ts'
import { packControl } from '#shared/protocol/control.ts'
import { message } from '#shared/protocol/message.ts'
import * as z from 'zod'
import { stage } from './view-kit.ts'
import type { TestClient } from './view-kit.ts'

const rate = { burst: 4, perSecond: 0.1 }
const sum = message('game.sum', {
  toServer: z.strictObject({ of: z.array(z.int()).max(9) }),
  answer: z.object({ sum: z.int() }),
  rate,
})
const wave = message('game.wave', { toServer: z.strictObject({}), toClient: z.object({}), rate })
const news = message('game.news', { toClient: z.object({ text: z.string() }) })

function open() {
  const rules = zoneGame({
    messages: [
      onMessage(sum, (_, __, { of }) => {
        if (of.length === 0) throw new Error('nothing to add')
        return { sum: of.reduce((a, b) => a + b, 0) }
      }),
      onMessage(wave, (zone, player) => zone.broadcast(player, wave, {})),
      news,
    ],
  })
  const { enter, tick } = stage(1, 20, rules)
  const [ann, bob] = [enter(60, 60), enter(61, 60)]
  tick()
  const send = (client: TestClient, body: { kind: string; [field: string]: unknown }) =>
    client.listener.frame(encodeClientFrame({ kind: 'control', body: packControl(body) }))
  return { ann, bob, send, tick }
}

test('a request is answered by its number, to nobody else; without one it is done and not answered', () => {
  const { ann, bob, send, tick } = open()
  send(ann, { kind: 'game.sum', of: [1, 2], n: 7 })
  send(ann, { kind: 'game.sum', of: [3], n: 4_294_967_295 })
  send(ann, { kind: 'game.sum', of: [4] })
  tick()
  expect(ann.controls).toEqual([
    { kind: 'game.sum', sum: 3, re: 7 },
    { kind: 'game.sum', sum: 3, re: 4_294_967_295 },
  ])
  expect(bob.controls).toEqual([])
})

test('a request that is not taken, or over which the game fails, is refused by its number', () => {
  const { ann, send, tick } = open()
  send(ann, { kind: 'game.sum', of: 'all', n: 1 })
  send(ann, { kind: 'game.sum', of: [1], n: -1 })
  for (let n = 2; n < 7; n++) send(ann, { kind: 'game.sum', of: [], n })
  tick()
  const refused = (code: string, re?: number) => ({
    kind: 'refused',
    of: 'game.sum',
    code,
    ...(re === undefined ? {} : { re }),
  })
  expect(ann.controls).toEqual([
    refused('invalid', 1),
    refused('invalid'),
    refused('rate', 6),
    ...[2, 3, 4, 5].map((re) => refused('failed', re)),
  ])
})

test('kinds without an answer take no number, and those that clients are only sent take nothing', () => {
  const { ann, bob, send, tick } = open()
  send(ann, { kind: 'game.wave' })
  send(ann, { kind: 'game.wave', n: 1 })
  send(ann, { kind: 'game.news', text: 'mine' })
  tick()
  expect(bob.controls).toEqual([{ kind: 'game.wave' }])
  expect(ann.controls).toEqual([
    { kind: 'refused', of: 'game.wave', code: 'invalid', re: 1 },
    { kind: 'refused', of: 'game.news', code: 'invalid' },
    { kind: 'game.wave' },
  ])
})

// Nearby chat over real sockets.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { packControl } from '#shared/protocol/control.ts'
import { openStage } from './host-kit.ts'
import type { Stage } from './host-kit.ts'
import { pause } from './walk.ts'

let stage: Stage
beforeEach(async () => {
  stage = await openStage()
})
afterEach(async () => {
  await stage.stop()
})

describe('nearby chat', () => {
  test('is heard by who is near, the speaker too, and by nobody far away', async () => {
    const ann = await stage.join('ann', { x: 60, y: 50 })
    const bob = await stage.join('bob', { x: 66, y: 50 })
    const far = await stage.join('far', { x: 10, y: 110 })
    for (const client of [ann, bob, far]) await client.keyframe()
    const { entity } = await ann.welcome()
    ann.say('Grüße, 世界 👋')
    for (const client of [ann, bob]) {
      await client.until(({ controls }) => controls.length > 0)
      const text = 'Grüße, 世界 👋'
      expect(client.controls).toEqual([{ kind: 'chat.nearby', from: entity, name: 'ann', text }])
    }
    await pause(100)
    expect(far.controls).toEqual([])
  })

  test('takes five lines at once, then refuses until time has passed', async () => {
    const ann = await stage.join('ann')
    await ann.keyframe()
    for (let i = 0; i < 6; i++) ann.say(`line ${i}`)
    await ann.until(({ controls }) => controls.length === 6)
    // A refusal comes at once, what is said with the next step.
    const said = ann.controls.filter(({ kind }) => kind === 'chat.nearby')
    expect(said.map((line) => 'text' in line && line.text)).toEqual(
      [0, 1, 2, 3, 4].map((i) => `line ${i}`),
    )
    expect(ann.controls).toContainEqual({ kind: 'refused', of: 'chat.nearby', code: 'rate' })
    stage.skew.monotonicMs += 1000
    ann.say('again')
    await ann.until(({ controls }) => controls[6]?.kind === 'chat.nearby')
  })

  test('refuses what is no line of chat without echoing it, and closes on what is no message', async () => {
    const ann = await stage.join('ann')
    await ann.keyframe()
    for (const text of ['', '   ', 'a\nb', 'x'.repeat(201), '\u202eevil']) ann.say(text)
    ann.send({ kind: 'control', body: packControl({ kind: 'saving', paused: true }) })
    await ann.until(({ controls }) => controls.length === 6)
    expect(ann.controls).toEqual([
      ...Array.from({ length: 5 }, () => {
        return { kind: 'refused', of: 'chat.nearby', code: 'invalid' }
      }),
      // A kind that the server does not know is not repeated to whoever sent it.
      { kind: 'refused', of: 'control', code: 'invalid' },
    ])
    ann.send({ kind: 'control', body: new Uint8Array([0x92, 0x01]) })
    expect(await ann.end()).toBe('protocol.malformed')
  })
})

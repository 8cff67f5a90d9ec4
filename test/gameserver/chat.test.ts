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
    expect(ann.controls.map(({ kind }) => kind)).toEqual([
      ...Array.from({ length: 5 }, () => 'chat.nearby'),
      'refused',
    ])
    expect(ann.controls[5]).toEqual({ kind: 'refused', of: 'chat.nearby', code: 'rate' })
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
    for (const control of ann.controls) {
      expect(control).toEqual({ kind: 'refused', of: 'control', code: 'invalid' })
    }
    ann.send({ kind: 'control', body: new Uint8Array([0x92, 0x01]) })
    expect(await ann.end()).toBe('protocol.malformed')
  })
})

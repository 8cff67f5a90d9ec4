// The chat of a private zone: each of its instances has its own.
import { expect, it } from 'vitest'
import { broadcastChannel } from '#shared/push/message.ts'
import { guardKey } from '#shared/ownership/guard.ts'
import { newId } from '#shared/runtime.ts'
import { codeOf } from './api.ts'
import { talkers } from './chat-people.ts'
import type { Talker } from './chat-people.ts'

it('is heard and read in one instance, by those who play there, and nowhere else', async () => {
  const { test, all } = await talkers(4)
  const [ada, bram, cato, dunja] = all
  const [one, two] = [newId(test.clock), newId(test.clock)]
  const plays = async ({ as }: Talker, instance: string) =>
    await test.memory.update({
      table: 'core',
      key: guardKey('local', as),
      update: 'SET #state = :active, #instance = :instance',
      names: { '#state': 'state', '#instance': 'instance' },
      values: { ':active': 'active', ':instance': instance },
    })
  for (const who of [ada, bram]) await plays(who, one)
  await plays(cato, two)
  // In a shared zone.
  await plays(dunja, 'hub-1')
  const heard: { instance?: string; event: { channel: string } }[] = []
  const listen = (text: string) => heard.push(JSON.parse(text) as (typeof heard)[number])
  const { signal } = new AbortController()
  test.cache.subscribe(broadcastChannel('local', 'crypt'), listen, signal)

  await ada.say('zone:crypt', 'mind the shade')
  await expect.poll(() => heard).toHaveLength(1)
  expect(heard[0]).toMatchObject({ instance: one, event: { channel: `zone:crypt:${one}` } })
  expect(await bram.reads('zone:crypt')).toEqual(['mind the shade'])
  expect(await cato.reads('zone:crypt')).toEqual([])
  await cato.say('zone:crypt', 'nothing here')
  expect(await ada.reads('zone:crypt')).toEqual(['mind the shade'])
  expect(await cato.reads('zone:crypt')).toEqual(['nothing here'])
  expect(await codeOf(dunja.say('zone:crypt', 'let me in'))).toBe('chat.elsewhere')
  expect(await codeOf(dunja.reads('zone:crypt'))).toBe('chat.not_found')
  // Who comes into another one hears that, and reads nothing of before.
  await plays(bram, two)
  expect(await bram.reads('zone:crypt')).toEqual(['nothing here'])
})

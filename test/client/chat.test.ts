// The reader of chat channels against the real API: events that come, that are lost, and what is read instead.
import { describe, expect, it } from 'vitest'
import { createChat } from '#client/library/chat.ts'
import type { ChatEvents } from '#client/library/chat.ts'
import type { ChannelLine } from '#shared/api/chat-line.ts'
import { mailboxSettlesMs } from '#shared/limits.ts'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import { talkers, textsOf } from '../functions/chat-people.ts'
import type { Talker } from '../functions/chat-people.ts'
import type { TestApi } from '../functions/api.ts'

/** Waits until the test says so. */
function handRuntime(test: TestApi): Runtime & { wake(): Promise<void> } {
  const sleepers: (() => void)[] = []
  return {
    now: () => test.clock.now(),
    randomBytes: (count) => test.clock.randomBytes(count),
    sleep: async () => await new Promise<void>((resolve) => sleepers.push(resolve)),
    async wake() {
      for (const resolve of sleepers.splice(0)) resolve()
      // What was woken asks the API, all in memory.
      await new Promise((resolve) => setTimeout(resolve, 50))
    },
  }
}

function readerOf(test: TestApi, who: Talker, channels: string[]) {
  const runtime = handRuntime(test)
  const { client, as: characterId } = who
  const chat = createChat({ api: client, realmId: 'local', characterId, runtime })
  const got: string[] = []
  const missed: Omit<ChatEvents['missed'], 'channel'>[] = []
  const left: string[] = []
  chat.on('line', ({ line, how }) => got.push(how === 'said' ? line.text : `${line.text} (${how})`))
  chat.on('missed', ({ count, skipped, more }) => missed.push({ count, skipped, more }))
  chat.on('left', ({ channel }) => left.push(channel))
  chat.follow(channels)
  return { chat, runtime, got, missed, left, shows: (name: string) => textsOf(chat.lines(name)) }
}

/** Lines of somebody else, as the store has them. */
async function crowdSays(test: TestApi, count: number): Promise<ChannelLine[]> {
  const lines: ChannelLine[] = []
  const from = { characterId: newId(test.clock), name: 'Egon', playerId: newId(test.clock) }
  for (let i = 0; i < count; i++) {
    test.clock.advance(10)
    const [at, lineId] = [test.clock.now(), newId(test.clock)]
    const line = { lineId, at, from, text: `n${i}` }
    const key = { pk: 'R#local#CHAT#global', sk: `L#${String(at).padStart(15, '0')}#${lineId}` }
    const expires = Math.ceil(at / 1000) + 1000
    await test.memory.put({ table: 'volatile', item: { ...key, v: 1, ...line, expires } })
    lines.push({ ...line, channel: 'global' })
  }
  test.clock.advance(5000)
  return lines
}

describe('a reader of channels', () => {
  it('gives each line once, whether it came as an event, by reading, or both, and in order', async () => {
    const { test, all } = await talkers(2)
    const [ada, bram] = all
    const { guildId } = await ada.found('Lanterns')
    await bram.joinsGuild(ada, guildId)
    await ada.say('guild', 'before')
    const reader = readerOf(test, bram, ['guild', 'whisper'])
    await reader.chat.caughtUp()
    const lines = [await ada.say('guild', 'one'), await ada.say('guild', 'two')]
    // The first one is lost, the second comes twice.
    reader.chat.said(lines[1]!)
    reader.chat.said(lines[1]!)
    expect(reader.got).toEqual(['before (history)', 'two'])
    test.clock.advance(5000)
    const three = await ada.say('guild', 'three')
    reader.chat.lost(three.channel)
    await reader.runtime.wake()
    expect(reader.got).toEqual(['before (history)', 'two', 'one (late)', 'three'])
    expect(reader.shows('guild')).toEqual(['before', 'one', 'two', 'three'])
    await reader.chat.whisper('Ada', 'mine')
    reader.chat.lost()
    await reader.runtime.wake()
    expect(reader.got.slice(4)).toEqual(['mine'])
    // Nothing was lost for good here, so nothing is told.
    expect(reader.missed).toEqual([])
    reader.chat.close()
  })

  it('finds a lost line within a minute, without being told', async () => {
    const { test, all } = await talkers(2)
    const [ada, bram] = all
    const reader = readerOf(test, bram, ['whisper'])
    await reader.chat.caughtUp()
    await ada.whisper('Bram', 'quiet')
    expect(reader.got).toEqual([])
    await reader.runtime.wake()
    expect(reader.got).toEqual(['quiet'])
    for (let i = 0; i < 3; i++) {
      test.clock.advance(mailboxSettlesMs)
      await reader.runtime.wake()
    }
    expect(reader.got).toEqual(['quiet'])
    reader.chat.close()
  })

  it('counts what was missed of all, and shows the latest of it', async () => {
    const { test, all } = await talkers(1)
    const reader = readerOf(test, all[0], ['global'])
    await reader.chat.caughtUp()
    const lines = await crowdSays(test, 10)
    for (const line of lines.slice(0, 3)) reader.chat.said(line)
    // Those that are told as they are said are no loss; the first ones after the gap end it.
    await reader.chat.caughtUp()
    const young = 7
    expect(reader.got).toHaveLength(3 + young)
    expect(reader.missed).toEqual([])
    await crowdSays(test, 120)
    const [last] = await crowdSays(test, 1)
    await reader.chat.caughtUp()
    expect(reader.missed).toEqual([{ count: 120, skipped: 70, more: false }])
    expect(reader.shows('global').slice(-2)).toEqual(['n119', last!.text])
    reader.missed.length = 0
    await crowdSays(test, 1200)
    await reader.chat.caughtUp()
    expect(reader.missed).toMatchObject([{ more: true }])
    expect(reader.shows('global').at(-1)).toBe('n1199')
    reader.missed.length = 0
    await reader.chat.caughtUp()
    expect(reader.missed).toEqual([])
    reader.chat.close()
  })

  it('leaves a guild with its character, and follows it into the next one', async () => {
    const { test, all } = await talkers(2)
    const [ada, bram] = all
    const { guildId } = await ada.found('Lanterns')
    await bram.joinsGuild(ada, guildId)
    const old = await ada.say('guild', 'old')
    const reader = readerOf(test, bram, ['guild'])
    await reader.chat.caughtUp()
    await ada.kick(guildId, bram)
    await reader.chat.caughtUp()
    expect([reader.left, reader.shows('guild')]).toEqual([['guild'], []])
    // One that was under way.
    reader.chat.said(old)
    expect(reader.shows('guild')).toEqual([])
    await bram.found('Owls')
    const line = await bram.say('guild', 'new')
    reader.chat.said(line)
    await reader.runtime.wake()
    expect(reader.shows('guild')).toEqual(['new'])
    reader.chat.close()
  })

  it('leads back page by page', async () => {
    const { test, all } = await talkers(1)
    await crowdSays(test, 230)
    const reader = readerOf(test, all[0], ['global'])
    await reader.chat.caughtUp()
    expect(reader.shows('global')[0]).toBe('n130')
    expect(await reader.chat.older('global')).toBe(true)
    expect(await reader.chat.older('global')).toBe(true)
    expect([reader.shows('global')[0], reader.shows('global').length]).toEqual(['n0', 230])
    expect(await reader.chat.older('global')).toBe(false)
    expect(reader.got).toHaveLength(100)
    reader.chat.close()
  })
})

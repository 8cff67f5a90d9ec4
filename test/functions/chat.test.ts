// Chat over HTTP: who may say what where, who hears it and who reads it, by pages and cursors.
import { describe, expect, it } from 'vitest'
import type { ApiError } from '#shared/api/client.ts'
import { linesAround } from '#functions/chat/chat.ts'
import {
  chatKeptMs,
  chatMaxLength,
  chatOpenKeptMs,
  chatSlow,
  guildMembersMax,
  mailboxSettlesMs,
} from '#shared/limits.ts'
import { putMute } from '#shared/moderation/mute.ts'
import { placeKey } from '#shared/presence/entry.ts'
import { newId } from '#shared/runtime.ts'
import { seededFaults } from '#shared/store/faults.ts'
import { codeOf, faulty, settled } from './api.ts'
import type { TestApi } from './api.ts'
import { host, inRealm, talker, talkers, textsOf } from './chat-people.ts'
import type { Talker } from './chat-people.ts'
import { whileUnderWay } from './mail-people.ts'

const channels = ['global', 'zone:hub', 'guild', 'party', 'whisper'] as const

/** Ada, Bram and Cato in one guild and one party. */
async function friends() {
  const stage = await talkers(4)
  const [ada, bram, cato] = stage.all
  const { guildId } = await ada.found('Lanterns')
  for (const other of [bram, cato]) {
    await other.joinsGuild(ada, guildId)
    await ada.joinedBy(other)
  }
  await stage.told()
  stage.test.trips.reset()
  return { ...stage, guildId }
}

/** Says a line to the other one where both hear it. */
const saidIn = async (channel: string, from: Talker, to: Talker, text: string) =>
  channel === 'whisper' ? await from.whisper(to.name, text) : await from.say(channel, text)

describe('a line', () => {
  it('of a guild reads its roster after somebody has come or gone, and else its row alone', async () => {
    const { test, all, told, guildId } = await friends()
    const [ada, bram, , dunja] = all
    const queries = async (text: string) => {
      test.trips.reset()
      await ada.say('guild', text)
      return test.trips.trips.filter(({ operation }) => operation === 'query').length
    }
    const first = await queries('one')
    expect(await queries('two')).toBe(first - 1)
    await told()
    await dunja.joinsGuild(ada, guildId)
    await told()
    expect(await queries('three')).toBe(first)
    await ada.kick(guildId, bram)
    await told()
    expect(await queries('four')).toBe(first)
    expect(await queries('five')).toBe(first - 1)
    expect(await told()).toEqual(['four', 'five'].map((text) => `Ada Cato Dunja in guild: ${text}`))
    await ada.disband(guildId)
    expect(await codeOf(ada.say('guild', 'six'))).toBe('chat.not_found')
  })

  it('is heard and read by those of its channel, and by nobody else', async () => {
    const { all, told } = await friends()
    const [ada, bram, , dunja] = all
    await ada.say('global', 'to all')
    await ada.say('zone:hub', 'to the zone')
    await ada.say('guild', 'to the guild')
    await ada.say('party', 'to the party')
    await ada.whisper('Bram', 'to Bram')
    expect(await told()).toEqual([
      'all in global: to all',
      'all in zone: to the zone',
      'Ada Bram Cato in guild: to the guild',
      'Ada Bram Cato in party: to the party',
      'Ada in whisper: to Bram',
      'Bram in whisper: to Bram',
    ])
    for (const [channel, text] of [
      ['global', 'to all'],
      ['zone:hub', 'to the zone'],
      ['guild', 'to the guild'],
      ['party', 'to the party'],
      ['whisper', 'to Bram'],
    ] as const) {
      expect(await bram.reads(channel)).toEqual([text])
      const open = channel === 'global' || channel === 'zone:hub'
      const others = open ? [text] : channel === 'whisper' ? [] : 'chat.not_found'
      expect(await dunja.reads(channel).catch((error: ApiError) => error.code)).toEqual(others)
    }
  })

  it('says who said it, to whom, and in what, as each of the two knows it', async () => {
    const { all } = await talkers(2)
    const [ada, bram] = all
    const said = await ada.whisper('bram', ' Hello ')
    const from = { characterId: ada.as, name: 'Ada', playerId: ada.playerId }
    const to = { playerId: bram.playerId, name: 'Bram' }
    const channel = `whisper:${bram.playerId}`
    expect(said).toEqual({ lineId: said.lineId, at: said.at, channel, from, to, text: 'Hello' })
    expect((await ada.lines('whisper')).entries).toEqual([said])
    const heard = { ...said, channel: `whisper:${ada.playerId}` }
    expect((await bram.lines('whisper')).entries).toEqual([heard])
    const open = { playerId: ada.playerId, name: 'Ada', at: said.at }
    expect(await bram.whispers()).toEqual([open])
  })

  it('is said once, however often it is sent, and lets its text go with its row', async () => {
    const { test, all } = await friends()
    const [ada, bram] = all
    const id = newId(test.clock)
    const said = await ada.say('guild', 'a secret word', id)
    expect(await ada.say('guild', 'a secret word', id)).toEqual(said)
    expect(await codeOf(ada.say('guild', 'another', id))).toBe('operation.mismatch')
    expect(await bram.reads('guild')).toEqual(['a secret word'])
    const kept = JSON.stringify(test.memory.rows('core'))
    expect(kept).toContain(said.lineId)
    expect(kept).not.toContain('a secret word')
  })

  it('has a later moment than the one before of the same speaker, whatever clocks say', async () => {
    const { test, all } = await friends()
    const [ada, bram] = all
    const first = await ada.say('global', 'one')
    test.clock.advance(-5000)
    await ada.say('guild', 'two')
    await Promise.all(['three', 'four', 'five'].map((text) => ada.say('guild', text)))
    const { entries } = await bram.lines('guild')
    expect(entries[0]!.text).toBe('two')
    expect(entries.map(({ at }) => at)).toEqual([1, 2, 3, 4].map((n) => first.at + n))
  })

  it('is refused by name', async () => {
    const { all, test } = await talkers(3)
    const [ada, bram, cato] = all
    await cato.remove()
    const foreign = { ...inRealm, channel: 'global' }
    const refused: [string, () => Promise<unknown>][] = [
      ['chat.not_found', () => ada.say('guild', 'a')],
      ['chat.not_found', () => ada.say('party', 'a')],
      ['chat.not_found', () => ada.say('zone:nowhere', 'a')],
      ['chat.elsewhere', () => ada.say('zone:forest', 'a')],
      ['request.invalid', () => ada.say('zone:', 'a')],
      ['request.invalid', () => ada.say('whisper', 'a')],
      ['request.invalid', () => ada.say(`guild:${ada.as}`, 'a')],
      ['chat.not_found', () => ada.lines('guild')],
      ['chat.not_found', () => ada.lines('zone:nowhere')],
      ['chat.unknown', () => ada.whisper('Nobody', 'a')],
      ['chat.unknown', () => ada.whisper('Cato', 'a')],
      ['chat.self', () => ada.whisper('Ada', 'a')],
      ['request.cursor', () => ada.lines('global', { after: 'abc' })],
      [
        'character.not_found',
        () => ada.client.chat.say({ params: foreign, body: { as: bram.as, text: 'a' } }),
      ],
      [
        'character.not_found',
        () => ada.client.chat.lines({ params: foreign, query: { as: bram.as } }),
      ],
    ]
    for (const [code, ask] of refused) expect(await codeOf(ask())).toBe(code)
    expect(test.memory.rows('volatile').filter(({ pk }) => pk.includes('#CHAT#'))).toEqual([])
  })

  it('takes what a line may hold, and gives it back as it was', async () => {
    const { all, test } = await talkers(1)
    const [ada] = all
    const good = ['a', 'x'.repeat(chatMaxLength), '🜂'.repeat(chatMaxLength), '<b>&amp;</b>', 'שלום']
    const bad = [' ', '\u2800', 'a\nb', 'a\0b', '\u202Ea', 'a\u0300\u0301\u0302\u0303\u0304']
    for (const text of good) {
      test.clock.advance(10_000)
      expect((await ada.say('global', text)).text).toBe(text)
    }
    for (const text of bad) expect(await codeOf(ada.say('global', text))).toBe('chat.text')
    for (const text of ['', 'x'.repeat(chatMaxLength + 1)]) {
      expect(await codeOf(ada.say('global', text))).toBe('request.invalid')
    }
    expect(await ada.reads('global')).toEqual(good)
  })

  it('is gone when its time is over', async () => {
    const { test, all } = await friends()
    const [ada] = all
    for (const channel of ['global', 'guild']) await ada.say(channel, 'old')
    test.clock.advance(chatOpenKeptMs + 1000)
    const login = async () => await talker(test, 'Ada', ada)
    let again = await login()
    expect([await again.reads('global'), await again.reads('guild')]).toEqual([[], ['old']])
    test.clock.advance(chatKeptMs)
    again = await login()
    expect(await again.reads('guild')).toEqual([])
  })
})

describe('slow mode', () => {
  it('holds for each kind of channel by itself, and says how long to wait', async () => {
    const { test, all } = await friends()
    const [ada, bram] = all
    for (const channel of channels) {
      const kind = channel === 'zone:hub' ? 'zone' : channel
      const { burst, refillMs } = chatSlow[kind]
      const say = async () => await saidIn(channel, ada, bram, 'a')
      for (let i = 0; i < burst; i++) await say()
      const error = await say().catch((refused: ApiError) => refused)
      expect(error).toMatchObject({ code: 'chat.slow', status: 429, retryAfterS: refillMs / 1000 })
      // Each line takes a millisecond here.
      test.clock.advance(refillMs - burst - 3)
      expect(await codeOf(say())).toBe('chat.slow')
      test.clock.advance(burst + 2)
      await say()
      expect(await codeOf(say())).toBe('chat.slow')
    }
  })

  it('counts a player with all his characters, and lines that are said at once', async () => {
    const { test, all } = await talkers(1)
    const [ada] = all
    const { characterId: other } = await ada.client.characters.create({
      params: inRealm,
      body: { name: 'Fenna', race: 'human', job: 'mage' },
    })
    const params = { ...inRealm, channel: 'global' }
    const say = async (as: string) =>
      await codeOf(ada.client.chat.say({ params, body: { as, text: 'a' } }))
    const codes = await Promise.all([ada.as, other, ada.as, other, ada.as, other].map(say))
    const { burst } = chatSlow.global
    expect(codes.filter((code) => code === 'done')).toHaveLength(burst)
    expect(codes.filter((code) => code === 'chat.slow')).toHaveLength(6 - burst)
    expect(test.memory.rows('volatile').filter(({ sk }) => sk.startsWith('L#'))).toHaveLength(burst)
  })
})

describe('rights', () => {
  it.each(['guild', 'party'])('end with the membership: %s', async (channel) => {
    const { all, told, guildId } = await friends()
    const [ada, bram, cato] = all
    await ada.say(channel, 'before')
    const page = await bram.lines(channel)
    await (channel === 'guild' ? ada.kick(guildId, bram) : ada.partyKick(bram))
    await told()
    await cato.say(channel, 'after')
    expect(await told()).toEqual([`Ada Cato in ${channel}: after`])
    expect(await codeOf(bram.lines(channel))).toBe('chat.not_found')
    expect(await codeOf(bram.lines(channel, { after: page.since! }))).toBe('chat.not_found')
    expect(await codeOf(bram.say(channel, 'me too'))).toBe('chat.not_found')
    expect(await ada.reads(channel)).toEqual(['before', 'after'])
  })

  it.each(['guild', 'party'])('are those of the moment of the commit: %s', async (channel) => {
    const { all, test, guildId } = await friends()
    const [ada, bram] = all
    const kick = async () =>
      await (channel === 'guild' ? ada.kick(guildId, bram) : ada.partyKick(bram))
    expect(await whileUnderWay(test, () => bram.say(channel, 'quick'), kick)).toBe('chat.not_found')
    expect(await ada.reads(channel)).toEqual([])
  })

  it('are asked for again when lines have been read', async () => {
    const { all, test, guildId } = await friends()
    const [ada, bram] = all
    // The look into the guild's lines waits until he is kicked and another line is there.
    const { clock, faults } = test
    const { sleep } = clock
    faults.next = ({ operation, rows }) => {
      if (operation !== 'query' || !rows[0]!.key.pk.includes('#CHAT#guild')) return undefined
      faults.next = undefined
      clock.sleep = async () => {
        clock.sleep = sleep
        await ada.kick(guildId, bram)
        await ada.say('guild', 'of him')
      }
      return { kind: 'delay', ms: 1 }
    }
    const read = await codeOf(bram.lines('guild'))
    expect(await ada.reads('guild')).toEqual(['of him'])
    expect(read).toBe('chat.not_found')
  })

  it('end with the guild, and begin anew in another one', async () => {
    const { all, guildId } = await friends()
    const [ada, bram] = all
    await ada.say('guild', 'of old')
    const { since, channel } = await bram.lines('guild')
    await ada.disband(guildId)
    for (const who of [ada, bram]) expect(await codeOf(who.reads('guild'))).toBe('chat.not_found')
    await bram.found('Owls')
    const now = await bram.lines('guild')
    expect(now.entries).toEqual([])
    expect(now.channel).not.toBe(channel)
    expect(await codeOf(bram.lines('guild', { after: since! }))).toBe('request.cursor')
  })
})

describe('who is muted', () => {
  it('is heard in no channel, and reads all of them', async () => {
    const { test, all, told } = await friends()
    const [ada, bram] = all
    await bram.say('guild', 'before')
    await told()
    const until = test.clock.now() + 60_000
    const player = { realmId: 'local', accountId: bram.playerId }
    await test.memory.transact([putMute(player, undefined, { until })])
    for (const channel of channels) {
      expect(await codeOf(saidIn(channel, bram, ada, 'a'))).toBe('chat.muted')
    }
    await ada.say('guild', 'after')
    expect(await told()).toEqual(['Ada Bram Cato in guild: after'])
    expect(await bram.reads('guild')).toEqual(['before', 'after'])
    test.clock.advance(60_000)
    for (const channel of channels) await saidIn(channel, bram, ada, 'again')
  })
})

describe('a block', () => {
  it('hides lines in every channel for as long as it holds', async () => {
    const { all } = await friends()
    const [ada, bram, cato] = all
    for (const channel of channels) await saidIn(channel, ada, bram, 'early')
    await bram.block(ada)
    for (const channel of channels) {
      await saidIn(channel, ada, bram, 'hidden')
      await saidIn(channel, cato, bram, 'shown')
      expect(await bram.reads(channel)).toEqual(['shown'])
    }
    expect(await bram.whispers()).toMatchObject([{ name: 'Cato' }])
    expect(await cato.reads('guild')).toEqual(['early', 'hidden', 'shown'])
    await bram.unblock(ada)
    expect(await bram.reads('guild')).toEqual(['early', 'hidden', 'shown'])
  })

  it('is not told to who is blocked, and nothing of it arrives after its end', async () => {
    const { all, told } = await talkers(3)
    const [ada, bram, cato] = all
    await bram.block(ada)
    const said = await ada.whisper('Bram', 'lost')
    const other = await ada.whisper('Cato', 'found')
    expect(Object.keys(said)).toEqual(Object.keys(other))
    expect(await told()).toEqual([
      'Ada in whisper: lost',
      'Ada in whisper: found',
      'Cato in whisper: found',
    ])
    expect(await ada.reads('whisper')).toEqual(['lost', 'found'])
    expect(await ada.whispers()).toMatchObject([{ name: 'Cato' }, { name: 'Bram' }])
    await bram.unblock(ada)
    expect(await bram.reads('whisper')).toEqual([])
    expect(await cato.reads('whisper')).toEqual(['found'])
    // He may not answer whom he has blocked.
    await bram.block(ada)
    expect(await codeOf(bram.whisper('Ada', 'a'))).toBe('chat.blocked')
  })

  it('holds for a whisper under way', async () => {
    const { all, test } = await talkers(2)
    const [ada, bram] = all
    const code = await whileUnderWay(
      test,
      () => ada.whisper('Bram', 'late'),
      () => bram.block(ada),
    )
    expect(code).toBe('done')
    await bram.unblock(ada)
    expect([await ada.reads('whisper'), await bram.reads('whisper')]).toEqual([['late'], []])
  })
})

describe('pages', () => {
  /** So many lines of others within one millisecond, as if many had spoken at once. */
  async function crowd(count: number) {
    const stage = await talkers(2)
    const { test } = stage
    const texts: string[] = []
    const rows = Array.from({ length: count }, () => newId(test.clock)).toSorted()
    for (const [i, lineId] of rows.entries()) {
      const at = test.clock.now()
      const from = { characterId: newId(test.clock), name: 'Egon', playerId: newId(test.clock) }
      const item = {
        pk: 'R#local#CHAT#global',
        sk: `L#${String(at).padStart(15, '0')}#${lineId}`,
        v: 1,
        lineId,
        at,
        from,
        text: `${i}`,
        expires: at / 1000 + 60,
      }
      await test.memory.put({ table: 'volatile', item })
      texts.push(`${i}`)
    }
    return { ...stage, texts }
  }

  it('lead back and on through lines of one moment, one by one, without a gap', async () => {
    const { all, texts } = await crowd(7)
    const [ada] = all
    const latest = await ada.lines('global', { limit: 3 })
    expect(textsOf(latest.entries)).toEqual(texts.slice(-3))
    const back: string[] = []
    for (let before = latest.before; before !== undefined;) {
      const page = await ada.lines('global', { before, limit: 1 })
      back.unshift(...textsOf(page.entries))
      expect(page.since).toBeUndefined()
      before = page.before
    }
    expect(back).toEqual(texts.slice(0, -3))
    const { all: on } = await ada.catchUp('global', latest.since!, 1)
    expect(textsOf(on)).toEqual(texts)
    expect(
      await codeOf(ada.lines('global', { before: latest.before!, after: latest.since! })),
    ).toBe('request.cursor')
  })

  it('lead a reader to each line, also to one that comes to lie before others', async () => {
    const { test, all } = await friends()
    const [ada, bram, cato] = all
    let { since } = await cato.lines('guild')
    const seen = new Map<string, string>()
    const read = async () => {
      const found = await cato.catchUp('guild', since!, 2)
      since = found.since
      for (const { lineId, text } of found.all) seen.set(lineId, text)
      return textsOf(found.all)
    }
    await ada.say('guild', 'one')
    expect(await read()).toEqual(['one'])
    // A server whose clock is behind.
    test.clock.advance(-30_000)
    await bram.say('guild', 'two')
    test.clock.advance(30_000)
    expect(await read()).toEqual(['two', 'one'])
    test.clock.advance(mailboxSettlesMs)
    expect(await read()).toEqual(['two', 'one'])
    test.clock.advance(1)
    await bram.say('guild', 'three')
    expect(await read()).toEqual(['three'])
    expect([...seen.values()]).toEqual(['one', 'two', 'three'])
  })
})

describe('for reports', () => {
  it('a line is found by its channel and id, with those around it', async () => {
    const { test, all } = await talkers(3)
    const [ada, bram, cato] = all
    await cato.whisper('Bram', 'of Cato')
    const said = await ada.whisper('Bram', 'bad')
    await ada.whisper('Bram', 'worse')
    const deps = { store: test.memory, runtime: test.clock }
    const around = async (of: Talker, channel: string, lineId = said.lineId) => {
      const reader = { realmId: 'local', accountId: of.playerId }
      const found = await linesAround(deps, reader, channel, lineId)
      return found && { line: found.line.text, lines: textsOf(found.lines) }
    }
    const found = { line: 'bad', lines: ['bad', 'worse'] }
    expect(await around(bram, `whisper:${ada.playerId}`)).toEqual(found)
    expect(await around(bram, `whisper:${cato.playerId}`)).toBeUndefined()
    expect(await around(cato, `whisper:${ada.playerId}`)).toBeUndefined()
    expect(await around(bram, 'global')).toBeUndefined()
    const open = await ada.say('global', 'loud')
    expect(await around(cato, 'global', open.lineId)).toEqual({ line: 'loud', lines: ['loud'] })
  })
})

describe('the cost of a line', () => {
  it('is the same for one hearer and for a zone or a realm of a hundred', async () => {
    const { test, all } = await talkers(1)
    const [ada] = all
    const costs: number[] = []
    for (const hearers of [0, 100]) {
      const places = Array.from({ length: hearers }, () => placeKey('local', newId(test.clock)))
      await test.cache.pipeline(places.map((key) => ['SET', key, host]))
      for (const channel of ['global', 'zone:hub']) {
        test.trips.reset()
        const { published } = await publishedBy(test, () => ada.say(channel, 'a'))
        expect(test.trips.trips.filter(({ operation }) => operation !== 'get')).toHaveLength(
          channel === 'global' ? 1 : 2,
        )
        costs.push(test.trips.trips.length, test.trips.sequential(), published)
      }
    }
    expect(costs).toEqual([4, 2, 1, 5, 2, 1, 4, 2, 1, 5, 2, 1])
  })

  it('is bounded for a guild of 500', async () => {
    const { test, all, guildId } = await friends()
    const [ada] = all
    for (let i = 3; i < guildMembersMax; i++) {
      const [characterId, accountId] = [newId(test.clock), newId(test.clock)]
      const row = { v: 1, characterId, accountId, name: 'Egon', rankId: 2, joinedAt: 1 }
      const item = { pk: `R#local#GUILD#${guildId}`, sk: `M#${characterId}`, ...row }
      await test.memory.put({ table: 'core', item })
      await test.cache.pipeline([['SET', placeKey('local', accountId), `boot-${1 + (i % 3)}`]])
    }
    test.trips.reset()
    const { published, accounts } = await publishedBy(test, () => ada.say('guild', 'a'))
    // Who speaks and where, the commit, and who hears it: the guild, and its roster when it is not known yet.
    expect([test.trips.trips.length, test.trips.sequential()]).toEqual([9, 5])
    expect([published, accounts]).toEqual([3, guildMembersMax])
    test.trips.reset()
    await ada.say('guild', 'b')
    expect([test.trips.trips.length, test.trips.sequential()]).toEqual([8, 4])
    test.trips.reset()
    await ada.say('party', 'a')
    expect([test.trips.trips.length, test.trips.sequential()]).toEqual([7, 4])
    test.trips.reset()
    await ada.whisper('Bram', 'a')
    expect([test.trips.trips.length, test.trips.sequential()]).toEqual([8, 4])
    test.trips.reset()
    await ada.reads('guild')
    expect([test.trips.trips.length, test.trips.sequential()]).toEqual([6, 3])
    test.trips.reset()
    await ada.reads('global')
    expect([test.trips.trips.length, test.trips.sequential()]).toEqual([3, 2])
  })
})

/** How many messages hosts were sent meanwhile, and to how many players by name. */
async function publishedBy(test: TestApi, work: () => Promise<unknown>) {
  const { cache } = test
  const { pipeline } = cache
  let [published, accounts] = [0, 0]
  cache.pipeline = async (commands) => {
    for (const [name, , message] of commands) {
      if (name !== 'PUBLISH') continue
      published++
      accounts += (JSON.parse(message) as { accounts?: string[] }).accounts?.length ?? 0
    }
    return await pipeline.call(cache, commands)
  }
  await work()
  await new Promise((resolve) => setTimeout(resolve, 20))
  cache.pipeline = pipeline
  return { published, accounts }
}

describe('on a store that conflicts, throttles and loses', () => {
  it('each line is there once and in order for each speaker', async () => {
    const { test, all } = await friends()
    const speakers = all.slice(0, 3)
    const random = seededFaults(7, faulty)
    test.faults.next = random
    const spoken: Record<string, string[]> = {}
    await Promise.all(
      speakers.map(async (who, s) => {
        const said = (spoken[who.name] = [] as string[])
        for (let i = 0; i < 8; i++) {
          const channel = ['guild', 'party', 'whisper'][i % 3]!
          const to = speakers[(s + 1) % 3]!
          const text = `${channel} ${i}`
          const id = newId(test.clock)
          const say = async () =>
            channel === 'whisper'
              ? await who.whisper(to.name, text, id)
              : await who.say(channel, text, id)
          expect(await settled(say)).toBe('done')
          said.push(text)
        }
      }),
    )
    test.faults.next = undefined
    for (const who of speakers) {
      for (const channel of ['guild', 'party', 'whisper']) {
        const { entries } = await who.lines(channel, { limit: 100 })
        const heard = entries.filter((line) => line.from.playerId === who.playerId)
        const own = spoken[who.name]!.filter((text) => text.startsWith(channel))
        expect(textsOf(heard)).toEqual(own)
      }
    }
  })
})

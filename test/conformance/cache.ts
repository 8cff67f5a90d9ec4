// The suite of every Cache: memory, the embedded Redis, a real one.
// Keys begin with a random prefix, so that a shared Redis can be used; real time passes.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CacheError, type Cache, type CacheCommand } from '#shared/cache/cache.ts'

export type OpenCache = () => Promise<{ cache: Cache; close(): Promise<void> }>

export function cacheConformance(name: string, open: OpenCache): void {
  describe(`the cache: ${name}`, () => {
    let cache: Cache
    let close: () => Promise<void>
    const prefix = `test:${randomUUID()}:`
    const key = (own: string) => prefix + own

    beforeAll(async () => {
      ;({ cache, close } = await open())
    })
    afterAll(() => close())

    /** Runs one command. */
    async function run(...command: CacheCommand) {
      const [answer] = await cache.pipeline([command])
      return answer
    }

    it('answers a pipeline in the order of its commands', async () => {
      const answers = await cache.pipeline([
        ['GET', key('order')],
        ['SET', key('order'), 'one'],
        ['GET', key('order')],
        ['DEL', key('order')],
        ['DEL', key('order')],
        ['GET', key('order')],
      ])
      expect(answers).toEqual([null, 'OK', 'one', 1, 0, null])
    })

    it('draws some of the fields of a hash with their values, each once', async () => {
      const hash = key('draw')
      expect(await run('HRANDFIELD', hash, 3, 'WITHVALUES')).toEqual([])
      await run('HSET', hash, 'a', '1', 'b', '2', 'c', '3')
      const all = await run('HRANDFIELD', hash, 9, 'WITHVALUES')
      const pairs = all as string[]
      expect(pairs.filter((_, i) => i % 2 === 0).sort()).toEqual(['a', 'b', 'c'])
      expect(pairs[pairs.indexOf('b') + 1]).toBe('2')
      expect(await run('HRANDFIELD', hash, 2, 'WITHVALUES')).toHaveLength(4)
    })

    it('answers an empty pipeline with nothing', async () => {
      expect(await cache.pipeline([])).toEqual([])
    })

    it.each(['', 'OK', '12', '1e3', 'null', '{"a":1}', 'two\nlines', 'Ünïcödé 🜂', ' padded '])(
      'gives back the text %j unchanged',
      async (text) => {
        await run('SET', key('text'), text)
        expect(await run('GET', key('text'))).toBe(text)
      },
    )

    it('counts up from nothing, and from a number that was set', async () => {
      expect(await run('INCR', key('count'))).toBe(1)
      expect(await run('INCR', key('count'))).toBe(2)
      await run('SET', key('count'), '-1')
      expect(await run('INCR', key('count'))).toBe(0)
      expect(await run('GET', key('count'))).toBe('0')
      expect(await run('INCRBY', key('count'), 15)).toBe(15)
      expect(await run('INCRBY', key('fresh'), 7)).toBe(7)
    })

    it('loses no increment of fifty at once', async () => {
      const answers = await Promise.all(Array.from({ length: 50 }, () => run('INCR', key('crowd'))))
      expect(new Set(answers).size).toBe(50)
      expect(await run('GET', key('crowd'))).toBe('50')
    })

    it('refuses to count up a text, and runs the other commands of the pipeline', async () => {
      await run('SET', key('word'), 'word')
      const failed = cache.pipeline([
        ['INCR', key('word')],
        ['SET', key('beside'), 'ran'],
      ])
      await expect(failed).rejects.toThrow(CacheError)
      await expect(failed).rejects.toThrow(/ERR value is not an integer or out of range/)
      expect(await run('GET', key('beside'))).toBe('ran')
    })

    it('sets only what is absent with NX', async () => {
      expect(await run('SET', key('nx'), 'first', 'NX')).toBe('OK')
      expect(await run('SET', key('nx'), 'second', 'NX')).toBeNull()
      expect(await run('GET', key('nx'))).toBe('first')
    })

    it('forgets a key when its time is over, and INCR keeps the time', async () => {
      await run('SET', key('brief'), '1', 'PX', 150)
      await run('SET', key('plain'), '1', 'PX', 150)
      expect(await run('INCR', key('brief'))).toBe(2)
      expect(await run('SET', key('plain'), '2')).toBe('OK')
      await sleep(250)
      expect(await run('GET', key('brief'))).toBeNull()
      expect(await run('GET', key('plain')), 'a plain SET takes the time away').toBe('2')
      expect(await run('SET', key('brief'), 'new', 'PX', 60_000, 'NX')).toBe('OK')
    })

    it('limits the life of a key once with PEXPIRE NX, and says whether it did', async () => {
      expect(await run('PEXPIRE', key('life'), 1000)).toBe(0)
      await run('INCR', key('life'))
      expect(await run('PEXPIRE', key('life'), 150, 'NX')).toBe(1)
      expect(await run('PEXPIRE', key('life'), 60_000, 'NX')).toBe(0)
      await sleep(250)
      expect(await run('GET', key('life'))).toBeNull()
    })

    it('removes a key whose life is set to nothing', async () => {
      await run('SET', key('gone'), 'x')
      expect(await run('PEXPIRE', key('gone'), 0)).toBe(1)
      expect(await run('GET', key('gone'))).toBeNull()
    })

    it('reads many keys at once, those that are absent or no text as null', async () => {
      await run('SET', key('m1'), 'OK')
      await run('SET', key('m2'), '12')
      await run('HSET', key('m3'), 'f', 'v')
      const keys = ['m1', 'none', 'm2', 'm3', 'm1'].map(key)
      expect(await run('MGET', ...keys)).toEqual(['OK', null, '12', null, 'OK'])
    })

    it('keeps hashes: sets and reads several fields, and says how many were new or were there', async () => {
      const hash = key('hash')
      expect(await run('HMGET', hash, 'a', 'b')).toEqual([null, null])
      expect(await run('HDEL', hash, 'a')).toBe(0)
      expect(await run('HSET', hash, 'a', '1', 'b', 'OK', 'Ünïcödé 🜂', '')).toBe(3)
      expect(await run('HSET', hash, 'b', 'two\nlines', 'c', '{"n":3}')).toBe(1)
      const fields = ['c', 'none', 'b', 'Ünïcödé 🜂', 'a', 'a']
      const values = ['{"n":3}', null, 'two\nlines', '', '1', '1']
      expect(await run('HMGET', hash, ...fields)).toEqual(values)
      expect(await run('HDEL', hash, 'a', 'none', 'b', 'a')).toBe(2)
      expect(await run('HMGET', hash, 'a', 'b', 'c')).toEqual([null, null, '{"n":3}'])
    })

    it('forgets a hash with its last field, and when its time is over', async () => {
      const hash = key('brief hash')
      await run('HSET', hash, 'a', '1')
      expect(await run('HDEL', hash, 'a')).toBe(1)
      expect(await run('PEXPIRE', hash, 1000)).toBe(0)
      await run('HSET', hash, 'a', '1')
      expect(await run('PEXPIRE', hash, 150)).toBe(1)
      // New fields leave it its time.
      await run('HSET', hash, 'b', '2')
      await sleep(250)
      expect(await run('HMGET', hash, 'a', 'b')).toEqual([null, null])
      expect(await run('HSET', hash, 'a', '1'), 'nothing was left').toBe(1)
      expect(await run('DEL', hash)).toBe(1)
    })

    it('keeps sorted sets: in the order of score, then of the bytes of the member', async () => {
      const set = key('sorted')
      expect(await run('ZRANGE', set, 0, -1)).toEqual([])
      expect(await run('ZADD', set, 2, 'b', 0, 'z', 0, 'Z', 0, '~', 0, '', 2, 'a')).toBe(6)
      expect(await run('ZADD', set, 9007199254740991, 'far', -1.5, 'low')).toBe(2)
      expect(await run('ZADD', set, 1, 'b')).toBe(0)
      const order = ['low', '', 'Z', 'z', '~', 'b', 'a', 'far']
      expect(await run('ZRANGE', set, 0, -1)).toEqual(order)
      expect(await run('ZRANGE', set, 2, 3)).toEqual(['Z', 'z'])
      expect(await run('ZRANGE', set, -2, 100)).toEqual(['a', 'far'])
      for (const [rank, member] of order.entries()) {
        expect(await run('ZRANK', set, member)).toBe(rank)
      }
      expect(await run('ZRANK', set, 'none')).toBeNull()
      expect(await run('ZSCORE', set, 'far')).toBe('9007199254740991')
      expect(await run('ZSCORE', set, 'none')).toBeNull()
      expect(await run('ZREM', set, 'z', 'none', '~')).toBe(2)
      expect(await run('ZRANK', set, 'b')).toBe(3)
      expect(await run('ZREM', set, ...order)).toBe(6)
      expect(await run('ZSCORE', set, 'low')).toBeNull()
    })

    it('walks a sorted set of one score by text', async () => {
      const set = key('by text')
      await run('ZADD', set, ...['a', 'b', 'c', 'd', '~'].flatMap((each) => [0, each]))
      const walk = async (from: string, to: string, offset: number, count: number) =>
        await run('ZRANGE', set, from, to, 'BYLEX', 'LIMIT', offset, count)
      expect(await walk('-', '+', 0, 2)).toEqual(['a', 'b'])
      expect(await walk('(b', '(~', 0, 10)).toEqual(['c', 'd'])
      expect(await walk('[b', '[c', 0, 10)).toEqual(['b', 'c'])
      expect(await walk('(bb', '+', 1, 1)).toEqual(['d'])
      expect(await walk('(~', '+', 0, 1)).toEqual([])
      expect(await run('UNLINK', set)).toBe(1)
      expect(await run('ZRANGE', set, 0, -1)).toEqual([])
    })

    it('refuses a command for another type of value, and SET and DEL take any', async () => {
      await run('SET', key('text of a type'), '1')
      await run('HSET', key('hash of a type'), 'a', '1')
      await run('ZADD', key('set of a type'), 1, 'a')
      const wrong: CacheCommand[] = [
        ['HSET', key('text of a type'), 'a', '1'],
        ['HDEL', key('text of a type'), 'a'],
        ['HMGET', key('text of a type'), 'a'],
        ['ZADD', key('text of a type'), 1, 'a'],
        ['ZREM', key('text of a type'), 'a'],
        ['ZRANGE', key('hash of a type'), 0, 1],
        ['ZRANK', key('hash of a type'), 'a'],
        ['GET', key('set of a type')],
        ['HSET', key('set of a type'), 'a', '1'],
        ['GET', key('hash of a type')],
        ['INCR', key('hash of a type')],
        ['INCRBY', key('hash of a type'), 2],
      ]
      for (const command of wrong) {
        await expect(run(...command)).rejects.toThrow(
          /WRONGTYPE Operation against a key holding the wrong kind of value/,
        )
      }
      expect(await run('GET', key('text of a type'))).toBe('1')
      expect(await run('HMGET', key('hash of a type'), 'a')).toEqual(['1'])
      expect(await run('SET', key('hash of a type'), 'text')).toBe('OK')
      expect(await run('DEL', key('hash of a type'))).toBe(1)
    })

    it('brings published messages to those who listen to the channel, in order', async () => {
      const heard: string[] = []
      const stop = new AbortController()
      cache.subscribe(key('news, daily'), (message) => heard.push(message), stop.signal)
      await untilHeard(key('news, daily'), heard)
      heard.length = 0
      await cache.pipeline([
        ['PUBLISH', key('news, daily'), 'one,two'],
        ['PUBLISH', key('other'), 'not for us'],
        ['PUBLISH', key('news, daily'), 'Ünïcödé 🜂'],
        ['PUBLISH', key('news, daily'), '{"n":3}'],
      ])
      await expect.poll(() => heard).toEqual(['one,two', 'Ünïcödé 🜂', '{"n":3}'])
      stop.abort()
    })

    it('calls a listener no more once its signal is aborted', async () => {
      const heard: string[] = []
      const others: string[] = []
      const stop = new AbortController()
      const stopOthers = new AbortController()
      cache.subscribe(key('ended'), (message) => heard.push(message), stop.signal)
      cache.subscribe(key('ended'), (message) => others.push(message), stopOthers.signal)
      await untilHeard(key('ended'), heard)
      await untilHeard(key('ended'), others)
      stop.abort()
      heard.length = 0
      await run('PUBLISH', key('ended'), 'last')
      await expect.poll(() => others).toContain('last')
      expect(heard).toEqual([])
      stopOthers.abort()
    })

    /** Nothing says when a subscription is ready: publish until a message arrives. */
    async function untilHeard(channel: string, heard: string[]) {
      await expect
        .poll(async () => {
          await run('PUBLISH', channel, 'are you there?')
          return heard.length
        })
        .toBeGreaterThan(0)
      // And until the last of them has arrived.
      await run('PUBLISH', channel, 'go')
      await expect.poll(() => heard.at(-1)).toBe('go')
    }
  })
}

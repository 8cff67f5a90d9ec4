import { describe, expect, it } from 'vitest'
import { createEngine } from '#shared/cache/engine.ts'
import { cacheKeyMaxBytes, cacheValueMaxBytes } from '#shared/limits.ts'

function open(options = {}) {
  const clock = { now: 1_700_000_000_000 }
  const engine = createEngine({ now: () => clock.now }, options)
  /** Runs a line of words; an error is answered as its text. */
  const run = (...words: string[]) => {
    try {
      return engine.run(words)
    } catch (error) {
      return (error as Error).message
    }
  }
  return { clock, engine, run, line: (text: string) => run(...text.split(' ')) }
}

describe('the embedded Redis', () => {
  // Texts of Redis 7.0.
  it.each([
    ['FLY me', "ERR unknown command 'FLY', with args beginning with: 'me' "],
    ['fly', "ERR unknown command 'fly', with args beginning with: "],
    ['constructor', "ERR unknown command 'constructor', with args beginning with: "],
    ['GET', "ERR wrong number of arguments for 'get' command"],
    ['GET a b', "ERR wrong number of arguments for 'get' command"],
    ['SET a', "ERR wrong number of arguments for 'set' command"],
    ['DEL', "ERR wrong number of arguments for 'del' command"],
    ['INCR a b', "ERR wrong number of arguments for 'incr' command"],
    ['PEXPIRE a', "ERR wrong number of arguments for 'pexpire' command"],
    ['PUBLISH a', "ERR wrong number of arguments for 'publish' command"],
    [
      `fly ${'é'.repeat(70)} more`,
      `ERR unknown command 'fly', with args beginning with: '${'é'.repeat(64)}' `,
    ],
    ['fl\0y a\0b', "ERR unknown command 'fl', with args beginning with: 'a' "],
    ['INCR text', 'ERR value is not an integer or out of range'],
    ['INCR most', 'ERR increment or decrement would overflow'],
    ['INCR large', 'ERR value is not an integer or out of range'],
    ['INCRBY a', "ERR wrong number of arguments for 'incrby' command"],
    ['INCRBY a b', 'ERR value is not an integer or out of range'],
    ['INCRBY text 2', 'ERR value is not an integer or out of range'],
    ['INCRBY most 2', 'ERR increment or decrement would overflow'],
    ['MGET', "ERR wrong number of arguments for 'mget' command"],
    ['HSET a f', "ERR wrong number of arguments for 'hset' command"],
    ['HSET a f v g', "ERR wrong number of arguments for 'hset' command"],
    ['HSET text f v', 'WRONGTYPE Operation against a key holding the wrong kind of value'],
    ['HDEL a', "ERR wrong number of arguments for 'hdel' command"],
    ['HDEL text f', 'WRONGTYPE Operation against a key holding the wrong kind of value'],
    ['HMGET a', "ERR wrong number of arguments for 'hmget' command"],
    ['HMGET text f', 'WRONGTYPE Operation against a key holding the wrong kind of value'],
    ['GET hash', 'WRONGTYPE Operation against a key holding the wrong kind of value'],
    ['SET hash b GET', 'WRONGTYPE Operation against a key holding the wrong kind of value'],
    ['SET hash b GET PX one', 'ERR value is not an integer or out of range'],
    ['INCRBY hash 1', 'WRONGTYPE Operation against a key holding the wrong kind of value'],
    ['INCRBY hash one', 'ERR value is not an integer or out of range'],
    ['SET a b PX', 'ERR syntax error'],
    ['SET a b NX XX', 'ERR syntax error'],
    ['SET a b PX 1 EX 1', 'ERR syntax error'],
    ['SET a b PX 1 KEEPTTL', 'ERR syntax error'],
    ['SET a b PX one LATER', 'ERR syntax error'],
    ['SET a b PX one', 'ERR value is not an integer or out of range'],
    ['SET a b PX 1.5', 'ERR value is not an integer or out of range'],
    ['SET a b PX 0', "ERR invalid expire time in 'set' command"],
    ['SET a b EX -1', "ERR invalid expire time in 'set' command"],
    ['SET a b EX 9223372036854775807', "ERR invalid expire time in 'set' command"],
    ['PEXPIRE text soon', 'ERR value is not an integer or out of range'],
    ['PEXPIRE text 1 EVER', 'ERR Unsupported option EVER'],
    ['PEXPIRE text 9223372036854775807', "ERR invalid expire time in 'pexpire' command"],
    ['PEXPIRE text 1 NX GT', 'ERR NX and XX, GT or LT options at the same time are not compatible'],
    ['PEXPIRE text 1 GT LT', 'ERR GT and LT options at the same time are not compatible'],
  ])('refuses `%s` in the words of Redis and changes nothing', (line, text) => {
    const redis = open()
    redis.line('SET text word')
    redis.line('SET most 9223372036854775807')
    redis.line('SET large 9223372036854775808')
    redis.line('HSET hash f v')
    expect(redis.line(line)).toBe(text)
    expect(redis.line('HMGET hash f')).toEqual(['v'])
    expect(redis.line('GET text')).toBe('word')
    expect(redis.line('GET a')).toBeNull()
  })

  it.each([
    ['SET k new', 'OK', 'new'],
    ['SET k new NX', null, 'old'],
    ['SET k new XX', 'OK', 'new'],
    ['SET k new GET', 'old', 'new'],
    ['SET k new NX GET', 'old', 'old'],
    ['set k new xx get px 100', 'old', 'new'],
    ['SET none new XX', null, 'old'],
    ['SET none new XX GET', null, 'old'],
    ['SET none new GET', null, 'old'],
  ])('`%s` answers %j and leaves %j', (line, answer, left) => {
    const redis = open()
    redis.line('SET k old')
    expect(redis.line(line)).toBe(answer)
    expect(redis.line('GET k')).toBe(left)
  })

  it.each([
    ['EX 2', 2000],
    ['PX 2000', 2000],
    ['EXAT 1700000002', 2000],
    ['EX 1 EX 2', 2000],
    ['PXAT 1700000002000', 2000],
  ])('SET with %s ends after exactly %d ms', (options, livesMs) => {
    const redis = open()
    redis.line(`SET k v ${options}`)
    redis.clock.now += livesMs - 1
    expect(redis.line('GET k')).toBe('v')
    redis.clock.now += 1
    expect(redis.line('GET k')).toBeNull()
    expect(redis.line('INCR k')).toBe(1)
  })

  it('keeps the time of a key with KEEPTTL', () => {
    const redis = open()
    redis.line('SET k v PX 100')
    redis.line('SET k w KEEPTTL')
    redis.clock.now += 100
    expect(redis.line('GET k')).toBeNull()
  })

  // Each starts from a key that ends in 1000 ms, or one that never ends.
  it.each([
    ['ends', '', 1, 500],
    ['ends', 'NX', 0, 1000],
    ['ends', 'XX', 1, 500],
    ['ends', 'GT', 0, 1000],
    ['ends', 'LT', 1, 500],
    ['ends', 'XX LT', 1, 500],
    ['never', 'NX', 1, 500],
    ['never', 'XX', 0, Number.POSITIVE_INFINITY],
    ['never', 'GT', 0, Number.POSITIVE_INFINITY],
    ['never', 'LT', 1, 500],
  ])('PEXPIRE on a key that %s, %s: answers %d, ends after %d', (kind, flags, answer, endsMs) => {
    const redis = open()
    redis.line(kind === 'ends' ? 'SET k v PX 1000' : 'SET k v')
    expect(redis.line(`PEXPIRE k 500 ${flags}`.trim())).toBe(answer)
    redis.clock.now += 499
    expect(redis.line('GET k')).toBe('v')
    redis.clock.now += 1
    expect(redis.line('GET k')).toBe(endsMs === 500 ? null : 'v')
    redis.clock.now += 500
    expect(redis.line('GET k')).toBe(endsMs === Number.POSITIVE_INFINITY ? 'v' : null)
  })

  it('returns how many listeners a message reached, and none after they left', () => {
    const redis = open()
    const heard: string[] = []
    const leave = redis.engine.subscribe('c', (message) => heard.push(message))
    redis.engine.subscribe('c', (message) => heard.push(message))
    expect(redis.line('PUBLISH c hi')).toBe(2)
    leave()
    leave()
    expect(redis.line('PUBLISH c you')).toBe(1)
    expect(redis.line('PUBLISH d you')).toBe(0)
    expect(heard).toEqual(['hi', 'hi', 'you'])
  })

  it('holds no more subscriptions than allowed', () => {
    const redis = open({ maxSubscriptions: 1 })
    const leave = redis.engine.subscribe('c', () => undefined)
    expect(() => redis.engine.subscribe('d', () => undefined)).toThrow(
      'ERR max number of clients reached',
    )
    leave()
    redis.engine.subscribe('d', () => undefined)
  })

  it('refuses keys and values beyond their largest size', () => {
    const redis = open()
    const long = 'x'.repeat(cacheKeyMaxBytes)
    expect(redis.run('SET', long, 'v')).toBe('OK')
    expect(redis.run('SET', `${long}x`, 'v')).toMatch(/^ERR key/)
    expect(redis.run('SET', 'k', 'x'.repeat(cacheValueMaxBytes))).toBe('OK')
    expect(redis.run('SET', 'k', 'ä'.repeat(cacheValueMaxBytes / 2 + 1))).toMatch(/^ERR string/)
    expect(redis.run('SET', 'k', 'ä'.repeat(cacheValueMaxBytes / 2))).toBe('OK')
  })

  it('refuses to grow when full, and takes new keys again once others are gone', () => {
    const redis = open({ maxBytes: 2000 })
    const fill = (name: string, ...rest: string[]) => {
      let written = 0
      while (redis.run('SET', `${name}${written}`, 'value', ...rest) === 'OK') written += 1
      return written
    }
    const held = fill('a')
    expect(held).toBeGreaterThan(5)
    expect(redis.run('SET', 'b', 'value')).toBe(
      "OOM command not allowed when used memory > 'maxmemory'.",
    )
    expect(redis.run('SET', 'a0', 'other')).toBe('OK')
    expect(redis.run('GET', 'a1')).toBe('value')
    for (let i = 0; i < held; i++) redis.run('DEL', `a${i}`)
    expect(fill('c', 'PX', '100')).toBe(held)
    redis.clock.now += 100
    expect(fill('d')).toBe(held)
  })

  it('counts what hashes take: they are refused when full, and what goes is free again', () => {
    const redis = open({ maxBytes: 2000 })
    const fill = (name: string) => {
      let fields = 0
      while (redis.run('HSET', name, `field${fields}`, 'value') === 1) fields += 1
      return fields
    }
    for (let round = 0; round < 3; round++) {
      const held = fill('a')
      expect(held).toBeGreaterThan(10)
      // All of a command's fields or none.
      const more = redis.run('HSET', 'a', 'field0', 'v', 'more', 'v', 'and', 'v')
      expect(more).toMatch(/^OOM command not allowed/)
      expect(redis.run('HMGET', 'a', 'field0', 'more')).toEqual(['value', null])
      expect(redis.run('HSET', 'a', 'field0', 'other')).toBe(0)
      expect(redis.run('SET', 'b', 'value')).toMatch(/^OOM/)
      if (round === 0) {
        for (let i = 0; i < held; i++) redis.run('HDEL', 'a', `field${i}`)
        expect(fill('b')).toBe(held)
        redis.run('DEL', 'b')
      } else if (round === 1) {
        redis.run('PEXPIRE', 'a', '10')
        redis.clock.now += 10
      }
    }
    const long = 'x'.repeat(cacheKeyMaxBytes + 1)
    expect(open().run('HSET', 'a', long, 'v')).toMatch(/^ERR key/)
    expect(open().run('HSET', 'a', 'f', 'x'.repeat(cacheValueMaxBytes + 1))).toMatch(/^ERR string/)
  })

  it('frees expired keys that nobody asks for while others are written', () => {
    const redis = open({ maxBytes: 1_000_000 })
    for (let i = 0; i < 5000; i++) redis.run('SET', `brief${i}`, 'v', 'PX', '10')
    redis.clock.now += 10
    for (let i = 0; i < 5000; i++) redis.run('SET', 'one', 'v')
    expect(redis.run('SET', 'large', 'x'.repeat(200_000))).toBe('OK')
    for (let i = 0; i < 3; i++) {
      expect(redis.run('SET', `large${i}`, 'x'.repeat(200_000))).toBe('OK')
    }
  })
})

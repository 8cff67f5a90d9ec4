import { argon2Sync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createHasher } from '#functions/auth/passwords.ts'
import { createQueue } from '#functions/auth/queue.ts'
import { argon2 } from '#shared/limits.ts'
import { createClock, goodPassword } from './api.ts'

describe('stored passwords', () => {
  it('are Argon2id in the form that other tools read', async () => {
    const stored = await createHasher(createClock()).hash(goodPassword)
    const [, name, version, parameters, salt, tag] = stored.split('$')
    expect([name, version, parameters]).toEqual(['argon2id', 'v=19', 'm=19456,t=2,p=1'])
    const again = argon2Sync('argon2id', {
      message: goodPassword,
      nonce: Buffer.from(salt!, 'base64'),
      parallelism: argon2.parallelism,
      tagLength: argon2.tagBytes,
      memory: argon2.memoryKiB,
      passes: argon2.passes,
    })
    expect(Buffer.from(tag!, 'base64').equals(again)).toBe(true)
  })

  it('open for the password alone, however its accents were typed', async () => {
    const hasher = createHasher(createClock())
    const stored = await hasher.hash('caf\u00e9 au lait le matin')
    expect(await hasher.verify('cafe\u0301 au lait le matin', stored)).toBe(true)
    expect(await hasher.verify('cafe au lait le matin', stored)).toBe(false)
    expect(await hasher.verify('caf\u00e9 au lait le matin', undefined)).toBe(false)
  })

  it('have salts of their own', async () => {
    const hasher = createHasher(createClock())
    expect(await hasher.hash(goodPassword)).not.toBe(await hasher.hash(goodPassword))
  })

  it('are checked one behind the other when many come at once', async () => {
    const hasher = createHasher(createClock())
    const stored = await hasher.hash(goodPassword)
    const tries = Array.from({ length: 6 }, (_, i) => (i === 4 ? goodPassword : `wrong ${i}`))
    expect(await Promise.all(tries.map((each) => hasher.verify(each, stored)))).toEqual(
      tries.map((each) => each === goodPassword),
    )
  })
})

describe('the queue of hashes', () => {
  it('runs a few at a time, lets a few wait, and asks the others to come back', async () => {
    const run = createQueue(2, 3)
    const begun: number[] = []
    const finish: (() => void)[] = []
    const work = (i: number) => async () => {
      begun.push(i)
      await new Promise<void>((resolve) => finish.push(resolve))
      return i
    }
    const results = Promise.allSettled(Array.from({ length: 7 }, (_, i) => run(work(i))))
    expect(begun).toEqual([0, 1])
    for (let i = 0; i < 5; i++) {
      await expect.poll(() => finish.length).toBe(Math.min(i + 2, 5))
      finish[i]!()
    }
    const outcomes = await results
    expect(begun).toEqual([0, 1, 2, 3, 4])
    expect(outcomes.slice(0, 5).map(({ status }) => status)).toEqual(
      Array.from({ length: 5 }, () => 'fulfilled'),
    )
    for (const outcome of outcomes.slice(5)) {
      expect(outcome).toMatchObject({ reason: { code: 'auth.busy', retryAfterS: 2 } })
    }
    // And the queue is open again, after work that failed too.
    await expect(run(async () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await run(async () => 'open')).toBe('open')
  })
})

import { argon2Sync } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { describe, expect, it } from 'vitest'
import { createHasher } from '#functions/auth/passwords.ts'
import { argon2, passwordsWaitingMax } from '#shared/limits.ts'
import { Problem } from '#shared/problem.ts'
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

  it('are hashed a few at a time; a flood is told to come back', async () => {
    const hasher = createHasher(createClock())
    const room = availableParallelism() + passwordsWaitingMax
    const results = await Promise.allSettled(
      Array.from({ length: room + 10 }, () => hasher.verify('x', undefined)),
    )
    const refused = results.filter((result) => result.status === 'rejected')
    expect(refused).toHaveLength(10)
    for (const { reason } of refused) {
      expect(reason).toBeInstanceOf(Problem)
      expect((reason as Problem).code).toBe('auth.busy')
    }
    // And the queue is open again.
    expect(await hasher.verify('x', undefined)).toBe(false)
  })
})

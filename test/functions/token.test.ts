// Access tokens that come again and again: what is remembered of a token must never allow more than the token.
import { generateKeyPair } from 'jose'
import type { CryptoKey } from 'jose'
import { expect, test } from 'vitest'
import { signAccessToken, verifyAccessToken, verifyOperatorToken } from '#functions/http/token.ts'
import { accessTokenMs, clockSlackMs, tokensRememberedMax } from '#shared/limits.ts'

const now = 1_790_000_000_000
const player = (accountId = 'mira') => ({
  kind: 'player' as const,
  accountId,
  loginSessionId: 's1',
  guest: false,
  era: 0,
  role: undefined,
})

/** A ring of one key that can be withdrawn, and that counts how often it is asked for. */
async function openRing() {
  const pair = await generateKeyPair('EdDSA')
  const ring: { key: CryptoKey | undefined } = { key: pair.publicKey }
  const sign = async (accountId?: string) => {
    const key = { keyId: 'k1', privateKey: pair.privateKey }
    return (await signAccessToken(key, player(accountId), now)).token
  }
  const keys = (keyId: string) => (keyId === 'k1' ? ring.key : undefined)
  return {
    ring,
    sign,
    verify: async (token: string, at = now) => verifyAccessToken(keys, at, token),
  }
}

test('a token says the same each time, and what one caller does with it is not seen by the next', async () => {
  const { sign, verify } = await openRing()
  const token = await sign()
  for (let i = 0; i < 3; i++) {
    const read = await verify(token)
    expect(read).toEqual(player())
    Object.assign(read, { accountId: 'somebody else' })
  }
})

test('a token that was taken before expires to the second all the same, with slack for clocks', async () => {
  const { sign, verify } = await openRing()
  const token = await sign()
  await verify(token)
  const end = now + accessTokenMs + clockSlackMs
  expect(await verify(token, end - 1000)).toEqual(player())
  expect(await verify(token, end)).toBe('expired')
  expect(await (await openRing()).verify(token, end)).toBe('invalid')
  expect(await verify(token, now + 2 * accessTokenMs)).toBe('expired')
})

test('a token that was taken before is refused once its key is withdrawn or another has its id', async () => {
  const { ring, sign, verify } = await openRing()
  const token = await sign()
  const key = ring.key
  await verify(token)
  ring.key = undefined
  expect(await verify(token)).toBe('invalid')
  ring.key = key
  expect(await verify(token)).toEqual(player())
  ring.key = (await generateKeyPair('EdDSA')).publicKey
  expect(await verify(token)).toBe('invalid')
})

test('one changed letter of a token that was taken before is refused', async () => {
  const { sign, verify } = await openRing()
  const token = await sign()
  await verify(token)
  for (const at of [10, token.indexOf('.') + 10, token.length - 10]) {
    const other = token[at] === 'A' ? 'B' : 'A'
    expect(await verify(token.slice(0, at) + other + token.slice(at + 1))).toBe('invalid')
  }
})

test('more tokens than are remembered are all taken', async () => {
  const { sign, verify } = await openRing()
  const tokens = []
  for (let i = 0; i < tokensRememberedMax + 20; i++) tokens.push(await sign(`a${i}`))
  for (const token of tokens) await verify(token)
  expect(await verify(tokens[0]!)).toEqual(player('a0'))
  expect(await verify(tokens.at(-1)!)).toEqual(player(`a${tokens.length - 1}`))
})

test('a defect of ours is no word about the token', async () => {
  const { sign } = await openRing()
  const token = await sign()
  const broken = () => {
    throw new TypeError('a defect')
  }
  await expect(verifyAccessToken(broken, now, token)).rejects.toThrow('a defect')
  await expect(verifyOperatorToken(broken, now, token)).rejects.toThrow('a defect')
})

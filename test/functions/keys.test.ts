import { createHash } from 'node:crypto'
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { AwsError } from '#shared/aws/call.ts'
import type { AwsCall } from '#shared/aws/call.ts'
import { createPublicKeys } from '#gameserver/persistence/public-keys.ts'
import { KmsKeyError, loadKmsMasterKey } from '#shared/keys/kms.ts'
import { KeyFileError, loadMasterKey } from '#shared/keys/master.ts'
import { createKeyRing, createVerifier, KeyRingError } from '#shared/keys/ring.ts'
import { readKeyRows } from '#shared/keys/store.ts'
import { clockSlackMs, keyPublishMs, keyRotateMs } from '#shared/limits.ts'
import { signTicket, verifyTicket } from '#shared/ownership/ticket.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import { StoreError } from '#shared/store/store.ts'
import { countTrips } from '#shared/store/trips.ts'
import { itKeepsAMasterKey } from '../conformance/master-key.ts'
import { createClock } from './api.ts'

const masterKey = new Uint8Array(32).fill(7)

function open(clock = createClock()) {
  const store = createMemoryStore({ runtime: clock })
  const ring = (seed = 'ring') =>
    createKeyRing({
      store,
      masterKey,
      runtime: { ...createClock(seed), now: clock.now },
    })
  return { clock, store, ring }
}

describe('the key ring', () => {
  it('is made once when many processes begin at once', async () => {
    const { store, ring } = open()
    const rings = Array.from({ length: 20 }, (_, i) => ring(`process ${i}`))
    await Promise.all(rings.map((each) => each.start()))
    expect(new Set(rings.map((each) => each.signing().keyId)).size).toBe(1)
    expect(new Set(rings.map((each) => Buffer.from(each.derive('x')).toString('hex'))).size).toBe(1)
    expect(store.rows('core').map((row) => row.sk.replace(/#.*/, ''))).toEqual([
      'HEAD',
      'KEY',
      'SESSION',
    ])
  })

  it('shows nothing that signs in its rows', async () => {
    const { store, ring } = open()
    const first = ring()
    await first.start()
    const other = createKeyRing({ store, masterKey: new Uint8Array(32), runtime: createClock() })
    await expect(other.start()).rejects.toThrow(KeyRingError)
    for (const row of store.rows('core')) {
      const { sealed } = row
      if (!(sealed instanceof Uint8Array)) continue
      // Nonce and tag around 32 bytes that are not those of the secret.
      expect(sealed.length).toBe(12 + 32 + 16)
    }
    expect(JSON.stringify(first.jwks())).not.toContain('"d"')
  })

  it('refuses sealed secrets that were moved to another row', async () => {
    const { store, ring } = open()
    await ring().start()
    const rows = store.rows('core')
    const key = rows.find((row) => row.sk.startsWith('KEY#'))!
    const session = rows.find((row) => row.sk === 'SESSION')!
    await store.put({ table: 'core', item: { ...session, sealed: key['sealed']! } })
    await expect(ring('again').start()).rejects.toThrow(KeyRingError)
  })

  it('publishes a new key before it signs, and keeps the old one until its tokens have run out', async () => {
    const { clock, store, ring } = open()
    const issuer = ring('issuer')
    await issuer.start()
    const zone = createVerifier({ store, runtime: clock })
    await zone.refresh()
    const before = issuer.signing().keyId
    await issuer.rotate()
    expect(issuer.signing().keyId).toBe(before)
    expect(issuer.jwks().keys).toHaveLength(2)
    // A zone that reads the ring each minute knows the new key before it signs.
    await zone.refresh()
    clock.advance(keyPublishMs)
    const after = issuer.signing().keyId
    expect(after).not.toBe(before)
    for (const keyId of [before, after]) expect(zone.verify(keyId)).toBeDefined()
    clock.advance(60 * 60 * 1000)
    expect(zone.verify(before)).toBeUndefined()
    expect(issuer.verify(before)).toBeUndefined()
    expect(zone.verify(after)).toBeDefined()
    // The next rotation deletes retired keys, so the ring never grows.
    await issuer.rotate()
    expect(store.rows('core').filter((row) => row.sk.startsWith('KEY#'))).toHaveLength(2)
  })

  it.each([1, 31, 400])(
    'that was made by a clock %i days ahead signs when the clock is right, and is replaced',
    async (days) => {
      const { clock, store, ring } = open()
      const ahead = days * 24 * 60 * 60 * 1000
      clock.advance(ahead)
      await ring('first').start()
      clock.advance(-ahead)
      const issuer = ring('issuer')
      await issuer.start()
      const zone = createVerifier({ store, runtime: clock })
      await zone.refresh()
      const before = issuer.signing().keyId
      expect(zone.verify(before)).toBeDefined()
      await issuer.refresh()
      await zone.refresh()
      expect(issuer.signing().keyId).toBe(before)
      clock.advance(keyPublishMs)
      const after = issuer.signing().keyId
      expect(after).not.toBe(before)
      expect(zone.verify(after)).toBeDefined()
      await issuer.refresh()
      expect(issuer.signing().keyId).toBe(after)
    },
  )

  it('signs while it was rotated by a clock that was ahead', async () => {
    const { clock, ring } = open()
    const issuer = ring('issuer')
    await issuer.start()
    const ahead = 40 * 24 * 60 * 60 * 1000
    clock.advance(ahead)
    await issuer.rotate()
    clock.advance(-ahead)
    for (let i = 0; i < 3; i++) {
      await issuer.refresh()
      expect(issuer.verify(issuer.signing().keyId)).toBeDefined()
      clock.advance(keyPublishMs)
    }
  })

  it('rotates by itself, once, when its key has grown old', async () => {
    const { clock, store, ring } = open()
    const rings = [ring('a'), ring('b'), ring('c')]
    for (const each of rings) await each.start()
    clock.advance(keyRotateMs)
    await Promise.all(rings.map((each) => each.refresh()))
    for (const each of rings) await each.refresh()
    expect(store.rows('core').filter((row) => row.sk.startsWith('KEY#'))).toHaveLength(2)
    clock.advance(keyPublishMs)
    expect(new Set(rings.map((each) => each.signing().keyId)).size).toBe(1)
  })

  it('signs tickets that a zone verifies with public keys alone', async () => {
    const { clock, store, ring } = open()
    const issuer = ring()
    await issuer.start()
    const zone = createVerifier({ store, runtime: clock })
    expect(zone.verify(issuer.signing().keyId)).toBeUndefined()
    await zone.refresh()
    const ticket = {
      ticketId: 't',
      characterId: 'c',
      accountId: 'a',
      realmId: 'local',
      bootId: 'b',
      instance: 'i',
      epoch: 3,
      expiresAt: clock.now() + 30_000,
    }
    const token = await signTicket(issuer.signing(), ticket)
    // The host's clock may be off by a minute, either way.
    for (const offMs of [0, -60_000, 30_000 + 60_000]) {
      expect(await verifyTicket(zone.verify, clock.now() + offMs, token)).toEqual(ticket)
    }
    const late = clock.now() + 30_000 + clockSlackMs
    expect(await verifyTicket(zone.verify, late, token)).toBeUndefined()
  })
})

describe('a key id that is not known', () => {
  const ticket = {
    ticketId: 't',
    characterId: 'c',
    accountId: 'a',
    realmId: 'local',
    bootId: 'b',
    instance: 'hub-1',
    epoch: 1,
  }

  it('is looked for at once: a host that was ready before the first key was made takes its tickets', async () => {
    const { clock, store, ring } = open()
    const reads: number[] = []
    const hostKeys = createPublicKeys(clock.now, async () => {
      reads.push(clock.now())
      const rows = await readKeyRows(store)
      await hostKeys.update(rows?.keys ?? [])
    })
    const verifier = createVerifier({ store, runtime: clock })
    await verifier.refresh()
    await hostKeys.update([])
    const first = ring()
    await first.start()
    const expiresAt = clock.now() + 30_000
    const text = await signTicket(first.signing(), { ...ticket, expiresAt })
    expect(await verifyTicket(verifier.find, clock.now(), text)).toMatchObject(ticket)
    expect(await verifyTicket(hostKeys.verify, clock.now(), text)).toMatchObject(ticket)
    expect(reads).toHaveLength(1)
  })

  it('is looked for at most once a second, however many are forged', async () => {
    const { clock, store, ring } = open()
    const first = ring()
    await first.start()
    const trips = countTrips(store)
    const verifier = createVerifier({ store: trips.store, runtime: clock })
    await verifier.refresh()
    trips.reset()
    const forge = async (i: number) => await verifier.find(`forged ${i}`)
    const found = await Promise.all(Array.from({ length: 100 }, (_, i) => forge(i)))
    expect(found.every((key) => key === undefined)).toBe(true)
    expect(trips.trips.length).toBe(1)
    clock.advance(999)
    await forge(100)
    expect(trips.trips.length).toBe(1)
    clock.advance(1)
    await forge(101)
    expect(trips.trips.length).toBe(2)
    // A known key needs no read.
    expect(verifier.find(first.signing().keyId)).toBeDefined()
    expect(trips.trips.length).toBe(2)
  })

  it('is not taken for a forged one while the store does not answer', async () => {
    const { clock, ring } = open()
    const first = ring()
    await first.start()
    const silent = createMemoryStore({ runtime: clock, faults: () => ({ kind: 'outage' }) })
    const verifier = createVerifier({ store: silent, runtime: clock })
    const text = await signTicket(first.signing(), { ...ticket, expiresAt: clock.now() + 30_000 })
    await expect(verifyTicket(verifier.find, clock.now(), text)).rejects.toThrow(StoreError)
  })
})

describe('a master key in a file', () => {
  itKeepsAMasterKey(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'waystone-keys-'))
    onTestFinished(async () => await rm(folder, { recursive: true, force: true }))
    const path = join(folder, 'keys/master.key')
    return {
      load: async (process) => await loadMasterKey(path, createClock(`process ${process}`)),
      damage: async () => await writeFile(path, 'short'),
      database: () => [],
    }
  })
})

function masked(bytes: Buffer): Buffer {
  const mask = createHash('sha256').update('kms').digest()
  return Buffer.from(bytes.map((byte, i) => byte ^ mask[i]!))
}

/** KMS in memory: only the same key and context decrypt. */
function createKms(): AwsCall {
  let made = 0
  return async (service, target, input) => {
    const bound = JSON.stringify([service, input['KeyId'], input['EncryptionContext']])
    if (target === 'TrentService.GenerateDataKey') {
      const plain = Buffer.alloc(32, ++made)
      const hidden = masked(plain)
      const blob = Buffer.from(JSON.stringify({ bound, hidden: hidden.toString('hex') }))
      return { Plaintext: plain.toString('base64'), CiphertextBlob: blob.toString('base64') }
    }
    const text = Buffer.from(String(input['CiphertextBlob']), 'base64').toString()
    const refused = new AwsError(target, 'InvalidCiphertextException', { outage: false })
    if (!text.startsWith('{')) throw refused
    const sealed = JSON.parse(text) as { bound: string; hidden: string }
    if (sealed.bound !== bound) throw refused
    return { Plaintext: masked(Buffer.from(sealed.hidden, 'hex')).toString('base64') }
  }
}

describe('a master key under KMS', () => {
  const context = 'waystone-a-master-key'

  itKeepsAMasterKey(async () => {
    const store = createMemoryStore({ runtime: createClock() })
    const aws = createKms()
    return {
      load: async () => await loadKmsMasterKey({ store, aws, keyId: 'k', context }),
      damage: async () => {
        const key = { pk: 'KEYS', sk: 'MASTER' }
        const sealed = new Uint8Array([1, 2, 3])
        await store.put({ table: 'core', item: { ...key, v: 1, sealed } })
      },
      database: () => store.rows('core').map((row) => row['sealed'] as Uint8Array),
    }
  })

  it('opens with its own KMS key and for its own realm alone', async () => {
    const store = createMemoryStore({ runtime: createClock() })
    const aws = createKms()
    const load = async (keyId: string, of: string) =>
      await loadKmsMasterKey({ store, aws, keyId, context: of })
    await load('k', context)
    await expect(load('another', context)).rejects.toThrow(/does not open with the KMS key another/)
    await expect(load('k', 'waystone-b-master-key')).rejects.toThrow(KmsKeyError)
  })

  it('serves a ring of keys, which does not know it from a file', async () => {
    const clock = createClock()
    const store = createMemoryStore({ runtime: clock })
    const aws = createKms()
    const ring = async () =>
      createKeyRing({
        store,
        runtime: clock,
        masterKey: await loadKmsMasterKey({ store, aws, keyId: 'k', context }),
      })
    const first = await ring()
    await first.start()
    const second = await ring()
    await second.start()
    expect(second.signing().keyId).toBe(first.signing().keyId)
    expect(second.derive('x')).toEqual(first.derive('x'))
  })

  it('is read again when the answer to its making was lost, or the request', async () => {
    for (const kind of ['loseAnswer', 'loseRequest'] as const) {
      const clock = createClock()
      let put = 0
      const store = createMemoryStore({
        runtime: clock,
        faults: ({ operation }) => (operation === 'put' && ++put === 1 ? { kind } : undefined),
      })
      const aws = createKms()
      const load = async () => await loadKmsMasterKey({ store, aws, keyId: 'k', context })
      if (kind === 'loseRequest') await expect(load()).rejects.toThrow(StoreError)
      expect(await load()).toEqual(await load())
    }
  })
})

describe('the key file', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'waystone-keys-'))
  })
  afterEach(async () => {
    await rm(dir, { recursive: true, force: true })
  })

  it('is made once, readable by its owner alone, and read again', async () => {
    const path = join(dir, 'keys/master.key')
    const keys = await Promise.all(
      Array.from({ length: 10 }, (_, i) => loadMasterKey(path, createClock(`process ${i}`))),
    )
    expect(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size).toBe(1)
    expect(keys[0]).toHaveLength(32)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readdir(join(dir, 'keys'))).toEqual(['master.key'])
  })

  it('is refused when it is damaged, and left as it is', async () => {
    const path = join(dir, 'master.key')
    for (const text of ['', 'short', 'A'.repeat(44), 'é'.repeat(43) + '=']) {
      await writeFile(path, text)
      await expect(loadMasterKey(path, createClock())).rejects.toThrow(KeyFileError)
    }
    await expect(loadMasterKey(dir, createClock())).rejects.toThrow(KeyFileError)
    await chmod(path, 0o600)
    await expect(loadMasterKey(join(path, 'below'), createClock())).rejects.toThrow(/cannot be/)
  })
})

// The key ring: the signing keys of access tokens and tickets, and the secret behind refresh tokens.
//
// A copy of the store alone forges nothing: private keys and the session secret are sealed under
// the master key. A new key is published ten minutes before it signs, and each process reads the ring again
// each minute, so every verifier knows it by then. The old key stays until all that it signed has expired.
// One key signs both kinds of token: each has its own `typ` and audience, and verifiers fix both.
import { createHmac } from 'node:crypto'
import type { CryptoKey } from 'jose'
import { accessTokenMs, clockSlackMs, keyPublishMs, keyRotateMs } from '../limits.ts'
import type { Runtime } from '../runtime.ts'
import { StoreError } from '../store/store.ts'
import type { Store, Write } from '../store/store.ts'
import { importPrivate, importPublic, jwkOf, publicOf, seedBytes } from './ed25519.ts'
import type { PublicJwk } from './ed25519.ts'
import { createReread } from './jwt.ts'
import type { SigningKey, VerifyKeys } from './jwt.ts'
import { seal, unseal } from './seal.ts'
import { firstWrites, readKeyRows, rotationWrites } from './store.ts'
import type { KeyRows, SigningRow } from './store.ts'

/** Only reads the public keys: all that a zone host needs. */
export type Verifier = {
  /** Reads the ring; call it at start and then each minute. Fails with StoreError. One trip. */
  refresh(): Promise<void>
  /** Returns the public key of an id as long as a token that it signed may be valid. No I/O. */
  verify: (keyId: string) => CryptoKey | undefined
  /** The same. An id that is not known is looked for in the store first. Fails with StoreError. */
  find: VerifyKeys
  /** True: the last read found no ring. No I/O. */
  empty(): boolean
}

export type KeyRing = Verifier & {
  /** Reads the ring, or makes it when there is none; several processes at once agree on one. */
  start(): Promise<void>
  /** The key that signs now. */
  signing(): SigningKey
  /** All public keys that verify, those that do not sign yet included. */
  jwks(): { keys: PublicJwk[] }
  /** A secret of 32 bytes for one purpose, derived from the session secret. */
  derive(purpose: string): Uint8Array
  /** Publishes a new key; it signs from `keyPublishMs` later. Nothing happens if another just did. */
  rotate(): Promise<void>
}

/** The keys in the store do not open with this master key. */
export class KeyRingError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'KeyRingError'
  }
}

type Deps = { store: Store; runtime: Runtime; masterKey: Uint8Array }
type LoadedKey = SigningRow & { publicKey: CryptoKey; privateKey: CryptoKey }

export function createVerifier(deps: Pick<Deps, 'store' | 'runtime'>): Verifier {
  let keys = new Map<string, { row: SigningRow; publicKey: CryptoKey }>()
  const verifier = {
    async refresh() {
      const rows = await readKeyRows(deps.store)
      const next: typeof keys = new Map()
      for (const row of rows?.keys ?? []) {
        const publicKey = keys.get(row.keyId)?.publicKey ?? (await importPublic(row.x))
        next.set(row.keyId, { row, publicKey })
      }
      keys = next
    },
    empty: () => keys.size === 0,
    verify(keyId: string) {
      const key = keys.get(keyId)
      return key !== undefined && isValid(key.row, deps.runtime.now()) ? key.publicKey : undefined
    },
  }
  return { ...verifier, find: findIn(verifier, deps.runtime) }
}

function findIn(
  keys: Pick<Verifier, 'verify' | 'refresh'>,
  { now }: Pick<Runtime, 'now'>,
): VerifyKeys {
  const reread = createReread(now, () => keys.refresh())
  return (keyId) => keys.verify(keyId) ?? reread().then(() => keys.verify(keyId))
}

export function createKeyRing(deps: Deps): KeyRing {
  const { store, runtime } = deps
  const ring: Ring = { keys: new Map(), sessionSecret: undefined, newest: '' }
  const valid = () => [...ring.keys.values()].filter((key) => isValid(key, runtime.now()))
  const refresh = async () => {
    const rows = await readKeyRows(store)
    // A ring that vanished is kept as it was read: players go on, and the fault is the store's.
    if (rows !== undefined) await loadRing(deps, ring, rows)
    const head = ring.keys.get(ring.newest)
    if (head !== undefined && isDue(head, runtime.now())) await rotateRing(deps, ring)
  }
  const verify = (keyId: string) => {
    const key = ring.keys.get(keyId)
    return key !== undefined && isValid(key, runtime.now()) ? key.publicKey : undefined
  }
  return {
    start: async () => await startRing(deps, ring),
    rotate: async () => await rotateRing(deps, ring),
    refresh,
    verify,
    find: findIn({ verify, refresh }, runtime),
    empty: () => ring.keys.size === 0,
    signing() {
      const key = signingKeyOf(valid(), runtime.now())
      if (key === undefined)
        throw new KeyRingError('There is no signing key: start the ring first.')
      return { keyId: key.keyId, privateKey: key.privateKey }
    },
    jwks: () => ({ keys: valid().map((key) => jwkOf(key.keyId, key.x)) }),
    derive(purpose) {
      if (ring.sessionSecret === undefined) throw new KeyRingError('The key ring was not started.')
      return new Uint8Array(createHmac('sha256', ring.sessionSecret).update(purpose).digest())
    },
  }
}

/** As it was read last. */
type Ring = {
  keys: Map<string, LoadedKey>
  sessionSecret: Uint8Array | undefined
  newest: string
}

async function loadRing(deps: Deps, ring: Ring, rows: KeyRows): Promise<void> {
  const next: Ring['keys'] = new Map()
  for (const row of rows.keys) {
    const known = ring.keys.get(row.keyId)
    next.set(row.keyId, known ? { ...known, ...row } : await openKey(deps, row))
  }
  ring.sessionSecret ??= opened(unseal(deps.masterKey, sessionLabel, rows.session))
  ring.keys = next
  ring.newest = rows.newest
}

async function startRing(deps: Deps, ring: Ring): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const rows = await readKeyRows(deps.store)
    if (rows !== undefined) return await loadRing(deps, ring, rows)
    const session = seal(deps.masterKey, sessionLabel, deps.runtime.randomBytes(32), deps.runtime)
    // Another process may be first, or the answer may be lost. The read that follows finds the ring.
    await attempted(deps.store, firstWrites(newKey(deps, deps.runtime.now()), session))
  }
  throw new KeyRingError(
    'The key ring could not be made: the store does not return what was written.',
  )
}

async function rotateRing(deps: Deps, ring: Ring): Promise<void> {
  const before = ring.keys.get(ring.newest)
  if (before === undefined) throw new KeyRingError('The key ring was not started.')
  const now = deps.runtime.now()
  const next = newKey(deps, now + keyPublishMs)
  // Another process may sign with the old key until it reads the ring again; then its tokens run out.
  const retireAt = next.activeFrom + keyPublishMs + accessTokenMs + clockSlackMs
  const gone = [...ring.keys.values()].filter(
    (key) => key.retireAt !== undefined && key.retireAt <= now,
  )
  await attempted(deps.store, rotationWrites(next, { keyId: before.keyId, retireAt }, gone))
  const rows = await readKeyRows(deps.store)
  if (rows !== undefined) await loadRing(deps, ring, rows)
}

/** One that is old; and one from the future, for then a clock was wrong when it was made. */
function isDue({ createdAt }: SigningRow, now: number): boolean {
  return now - createdAt >= keyRotateMs || createdAt - now > clockSlackMs
}

/**
 * The newest key that may sign. When all keys begin in the future, a clock was wrong when they were made.
 * Then the oldest key signs: it has a successor already, or is the only one. If it waited for its time, no
 * player could log in.
 */
function signingKeyOf(valid: LoadedKey[], now: number): LoadedKey | undefined {
  const byTime = valid.toSorted((a, b) => a.activeFrom - b.activeFrom)
  return (
    byTime.findLast(({ activeFrom }) => activeFrom <= now) ??
    byTime.find(({ retireAt }) => retireAt !== undefined) ??
    byTime[0]
  )
}

const sessionLabel = 'waystone:session-secret'
const keyLabel = (keyId: string) => `waystone:signing-key:${keyId}`

function isValid(key: SigningRow, now: number): boolean {
  return key.retireAt === undefined || key.retireAt > now
}

function newKey(deps: Deps, activeFrom: number): SigningRow {
  const keyId = Buffer.from(deps.runtime.randomBytes(9)).toString('base64url')
  const seed = deps.runtime.randomBytes(seedBytes)
  return {
    keyId,
    x: publicOf(seed),
    sealed: seal(deps.masterKey, keyLabel(keyId), seed, deps.runtime),
    createdAt: deps.runtime.now(),
    activeFrom,
  }
}

async function openKey(deps: Deps, row: SigningRow): Promise<LoadedKey> {
  const seed = opened(unseal(deps.masterKey, keyLabel(row.keyId), row.sealed))
  return {
    ...row,
    publicKey: await importPublic(row.x),
    privateKey: await importPrivate(row.x, seed),
  }
}

function opened(secret: Uint8Array | undefined): Uint8Array {
  if (secret !== undefined) return secret
  throw new KeyRingError(
    'The keys in the database were sealed under another master key; restore the key file that belongs to it.',
  )
}

/** Sends writes whose refusal means that another process was first. */
async function attempted(store: Store, writes: Write[]): Promise<void> {
  try {
    await store.transact(writes)
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'cancelled') return
    if (error instanceof StoreError && error.kind === 'unavailable' && error.unclear) return
    throw error
  }
}

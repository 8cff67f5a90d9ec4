// The key ring: the signing keys of access tokens and tickets, and the secret behind refresh tokens.
//
// Who holds the database alone forges nothing: private keys and the session secret are sealed under
// the master key. A new key is published ten minutes before it signs, and rings are read again each
// minute, so every verifier knows it by then; the old one stays until all that it signed has run out.
// One key signs both kinds of token: each has its own `typ` and audience, and verifiers fix both.
import { createHmac } from 'node:crypto'
import type { CryptoKey } from 'jose'
import { accessTokenMs, keyPublishMs, keyRotateMs } from '../limits.ts'
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
  /** The public key of an id while what it signed may be valid. No I/O. */
  verify: (keyId: string) => CryptoKey | undefined
  /** The same. An id that is not known is looked for in the store first. Fails with StoreError. */
  find: VerifyKeys
  /** Nobody has made a ring yet, as far as was read. No I/O. */
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
      return key !== undefined && serves(key.row, deps.runtime.now()) ? key.publicKey : undefined
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
  let keys = new Map<string, LoadedKey>()
  let sessionSecret: Uint8Array | undefined
  let newest = ''

  async function load(rows: KeyRows) {
    const next: typeof keys = new Map()
    for (const row of rows.keys) {
      const known = keys.get(row.keyId)
      next.set(row.keyId, known ? { ...known, ...row } : await openKey(deps, row))
    }
    sessionSecret ??= opened(unseal(deps.masterKey, sessionLabel, rows.session))
    keys = next
    newest = rows.newest
  }

  async function refresh() {
    const rows = await readKeyRows(deps.store)
    // A ring that vanished is kept as it was read: players go on, and the fault is the store's.
    if (rows !== undefined) await load(rows)
    const head = keys.get(newest)
    if (head !== undefined && deps.runtime.now() - head.createdAt >= keyRotateMs) await rotate()
  }

  async function start() {
    for (let attempt = 0; attempt < 5; attempt++) {
      const rows = await readKeyRows(deps.store)
      if (rows !== undefined) {
        await load(rows)
        return
      }
      const session = seal(deps.masterKey, sessionLabel, deps.runtime.randomBytes(32), deps.runtime)
      // Whoever loses, or got no answer, reads what is there now.
      await attempted(deps.store, firstWrites(newKey(deps, deps.runtime.now()), session))
    }
    throw new KeyRingError('The key ring could not be made: the store took it and then had none.')
  }

  async function rotate() {
    const before = keys.get(newest)
    if (before === undefined) throw new KeyRingError('The key ring was not started.')
    const now = deps.runtime.now()
    const next = newKey(deps, now + keyPublishMs)
    // Somebody may sign with the old key until he reads the ring again; then its tokens run out.
    const retireAt = next.activeFrom + keyPublishMs + accessTokenMs
    const gone = [...keys.values()].filter(
      (key) => key.retireAt !== undefined && key.retireAt <= now,
    )
    await attempted(deps.store, rotationWrites(next, { keyId: before.keyId, retireAt }, gone))
    const rows = await readKeyRows(deps.store)
    if (rows !== undefined) await load(rows)
  }

  const verify = (keyId: string) => {
    const key = keys.get(keyId)
    return key !== undefined && serves(key, deps.runtime.now()) ? key.publicKey : undefined
  }
  return {
    start,
    refresh,
    rotate,
    verify,
    find: findIn({ verify, refresh }, deps.runtime),
    empty: () => keys.size === 0,
    signing() {
      const now = deps.runtime.now()
      let best: LoadedKey | undefined
      for (const key of keys.values()) {
        if (key.activeFrom > now || !serves(key, now)) continue
        if (best === undefined || key.activeFrom > best.activeFrom) best = key
      }
      if (best === undefined)
        throw new KeyRingError('There is no signing key: start the ring first.')
      return { keyId: best.keyId, privateKey: best.privateKey }
    },
    jwks() {
      const now = deps.runtime.now()
      const serving = [...keys.values()].filter((key) => serves(key, now))
      return { keys: serving.map((key) => jwkOf(key.keyId, key.x)) }
    },
    derive(purpose) {
      if (sessionSecret === undefined) throw new KeyRingError('The key ring was not started.')
      return new Uint8Array(createHmac('sha256', sessionSecret).update(purpose).digest())
    },
  }
}

const sessionLabel = 'waystone:session-secret'
const keyLabel = (keyId: string) => `waystone:signing-key:${keyId}`

function serves(key: SigningRow, now: number): boolean {
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

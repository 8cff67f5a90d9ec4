// The master key in the cloud: a data key of KMS. It lies in `core` as KMS encrypted it, and one call
// opens it at the start of a process that signs. So a copy of the store alone opens nothing. The policy of
// the KMS key says which roles may decrypt, and CloudTrail has a line for each call.
//   KEYS  MASTER  the data key, encrypted
import * as z from 'zod'
import type { AwsCall } from '../aws/call.ts'
import { StoreError } from '../store/store.ts'
import type { Key, Store } from '../store/store.ts'
import { masterKeyBytes } from './master.ts'

/** KMS cannot open the master key, or the opened bytes are no master key. The message says what to do. */
export class KmsKeyError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'KmsKeyError'
  }
}

export type KmsKeyOptions = {
  store: Store
  aws: AwsCall
  /** Id or ARN of the KMS key. */
  keyId: string
  /** Authenticated with the data key: one of another realm is no use here. */
  context: string
}

const key: Key = { pk: 'KEYS', sk: 'MASTER' }
const masterRow = z.object({
  sealed: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
})

/**
 * Opens the master key; makes it when there is none. Processes that begin at once agree on one.
 * Fails with KmsKeyError, AwsError or StoreError.
 */
export async function loadKmsMasterKey(options: KmsKeyOptions): Promise<Uint8Array> {
  const there = await readSealed(options.store)
  if (there !== undefined) return await decrypt(options, there)
  const { CiphertextBlob: blob } = await options.aws('kms', 'TrentService.GenerateDataKey', {
    KeyId: options.keyId,
    KeySpec: 'AES_256',
    EncryptionContext: contextOf(options),
  })
  const sealed = new Uint8Array(Buffer.from(String(blob), 'base64'))
  let unanswered: StoreError | undefined
  try {
    await options.store.put({
      table: 'core',
      condition: 'attribute_not_exists(pk)',
      item: { ...key, v: 1, sealed },
    })
  } catch (error) {
    // Another process was first, or the answer was lost. The row in the store decides.
    if (!(error instanceof StoreError)) throw error
    if (error.kind !== 'condition' && !error.unclear) throw error
    unanswered = error
  }
  const kept = await readSealed(options.store)
  if (kept === undefined) throw unanswered ?? new KmsKeyError('The master key vanished.')
  return await decrypt(options, kept)
}

async function readSealed(store: Store): Promise<Uint8Array | undefined> {
  const item = await store.get({ table: 'core', key, consistent: true })
  return item && masterRow.parse(item).sealed
}

async function decrypt(options: KmsKeyOptions, sealed: Uint8Array): Promise<Uint8Array> {
  const { Plaintext: text } = await options
    .aws('kms', 'TrentService.Decrypt', {
      KeyId: options.keyId,
      CiphertextBlob: Buffer.from(sealed).toString('base64'),
      EncryptionContext: contextOf(options),
    })
    .catch((cause: unknown) => {
      throw new KmsKeyError(
        `The master key does not open with the KMS key ${options.keyId}; check that it is the one ` +
          'that made it, enabled, and that this role may decrypt with it.',
        cause,
      )
    })
  const opened = new Uint8Array(Buffer.from(String(text), 'base64'))
  if (opened.length !== masterKeyBytes) {
    throw new KmsKeyError('The master key in the database is not 32 bytes.')
  }
  return opened
}

function contextOf({ context }: KmsKeyOptions): Record<string, string> {
  return { waystone: context }
}

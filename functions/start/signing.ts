// The keys of functions that sign: tokens, tickets, session secrets. Their master key comes from KMS, or
// from a file where there is no KMS. Functions that sign nothing (open.ts) never see a private key, nor have
// the permission to open one.
import { ConfigError } from '#shared/config.ts'
import { loadKmsMasterKey } from '#shared/keys/kms.ts'
import { loadMasterKey } from '#shared/keys/master.ts'
import { createKeyRing } from '#shared/keys/ring.ts'
import type { KeyRing } from '#shared/keys/ring.ts'
import type { Wired } from './wire.ts'

/** Throws ConfigError, KmsKeyError, KeyFileError, KeyRingError, AwsError or StoreError. */
export async function openSigning(wired: Wired): Promise<KeyRing> {
  const { store, runtime } = wired
  const keys = createKeyRing({ store, runtime, masterKey: await masterKeyOf(wired) })
  await keys.start()
  return keys
}

async function masterKeyOf({ config, store, aws, runtime }: Wired): Promise<Uint8Array> {
  const { WAYSTONE_KMS_KEY: keyId, WAYSTONE_KEY_FILE: file } = config
  if (keyId !== undefined) {
    const context = `${config.WAYSTONE_TABLES}master-key`
    return await loadKmsMasterKey({ store, aws, keyId, context })
  }
  if (file !== undefined) return await loadMasterKey(file, runtime)
  throw new ConfigError(['WAYSTONE_KMS_KEY or WAYSTONE_KEY_FILE must be set.'])
}

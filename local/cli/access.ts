// Where the API is, and how the command proves its right: here by the master key, elsewhere by a token.
import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import { signOperatorToken } from '#functions/http/token.ts'
import { loadMasterKey } from '#shared/keys/master.ts'
import { createKeyRing } from '#shared/keys/ring.ts'
import type { Runtime } from '#shared/runtime.ts'
import { createDynamoStore } from '#shared/store/dynamo.ts'
import { localOptions } from '#shared/store/options.ts'
import { StoreError } from '#shared/store/store.ts'
import { runs } from '../process-identity.ts'
import { readRunFile } from '../run-file.ts'
import { StartError } from '../start-error.ts'

export type Access = { url: string; token: string; realmId: string | undefined }

/** Throws StartError, KeyFileError or KeyRingError: one sentence each. */
export async function findAccess(
  given: { url: string | undefined; token: string | undefined; dataDir: string },
  runtime: Runtime,
): Promise<Access> {
  if (given.url !== undefined) {
    if (!URL.canParse(given.url)) throw new StartError('--url is no URL.')
    if (given.token === undefined) {
      throw new StartError('--url needs the token of an operator in WAYSTONE_OPERATOR_TOKEN.')
    }
    return { url: given.url.replace(/\/$/, ''), token: given.token, realmId: undefined }
  }
  const dataDir = resolve(given.dataDir)
  const run = readRunFile(dataDir)
  if (run === undefined || !runs(run.process)) {
    throw new StartError(
      `Nothing runs on the data folder ${dataDir}: run \`npm start\`, or name another Waystone with --url.`,
    )
  }
  return { url: run.url, token: await mintToken(run, runtime), realmId: run.realmId }
}

async function mintToken(
  run: { database: string; tablePrefix: string; keyFile: string },
  runtime: Runtime,
): Promise<string> {
  if (!existsSync(run.keyFile)) {
    throw new StartError(`The master key ${run.keyFile} is missing, or you may not read it.`)
  }
  const masterKey = await loadMasterKey(run.keyFile, runtime)
  const store = createDynamoStore(localOptions(run.database, run.tablePrefix))
  try {
    const keys = createKeyRing({ store, runtime, masterKey })
    await keys.refresh()
    const { username } = userInfo()
    return await signOperatorToken(keys.signing(), username.slice(0, 64), runtime.now())
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    throw new StartError(`The database at ${run.database} does not answer.`, error)
  } finally {
    store.close()
  }
}

// What `npm run waystone` runs (local/waystone.ts): the operator's command line; and the commands in the folder of a
// game.
import { resolve } from 'node:path'
import { api } from '#shared/api/api.ts'
import { ApiError, createApiClient } from '#shared/api/client.ts'
import { ConfigError, readConfig } from '#shared/config.ts'
import { KeyFileError } from '#shared/keys/master.ts'
import { KeyRingError } from '#shared/keys/ring.ts'
import { newId } from '#shared/runtime.ts'
import { systemRuntime } from '#shared/system.ts'
import { findAccess } from './access.ts'
import { parseCommand } from './command.ts'
import { help } from './help.ts'
import { UsageError } from './typed.ts'
import { setRoleInTables } from './cloud.ts'
import { gameProgram } from './game-programs.ts'
import { newGame } from './new-game.ts'
import { carryOut } from './run.ts'
import type { Outcome } from './run.ts'
import { withEnvFile } from '../env-file.ts'
import { StartError } from '../start-error.ts'

const expected = [StartError, ConfigError, KeyFileError, KeyRingError]

async function run(): Promise<void> {
  const [verb = '', ...rest] = process.argv.slice(2)
  if (verb === 'new-game') {
    const [folder, ...more] = rest
    if (folder === undefined || more.length > 0) throw new UsageError('`new-game` takes a folder.')
    console.log(newGame(folder))
    return
  }
  const program = gameProgram(verb, rest)
  if (program !== undefined) return void (await program())
  const { command, url, tables, json } = parseCommand(process.argv.slice(2))
  if (command.do === 'help') {
    console.log(help)
    return
  }
  const say = ({ answer, text }: Outcome) => console.log(json ? JSON.stringify(answer) : text)
  if (tables !== undefined && command.do === 'role') {
    const stsUrl = process.env['AWS_ENDPOINT_URL_STS']
    const options = { tablePrefix: tables, runtime: systemRuntime, ...(stsUrl && { stsUrl }) }
    say(await setRoleInTables(command, options))
    return
  }
  const config = readConfig(withEnvFile(process.env, resolve('.env')))
  const { WAYSTONE_DATA: dataDir, WAYSTONE_OPERATOR_TOKEN: token } = config
  const access = await findAccess({ url, token, dataDir }, systemRuntime)
  const client = createApiClient({
    api,
    baseUrl: access.url,
    fetch,
    token: () => access.token,
    newId: () => newId(systemRuntime),
  })
  const preview = (text: string) => {
    if (!json) console.log(text)
  }
  say(await carryOut(client, access.realmId, command, preview))
}

/** One sentence, and a code: 2 for what was typed, 1 for what was refused. */
run().catch((error: unknown) => {
  const say = (text: string) => process.stderr.write(`${text}\n`)
  process.exitCode = error instanceof UsageError ? 2 : 1
  if (error instanceof ApiError) {
    const detail = error.document?.['detail']
    const fields = error.document?.['fields'] as { path: string; reason: string }[] | undefined
    const more = fields?.map(({ path, reason }) => `${path} ${reason}`).join(', ') ?? detail
    say(`${error.message} (${error.code}).${typeof more === 'string' ? ` ${more}` : ''}`)
  } else if (error instanceof UsageError || expected.some((kind) => error instanceof kind)) {
    say((error as Error).message)
  } else say(String(error instanceof Error ? (error.stack ?? error.message) : error))
})

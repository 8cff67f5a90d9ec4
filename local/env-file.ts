// The .env file: variables for `npm start` that need not be typed each time. A variable of the environment
// wins over it. A name that no code reads is a typing error, so it is refused.
import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { VARIABLES } from '#shared/config.ts'
import { StartError, systemCode } from './start-error.ts'

/** Names that others read: the AWS SDK, Node, and proxies. */
const foreign = /^(AWS_|NODE_|npm_|(https?|no|no_grpc)_proxy$)/i

/** The environment with the file's variables below it. The file may be absent. */
export function withEnvFile(
  env: Record<string, string | undefined>,
  path: string,
): Record<string, string | undefined> {
  const file = readVariables(path)
  const known = new Set<string>(Object.keys(VARIABLES))
  const unknown = Object.keys(file).filter((name) => !known.has(name) && !foreign.test(name))
  if (unknown.length > 0) {
    const names = unknown.join(', ')
    throw new StartError(
      `${path} sets ${names}, which nothing reads; see .env.example for the names.`,
    )
  }
  const given = Object.entries(env).filter(([, value]) => value !== undefined && value !== '')
  return { ...file, ...Object.fromEntries(given) }
}

function readVariables(path: string): Record<string, string | undefined> {
  try {
    return parseEnv(readFileSync(path, 'utf8'))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return {}
    throw new StartError(
      `${path} cannot be read; check that it is a file and who may read it.`,
      error,
    )
  }
}

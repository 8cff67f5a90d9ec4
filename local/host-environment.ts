// The environment of a child process: only what it needs. So a zone host does not depend on the terminal from
// which it was started.
import { VARIABLES } from '#shared/config.ts'

/** Needed to run at all, and what the AWS SDK reads. */
const passed =
  /^(PATH|HOME|USER|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|SystemRoot|NODE_OPTIONS|NODE_EXTRA_CA_CERTS|AWS_\w+)$/

/** The part of the environment that is not ours. */
export function environmentOfOthers(
  env: Record<string, string | undefined>,
): Record<string, string> {
  const result: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && passed.test(name)) result[name] = value
  }
  return result
}

/** The environment of a zone host: the start's own variables, and what it has learned since. */
export function hostEnvironment(
  env: Record<string, string | undefined>,
  learned: Partial<Record<keyof typeof VARIABLES, string>>,
): Record<string, string> {
  const result = environmentOfOthers(env)
  for (const name of Object.keys(VARIABLES)) {
    const value = env[name]
    if (value !== undefined && value !== '' && !notForHosts.has(name)) result[name] = value
  }
  return { ...result, ...learned }
}

/** The API's own, and what the fleet sets for each host. */
const notForHosts = new Set([
  'PORT',
  'REDIS_URL',
  'WAYSTONE_DATA',
  'WAYSTONE_KEY_FILE',
  'WAYSTONE_OPERATOR_TOKEN',
  'WAYSTONE_ZONES',
  'WAYSTONE_ZONE_PORT',
  'WAYSTONE_BOTS',
  'WAYSTONE_FLEET',
  'WAYSTONE_FLEET_PATIENCE',
])

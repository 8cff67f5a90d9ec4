// The settings of a deployment: `npm run deploy -- -c realm=eu1 -c bundling=three`, or `context` in cdk.json.
import { RemovalPolicy } from 'aws-cdk-lib'
import type { App } from 'aws-cdk-lib'
import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import * as z from 'zod'
import { VARIABLES } from '#shared/config.ts'
import { BUNDLINGS } from './bundles.ts'

const yes = z.enum(['yes', 'no']).transform((text) => text === 'yes')
const whole = z
  .string()
  .regex(/^\d{1,6}$/)
  .transform(Number)

const retention = {
  '7': RetentionDays.ONE_WEEK,
  '30': RetentionDays.ONE_MONTH,
  '90': RetentionDays.THREE_MONTHS,
  '365': RetentionDays.ONE_YEAR,
}

const schema = z.strictObject({
  /** Part of every name and key: never change it later. Realms in one account know nothing of each other. */
  realm: VARIABLES.WAYSTONE_REALM.schema.default('main'),
  /** Shown to players. */
  realmName: VARIABLES.WAYSTONE_REALM_NAME.schema.default('Main'),
  /** Players that may be in the realm at once; more wait in its login queue. Without it there is no limit. */
  players: VARIABLES.WAYSTONE_REALM_PLAYERS.schema,
  /** Of a hundred turns of the login queue, those of accounts with priority. */
  playersPriority: VARIABLES.WAYSTONE_REALM_PRIORITY.schema.default(75),
  /** Players a second that come into a realm with a limit. */
  playersRate: VARIABLES.WAYSTONE_REALM_RATE.schema.default(100),
  bundling: z.enum(BUNDLINGS).default('domains'),
  /** Origins whose pages may call the API, separated by commas, or *. */
  cors: VARIABLES.WAYSTONE_CORS.schema.default([]),
  /** A name of your own for the API, with its certificate in ACM in the same region. */
  domain: z.string().min(1).optional(),
  certificate: z.string().startsWith('arn:').optional(),
  /** The cluster of EKS with the zone hosts, as `aws eks describe-cluster` describes it; all three or none. */
  clusterName: z.string().min(1).optional(),
  clusterEndpoint: z.url({ protocol: /^https$/ }).optional(),
  /** `certificateAuthority.data`: PEM in base64. */
  clusterCa: z.string().min(1).optional(),
  /** no: `destroy` leaves nothing. For trials alone. */
  keep: yes.default(true),
  logDays: z
    .enum(['7', '30', '90', '365'])
    .transform((days) => retention[days])
    .default(RetentionDays.ONE_MONTH),
  alarmEmail: z.email().optional(),
  /** Who sends e-mail to players: an address in a domain that SES has verified in this region. Without it none is sent. */
  emailFrom: z.email().optional(),
  /** The page that the links in them open. Default: the API. */
  emailLinks: VARIABLES.WAYSTONE_EMAIL_LINKS.schema,
  /** SHA-256 of the secret of the cluster's autoscaler, in hex; without it the webhook is closed. */
  scalingHash: VARIABLES.WAYSTONE_SCALING_HASH.schema,
  /** Queues of the content that GameLift FlexMatch matches, separated by commas. The others are matched here. */
  flexMatch: z
    .string()
    .regex(/^[a-z][a-z0-9_]*(,[a-z][a-z0-9_]*)*$/)
    .transform((text) => text.split(','))
    .default([]),
  /** Requests a second that the API lets through, in all, and by route that hashes a password (30 ms of a core). */
  ratePerS: whole.default(1000),
  passwordRatePerS: whole.default(50),
  /** So many environments of `auth` at most, taken from the account's quota; 0 reserves none. */
  authConcurrency: whole.default(0),
})

type Cluster = { name: string; endpoint: string; ca: string }
type Given = z.infer<typeof schema>
export type Settings = Omit<Given, 'clusterName' | 'clusterEndpoint' | 'clusterCa'> & {
  /** Absent: functions use the hosts that are open, and allocate none. */
  cluster?: Cluster
}

/** Throws one Error that names every wrong setting. */
export function readSettings(app: App): Settings {
  const given = Object.keys(schema.shape).map((name) => {
    // In cdk.json the value may be a number.
    const value = app.node.tryGetContext(name) as string | number | undefined
    return [name, value === undefined ? undefined : String(value)] as const
  })
  const parsed = schema.safeParse(Object.fromEntries(given))
  if (!parsed.success) {
    const wrong = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    throw new Error(`Settings are wrong: ${wrong.join('; ')} (cdk/settings.ts)`)
  }
  if ((parsed.data.domain === undefined) !== (parsed.data.certificate === undefined)) {
    throw new Error('Settings are wrong: domain and certificate go together (cdk/settings.ts)')
  }
  return withCluster(parsed.data)
}

function withCluster(given: Given): Settings {
  const { clusterName: name, clusterEndpoint: endpoint, clusterCa: ca, ...settings } = given
  if (name === undefined && endpoint === undefined && ca === undefined) return settings
  // This refuses the settings that the functions would refuse at their start.
  const problems = (
    [
      ['clusterName', VARIABLES.WAYSTONE_EKS_CLUSTER.schema.safeParse(name)],
      ['clusterEndpoint', VARIABLES.WAYSTONE_AGONES_URL.schema.safeParse(endpoint)],
      ['clusterCa', VARIABLES.WAYSTONE_AGONES_CA.schema.safeParse(ca)],
    ] as const
  ).flatMap(([setting, { error }]) => (error ? [`${setting}: ${error.issues[0]!.message}`] : []))
  if (name === undefined || endpoint === undefined || ca === undefined) {
    problems.push('clusterName, clusterEndpoint and clusterCa go together')
  }
  if (problems.length > 0) {
    throw new Error(`Settings are wrong: ${problems.join('; ')} (cdk/settings.ts)`)
  }
  return { ...settings, cluster: { name: name!, endpoint: endpoint!, ca: ca! } }
}

/** Stands before the names of tables, functions and alarms. */
export function prefixOf({ realm }: Pick<Settings, 'realm'>): string {
  return `waystone-${realm}-`
}

/** Kept data keeps its name, so a failed first deployment must not leave it behind for the second. */
export function removalOf({ keep }: Pick<Settings, 'keep'>): RemovalPolicy {
  return keep ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY
}

// What a deployment is told: `npm run deploy -- -c realm=eu1 -c bundling=three`, or `context` in cdk.json.
import { RemovalPolicy } from 'aws-cdk-lib'
import type { App } from 'aws-cdk-lib'
import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import * as z from 'zod'
import { VARIABLES } from '#shared/config.ts'
import { BUNDLINGS } from './bundles.ts'
import type { Bundling } from './bundles.ts'

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
  bundling: z.enum(Object.keys(BUNDLINGS) as [Bundling, ...Bundling[]]).default('domains'),
  /** Origins whose pages may call the API, separated by commas, or *. */
  cors: VARIABLES.WAYSTONE_CORS.schema.default([]),
  /** A name of your own for the API, with its certificate in ACM in the same region. */
  domain: z.string().min(1).optional(),
  certificate: z.string().startsWith('arn:').optional(),
  /** no: what `destroy` leaves is nothing. For trials alone. */
  keep: yes.default(true),
  logDays: z
    .enum(['7', '30', '90', '365'])
    .transform((days) => retention[days])
    .default(RetentionDays.ONE_MONTH),
  alarmEmail: z.email().optional(),
  /** Requests a second that the API lets through, in all, and by route that hashes a password (30 ms of a core). */
  ratePerS: whole.default(1000),
  passwordRatePerS: whole.default(50),
  /** So many environments of `auth` at most, taken from the account's quota; 0 reserves none. */
  authConcurrency: whole.default(0),
})

export type Settings = z.infer<typeof schema>

/** Throws one Error that names every wrong setting. */
export function readSettings(app: App): Settings {
  const given = Object.keys(schema.shape).map((name) => {
    // In cdk.json somebody may have written a number.
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
  return parsed.data
}

/** Stands before the names of tables, functions and alarms. */
export function prefixOf({ realm }: Pick<Settings, 'realm'>): string {
  return `waystone-${realm}-`
}

export function removalOf({ keep }: Pick<Settings, 'keep'>): RemovalPolicy {
  return keep ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY
}

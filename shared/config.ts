// The one configuration: every variable that any process reads, with its schema and its reason.
// .env.example is generated from this table (`npm run fix`). A variable that begins with WAYSTONE_
// and is not in the table, or has a wrong value, is refused by name.
import * as z from 'zod'
import { realmPlayersMax } from './limits.ts'
import { oidcSettings, steamSettings } from './sign-in.ts'

/** Digits alone: `Number` would take blanks, 1e3 and 0x50 as well. */
const whole = z
  .string()
  .regex(/^\d{1,9}$/, 'Invalid input: expected a whole number')
  .transform(Number)
const port = whole.pipe(z.int().max(65_535))
const url = z.url({ protocol: /^https?$/ })
const on = z.enum(['0', '1']).transform((value) => value === '1')
/** `hub:1,forest:2`: how many hosts of each zone. */
const fleet = z
  .string()
  .regex(/^[a-z][a-z0-9_]*:\d{1,2}(,[a-z][a-z0-9_]*:\d{1,2})*$/)
  .transform((text) =>
    text.split(',').map((part) => {
      const [zone, count] = part.split(':')
      return { zone: zone!, hosts: Number(count) }
    }),
  )
  .optional()

/** JSON that fits a schema. The refusal says what is expected and quotes nothing: there are secrets in it. */
function json<S extends z.ZodType>(schema: S, expected: string) {
  return z.string().transform((text, context): z.output<S> => {
    try {
      return schema.parse(JSON.parse(text))
    } catch {
      context.addIssue({ code: 'custom', message: `Invalid input: expected ${expected}` })
      return z.NEVER
    }
  })
}

const flexMatchSettings = z.strictObject({
  topic: z.string().regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$/),
  queues: z.record(
    z.string().regex(/^[a-z][a-z0-9_]*$/),
    z.string().regex(/^[A-Za-z0-9.-]{1,128}$/),
  ),
})

type Variable = {
  schema: z.ZodType
  default?: string
  about: string
  /** For tests of a game on one machine: refused where the database is elsewhere. */
  tests?: true
}

export const VARIABLES = {
  PORT: { schema: port, default: '8080', about: 'Port of the HTTP API and the page.' },
  HOST: {
    schema: z.string().min(1),
    default: '127.0.0.1',
    about:
      'Address to listen on. Zone hosts listen there too. 0.0.0.0 or :: takes every address of the machine; players then get the one that they came by.',
  },
  WAYSTONE_GAME: {
    schema: z.string().min(1).optional(),
    about: 'Folder of the game: its game.ts, page.ts and content. Default: the sample game.',
  },
  WAYSTONE_DATA: {
    schema: z.string().min(1),
    default: '.data',
    about: 'Folder for everything that is kept: the database, keys, logs of hosts.',
  },
  WAYSTONE_REALM: {
    schema: z.string().regex(/^[a-z][a-z0-9-]{1,15}$/),
    default: 'local',
    about: 'Id of the realm served here. Part of every key: never change it later.',
  },
  WAYSTONE_REALM_NAME: {
    schema: z.string().min(1).max(40),
    default: 'Local',
    about: 'Name of the realm, shown to players.',
  },
  WAYSTONE_REALM_PLAYERS: {
    schema: whole.pipe(z.int().min(1).max(realmPlayersMax)).optional(),
    about:
      'Functions: players that may be in the realm at once; more wait in its login queue. Default: no limit, and no queue.',
  },
  WAYSTONE_REALM_PRIORITY: {
    schema: whole.pipe(z.int().max(90)),
    default: '75',
    about:
      'Functions: of a hundred turns of the login queue, those that go to accounts with priority while others wait too; 0 to 90.',
  },
  WAYSTONE_REALM_RATE: {
    schema: whole.pipe(z.int().min(1).max(1000)),
    default: '100',
    about: 'Functions: players a second that come into a realm with a limit, at most.',
  },
  WAYSTONE_PUBLIC_URL: {
    schema: url.optional(),
    about:
      'Base URL under which clients reach the API. Default: from HOST and PORT, on a wildcard HOST the address that a caller came by.',
  },
  WAYSTONE_CORS: {
    schema: z
      .string()
      .regex(
        /^(\*|https?:\/\/([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d+)?(,https?:\/\/([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d+)?)*)$/,
        'Invalid input: expected * or origins like https://game.example, separated by commas',
      )
      .transform((text) => text.split(','))
      .optional(),
    about:
      'Origins whose pages may call the API and open zone sockets besides its own, separated by commas, or *.',
  },
  WAYSTONE_FLEET: {
    schema: fleet,
    about:
      'Zone hosts of the local fleet: zone:count, separated by commas. Default: one for each zone of the content.',
  },
  WAYSTONE_FLEET_PATIENCE: {
    schema: whole.pipe(z.int().min(10)),
    default: '20',
    about:
      'Seconds after which the local fleet replaces a zone host that sends no health pings. More lets you sit at a breakpoint in one.',
  },
  WAYSTONE_BOTS: {
    schema: whole.pipe(z.int().max(1000)),
    default: '5',
    about: 'Players by machine that `npm start` lets walk about.',
  },
  WAYSTONE_LIMITS: {
    schema: z.enum(['strict', 'generous']),
    default: 'strict',
    about: 'Rate limits: strict for production; `npm start` uses generous by default.',
  },
  WAYSTONE_TABLES: {
    schema: z.string().regex(/^[A-Za-z0-9_.-]{1,60}$/),
    default: 'waystone-',
    about: 'Prefix of the three table names.',
  },
  WAYSTONE_DYNAMODB_URL: {
    schema: url.optional(),
    about: 'A DynamoDB endpoint to use instead of the embedded one (DynamoDB Local, for example).',
  },
  WAYSTONE_DYNOXIDE: {
    schema: z.string().min(1).optional(),
    about: 'Path of a dynoxide binary, where its npm package does not exist for the platform.',
  },
  REDIS_URL: {
    schema: z.url({ protocol: /^rediss?$/ }).optional(),
    about:
      'A Redis to use instead of the embedded one, redis://host:6379 or rediss:// with TLS. `npm start` ' +
      'puts its HTTP front before it.',
  },
  UPSTASH_REDIS_REST_URL: {
    schema: url.optional(),
    about: 'A Redis over HTTP (Upstash) to use instead of the embedded one.',
  },
  UPSTASH_REDIS_REST_TOKEN: {
    schema: z.string().min(1).optional(),
    about: 'Its bearer token.',
  },
  WAYSTONE_KEY_FILE: {
    schema: z.string().min(1).optional(),
    about:
      'File with the 32-byte key that encrypts signing keys. Default: keys/master.key in the data folder.',
  },
  WAYSTONE_KMS_KEY: {
    schema: z.string().min(1).optional(),
    about:
      'On AWS, in place of the file: the KMS key under which the key that encrypts signing keys lies in core.',
  },
  WAYSTONE_REDIS_SECRET: {
    schema: z.string().min(1).optional(),
    about:
      'On AWS: a secret of Secrets Manager with {"url", "token"} of the Redis; {} goes without one.',
  },
  WAYSTONE_SOCKETS: {
    schema: url.optional(),
    about:
      'Where social sockets are told something: on AWS the address of the WebSocket API with its stage; of a server with WAYSTONE_SOCKETS_SECRET its own address, as the other processes reach it.',
  },
  WAYSTONE_SOCKETS_SECRET: {
    schema: z.string().min(32).optional(),
    about:
      'Functions as a server: it serves social sockets. All its processes and the zone hosts have the same secret: with it they send to sockets of each other.',
  },
  WAYSTONE_SOCKETS_URL: {
    schema: z.url({ protocol: /^wss?$/ }).optional(),
    about:
      'The address of social sockets that players get. Default: from WAYSTONE_SOCKETS on AWS, else from WAYSTONE_PUBLIC_URL.',
  },
  WAYSTONE_EMAIL_FROM: {
    schema: z.string().min(3).max(320).optional(),
    about:
      'On AWS: who sends e-mail to players, an address that SES has verified. Default: none is sent. `npm start` writes e-mail into the data folder.',
  },
  WAYSTONE_EMAIL_LINKS: {
    schema: url.optional(),
    about:
      'The page that links in e-mails open; their secret follows after #. Default: the base URL of the API.',
  },
  WAYSTONE_OIDC: {
    schema: json(
      z.array(oidcSettings).max(8),
      '[{"name", "title", "issuer", "clientId", "clientSecret"}], the issuer with https',
    ).optional(),
    about:
      'Providers of OpenID Connect by which players sign in: [{"name":"acme","title":"Acme","issuer":"https://…","clientId":"…","clientSecret":"…"}].',
  },
  WAYSTONE_STEAM: {
    schema: json(steamSettings, '{"appId", "key", "identity"}').optional(),
    about:
      'Sign-in by Steam: {"appId":480,"key":"…","identity":"…"}, with the publisher\'s key of the web API and what the game passes to GetAuthTicketForWebApi.',
  },
  WAYSTONE_SIGN_IN_SECRET: {
    schema: z.string().min(1).optional(),
    about:
      'On AWS, in place of these two: a secret of Secrets Manager with {"oidc": […], "steam": {…}}.',
  },
  WAYSTONE_SCALING_HASH: {
    schema: z
      .string()
      .regex(
        /^[0-9a-f]{64}(,[0-9a-f]{64})?$/,
        'Invalid input: expected a SHA-256 in hex, or two separated by a comma',
      )
      .transform((text) => text.split(','))
      .optional(),
    about:
      'Functions: SHA-256 of the secret in the path by which the autoscaler of the cluster asks how many hosts there should be; two while one takes the place of the other. Default: nobody may ask.',
  },
  WAYSTONE_FLEXMATCH: {
    schema: json(flexMatchSettings, '{"topic", "queues": {queue: configuration}}').optional(),
    about:
      'On AWS: the queues that GameLift FlexMatch matches, each with its matchmaking configuration, and the SNS topic of their events: {"topic":"arn:aws:sns:…","queues":{"crypt":"waystone-main-crypt"}}. Default: none, all are matched here.',
  },
  WAYSTONE_OPERATOR_TOKEN: {
    schema: z.string().min(1).optional(),
    about: 'For `npm run waystone -- --url`: the access token of an operator.',
  },
  WAYSTONE_ZONES: {
    schema: z
      .string()
      .regex(/^[a-z][a-z0-9_]*(,[a-z][a-z0-9_]*)*$/)
      .transform((text) => text.split(','))
      .optional(),
    about: 'Zone host: the instances it opens, one a name. Set by the fleet.',
  },
  WAYSTONE_ZONE_PORT: {
    schema: port,
    default: '0',
    about:
      'Zone host: port to listen on; 0 takes a free one, or the one Agones gives. Set by the fleet.',
  },
  WAYSTONE_IDLE_SECONDS: {
    schema: whole.pipe(z.int().max(86_400)),
    default: '0',
    about:
      'Zone host: once it was allocated and no player is in it for so long, it asks its fleet to take it back. 0: never.',
  },
  WAYSTONE_ZONE_URL: {
    schema: z
      .string()
      .regex(
        /^wss?:\/\/[^\s{}]*(?:\{address\}[^\s{}]*)?\{port\}[^\s{}]*$/,
        'Invalid input: expected ws:// or wss:// with {port}, and {address} before it',
      ),
    default: 'ws://{address}:{port}/zone',
    about:
      'Zone host: the address that players get. {address} is that of the fleet, else HOST. A gateway in front of the hosts has one of its own.',
  },
  WAYSTONE_PROXIES: {
    schema: whole.pipe(z.int().max(5)),
    default: '0',
    about:
      'Functions as a server: proxies of ours in front of it that add to X-Forwarded-For, whose word is believed.',
  },
  WAYSTONE_AGONES_URL: {
    schema: url.optional(),
    about: 'Functions: the Kubernetes API of the cluster in which Agones has the zone hosts.',
  },
  WAYSTONE_AGONES_NAMESPACE: {
    schema: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/),
    default: 'waystone-zones',
    about: 'The namespace of the game servers there.',
  },
  WAYSTONE_AGONES_TOKEN_FILE: {
    schema: z.string().min(1),
    default: '/var/run/secrets/kubernetes.io/serviceaccount/token',
    about: 'File with the bearer token for it. Kubernetes puts that of a pod there.',
  },
  WAYSTONE_AGONES_CA: {
    schema: z
      .base64()
      .transform((text) => Buffer.from(text, 'base64').toString('latin1'))
      .refine((pem) => pem.includes('-----BEGIN CERTIFICATE-----'), {
        error: 'Invalid input: expected a certificate (PEM) in base64',
      })
      .optional(),
    about:
      'The authority that signed the certificate of that API, PEM in base64 as EKS gives it. Default: those that Node trusts.',
  },
  WAYSTONE_EKS_CLUSTER: {
    schema: z
      .string()
      .regex(/^[0-9A-Za-z][-0-9A-Za-z_]{0,99}$/)
      .optional(),
    about:
      'On AWS, outside of the cluster: its name in EKS. Tokens are then signed with the role of the process, not read from the file.',
  },
  WAYSTONE_LOG: {
    schema: z.enum(['debug', 'info', 'warn', 'error']),
    default: 'info',
    about: 'Least severe line that is logged.',
  },
  WAYSTONE_DEV: {
    schema: z.enum(['0', 'content', '1']),
    default: '0',
    about:
      '1: watch content and code and take over what changes; `npm run dev` sets it. content: content alone.',
  },
  WAYSTONE_QUIET_START: {
    schema: on,
    default: '0',
    about: '1: `npm start` prints its addresses as one line of JSON, for programs.',
  },
  WAYSTONE_CONTENT: {
    schema: z.string().min(1).optional(),
    tests: true,
    about: "For tests on one machine: folder of the content in place of the game's own.",
  },
  WAYSTONE_SEED: {
    schema: whole.optional(),
    tests: true,
    about:
      'For tests on one machine: seed of the chance in every zone. Default: another one for each host.',
  },
  WAYSTONE_SPEED: {
    schema: whole.pipe(z.int().min(1).max(10)),
    default: '1',
    tests: true,
    about:
      'For tests on one machine: how many times as fast all its clocks run. A data folder keeps the speed it began with.',
  },
} as const satisfies Record<string, Variable>

type Name = keyof typeof VARIABLES
export type Config = { [K in Name]: z.output<(typeof VARIABLES)[K]['schema']> }

/** A variable is missing, unknown or wrong. The message names each and says what is expected. */
export class ConfigError extends Error {
  constructor(problems: string[]) {
    super(problems.join('\n'))
    this.name = 'ConfigError'
  }
}

/**
 * Reads all variables. `overrides` are a profile's defaults (the local one is generous), below what
 * the environment says. `embedded`: a process that names no database has one of its own on this machine.
 * Throws ConfigError that lists every problem at once, without secret values.
 */
export function readConfig(
  env: Record<string, string | undefined>,
  overrides: Partial<Record<Name, string>> = {},
  embedded = false,
): Config {
  const problems: string[] = []
  for (const name of Object.keys(env)) {
    if (name.startsWith('WAYSTONE_') && !(name in VARIABLES)) {
      problems.push(`${name} is not a variable of Waystone (see .env.example).`)
    }
  }
  const config: Record<string, unknown> = {}
  const alone = isOnThisMachine(env['WAYSTONE_DYNAMODB_URL'], embedded)
  for (const [name, variable] of Object.entries(VARIABLES) as [Name, Variable][]) {
    const given = env[name]
    const text = given === undefined || given === '' ? (overrides[name] ?? variable.default) : given
    if (variable.tests && !alone && text !== variable.default) {
      problems.push(`${name} is refused: the database is not on this machine. ${variable.about}`)
    }
    const parsed = variable.schema.safeParse(text)
    if (parsed.success) config[name] = parsed.data
    else problems.push(`${name} is wrong: ${parsed.error.issues[0]!.message}. ${variable.about}`)
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return config as Config
}

/** How many players may be in a realm at once, and who of those who wait goes first. */
export type PlayerLimit = {
  players: number
  /** Of a hundred turns, those that go to accounts with priority while others wait too. */
  priorityPercent: number
  /** Players a second that come in at most. */
  perS: number
}

/** The limit of the realm that is served here, by its id; empty without one. */
export function playerLimitsOf(config: Config): ReadonlyMap<string, PlayerLimit> {
  const { WAYSTONE_REALM: realmId, WAYSTONE_REALM_PLAYERS: players } = config
  if (players === undefined) return new Map()
  const priorityPercent = config.WAYSTONE_REALM_PRIORITY
  return new Map([[realmId, { players, priorityPercent, perS: config.WAYSTONE_REALM_RATE }]])
}

/** Whether the database is on this machine: tests may hurt nobody else's world. */
function isOnThisMachine(database: string | undefined, embedded: boolean): boolean {
  if (!database) return embedded
  return /^https?:\/\/(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d+)?\/?$/.test(database)
}

/** The text of .env.example. */
export function envExample(): string {
  const lines = ['# Every variable, with its default. Copy to .env and change what you need.', '']
  for (const [name, variable] of Object.entries(VARIABLES) as [Name, Variable][]) {
    lines.push(`# ${variable.about}`, `# ${name}=${variable.default ?? ''}`, '')
  }
  return lines.join('\n')
}

// The functions and the HTTP API in front of them.
import { CfnOutput, Duration, Stack } from 'aws-cdk-lib'
import type { App } from 'aws-cdk-lib'
import {
  CorsHttpMethod,
  DomainName,
  HttpApi,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2'
import type { CfnStage } from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway'
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import { Architecture, Function, Runtime } from 'aws-cdk-lib/aws-lambda'
import type { Code } from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { declarationsOf, needsOf } from '#functions/http/record.ts'
import type { DomainRecord } from '#functions/http/record.ts'
import { healthApi } from '#shared/api/health.ts'
import { acknowledge } from './acknowledged.ts'
import { healthPathOf, pathsOf } from './bundles.ts'
import { clusterEnvironment, defineClusterAccess } from './cluster.ts'
import type { Data } from './data.ts'
import { defineFlexMatch } from './flexmatch.ts'
import type { FlexMatch } from './flexmatch.ts'
import { functionRole, hasSockets } from './roles.ts'
import { prefixOf, removalOf } from './settings.ts'
import type { Settings } from './settings.ts'
import { defineSockets } from './sockets.ts'
import type { SocketApi } from './sockets.ts'

export type Api = {
  stack: Stack
  http: HttpApi
  stage: HttpStage
  functions: Map<string, Function>
  sockets: SocketApi
}

/**
 * MB, which is CPU as well: Argon2 takes a whole one (1,769 MB), and 19 MB for each of three passwords at
 * once. The rest wait for the store. Estimates, until measured on AWS.
 */
const memoryMb = { password: 1769, other: 512 }

/** The longest request waits 4 s for a host to let go, and at most 2 s for an answer of the store. */
const timeout = Duration.seconds(15)
/** Of one whose work goes on from minute to minute, and overlaps by some seconds (functions/start/lambda.ts). */
const timeoutOfGoingOn = Duration.seconds(80)

export type ApiOptions = {
  settings: Settings
  data: Data
  /** The domains of each function, by its name. */
  functions: ReadonlyMap<string, readonly DomainRecord[]>
  codeOf: (name: string) => Code
}

export function defineApi(app: App, options: ApiOptions): Api {
  const { settings } = options
  const { realm } = settings
  const stack = new Stack(app, `waystone-${realm}-api`, {
    description: `Waystone, realm ${realm}: functions and HTTP API`,
  })
  const domainName = defineDomainName(stack, settings)
  const http = new HttpApi(stack, 'api', {
    apiName: `${prefixOf(settings)}api`,
    createDefaultStage: false,
    // Players who know the other name would go past whatever stands before yours.
    disableExecuteApiEndpoint: domainName !== undefined,
    ...(settings.cors.length === 0 ? {} : { corsPreflight: crossOrigin(settings.cors) }),
  })
  const sockets = defineSockets(stack, settings)
  const flexMatch = defineFlexMatch(stack, settings)
  const publicUrl = settings.domain === undefined ? http.apiEndpoint : `https://${settings.domain}`
  const functions = new Map<string, Function>()
  const routes = new Map<string, HttpRoute>()
  for (const [name, records] of options.functions) {
    const made = defineFunction(stack, name, records, { ...options, publicUrl, sockets, flexMatch })
    functions.set(name, made)
    flexMatch.leadTo(records, made)
    addTimers(stack, records, made, settings)
    for (const [path, route] of addRoutes(http, name, records, made)) routes.set(path, route)
  }
  acknowledge(http, ['own-authorizer'])
  const [social] = [...options.functions].find(([, records]) => records.some(hasSockets)) ?? []
  if (social !== undefined) {
    const logGroup = logs(stack, 'sockets-logs', `/waystone/${realm}/sockets`, settings)
    sockets.leadTo(functions.get(social)!, logGroup)
  }

  const stage = defineStage(stack, http, domainName, settings)
  limitRoutes(stage, routes, [...options.functions.values()].flat(), settings)
  new CfnOutput(stack, 'url', { value: publicUrl, description: 'Where clients find the API' })
  if (domainName !== undefined) {
    new CfnOutput(stack, 'target', {
      value: domainName.regionalDomainName,
      description: `CNAME of ${settings.domain}`,
    })
  }
  return { stack, http, stage, functions, sockets }
}

function defineDomainName(stack: Stack, { domain, certificate }: Settings) {
  if (domain === undefined || certificate === undefined) return undefined
  return new DomainName(stack, 'domain', {
    domainName: domain,
    certificate: Certificate.fromCertificateArn(stack, 'certificate', certificate),
  })
}

function defineFunction(
  stack: Stack,
  name: string,
  records: readonly DomainRecord[],
  more: ApiOptions & { publicUrl: string; sockets: SocketApi; flexMatch: FlexMatch },
): Function {
  const { settings, data, codeOf, publicUrl, sockets, flexMatch } = more
  const { realm, authConcurrency } = settings
  const logGroup = logs(stack, `${name}-logs`, `/waystone/${realm}/${name}`, settings)
  const hashes = records.some(({ hashesPasswords }) => hashesPasswords)
  const made = new Function(stack, name, {
    functionName: `${prefixOf(settings)}${name}`,
    description: `Waystone, realm ${realm}: ${records.map((record) => record.name).join(', ')}`,
    code: codeOf(name),
    handler: 'index.handler',
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize: hashes ? memoryMb.password : memoryMb.other,
    timeout: records.some(({ timer }) => timer?.goesOn === true) ? timeoutOfGoingOn : timeout,
    role: functionRole(stack, name, { records, settings, data, logGroup, sockets }),
    logGroup,
    ...(hashes && authConcurrency > 0 ? { reservedConcurrentExecutions: authConcurrency } : {}),
    environment: {
      WAYSTONE_REALM: realm,
      WAYSTONE_REALM_NAME: settings.realmName,
      WAYSTONE_TABLES: prefixOf(settings),
      WAYSTONE_PUBLIC_URL: publicUrl,
      WAYSTONE_REDIS_SECRET: data.redis.secretArn,
      WAYSTONE_SOCKETS: sockets.url,
      ...(needsOf(records).has('signing') ? { WAYSTONE_KMS_KEY: data.key.keyArn } : {}),
      ...(needsOf(records).has('signIn') ? { WAYSTONE_SIGN_IN_SECRET: data.signIn.secretArn } : {}),
      ...(needsOf(records).has('email') ? emailEnvironment(settings) : {}),
      ...(needsOf(records).has('scaling') ? scalingEnvironment(settings) : {}),
      ...flexMatch.environment(records),
      ...limitEnvironment(settings),
      ...clusterEnvironment(records, settings),
    },
  })
  defineClusterAccess(name, records, made, settings)
  return made
}

/**
 * What domains do by the clock. Events may come twice, and two may be worked on at once. One that fails is not sent
 * again: the next one comes.
 */
function addTimers(
  stack: Stack,
  records: readonly DomainRecord[],
  made: Function,
  settings: Settings,
): void {
  for (const { name, timer } of records) {
    if (timer === undefined) continue
    new Rule(stack, `${name}-timer`, {
      ruleName: `${prefixOf(settings)}${name}-timer`,
      description: `Waystone, realm ${settings.realm}: what ${name} does by the clock`,
      schedule: Schedule.rate(Duration.minutes(timer.everyMinutes)),
      targets: [
        new LambdaFunction(made, {
          event: RuleTargetInput.fromObject({ timer: name }),
          retryAttempts: 0,
          maxEventAge: Duration.minutes(timer.everyMinutes),
        }),
      ],
    })
  }
}

/** Of a realm with a limit of players. */
function limitEnvironment(settings: Settings): Record<string, string> {
  const { players, playersPriority, playersRate } = settings
  if (players === undefined) return {}
  return {
    WAYSTONE_REALM_PLAYERS: String(players),
    WAYSTONE_REALM_PRIORITY: String(playersPriority),
    WAYSTONE_REALM_RATE: String(playersRate),
  }
}

function emailEnvironment({ emailFrom, emailLinks }: Settings): Record<string, string> {
  return {
    ...(emailFrom === undefined ? {} : { WAYSTONE_EMAIL_FROM: emailFrom }),
    ...(emailLinks === undefined ? {} : { WAYSTONE_EMAIL_LINKS: emailLinks }),
  }
}

/** Hashes of random secrets say nothing of them, so they may be read by who may list functions. */
function scalingEnvironment({ scalingHash }: Settings): Record<string, string> {
  return scalingHash === undefined ? {} : { WAYSTONE_SCALING_HASH: scalingHash.join() }
}

/** Leads the paths of a function's domains to it. */
function addRoutes(
  http: HttpApi,
  name: string,
  records: readonly DomainRecord[],
  made: Function,
): Map<string, HttpRoute> {
  const integration = new HttpLambdaIntegration(`to-${name}`, made, {
    // One permission for the API, not one a route: a function's policy holds 20 KB.
    scopePermissionToRoute: false,
  })
  const routes = new Map<string, HttpRoute>()
  for (const path of pathsOf(records)) {
    // Every method: 405 is ours to say, as a problem document.
    for (const route of http.addRoutes({ path, methods: [HttpMethod.ANY], integration })) {
      routes.set(path, route)
    }
  }
  // A path without a route of any domain is answered with a problem document too.
  if (records.some(({ servesReference }) => servesReference)) {
    const routeKey = HttpRouteKey.DEFAULT
    new HttpRoute(http, 'else', { httpApi: http, routeKey, integration })
  }
  return routes
}

function defineStage(
  stack: Stack,
  http: HttpApi,
  domainName: DomainName | undefined,
  settings: Settings,
): HttpStage {
  const logGroup = logs(stack, 'api-logs', `/waystone/${settings.realm}/api`, settings)
  return new HttpStage(stack, 'stage', {
    httpApi: http,
    stageName: '$default',
    autoDeploy: true,
    throttle: { rateLimit: settings.ratePerS, burstLimit: settings.ratePerS * 2 },
    accessLogSettings: {
      destination: new LogGroupLogDestination(logGroup),
      format: AccessLogFormat.custom(accessLog),
    },
    ...(domainName === undefined ? {} : { domainMapping: { domainName } }),
  })
}

/** Addresses are personal data, and already in what the limits count: they are not logged. */
const accessLog = JSON.stringify({
  time: '$context.requestTimeEpoch',
  requestId: '$context.requestId',
  route: '$context.routeKey',
  method: '$context.httpMethod',
  status: '$context.status',
  ms: '$context.responseLatency',
  functionMs: '$context.integrationLatency',
  bytes: '$context.responseLength',
  error: '$context.integrationErrorMessage',
})

/** As createApp has it (functions/app.ts); API Gateway answers preflights without a function. */
function crossOrigin(origins: string[]) {
  return {
    allowOrigins: origins,
    allowMethods: [
      CorsHttpMethod.GET,
      CorsHttpMethod.POST,
      CorsHttpMethod.PUT,
      CorsHttpMethod.PATCH,
      CorsHttpMethod.DELETE,
    ],
    allowHeaders: ['authorization', 'content-type', 'idempotency-key', 'if-none-match'],
    exposeHeaders: ['date', 'etag', 'ratelimit', 'ratelimit-policy', 'retry-after', 'x-request-id'],
    maxAge: Duration.minutes(10),
  }
}

function logs(stack: Stack, id: string, logGroupName: string, settings: Settings): LogGroup {
  return new LogGroup(stack, id, {
    logGroupName,
    retention: settings.logDays,
    removalPolicy: removalOf(settings),
  })
}

/** A monitor asks some times a minute. No other caller needs to start functions by it. */
const healthRatePerS = 20

/**
 * A flood of requests that hash a password or make an account costs CPU and rows. Health is open to anyone,
 * and no rate limit counts its requests.
 */
function limitRoutes(
  stage: HttpStage,
  routes: ReadonlyMap<string, HttpRoute>,
  records: readonly DomainRecord[],
  { passwordRatePerS }: Settings,
): void {
  const endpoints = declarationsOf(records).flatMap((each) => Object.values(each.endpoints))
  const costly = endpoints.filter(({ limits }) =>
    limits.some(({ rate }) => /^(password|guest)\./.test(rate)),
  )
  const health = [healthApi.endpoints.whole.path, ...records.map(({ name }) => healthPathOf(name))]
  const rates = [
    ...costly.map(({ path }) => [path, passwordRatePerS] as const),
    ...health.map((path) => [path, healthRatePerS] as const),
  ]
  const l1 = stage.node.defaultChild as CfnStage
  l1.routeSettings = Object.fromEntries(
    rates.map(([path, rate]) => [
      `ANY ${path}`,
      { ThrottlingRateLimit: rate, ThrottlingBurstLimit: rate * 2 },
    ]),
  )
  // A setting for a route that is not there yet fails the deployment.
  for (const [path] of rates) stage.node.addDependency(routes.get(path)!)
}

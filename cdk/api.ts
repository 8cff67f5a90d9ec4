// The functions and the HTTP API in front of them.
import { CfnOutput, Duration, Stack } from 'aws-cdk-lib'
import type { App } from 'aws-cdk-lib'
import {
  CorsHttpMethod,
  DomainName as ApiDomainName,
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
import { Architecture, Function, Runtime } from 'aws-cdk-lib/aws-lambda'
import type { Code } from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import type { Endpoint } from '#shared/api/endpoint.ts'
import { healthApi, PARTS } from '#shared/api/health.ts'
import { acknowledge } from './acknowledged.ts'
import { BUNDLINGS, DOMAINS, healthPathOf, pathsOf, referenceDomain, signs } from './bundles.ts'
import type { DomainName } from './bundles.ts'
import { clusterEnvironment, defineClusterAccess } from './cluster.ts'
import type { Data } from './data.ts'
import { functionRole } from './roles.ts'
import { prefixOf, removalOf } from './settings.ts'
import type { Settings } from './settings.ts'

export type Api = {
  stack: Stack
  http: HttpApi
  stage: HttpStage
  functions: Map<string, Function>
}

/**
 * MB, which is CPU as well: Argon2 takes a whole one (1,769 MB), and 19 MB for each of three passwords at
 * once. The rest wait for the store. Estimates, until measured on AWS.
 */
const memoryMb = { password: 1769, other: 512 }

/** The longest request waits 4 s for a host to let go; a store that says nothing is given up after 2 s. */
const timeout = Duration.seconds(15)

export type ApiOptions = { settings: Settings; data: Data; codeOf: (name: string) => Code }

export function defineApi(app: App, { settings, data, codeOf }: ApiOptions): Api {
  const { realm, cors } = settings
  const prefix = prefixOf(settings)
  const stack = new Stack(app, `waystone-${realm}-api`, {
    description: `Waystone, realm ${realm}: functions and HTTP API`,
  })
  const domainName =
    settings.domain === undefined || settings.certificate === undefined
      ? undefined
      : new ApiDomainName(stack, 'domain', {
          domainName: settings.domain,
          certificate: Certificate.fromCertificateArn(stack, 'certificate', settings.certificate),
        })
  const http = new HttpApi(stack, 'api', {
    apiName: `${prefix}api`,
    createDefaultStage: false,
    // Players who know the other name would go past whatever stands before yours.
    disableExecuteApiEndpoint: domainName !== undefined,
    ...(cors.length === 0 ? {} : { corsPreflight: crossOrigin(cors) }),
  })
  const publicUrl = settings.domain === undefined ? http.apiEndpoint : `https://${settings.domain}`

  const functions = new Map<string, Function>()
  const routes = new Map<string, HttpRoute>()
  for (const [name, domains] of Object.entries<readonly DomainName[]>(
    BUNDLINGS[settings.bundling],
  )) {
    const logGroup = logs(stack, `${name}-logs`, `/waystone/${realm}/${name}`, settings)
    const made = new Function(stack, name, {
      functionName: `${prefix}${name}`,
      description: `Waystone, realm ${realm}: ${domains.join(', ')}`,
      code: codeOf(name),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: domains.includes('auth') ? memoryMb.password : memoryMb.other,
      timeout,
      role: functionRole(stack, name, { domains, settings, data, logGroup }),
      logGroup,
      ...(domains.includes('auth') && settings.authConcurrency > 0
        ? { reservedConcurrentExecutions: settings.authConcurrency }
        : {}),
      environment: {
        WAYSTONE_REALM: realm,
        WAYSTONE_REALM_NAME: settings.realmName,
        WAYSTONE_TABLES: prefix,
        WAYSTONE_PUBLIC_URL: publicUrl,
        WAYSTONE_REDIS_SECRET: data.redis.secretArn,
        ...(signs(domains) ? { WAYSTONE_KMS_KEY: data.key.keyArn } : {}),
        ...clusterEnvironment(domains, settings),
      },
    })
    defineClusterAccess(name, domains, made, settings)
    functions.set(name, made)
    const integration = new HttpLambdaIntegration(`to-${name}`, made, {
      // One permission for the API, not one a route: a function's policy holds 20 KB.
      scopePermissionToRoute: false,
    })
    for (const path of pathsOf(domains)) {
      // Every method: 405 is ours to say, as a problem document.
      for (const route of http.addRoutes({ path, methods: [HttpMethod.ANY], integration })) {
        routes.set(path, route)
      }
    }
    // What nobody serves is told so as a problem document too.
    if (domains.includes(referenceDomain)) {
      new HttpRoute(http, 'else', { httpApi: http, routeKey: HttpRouteKey.DEFAULT, integration })
    }
  }
  acknowledge(http, ['own-authorizer'])

  const stage = new HttpStage(stack, 'stage', {
    httpApi: http,
    stageName: '$default',
    autoDeploy: true,
    throttle: { rateLimit: settings.ratePerS, burstLimit: settings.ratePerS * 2 },
    accessLogSettings: {
      destination: new LogGroupLogDestination(
        logs(stack, 'api-logs', `/waystone/${realm}/api`, settings),
      ),
      format: AccessLogFormat.custom(accessLog),
    },
    ...(domainName === undefined ? {} : { domainMapping: { domainName } }),
  })
  limitRoutes(stage, routes, settings)

  new CfnOutput(stack, 'url', { value: publicUrl, description: 'Where clients find the API' })
  if (domainName !== undefined) {
    new CfnOutput(stack, 'target', {
      value: domainName.regionalDomainName,
      description: `CNAME of ${settings.domain}`,
    })
  }
  return { stack, http, stage, functions }
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
    exposeHeaders: ['etag', 'ratelimit', 'ratelimit-policy', 'retry-after', 'x-request-id'],
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

/** Whoever watches asks some times a minute; nobody else needs to start functions by it. */
const healthRatePerS = 20

/**
 * Where a password is hashed or an account made, a flood costs CPU and rows; health is open to anybody and
 * counts nobody.
 */
function limitRoutes(
  stage: HttpStage,
  routes: Map<string, HttpRoute>,
  { passwordRatePerS }: Settings,
): void {
  const endpoints = DOMAINS.auth.serves.flatMap((each) => Object.values<Endpoint>(each.endpoints))
  const costly = endpoints.filter(({ limits }) =>
    limits.some(({ rate }) => /^(password|register)\./.test(rate)),
  )
  const health = [healthApi.endpoints.whole.path, ...PARTS.map(healthPathOf)]
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

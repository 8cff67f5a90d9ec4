// The social socket: a WebSocket API whose messages go to the function of the domain that has it. Functions and zone
// hosts send to its connections by the management calls of API Gateway.
import { CfnOutput } from 'aws-cdk-lib'
import type { Stack } from 'aws-cdk-lib'
import { LogGroupLogDestination, WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2'
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway'
import type { CfnApi } from 'aws-cdk-lib/aws-apigatewayv2'
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { Function } from 'aws-cdk-lib/aws-lambda'
import type { LogGroup } from 'aws-cdk-lib/aws-logs'
import { acknowledge, acknowledgeWildcard } from './acknowledged.ts'
import { prefixOf } from './settings.ts'
import type { Settings } from './settings.ts'

const stageName = 'live'

export type SocketApi = {
  /** Where its connections are told something: WAYSTONE_SOCKETS. */
  url: string
  /** Lets a role send to connections. */
  tell: ManagedPolicy
  /** Lets a role close connections. */
  close: ManagedPolicy
  /** Leads what clients send to a function. */
  leadTo: (made: Function, logGroup: LogGroup) => void
}

export function defineSockets(stack: Stack, settings: Settings): SocketApi {
  const api = new WebSocketApi(stack, 'sockets', { apiName: `${prefixOf(settings)}sockets` })
  const url = `https://${api.apiId}.execute-api.${stack.region}.${stack.urlSuffix}/${stageName}`
  new CfnOutput(stack, 'socketsUrl', {
    value: url,
    description: 'WAYSTONE_SOCKETS of zone hosts',
  })
  const apiName = stack.getLogicalId(api.node.defaultChild as CfnApi)
  /** Of any connection: they come and go. */
  const policy = (id: string, method: 'POST' | 'DELETE') => {
    const path = `${stageName}/${method}/@connections/*`
    const resource = `arn:${stack.partition}:execute-api:${stack.region}:${stack.account}`
    const made = new ManagedPolicy(stack, id, {
      statements: [
        new PolicyStatement({
          actions: ['execute-api:ManageConnections'],
          resources: [`${resource}:${api.apiId}/${path}`],
        }),
      ],
    })
    const found = `arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<${apiName}>/${path}`
    acknowledgeWildcard(
      made,
      found,
      'Connections of this one API come and go, and have no other name.',
    )
    return made
  }
  return {
    url,
    tell: policy('tell', 'POST'),
    close: policy('close', 'DELETE'),
    leadTo(made, logGroup) {
      const integration = new WebSocketLambdaIntegration('to-social', made)
      // Nothing is done when a connection opens: its first frame says whose it is, and each event when it opened.
      api.addRoute('$default', { integration })
      api.addRoute('$disconnect', { integration })
      new WebSocketStage(stack, 'sockets-stage', {
        webSocketApi: api,
        stageName,
        autoDeploy: true,
        throttle: { rateLimit: settings.ratePerS, burstLimit: settings.ratePerS * 2 },
        accessLogSettings: {
          destination: new LogGroupLogDestination(logGroup),
          format: AccessLogFormat.custom(accessLog),
        },
      })
      acknowledge(api, ['own-hello'])
    },
  }
}

const accessLog = JSON.stringify({
  time: '$context.requestTimeEpoch',
  requestId: '$context.requestId',
  route: '$context.routeKey',
  event: '$context.eventType',
  status: '$context.status',
  functionMs: '$context.integrationLatency',
  error: '$context.integrationErrorMessage',
})

// FlexMatch for the queues that a studio names: a matchmaking configuration and a rule set for each, from the content,
// and the topic by which it tells what it has found. SNS calls the function, so nobody else can say such a thing.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Stack } from 'aws-cdk-lib'
import { CfnMatchmakingConfiguration, CfnMatchmakingRuleSet } from 'aws-cdk-lib/aws-gamelift'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { Function } from 'aws-cdk-lib/aws-lambda'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { LambdaSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import { needsOf } from '#functions/http/record.ts'
import type { DomainRecord } from '#functions/http/record.ts'
import { game } from '#game'
import { queueSchema } from '#shared/content/content.ts'
import type { Queue } from '#shared/content/content.ts'
import { acknowledgeWildcard } from './acknowledged.ts'
import { prefixOf } from './settings.ts'
import type { Settings } from './settings.ts'

export type FlexMatch = {
  environment: (records: readonly DomainRecord[]) => Record<string, string>
  /** Lets a function use it and hear of it, if one of its domains needs it. */
  leadTo: (records: readonly DomainRecord[], made: Function) => void
}

/** Without a queue nothing is made. Throws when the content has no such queue. */
export function defineFlexMatch(stack: Stack, settings: Settings): FlexMatch {
  const queues = settings.flexMatch.map(readQueue)
  if (queues.length === 0) return { environment: () => ({}), leadTo: () => undefined }
  const topic = new Topic(stack, 'flexmatch', {
    topicName: `${prefixOf(settings)}flexmatch`,
    enforceSSL: true,
  })
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid: 'FlexMatch',
      principals: [new ServicePrincipal('gamelift.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
    }),
  )
  const made = queues.map((queue) => defineQueue(stack, settings, topic, queue))
  const names = Object.fromEntries(made.map(({ id, name }) => [id, name]))
  const needs = (records: readonly DomainRecord[]) => needsOf(records).has('flexMatch')
  return {
    environment: (records): Record<string, string> => {
      if (!needs(records)) return {}
      return { WAYSTONE_FLEXMATCH: stack.toJsonString({ topic: topic.topicArn, queues: names }) }
    },
    leadTo(records, fn) {
      if (!needs(records)) return
      fn.role!.addToPrincipalPolicy(
        new PolicyStatement({
          sid: 'FlexMatch',
          actions: ['gamelift:StartMatchmaking'],
          resources: made.map(({ arn }) => arn),
        }),
      )
      fn.role!.addToPrincipalPolicy(
        new PolicyStatement({
          sid: 'FlexMatchTickets',
          actions: ['gamelift:DescribeMatchmaking', 'gamelift:StopMatchmaking'],
          resources: ['*'],
        }),
      )
      acknowledgeWildcard(
        fn.role!,
        '*',
        'Tickets of FlexMatch are no resources of IAM: who may stop one may stop any of the account.',
      )
      topic.addSubscription(new LambdaSubscription(fn))
    },
  }
}

function readQueue(id: string): Queue {
  const file = path.join(game.content, 'queues', `${id}.json`)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Error(`Settings are wrong: flexMatch: there is no queue ${id}`, { cause })
  }
  return queueSchema.parse(JSON.parse(text))
}

/** A rule set cannot be edited, so another one has another name. */
function defineQueue(
  stack: Stack,
  settings: Settings,
  topic: Topic,
  { id, ruleSet, timeoutSeconds }: Queue,
): { id: string; name: string; arn: string } {
  const name = `${prefixOf(settings)}${id.replaceAll('_', '-')}`
  const ruleSetBody = JSON.stringify(ruleSet)
  const hash = createHash('sha256').update(ruleSetBody).digest('hex').slice(0, 12)
  const rules = new CfnMatchmakingRuleSet(stack, `flexmatch-rules-${id}`, {
    name: `${name}-${hash}`,
    ruleSetBody,
  })
  const configuration = new CfnMatchmakingConfiguration(stack, `flexmatch-${id}`, {
    name,
    description: `Waystone, realm ${settings.realm}: the queue ${id}`,
    flexMatchMode: 'STANDALONE',
    // Who accepts, and what becomes of who does not, is the same for every queue: functions/matchmaking asks.
    acceptanceRequired: false,
    requestTimeoutSeconds: timeoutSeconds,
    ruleSetName: rules.ref,
    notificationTarget: topic.topicArn,
  })
  // It may not tell anything before it is allowed to.
  configuration.node.addDependency(topic)
  return { id, name, arn: configuration.attrArn }
}

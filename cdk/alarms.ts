// Alarms that wake an operator. They watch figures that players feel, not oddities of a component.
import { Duration } from 'aws-cdk-lib'
import type { Stack } from 'aws-cdk-lib'
import {
  Alarm,
  ComparisonOperator,
  MathExpression,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { Operation } from 'aws-cdk-lib/aws-dynamodb'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import type { Api } from './api.ts'
import type { Data } from './data.ts'
import { prefixOf } from './settings.ts'
import type { Settings } from './settings.ts'

const minute = Duration.minutes(1)

export function defineAlarms(settings: Settings, data: Data, api: Api): void {
  const alarm = alarmsOf(settings, api.stack, defineTopic(settings, data, api.stack))
  alarmOnRequests(alarm, api)
  alarmOnFunctions(alarm, api)
  alarmOnTables(alarm, data)
}

/** A figure `above` this for so many `minutes` in a row wakes an operator. */
type DefineAlarm = (
  id: string,
  about: string,
  metric: IMetric,
  above: number,
  minutes: number,
) => void

function alarmsOf(settings: Settings, stack: Stack, topic: Topic): DefineAlarm {
  return (id, about, metric, above, minutes) => {
    const made = new Alarm(stack, id, {
      alarmName: `${prefixOf(settings)}${id}`,
      alarmDescription: about,
      metric,
      threshold: above,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: minutes,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    })
    made.addAlarmAction(new SnsAction(topic))
  }
}

function defineTopic(settings: Settings, data: Data, stack: Stack): Topic {
  const topic = new Topic(stack, 'alarms', {
    topicName: `${prefixOf(settings)}alarms`,
    masterKey: data.key,
    enforceSSL: true,
  })
  // A policy of one's own takes the place of the default, under which alarms may publish.
  topic.addToResourcePolicy(ofAlarms(stack, ['sns:Publish'], topic.topicArn))
  if (settings.alarmEmail) topic.addSubscription(new EmailSubscription(settings.alarmEmail))
  // Alarms write to the topic, which is encrypted with the realm's key.
  data.key.addToResourcePolicy(ofAlarms(data.stack, ['kms:Decrypt', 'kms:GenerateDataKey*'], '*'))
  return topic
}

/** Lets the alarms of this account do it, and those of no other. */
function ofAlarms(stack: Stack, actions: string[], resource: string): PolicyStatement {
  return new PolicyStatement({
    sid: 'Alarms',
    principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
    actions,
    resources: [resource],
    conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
  })
}

function alarmOnRequests(alarm: DefineAlarm, { stage }: Api): void {
  const failing = new MathExpression({
    expression: 'IF(all > 20, 100 * failed / all, 0)',
    label: 'Requests answered with 5xx, %',
    period: minute,
    usingMetrics: {
      failed: stage.metricServerError({ statistic: Stats.SUM, period: minute }),
      all: stage.metricCount({ statistic: Stats.SUM, period: minute }),
    },
  })
  alarm('failing', 'Over 2 % of requests fail: players cannot log in or enter.', failing, 2, 3)
  const slow = stage.metricLatency({ statistic: Stats.percentile(99), period: minute })
  alarm('slow', 'One request in a hundred takes over 3 s.', slow, 3000, 5)
}

function alarmOnFunctions(alarm: DefineAlarm, { functions }: Api): void {
  const each = [...functions.values()]
  const sum = { period: minute, statistic: Stats.SUM }
  alarmOnSum(
    alarm,
    'errors',
    'A function fails at its start or is ended: wrong configuration, permission or secret.',
    each.map((made) => made.metricErrors(sum)),
  )
  alarmOnSum(
    alarm,
    'turned-away',
    'Functions are at the limit of concurrency of the account, or of their own.',
    each.map((made) => made.metricThrottles(sum)),
  )
}

/** CloudWatch takes so many metrics for one alarm. */
const metricsPerAlarm = 10

/** One alarm on the sum of some metrics: `id`, and `id-2` and so on for those that one cannot take. */
function alarmOnSum(alarm: DefineAlarm, id: string, about: string, metrics: IMetric[]): void {
  for (let from = 0; from < metrics.length; from += metricsPerAlarm) {
    const name = from === 0 ? id : `${id}-${1 + from / metricsPerAlarm}`
    alarm(name, about, sumOf(metrics.slice(from, from + metricsPerAlarm)), 0, 3)
  }
}

function alarmOnTables(alarm: DefineAlarm, { tables }: Data): void {
  for (const [name, table] of Object.entries(tables)) {
    alarm(
      `${name}-throttled`,
      `The table ${name} throttles: one partition is too hot, or the account at its limit.`,
      table.metricThrottledRequestsForOperations({
        operations: [
          Operation.GET_ITEM,
          Operation.QUERY,
          Operation.PUT_ITEM,
          Operation.UPDATE_ITEM,
          Operation.TRANSACT_WRITE_ITEMS,
        ],
        period: minute,
        statistic: Stats.SUM,
      }),
      10,
      2,
    )
  }
}

function sumOf(metrics: IMetric[]): IMetric {
  const names = metrics.map((_, i) => `m${i}`)
  return new MathExpression({
    expression: names.join(' + '),
    label: 'Sum over functions',
    period: minute,
    usingMetrics: Object.fromEntries(metrics.map((metric, i) => [names[i]!, metric])),
  })
}

// Who may do what: a role for each function from its domains' permissions, and one for zone hosts.
import { Stack } from 'aws-cdk-lib'
import type { App } from 'aws-cdk-lib'
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { LogGroup } from 'aws-cdk-lib/aws-logs'
import { needsOf } from '#functions/http/record.ts'
import type { DomainRecord } from '#functions/http/record.ts'
import type { RowPermission } from '#functions/http/rows.ts'
import { acknowledge, acknowledgeWildcard } from './acknowledged.ts'
import { gameLiftStatements } from './cluster.ts'
import type { Data } from './data.ts'
import { rowsOf, ZONE_PERMISSIONS } from './permissions.ts'
import { prefixOf } from './settings.ts'
import type { Settings } from './settings.ts'
import type { SocketApi } from './sockets.ts'

type FunctionRole = {
  records: readonly DomainRecord[]
  settings: Settings
  data: Data
  logGroup: LogGroup
  sockets: SocketApi
}

export function hasSockets({ sockets }: DomainRecord): boolean {
  return sockets !== undefined
}

export function functionRole(stack: Stack, name: string, role: FunctionRole): Role {
  const { records, settings, data, logGroup, sockets } = role
  const statements = [
    ...rowStatements(rowsOf(records), settings, data),
    new PolicyStatement({
      sid: 'Redis',
      actions: ['secretsmanager:GetSecretValue'],
      resources: [data.redis.secretArn],
    }),
    ...(needsOf(records).has('signing') ? [masterKey(settings, data)] : []),
    ...(needsOf(records).has('signIn') ? [signInSecret(data)] : []),
    ...gameLiftStatements(stack, records, settings),
    ...(needsOf(records).has('email') ? emailStatements(stack, settings) : []),
    new PolicyStatement({
      sid: 'Logs',
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    }),
  ]
  const made = new Role(stack, `${name}-role`, {
    description: `Waystone, realm ${settings.realm}: the function ${name}`,
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    inlinePolicies: { permissions: new PolicyDocument({ statements }) },
    // Each of them may tell a player that his mailbox has something new.
    managedPolicies: [sockets.tell, ...(records.some(hasSockets) ? [sockets.close] : [])],
  })
  acknowledge(made, ['own-log-streams'])
  if (settings.gameliftFleets !== undefined && needsOf(records).has('fleet')) {
    acknowledgeWildcard(made, '*', 'GameLift lets no policy name a game session.')
  }
  return made
}

/** A stack of its own: hosts run in a cluster that is not ours to make. */
export function defineZoneRole(
  app: App,
  settings: Settings,
  data: Data,
  sockets: SocketApi,
): Stack {
  const stack = new Stack(app, `waystone-${settings.realm}-zones`, {
    description: `Waystone, realm ${settings.realm}: the role of zone hosts`,
  })
  const role = new Role(stack, 'role', {
    roleName: `${prefixOf(settings)}zone-host`,
    description: `Waystone, realm ${settings.realm}: zone hosts, by EKS Pod Identity`,
    assumedBy: new ServicePrincipal('pods.eks.amazonaws.com'),
    inlinePolicies: {
      permissions: new PolicyDocument({
        statements: rowStatements(ZONE_PERMISSIONS, settings, data),
      }),
    },
    managedPolicies: [sockets.tell],
  })
  // Pod Identity tags the session with cluster, namespace and account.
  role.assumeRolePolicy?.addStatements(
    new PolicyStatement({
      actions: ['sts:TagSession'],
      principals: [new ServicePrincipal('pods.eks.amazonaws.com')],
    }),
  )
  return stack
}

function signInSecret({ signIn }: Data): PolicyStatement {
  return new PolicyStatement({
    sid: 'SignIn',
    actions: ['secretsmanager:GetSecretValue'],
    resources: [signIn.secretArn],
  })
}

/** In the name of the sender alone. The identity is the address or its domain, whichever SES has verified. */
function emailStatements(stack: Stack, { emailFrom }: Settings): PolicyStatement[] {
  if (emailFrom === undefined) return []
  const identity = (resourceName: string) =>
    stack.formatArn({ service: 'ses', resource: 'identity', resourceName })
  return [
    new PolicyStatement({
      sid: 'Email',
      actions: ['ses:SendEmail'],
      resources: [identity(emailFrom), identity(emailFrom.split('@')[1]!)],
      conditions: { StringEquals: { 'ses:FromAddress': emailFrom } },
    }),
  ]
}

/** Bound to this realm: the data key of another does not open. */
function masterKey(settings: Settings, { key }: Data): PolicyStatement {
  return new PolicyStatement({
    sid: 'MasterKey',
    actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
    resources: [key.keyArn],
    conditions: {
      StringEquals: { 'kms:EncryptionContext:waystone': `${prefixOf(settings)}master-key` },
    },
  })
}

/** One statement for all partitions of a table that allow the same actions. */
function rowStatements(
  permissions: readonly RowPermission[],
  { realm }: Settings,
  { tables }: Data,
): PolicyStatement[] {
  const actionsOf = new Map<string, Set<string>>()
  for (const { table, partition, actions } of permissions) {
    const where = `${table} ${partition.replace('{realm}', realm)}`
    const known = actionsOf.get(where) ?? new Set()
    actionsOf.set(where, known)
    for (const action of actions) known.add(`dynamodb:${action}`)
  }
  const alike = Map.groupBy(actionsOf, ([where, actions]) => {
    return [where.split(' ', 1)[0]!, ...[...actions].sort()].join(' ')
  })
  return [...alike.values()].map((group) => {
    const table = group[0]![0].split(' ', 1)[0] as keyof Data['tables']
    const partitions = group.map(([where]) => where.slice(table.length + 1))
    return new PolicyStatement({
      actions: [...group[0]![1]].sort(),
      resources: [tables[table].tableArn],
      conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': partitions.sort() } },
    })
  })
}

// The way of functions to the fleet of zone hosts. Into a cluster of EKS, where one is named: a role of AWS needs no permission to
// prove itself to a cluster (shared/fleet/eks-token.ts); an access entry there gives it groups, and what a
// group may do is RBAC's business: agones/service-accounts.yaml.
import type { Stack } from 'aws-cdk-lib'
import { CfnAccessEntry } from 'aws-cdk-lib/aws-eks'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { Function } from 'aws-cdk-lib/aws-lambda'
import type { DomainRecord } from '#functions/http/record.ts'
import type { Settings } from './settings.ts'

/** The environment that names the fleet to a function; empty unless one of its domains needs zone hosts. */
export function fleetEnvironment(
  records: readonly DomainRecord[],
  { cluster, gameliftFleets, gameliftLocation }: Settings,
): Record<string, string> {
  if (groupsOf(records).length === 0) return {}
  if (gameliftFleets !== undefined) {
    return {
      WAYSTONE_GAMELIFT_FLEETS: gameliftFleets,
      ...(gameliftLocation === undefined ? {} : { WAYSTONE_GAMELIFT_LOCATION: gameliftLocation }),
    }
  }
  if (cluster === undefined) return {}
  return {
    WAYSTONE_EKS_CLUSTER: cluster.name,
    WAYSTONE_AGONES_URL: cluster.endpoint,
    WAYSTONE_AGONES_CA: cluster.ca,
  }
}

export function defineClusterAccess(
  name: string,
  records: readonly DomainRecord[],
  made: Function,
  { cluster }: Settings,
): void {
  const kubernetesGroups = groupsOf(records)
  if (cluster === undefined || kubernetesGroups.length === 0) return
  const access = new CfnAccessEntry(made.stack, `${name}-access`, {
    clusterName: cluster.name,
    principalArn: made.role!.roleArn,
    kubernetesGroups,
    type: 'STANDARD',
  })
  // Before the function: its first request may be an `enter`.
  made.node.addDependency(access)
}

/** What a function may do on GameLift, where a studio has chosen it. */
export function gameLiftStatements(
  stack: Stack,
  records: readonly DomainRecord[],
  { gameliftFleets }: Settings,
): PolicyStatement[] {
  if (gameliftFleets === undefined || groupsOf(records).length === 0) return []
  const ids = [...new Set(gameliftFleets.split(',').map((part) => part.split(':')[1]!))]
  const fleets = ids.map((id) =>
    stack.formatArn({
      service: 'gamelift',
      // An alias has no account in its ARN, a fleet has.
      ...(id.startsWith('alias-') ? { account: '' } : {}),
      resource: id.split('-', 1)[0]!,
      resourceName: id,
    }),
  )
  return [
    new PolicyStatement({
      sid: 'GameLift',
      actions: ['gamelift:CreateGameSession'],
      resources: fleets,
    }),
    // These know no resource to name.
    new PolicyStatement({
      sid: 'GameLiftSessions',
      actions: ['gamelift:DescribeGameSessions', 'gamelift:TerminateGameSession'],
      resources: ['*'],
    }),
  ]
}

/** As agones/service-accounts.yaml names them. */
function groupsOf(records: readonly DomainRecord[]): string[] {
  return records
    .filter(({ needs }) => needs.includes('fleet'))
    .map(({ name }) => `waystone:${name}`)
}

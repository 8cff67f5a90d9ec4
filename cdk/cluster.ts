// The way of functions into a cluster of EKS, where one is named. A role of AWS needs no permission to
// prove itself to a cluster (shared/fleet/eks-token.ts); an access entry there gives it groups, and what a
// group may do is RBAC's business: agones/service-accounts.yaml.
import { CfnAccessEntry } from 'aws-cdk-lib/aws-eks'
import type { Function } from 'aws-cdk-lib/aws-lambda'
import type { DomainRecord } from '#functions/http/record.ts'
import type { Settings } from './settings.ts'

/** The environment that names the cluster to a function; empty unless one of its domains needs zone hosts. */
export function clusterEnvironment(
  records: readonly DomainRecord[],
  { cluster }: Settings,
): Record<string, string> {
  if (cluster === undefined || groupsOf(records).length === 0) return {}
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

/** As agones/service-accounts.yaml names them. */
function groupsOf(records: readonly DomainRecord[]): string[] {
  return records
    .filter(({ needs }) => needs.includes('fleet'))
    .map(({ name }) => `waystone:${name}`)
}

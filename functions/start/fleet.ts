// The fleet of functions, from their environment.
import { readFile } from 'node:fs/promises'
import type { AwsOptions } from '#shared/aws/call.ts'
import { ConfigError } from '#shared/config.ts'
import type { Config } from '#shared/config.ts'
import { createAgonesFleet } from '#shared/fleet/agones.ts'
import type { AgonesFleetOptions } from '#shared/fleet/agones.ts'
import { createEksToken } from '#shared/fleet/eks-token.ts'
import type { Fleet } from '#shared/fleet/fleet.ts'
import type { TokenSource } from '#shared/fleet/kubernetes.ts'
import { createStaticFleet } from '#shared/fleet/static.ts'

type FleetParts = Pick<AgonesFleetOptions, 'store' | 'runtime' | 'log'> & {
  config: Pick<
    Config,
    | 'WAYSTONE_AGONES_URL'
    | 'WAYSTONE_AGONES_NAMESPACE'
    | 'WAYSTONE_AGONES_TOKEN_FILE'
    | 'WAYSTONE_AGONES_CA'
    | 'WAYSTONE_EKS_CLUSTER'
  >
  awsOptions: Pick<AwsOptions, 'region' | 'credentials'>
}

/** Agones where its cluster is named; else the hosts that are open are all there is. */
export async function openFleet(parts: FleetParts): Promise<Fleet> {
  const { config, store, runtime, log } = parts
  const url = config.WAYSTONE_AGONES_URL
  if (url === undefined) {
    if (config.WAYSTONE_EKS_CLUSTER === undefined) return createStaticFleet()
    throw new ConfigError(['WAYSTONE_EKS_CLUSTER needs WAYSTONE_AGONES_URL.'])
  }
  return createAgonesFleet({
    url,
    namespace: config.WAYSTONE_AGONES_NAMESPACE,
    token: tokenOf(parts),
    ca: config.WAYSTONE_AGONES_CA,
    store,
    runtime,
    log,
  })
}

function tokenOf({ config, awsOptions, runtime }: FleetParts): TokenSource {
  const cluster = config.WAYSTONE_EKS_CLUSTER
  if (cluster !== undefined) return createEksToken({ ...awsOptions, cluster, runtime })
  // Kubernetes replaces the file every hour.
  return async () => (await readFile(config.WAYSTONE_AGONES_TOKEN_FILE, 'utf8')).trim()
}

// The fleet of functions, from their environment.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { AwsOptions } from '#shared/aws/call.ts'
import { ConfigError } from '#shared/config.ts'
import type { Config } from '#shared/config.ts'
import { createAgonesApi } from '#shared/fleet/agones-api.ts'
import type { AgonesApi, Allocate } from '#shared/fleet/agones-api.ts'
import { createAgonesFleet } from '#shared/fleet/agones.ts'
import type { AgonesFleetOptions } from '#shared/fleet/agones.ts'
import { createAllocator } from '#shared/fleet/allocator.ts'
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
    | 'WAYSTONE_ALLOCATOR_URL'
    | 'WAYSTONE_ALLOCATOR_TLS'
    | 'WAYSTONE_ALLOCATOR_PEM'
    | 'WAYSTONE_EKS_CLUSTER'
    | 'WAYSTONE_GAMELIFT_FLEETS'
  >
  awsOptions: Pick<AwsOptions, 'region' | 'credentials'>
}

/** Agones where its cluster is named; else the hosts that are open are all there is. Throws ConfigError. */
export async function openFleet(parts: FleetParts): Promise<Fleet> {
  const { config, store, runtime, log } = parts
  if (config.WAYSTONE_GAMELIFT_FLEETS !== undefined) {
    throw new ConfigError(['WAYSTONE_GAMELIFT_FLEETS needs functions that are built for GameLift.'])
  }
  const cluster = openCluster(parts)
  const allocate = openAllocator(parts) ?? cluster?.allocate
  if (allocate === undefined) return createStaticFleet()
  return createAgonesFleet({ cluster, allocate, store, runtime, log })
}

function openCluster(parts: FleetParts): AgonesApi | undefined {
  const { config, log } = parts
  const url = config.WAYSTONE_AGONES_URL
  if (url === undefined) {
    if (config.WAYSTONE_EKS_CLUSTER === undefined) return undefined
    throw new ConfigError(['WAYSTONE_EKS_CLUSTER needs WAYSTONE_AGONES_URL.'])
  }
  return createAgonesApi({
    url,
    namespace: config.WAYSTONE_AGONES_NAMESPACE,
    token: tokenOf(parts),
    ca: config.WAYSTONE_AGONES_CA,
    log,
  })
}

function openAllocator({ config, log }: FleetParts): Allocate | undefined {
  const {
    WAYSTONE_ALLOCATOR_URL: url,
    WAYSTONE_ALLOCATOR_TLS: folder,
    WAYSTONE_ALLOCATOR_PEM: pem,
  } = config
  if (url === undefined) {
    if (folder === undefined && pem === undefined) return undefined
    throw new ConfigError([
      'WAYSTONE_ALLOCATOR_TLS and WAYSTONE_ALLOCATOR_PEM need WAYSTONE_ALLOCATOR_URL.',
    ])
  }
  if ((folder === undefined) === (pem === undefined)) {
    throw new ConfigError([
      'WAYSTONE_ALLOCATOR_URL needs WAYSTONE_ALLOCATOR_TLS or WAYSTONE_ALLOCATOR_PEM, and one of them.',
    ])
  }
  const namespace = config.WAYSTONE_AGONES_NAMESPACE
  const readTls = async () => pem ?? (await readTlsFolder(folder!))
  return createAllocator({ url, namespace, readTls, log })
}

/** A mounted secret of the type kubernetes.io/tls, as cert-manager writes it. */
async function readTlsFolder(folder: string) {
  const read = async (name: string) => await readFile(path.join(folder, name), 'utf8')
  const [cert, key, ca] = await Promise.all([read('tls.crt'), read('tls.key'), read('ca.crt')])
  return { cert, key, ca }
}

function tokenOf({ config, awsOptions, runtime }: FleetParts): TokenSource {
  const cluster = config.WAYSTONE_EKS_CLUSTER
  if (cluster !== undefined) return createEksToken({ ...awsOptions, cluster, runtime })
  // Kubernetes replaces the file every hour.
  return async () => (await readFile(config.WAYSTONE_AGONES_TOKEN_FILE, 'utf8')).trim()
}

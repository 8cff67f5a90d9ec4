// The bearer token by which EKS knows a role of AWS: a signed GetCallerIdentity that names the cluster,
// which EKS sends on to STS. It needs no permission: an access entry of EKS and RBAC
// (agones/service-accounts.yaml) say what the role may do in the cluster.
import { presignCallerIdentity } from '../aws/sts.ts'
import type { AwsCredentials } from '../aws/call.ts'
import type { Runtime } from '../runtime.ts'
import type { TokenSource } from './kubernetes.ts'

export type EksTokenOptions = {
  /** The cluster's name in EKS. */
  cluster: string
  region: string
  credentials: AwsCredentials
  runtime: Pick<Runtime, 'now'>
}

/** It is taken for 15 minutes; the rest is for clocks that disagree and for the call itself. */
const freshMs = 10 * 60 * 1000

/** Tokens of `aws eks get-token`, each used until it is old or refused. */
export function createEksToken(options: EksTokenOptions): TokenSource {
  const { cluster, region, credentials, runtime } = options
  let kept: { token: string; at: number } | undefined
  return async (refused) => {
    const now = runtime.now()
    if (kept !== undefined && kept.token !== refused && Math.abs(now - kept.at) < freshMs) {
      return kept.token
    }
    const headers = { 'x-k8s-aws-id': cluster }
    const url = await presignCallerIdentity({ region, credentials, now, headers })
    kept = { token: `k8s-aws-v1.${Buffer.from(url.href).toString('base64url')}`, at: now }
    return kept.token
  }
}

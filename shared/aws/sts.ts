// A signed URL that proves our identity to AWS. GetCallerIdentity needs no permission, and no policy can
// deny it. So the signed request proves an identity to the service that sends it on, and allows nothing else.
import { Sha256 } from '@smithy/core/checksum'
import { SignatureV4 } from '@smithy/signature-v4'
import type { AwsCredentials } from './call.ts'
import { domainOf } from './call.ts'

export type Presign = {
  region: string
  credentials: AwsCredentials
  /** Unix ms. */
  now: number
  /** They are signed too: the service that sends the request on must send them as well. In lower case. */
  headers?: Readonly<Record<string, string>>
  /** Base URL of another STS than that of the region. */
  endpoint?: string | undefined
}

/** Seconds. STS takes the URL for 15 minutes after its date, whatever stands here; others look at it. */
const expiresS = 60

export async function presignCallerIdentity(presign: Presign): Promise<URL> {
  const { region, credentials, now, headers } = presign
  const url = new URL(presign.endpoint ?? `https://sts.${region}.${domainOf(region)}/`)
  const signer = new SignatureV4({ service: 'sts', region, credentials, sha256: Sha256 })
  const request = {
    method: 'GET',
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
    headers: { ...headers, host: url.host },
  }
  const options = { signingDate: new Date(now), expiresIn: expiresS }
  const { query } = await signer.presign(request, options)
  for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, String(value))
  return url
}

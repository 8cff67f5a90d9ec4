// How EKS lets a role of AWS into a cluster: it takes the URL out of the token, checks it, sends it to
// STS, and finds the access entry of the identity in the answer.
import { checkPresigned, signedAt } from './aws-signature.ts'

export type EksGate = {
  cluster: string
  region: string
  /** Secret access keys by their ids: what STS knows. */
  secrets: Record<string, string>
  now: () => number
}

/** The parameters that the authenticator of a cluster accepts. A URL with others might ask STS for more. */
const signing = ['Algorithm', 'Credential', 'Date', 'Expires', 'Security-Token', 'Signature']
const parameters = new Set([
  'Action',
  'Version',
  ...[...signing, 'SignedHeaders'].map((name) => `X-Amz-${name}`),
])
const validMs = 15 * 60 * 1000

/** Why a bearer token is refused; nothing if it is taken. */
export function refusals(gate: EksGate, token: string): string[] {
  const prefix = 'k8s-aws-v1.'
  if (!token.startsWith(prefix)) return ['it is no token of EKS']
  const text = token.slice(prefix.length)
  if (!/^[\w-]+$/.test(text)) return ['it is not base64url without padding']
  const url = new URL(Buffer.from(text, 'base64url').toString())
  const problems = [...url.searchParams.keys()]
    .filter((name) => !parameters.has(name))
    .map((name) => `parameter ${name}`)
  const host = `sts.${gate.region}.amazonaws.com`
  if (url.protocol !== 'https:' || url.host !== host || url.pathname !== '/') problems.push('host')
  if (url.searchParams.get('Action') !== 'GetCallerIdentity') problems.push('action')
  if (url.searchParams.get('X-Amz-Expires') !== '60') problems.push('expires')
  const signedHeaders = (url.searchParams.get('X-Amz-SignedHeaders') ?? '').split(';')
  if (!signedHeaders.includes('x-k8s-aws-id')) problems.push('the cluster is not signed')
  const age = gate.now() - signedAt(url)
  if (!(age >= -1000 && age < validMs)) problems.push('expired')
  const [keyId = ''] = (url.searchParams.get('X-Amz-Credential') ?? '').split('/')
  const headers = { host, 'x-k8s-aws-id': gate.cluster }
  return [...problems, ...checkPresigned({ url, headers }, gate.secrets[keyId] ?? 'unknown')]
}

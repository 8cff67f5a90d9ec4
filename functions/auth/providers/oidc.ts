// OpenID Connect: the authorization code flow with PKCE (RFC 7636), state and nonce. Only the identity is asked
// for (`openid`): neither name nor e-mail address.
//
// What binds an answer to the browser that began: state, nonce and code verifier lie sealed in `flow`, which that
// browser keeps. A code that another browser got is worth nothing here, and a code that is stolen on its way lacks
// the verifier. The provider itself takes each code once, and checks where it sends the browser.
import { createHash, timingSafeEqual } from 'node:crypto'
import { createLocalJWKSet, errors, jwtVerify } from 'jose'
import type { JWTPayload } from 'jose'
import * as z from 'zod'
import { asDate, createReread } from '#shared/keys/jwt.ts'
import { clockSlackMs, providerFreshMs } from '#shared/limits.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { OidcSettings } from '#shared/sign-in.ts'
import { askProvider } from './ask.ts'
import type { Fetch } from './ask.ts'
import { refused, unavailable } from './provider.ts'
import type { Flow, RedirectProvider, Returned } from './provider.ts'

const address = z.url({ protocol: /^https?$/ })
const metadata = z.object({
  issuer: z.string(),
  authorization_endpoint: address,
  token_endpoint: address,
  jwks_uri: address,
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
  authorization_response_iss_parameter_supported: z.boolean().optional(),
})
const jwks = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) })
const tokens = z.object({ id_token: z.string().max(16_384) })

/** Signatures of which the key that verifies is public: with others the client secret would be the key. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]

type Metadata = z.infer<typeof metadata>
type Deps = { runtime: Pick<Runtime, 'now' | 'randomBytes'>; fetch: Fetch }

export function createOidcProvider(settings: OidcSettings, deps: Deps): RedirectProvider {
  const { runtime } = deps
  const provider = createMetadata(settings, deps)
  return {
    kind: 'redirect',
    name: settings.name,
    title: settings.title,
    async begin(returnTo) {
      const { authorization_endpoint: endpoint } = await provider.metadata()
      const random = () => Buffer.from(runtime.randomBytes(32)).toString('base64url')
      const flow: Flow = { state: random(), nonce: random(), verifier: random(), returnTo }
      const url = new URL(endpoint)
      const query = {
        response_type: 'code',
        scope: 'openid',
        client_id: settings.clientId,
        redirect_uri: returnTo,
        state: flow.state,
        nonce: flow.nonce,
        code_challenge: createHash('sha256').update(flow.verifier).digest('base64url'),
        code_challenge_method: 'S256',
      }
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
      return { address: url.href, flow }
    },
    async verify(returned, flow) {
      if (!same(returned.state, flow.state)) throw refused('The state is of another sign-in.')
      const about = await provider.metadata()
      checkIssuer(about, returned)
      const token = await exchange(settings, deps.fetch, about, returned.code, flow)
      const payload = await verifyIdToken(settings, runtime, token, provider)
      if (typeof payload['nonce'] !== 'string' || !same(payload['nonce'], flow.nonce)) {
        throw refused('The ID token is for another sign-in.')
      }
      // OpenID Connect Core, 2: at most 255 ASCII characters. It becomes part of a key.
      const { sub } = payload
      if (typeof sub !== 'string' || !/^[\x20-\x7e]{1,255}$/.test(sub)) {
        throw refused('The subject is malformed.')
      }
      return sub
    },
  }
}

/** RFC 9207: the answer says which provider it is from, so that one provider's code never goes to another. */
function checkIssuer(about: Metadata, { iss }: Returned): void {
  const needed = about.authorization_response_iss_parameter_supported === true
  if (iss === undefined ? needed : iss !== about.issuer) {
    throw refused('The answer is from another provider.')
  }
}

type Keys = ReturnType<typeof createLocalJWKSet>
type ProviderMetadata = {
  metadata(): Promise<Metadata>
  keys(): Promise<Keys>
  /** After a token named a key that is not known. At most one read a second. */
  newerKeys(): Promise<Keys>
}

/** Reads what a provider says of itself, and its keys, and keeps them for an hour. */
function createMetadata({ issuer }: OidcSettings, { runtime, fetch }: Deps): ProviderMetadata {
  let known: { at: number; metadata: Metadata } | undefined
  let keys: { at: number; set: Keys } | undefined
  const isFresh = (at: number) => Math.abs(runtime.now() - at) < providerFreshMs
  const read = async () => {
    if (known !== undefined && isFresh(known.at)) return known.metadata
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    const { document } = await askProvider(fetch, url)
    const parsed = metadata.safeParse(document)
    if (!parsed.success || parsed.data.issuer !== issuer) {
      throw unavailable('The provider says of itself what does not fit its issuer.')
    }
    const secure = issuer.startsWith('https:')
    const { authorization_endpoint, token_endpoint, jwks_uri } = parsed.data
    if (
      secure &&
      ![authorization_endpoint, token_endpoint, jwks_uri].every((one) => one.startsWith('https:'))
    ) {
      throw unavailable('The provider names an address without TLS.')
    }
    known = { at: runtime.now(), metadata: parsed.data }
    return parsed.data
  }
  const readKeys = async () => {
    const { document } = await askProvider(fetch, (await read()).jwks_uri)
    const parsed = jwks.safeParse(document)
    if (!parsed.success) throw unavailable('The keys of the provider cannot be read.')
    keys = { at: runtime.now(), set: createLocalJWKSet(parsed.data) }
  }
  const reread = createReread(runtime.now, readKeys)
  return {
    metadata: read,
    async keys() {
      if (keys === undefined || !isFresh(keys.at)) await readKeys()
      return keys!.set
    },
    async newerKeys() {
      await reread()
      return keys!.set
    },
  }
}

/** Gives the code for tokens. The verifier shows that it is who began (PKCE). */
async function exchange(
  { clientId, clientSecret }: OidcSettings,
  send: Fetch,
  about: Metadata,
  code: string,
  flow: Flow,
): Promise<string> {
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    redirect_uri: flow.returnTo,
    code_verifier: flow.verifier,
  })
  const headers: Record<string, string> = { accept: 'application/json' }
  const methods = about.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
  if (clientSecret === undefined) {
    body.set('client_id', clientId)
  } else if (methods.includes('client_secret_basic')) {
    // RFC 6749, 2.3.1: both are form-encoded before they are joined.
    const pair = [clientId, clientSecret].map(formEncoded).join(':')
    headers['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`
  } else {
    body.set('client_id', clientId)
    body.set('client_secret', clientSecret)
  }
  const { status, document } = await askProvider(send, about.token_endpoint, {
    method: 'POST',
    headers,
    body,
  })
  const parsed = tokens.safeParse(document)
  if (status !== 200 || !parsed.success) throw refused('The provider does not take the code.')
  return parsed.data.id_token
}

function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1)
}

/** The claims of a genuine ID token for us. A key that is not known is looked for once more. */
async function verifyIdToken(
  { issuer, clientId }: OidcSettings,
  runtime: Pick<Runtime, 'now'>,
  token: string,
  provider: ProviderMetadata,
): Promise<JWTPayload> {
  const verify = async (keys: Keys) =>
    await jwtVerify(token, keys, {
      algorithms,
      issuer,
      audience: clientId,
      requiredClaims: ['sub', 'exp', 'iat', 'nonce'],
      clockTolerance: clockSlackMs / 1000,
      currentDate: asDate(runtime.now()),
    })
  const attempt = async (keys: Keys) => {
    const { payload } = await verify(keys)
    const azp = payload['azp']
    const many = Array.isArray(payload.aud) && payload.aud.length > 1
    if (azp === undefined ? many : azp !== clientId)
      throw refused('The ID token is for another client.')
    return payload
  }
  try {
    return await attempt(await provider.keys()).catch(async (error: unknown) => {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      return await attempt(await provider.newerKeys())
    })
  } catch (error) {
    if (error instanceof errors.JOSEError) throw refused(`The ID token is refused: ${error.code}.`)
    throw error
  }
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

// A provider of OpenID Connect that runs here, and a browser that logs in there.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider } from 'oidc-provider'
import type { JWK } from 'oidc-provider'

export const returnTo = 'https://play.example/'
export const clientId = 'waystone'
export const clientSecret = 'a secret: with % and : in it'

export type OidcHere = {
  issuer: string
  /** Goes to the address of a sign-in, logs in as somebody, and comes back with what the address then has. */
  browse(address: string, login: string): Promise<{ code: string; state: string; iss: string }>
  /** From now on it signs with another key. */
  rotate(): Promise<void>
  /** Whether it answers at all. */
  down: boolean
  /** How often its keys were asked for. */
  keysRead: () => number
  stop(): Promise<void>
}

async function newKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  return { ...(await exportJWK(privateKey)), kid, use: 'sig', alg: 'ES256' }
}

/** Must be made with the time of the test's clock when that is not now. `page`: where it sends browsers back to. */
export async function startOidc(page = returnTo): Promise<OidcHere> {
  let handle: ReturnType<Provider['callback']> | undefined
  let keysRead = 0
  const here = { down: false }
  const server = createServer((request, response) => {
    if (here.down) {
      response.writeHead(503).end()
      return
    }
    if (request.url?.startsWith('/jwks')) keysRead++
    void handle!(request, response)
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const make = async (kid: string) => {
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: clientId,
          client_secret: clientSecret,
          redirect_uris: [page],
          response_types: ['code'],
          grant_types: ['authorization_code'],
          id_token_signed_response_alg: 'ES256',
        },
      ],
      jwks: { keys: [await newKey(kid)] },
      pkce: { required: () => true },
      cookies: { keys: ['test'] },
      findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    })
    handle = provider.callback()
  }
  await make('first')
  let made = 1
  return Object.assign(here, {
    issuer,
    browse: async (address: string, login: string) => await browse(address, login),
    rotate: async () => await make(`key-${++made}`),
    keysRead: () => keysRead,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  })
}

/** Follows redirects with cookies, fills in the pages for log-in and consent, and stops where it is sent away. */
async function browse(address: string, login: string) {
  const cookies = new Map<string, string>()
  const forms: Record<string, string>[] = [
    { prompt: 'login', login, password: 'any' },
    { prompt: 'consent' },
  ]
  let url = new URL(address)
  const { origin } = url
  let body: URLSearchParams | undefined
  for (let steps = 0; steps < 20; steps++) {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(body === undefined ? {} : { method: 'POST', body }),
    })
    body = undefined
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!
      cookies.set(name!, value!)
    }
    const location = response.headers.get('location')
    if (location === null) {
      const form = forms.shift()
      if (form === undefined) throw new Error(`stopped at ${url.href}: ${await response.text()}`)
      await response.body?.cancel()
      body = new URLSearchParams(form)
      continue
    }
    await response.body?.cancel()
    url = new URL(location, url)
    if (url.origin !== origin) {
      const query = Object.fromEntries(url.searchParams)
      return { code: query['code'] ?? '', state: query['state'] ?? '', iss: query['iss'] ?? '' }
    }
  }
  throw new Error('too many redirects')
}

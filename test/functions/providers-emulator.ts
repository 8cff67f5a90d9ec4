// Providers by recorded answers: Steam's web API as it answers a game's server (AuthenticateUserTicket), and what a
// provider of OpenID Connect says of itself.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type * as z from 'zod'
import type { signInSettings } from '#shared/sign-in.ts'

export const steamKey = 'the key of the publisher'

export type ProvidersEmulator = {
  url: string
  /** For the functions. */
  settings: z.input<typeof signInSettings>
  /** Steam ids by ticket. */
  tickets: Map<string, { steamid: string; publisherbanned?: boolean }>
  asked: { path: string; query: Record<string, string>; key: string | undefined }[]
  /** What it answers in place of that. */
  instead: { status: number; body: string } | undefined
  stop(): Promise<void>
}

export async function startProviders(): Promise<ProvidersEmulator> {
  const steam: Omit<ProvidersEmulator, 'url' | 'settings' | 'stop'> = {
    tickets: new Map(),
    asked: [],
    instead: undefined,
  }
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (url.pathname === '/.well-known/openid-configuration') {
      const issuer = `http://${request.headers.host}`
      const at = (path: string) => `${issuer}/${path}`
      const endpoints = {
        authorization_endpoint: at('auth'),
        token_endpoint: at('token'),
        jwks_uri: at('jwks'),
      }
      response.end(JSON.stringify({ issuer, ...endpoints }))
      return
    }
    const query = Object.fromEntries(url.searchParams)
    const given = request.headers['x-webapi-key']?.toString()
    steam.asked.push({ path: url.pathname, query, key: given })
    if (steam.instead !== undefined) {
      response.writeHead(steam.instead.status).end(steam.instead.body)
      return
    }
    if (given !== steamKey) {
      response.writeHead(403).end('<html><head><title>Forbidden</title></head></html>')
      return
    }
    // `5a…` is the ticket of a player of its own.
    const ticket = query['ticket'] ?? ''
    const own = ticket.startsWith('5a')
      ? { steamid: `7${parseInt(ticket.slice(2), 16)}` }
      : undefined
    const found = steam.tickets.get(ticket) ?? own
    const answer =
      found === undefined
        ? { error: { errorcode: 101, errordesc: 'Invalid ticket' } }
        : {
            params: {
              result: 'OK',
              ownersteamid: found.steamid,
              vacbanned: false,
              publisherbanned: false,
              ...found,
            },
          }
    response.writeHead(200, { 'content-type': 'application/json; charset=UTF-8' })
    response.end(JSON.stringify({ response: answer }))
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const open = { name: 'open', title: 'Open', issuer: url, clientId: 'waystone' }
  return Object.assign(steam, {
    url,
    settings: {
      oidc: [open],
      steam: { appId: 480, key: steamKey, identity: 'waystone', url },
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  })
}

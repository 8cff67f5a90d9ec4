// A server on a wildcard, asked by several addresses.
import { noSockets } from '#shared/push/sockets.ts'
import { request } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Hono } from 'hono'
import { createFunctions, listen } from '#local/functions.ts'
import { reachable } from '#local/reachable.ts'
import type { Listening } from '#functions/start/listen.ts'
import { createMemoryCache } from '#shared/cache/memory.ts'
import { loadContent } from '#shared/content-files/load.ts'
import { createStaticFleet } from '#shared/fleet/static.ts'
import { createKeyRing } from '#shared/keys/ring.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import { systemRuntime as runtime } from '#shared/system.ts'
import { silentLog as log } from '#shared/telemetry/log.ts'
import { freePort } from '../e2e/waystone.ts'
import { coreSchema } from '../parts.ts'

describe('an answer of a server on a wildcard', () => {
  const admission = (address: string) => ({ address, ticket: 'secret', zone: 'hub' })
  const addressFor = (host: string | undefined, address = 'ws://0.0.0.0:7001/zone') =>
    reachable(admission(address), { host, localAddress: 'fd00::9' }, 8080)

  it.each([
    ['192.168.1.5:8080', 'ws://192.168.1.5:7001/zone'],
    ['den-pc.local:9000', 'ws://den-pc.local:7001/zone'],
    ['[fd00::5]:8080', 'ws://[fd00::5]:7001/zone'],
  ])('sends who came by %s to %s', (host, address) => {
    expect(addressFor(host)).toEqual(admission(address))
    expect(addressFor(host, 'ws://[::]:7001/zone')).toEqual(admission(address))
  })

  it('names the address of the socket when Host is missing or holds something else', () => {
    for (const host of [undefined, 'evil.example/x', 'u@h', '']) {
      expect(addressFor(host)).toEqual(admission('ws://[fd00::9]:7001/zone'))
    }
  })

  it('leaves addresses alone that are known', () => {
    expect(addressFor('192.168.1.5', 'wss://zones.example.com/7001/zone')).toEqual(
      admission('wss://zones.example.com/7001/zone'),
    )
    expect(addressFor('192.168.1.5', 'fd00::1')).toEqual(admission('fd00::1'))
  })
})

describe.each(['0.0.0.0', '::'])('the API on %s', (wildcard) => {
  let server: Listening
  let port: number
  let app: Hono
  beforeAll(async () => {
    port = await freePort()
    const store = createMemoryStore({ runtime })
    const keys = createKeyRing({ store, runtime, masterKey: new Uint8Array(32).fill(7) })
    await keys.start()
    app = createFunctions({
      sockets: noSockets,
      store,
      cache: createMemoryCache({ runtime }),
      keys,
      loaded: await loadContent(new URL('../../game/content/', import.meta.url).pathname),
      game: { routes: [], zone: { schema: coreSchema } },
      fleet: createStaticFleet(),
      email: { sender: undefined, links: '' },
      signIn: { oidc: [] },
      scaling: { hashes: [] },
      realm: {
        realmId: 'local',
        name: 'Local',
        address: `http://${wildcard === '::' ? '[::]' : wildcard}:${port}`,
        state: 'open',
      },
      port,
      corsOrigins: undefined,
      profile: 'generous',
      health: async () => ({ ok: true, checks: {} }),
      runtime,
      log,
    })
    server = await listen(app, wildcard, port)
  })
  afterAll(() => server.stop())

  const realmAddress = (host: string, header?: string) =>
    new Promise<string>((resolve, reject) => {
      const headers = header === undefined ? {} : { host: header }
      const asked = request({ host, port, path: '/v1/realms', headers }, (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        answer.on('end', () => {
          const { realms } = JSON.parse(text) as { realms: { address: string }[] }
          resolve(realms[0]!.address)
        })
      })
      asked.once('error', reject).end()
    })

  it('gives each caller the address that he came by', async () => {
    expect(await realmAddress('127.0.0.1')).toBe(`http://127.0.0.1:${port}`)
    expect(await realmAddress('127.0.0.2')).toBe(`http://127.0.0.2:${port}`)
    expect(await realmAddress('127.0.0.1', 'den-pc:9000')).toBe('http://den-pc:9000')
    if (wildcard === '::') expect(await realmAddress('::1')).toBe(`http://[::1]:${port}`)
  })

  it('answers a request without Host, as probes of HTTP/1.0 send it', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      let text = ''
      const socket = connect(port, '127.0.0.1', () => socket.write('GET /health HTTP/1.0\r\n\r\n'))
      socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      socket.once('error', reject).once('close', () => resolve(text))
    })
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  })
})

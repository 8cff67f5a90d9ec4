// The management calls of API Gateway, on the wire: what is sent to a social socket, and what becomes of each answer.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSignedFetch } from '#shared/aws/call.ts'
import { createMemoryCache } from '#shared/cache/memory.ts'
import { socialPostMs, socialPostsAtOnce } from '#shared/limits.ts'
import { openSocketsKey, socketKey, writeSocketEntry } from '#shared/presence/entry.ts'
import { createPush } from '#shared/push/push.ts'
import { createSockets } from '#shared/push/sockets.ts'
import type { Sockets } from '#shared/push/sockets.ts'
import { checkSigned } from '../fleet/aws-signature.ts'
import { createClock } from './api.ts'

const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const credentials = { accessKeyId: 'ASIATEST', secretAccessKey, sessionToken: 'session/token+of==' }
const clock = createClock()

let asked: { method: string; path: string; text: string; problems: string[] }[]
/** By connection id; 0: no answer ever. */
let statuses: Map<string, number>
let url: string
let close: () => Promise<unknown>
/** How many wait for an answer, and the most that did at once. */
let open: { now: number; most: number }

beforeEach(async () => {
  asked = []
  statuses = new Map()
  open = { now: 0, most: 0 }
  const server = createServer((request, response) => {
    open.most = Math.max(open.most, (open.now += 1))
    response.on('close', () => (open.now -= 1))
    void (async () => {
      const text = await readText(request)
      const path = request.url!
      const problems = checkSigned(request, text, secretAccessKey)
      asked.push({ method: request.method!, path, text, problems })
      const status = statuses.get(decodeURIComponent(path.split('/').at(-1)!)) ?? 200
      if (status !== 0) response.writeHead(status).end(status < 300 ? '' : '{"message":"no"}')
    })()
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/live`
  close = async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
})
afterEach(async () => {
  await close()
})

function socketsOf(at = url): Sockets {
  const signed = createSignedFetch({ region: 'eu-central-1', credentials, runtime: clock })
  return createSockets({ url: at, signed })
}

describe('a call to a WebSocket API of AWS', () => {
  it('is signed, and its connection may have any name', async () => {
    const sockets = socketsOf()
    const names = ['L0SM9cOFvHcCIhw=', 'a/b+c d', '%3D', "it's(*)!"]
    for (const name of names) {
      expect(await sockets.post(name, '{"text":"Grüße"}')).toBe('sent')
      expect(await sockets.close(name)).toBe('sent')
    }
    const common = { problems: [] }
    expect(asked).toEqual(
      names.flatMap((name) => {
        const path = `/live/@connections/${encodeURIComponent(name)}`
        return [
          { ...common, method: 'POST', path, text: '{"text":"Grüße"}' },
          { ...common, method: 'DELETE', path, text: '' },
        ]
      }),
    )
  })

  it('says what became of it, and is not sent again: an event may be lost', async () => {
    const sockets = socketsOf()
    const answers = { 200: 'sent', 204: 'sent', 410: 'gone', 403: 'failed', 429: 'failed' }
    const all = { ...answers, 500: 'failed', 503: 'failed', 504: 'failed' }
    for (const [status, posted] of Object.entries(all)) {
      statuses.set('c1', Number(status))
      expect([status, await sockets.post('c1', 'x')]).toEqual([status, posted])
      expect([status, await sockets.close('c1')]).toEqual([status, posted])
    }
    expect(asked).toHaveLength(2 * Object.keys(all).length)
    await close()
    expect(await sockets.post('c1', 'x')).toBe('failed')
  })

  it('that is not answered is given up in time, and holds up no more than its share of the others', async () => {
    const sockets = socketsOf()
    const silent = Array.from({ length: socialPostsAtOnce - 1 }, (_, i) => `silent-${i}`)
    for (const name of silent) statuses.set(name, 0)
    const from = performance.now()
    const given = silent.map(async (name) => await sockets.post(name, 'x'))
    // These go by the one place that is left.
    for (let i = 0; i < 20; i++) expect(await sockets.post(`c${i}`, 'x')).toBe('sent')
    expect(performance.now() - from).toBeLessThan(socialPostMs)
    expect(new Set(await Promise.all(given))).toEqual(new Set(['failed']))
    expect(performance.now() - from).toBeGreaterThan(socialPostMs - 50)
    expect(open.most).toBe(socialPostsAtOnce)
  })
})

it('a push forgets a socket that is gone, and keeps one that was busy or out of reach', async () => {
  const cache = createMemoryCache({ runtime: clock })
  const push = createPush({ cache, sockets: socketsOf(), runtime: clock })
  const accounts = ['sent', 'gone', 'busy', 'broken']
  for (const [name, status] of Object.entries({ gone: 410, busy: 429, broken: 500 })) {
    statuses.set(name, status)
  }
  await cache.pipeline(
    accounts.flatMap((name) => [
      [
        'SET',
        socketKey('local', name),
        writeSocketEntry({ connectionId: name, since: 1, appear: 'online' }),
      ],
      ['HSET', openSocketsKey('local'), name, 'global'],
    ]),
  )
  const left = async () => {
    const [places, open] = await cache.pipeline([
      ['MGET', ...accounts.map((name) => socketKey('local', name))],
      ['HMGET', openSocketsKey('local'), ...accounts],
    ])
    return [places, open].map((found) =>
      accounts.filter((_, i) => (found as (string | null)[])[i] !== null),
    )
  }
  const kept = ['sent', 'busy', 'broken']
  push.send('local', accounts, { kind: 'announce', text: 'Tea' })
  await expect.poll(left).toEqual([kept, kept])
  push.broadcast('local', {}, { kind: 'announce', text: 'Tea' })
  await expect.poll(() => asked.length).toBe(accounts.length + kept.length)
  expect(await left()).toEqual([kept, kept])
})

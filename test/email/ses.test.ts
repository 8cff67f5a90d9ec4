// E-mail by SES on the wire: what is sent, and what becomes of each way in which it can fail.
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Sha256 } from '@smithy/core/checksum'
import { SignatureV4 } from '@smithy/signature-v4'
import { afterEach, describe, expect, it } from 'vitest'
import { createSignedFetch } from '#shared/aws/call.ts'
import { EmailError } from '#shared/email/email.ts'
import { createSesSender } from '#shared/email/ses.ts'

const credentials = {
  accessKeyId: 'ASIATESTTESTTEST',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'session/token+of==',
}
const region = 'eu-central-1'
const now = 1_790_000_000_000
const from = 'no-reply@play.example'
const email = {
  to: 'mira+world@straße.example',
  subject: 'Confirm “Mira’s” address',
  text: 'Line one\nhttps://play.example/#secret\n\nÜ 🦋',
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void
type Asked = { method: string; url: string; headers: Record<string, string>; body: string }

let close: (() => Promise<void>) | undefined
afterEach(async () => {
  await close?.()
  close = undefined
})

/** A service that notes what it is asked. */
async function openService(answer: Answer) {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const headers = request.headers as Record<string, string>
      const { method = '', url = '' } = request
      asked.push({ method, url, headers, body: Buffer.concat(chunks).toString() })
      answer(response, request)
    })
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  close = async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
  return { asked, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const senderAt = (endpoint: string) =>
  createSesSender({
    endpoint,
    from,
    signed: createSignedFetch({ region, credentials, runtime: { now: () => now } }),
  })

/** How it failed. */
async function failureOf(sending: Promise<void>): Promise<EmailError> {
  const failed = await sending.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(failed).toBeInstanceOf(EmailError)
  return failed as EmailError
}

const takes: Answer = (response) => response.end('{"MessageId":"0100"}')

function refuses(status: number, type?: string, body = '{"message":"no"}'): Answer {
  return (response) => {
    response.writeHead(status, type === undefined ? {} : { 'x-amzn-errortype': type }).end(body)
  }
}

describe('the sender of SES', () => {
  it('sends one e-mail as its API says, signed for the service of the region', async () => {
    const { asked, endpoint } = await openService(takes)
    await senderAt(`${endpoint}/`).send(email)
    expect(asked).toHaveLength(1)
    const [{ method, url, headers, body }] = asked as [Asked]
    expect([method, url]).toEqual(['POST', '/v2/email/outbound-emails'])
    expect(headers['content-type']).toBe('application/json')
    const utf8 = (Data: string) => ({ Data, Charset: 'UTF-8' })
    expect(JSON.parse(body)).toEqual({
      FromEmailAddress: from,
      Destination: { ToAddresses: [email.to] },
      Content: { Simple: { Subject: utf8(email.subject), Body: { Text: utf8(email.text) } } },
    })
    // The signature that AWS makes of what has arrived.
    const { authorization, ...arrived } = headers
    const signedNames = /SignedHeaders=([^,]+)/.exec(authorization!)![1]!.split(';')
    expect(signedNames).toEqual(
      expect.arrayContaining(['host', 'x-amz-date', 'x-amz-security-token']),
    )
    const signer = new SignatureV4({ service: 'ses', region, credentials, sha256: Sha256 })
    const wanted = await signer.sign(
      {
        method,
        protocol: 'http:',
        hostname: '127.0.0.1',
        path: url,
        headers: Object.fromEntries(signedNames.map((name) => [name, arrived[name]!])),
        body,
      },
      { signingDate: new Date(now) },
    )
    expect(authorization).toBe(wanted.headers['authorization'])
  })

  it.each([
    ['a sender that is not verified', 400, 'MessageRejected:http://internal/', 'MessageRejected'],
    ['too many in a second', 429, 'TooManyRequestsException', 'TooManyRequestsException'],
    ['a quota that is used up', 400, 'LimitExceededException', 'LimitExceededException'],
    ['an account that may not send', 403, 'AccessDeniedException', 'AccessDeniedException'],
    ['an outage', 503, undefined, '503'],
    ['a page of somebody else', 404, undefined, '404'],
  ] as const)(
    'fails once by the name of %s, without what was sent',
    async (_, status, type, name) => {
      const quoted = `{"message":"Email address is not verified: ${email.to}"}`
      const { asked, endpoint } = await openService(refuses(status, type, quoted))
      const { message, cause } = await failureOf(senderAt(endpoint).send(email))
      expect(message).toBe(`SES has not taken an e-mail: ${name}`)
      expect(`${message}${String(cause)}`).not.toContain('example')
      // Whoever wants it again asks again: a second one here would come twice to the player.
      expect(asked).toHaveLength(1)
    },
  )

  it('does not follow a redirect with the signature', async () => {
    const { asked, endpoint } = await openService((response) => {
      response.writeHead(307, { location: `${endpoint}/elsewhere` }).end()
    })
    const { message } = await failureOf(senderAt(endpoint).send(email))
    expect(message).toBe('SES has not taken an e-mail: 307')
    expect(asked.map(({ url }) => url)).toEqual(['/v2/email/outbound-emails'])
  })

  it.each<[string, Answer]>([
    ['a connection that is cut', (response) => response.destroy()],
    ['an answer that is no HTTP', (_, { socket }) => void socket.end('nonsense\r\n\r\n')],
  ])('fails with %s', async (_, answer) => {
    const { endpoint } = await openService(answer)
    const { message } = await failureOf(senderAt(endpoint).send(email))
    expect(message).toBe('SES does not answer')
  })

  it('takes a status for the answer, whatever becomes of the rest', async () => {
    const { endpoint } = await openService((response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('{"Mess')
      setTimeout(() => response.destroy(), 20)
    })
    await senderAt(endpoint).send(email)
  })

  it('fails where nobody listens', async () => {
    const { endpoint } = await openService(takes)
    await close!()
    close = undefined
    const { message } = await failureOf(senderAt(endpoint).send(email))
    expect(message).toBe('SES does not answer')
  })

  it('gives up silence after three seconds', async () => {
    const { endpoint } = await openService(() => {})
    const began = performance.now()
    const { message } = await failureOf(senderAt(endpoint).send(email))
    expect(message).toBe('SES does not answer')
    expect(performance.now() - began).toBeLessThan(6000)
  })

  it('fails by name when there are no credentials', async () => {
    const { asked, endpoint } = await openService(takes)
    const none = async () => await Promise.reject(new Error('no credentials'))
    const signed = createSignedFetch({ region, credentials: none, runtime: { now: () => now } })
    const sender = createSesSender({ endpoint, from, signed })
    expect((await failureOf(sender.send(email))).cause).toMatchObject({ message: 'no credentials' })
    expect(asked).toEqual([])
  })
})

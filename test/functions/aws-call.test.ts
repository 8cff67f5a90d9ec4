import { createServer } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { afterEach, describe, expect, it } from 'vitest'
import { createAwsCall } from '#shared/aws/call.ts'
import type { AwsOptions } from '#shared/aws/call.ts'
import { createClock } from './api.ts'

const credentials = {
  accessKeyId: 'ASIATESTTESTTEST',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'session/token+of==',
}

let close: (() => Promise<void>) | undefined
afterEach(async () => {
  await close?.()
  close = undefined
})

type Answer = { status: number; body: string } | 'silence'

/** A service that notes requests and gives these answers, one after another, the last for good. */
async function openService(answers: Answer[]) {
  const requests: { headers: IncomingHttpHeaders; body: string }[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      requests.push({ headers: request.headers, body })
      const answer = answers[Math.min(requests.length, answers.length) - 1]!
      if (answer === 'silence') {
        response.destroy()
        return
      }
      response.statusCode = answer.status
      response.end(answer.body)
    })
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  close = async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
  return { requests, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

function options(url: string, more: Partial<AwsOptions> = {}): AwsOptions {
  const endpoints = { kms: url, secretsmanager: url }
  return { region: 'eu-central-1', credentials, endpoints, runtime: createClock(), ...more }
}

const ok = { status: 200, body: '{"Plaintext":"AA=="}' }

describe('a call to AWS', () => {
  it('carries the signature that the SDK makes of the same request', async () => {
    const { requests, url } = await openService([ok])
    const input = { KeyId: 'alias/waystone', KeySpec: 'AES_256' as const }
    const client = new KMSClient({ region: 'eu-central-1', endpoint: url, credentials })
    // Headers that describe the SDK are signed too; without them both send the same.
    type Send = (args: { request: { headers: Record<string, string> } }) => Promise<never>
    const withoutTheSdk = (next: Send): Send => {
      return async (args) => {
        const { headers } = args.request
        for (const name of Object.keys(headers)) {
          if (/^(amz-sdk|x-amz-user-agent|user-agent|content-length)/i.test(name)) {
            delete headers[name]
          }
        }
        return await next(args)
      }
    }
    client.middlewareStack.addRelativeTo(withoutTheSdk as never, {
      relation: 'before',
      toMiddleware: 'httpSigningMiddleware',
    })
    await client.send(new GenerateDataKeyCommand(input))
    client.destroy()
    const theirs = requests[0]!
    const at = String(theirs.headers['x-amz-date']).replace(
      /^(....)(..)(..)T(..)(..)(..)Z$/,
      '$1-$2-$3T$4:$5:$6Z',
    )
    const runtime = { ...createClock(), now: () => Date.parse(at) }
    const call = createAwsCall(options(url, { runtime }))
    await call('kms', 'TrentService.GenerateDataKey', JSON.parse(theirs.body) as typeof input)
    const ours = requests[1]!
    expect(ours.body).toBe(theirs.body)
    expect(ours.headers.authorization).toBe(theirs.headers.authorization)
    expect(ours.headers['x-amz-security-token']).toBe(credentials.sessionToken)
  })

  it('answers what the service answers, and goes to the endpoint of its region', async () => {
    const urls: string[] = []
    const fetch: typeof globalThis.fetch = async (url) => {
      urls.push((url as URL).href)
      return new Response('{"SecretString":"{}"}')
    }
    const call = (region: string) =>
      createAwsCall({ region, credentials, runtime: createClock(), fetch })
    const input = { SecretId: 's' }
    const answer = await call('eu-north-1')(
      'secretsmanager',
      'secretsmanager.GetSecretValue',
      input,
    )
    expect(answer).toEqual({ SecretString: '{}' })
    await call('cn-north-1')('kms', 'TrentService.Decrypt', {})
    expect(urls).toEqual([
      'https://secretsmanager.eu-north-1.amazonaws.com/',
      'https://kms.cn-north-1.amazonaws.com.cn/',
    ])
  })

  it('is sent again after silence, faults of the service and throttling, three times in all', async () => {
    const throttled = { status: 400, body: '{"__type":"ThrottlingException"}' }
    const service = await openService(['silence', throttled, ok])
    const call = createAwsCall(options(service.url))
    expect(await call('kms', 'TrentService.Decrypt', {})).toEqual({ Plaintext: 'AA==' })
    await close!()
    const broken = await openService([{ status: 500, body: 'oops' }])
    const failing = createAwsCall(options(broken.url))('kms', 'TrentService.Decrypt', {})
    await expect(failing).rejects.toMatchObject({ code: 'status 500', outage: true })
    expect(broken.requests).toHaveLength(3)
  })

  it('fails at once when it is refused, and repeats nothing of what was said', async () => {
    const body = '{"__type":"com.amazonaws.kms#AccessDeniedException","message":"arn:secret"}'
    const { requests, url } = await openService([{ status: 400, body }])
    const failing = createAwsCall(options(url))('kms', 'TrentService.Decrypt', { a: 'b' })
    await expect(failing).rejects.toMatchObject({
      message: 'TrentService.Decrypt failed: AccessDeniedException',
      outage: false,
    })
    expect(requests).toHaveLength(1)
  })
})

// A small Lambda: the Runtime API (2018-06-01) for one function, and the process that runs it. As on AWS
// the process stands still between two events (it is stopped when it asks for the next one), is ended
// when an event takes longer than its time, and begins anew after that or after a failed start.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'

const bootstrap = fileURLToPath(new URL('lambda-bootstrap.ts', import.meta.url))

export type LambdaOutcome =
  | { answer: unknown; cold: boolean; ms: number }
  | { error: { errorType: string; errorMessage: string }; cold: boolean; ms: number }

export type LambdaFunction = {
  /** One event at a time, as one environment takes them. */
  invoke(event: unknown): Promise<LambdaOutcome>
  /** Its log. */
  output(): string
  /** Ends the environment: the next event is a cold start. */
  recycle(): Promise<void>
  stop(): Promise<void>
}

export type LambdaFunctionOptions = {
  name: string
  /** The folder of /var/task. */
  folder: string
  /** `file.export` */
  handler?: string
  /** All of the environment beside what Lambda sets. */
  env: Record<string, string>
  /** Default 10 s. */
  timeoutMs?: number
}

/** The variables that AWS gives every function. */
export const lambdaCredentialsEnv = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'ASIATESTTESTTEST',
  AWS_SECRET_ACCESS_KEY: 'secret-of-the-role',
  AWS_SESSION_TOKEN: 'session-token',
}

type Invocation = {
  id: string
  event: unknown
  started: number
  cold: boolean
  done: (outcome: LambdaOutcome) => void
}

export async function startLambda(options: LambdaFunctionOptions): Promise<LambdaFunction> {
  const timeoutMs = options.timeoutMs ?? 10_000
  let child: ChildProcess | undefined
  let output = ''
  let current: Invocation | undefined
  /** The process that asks for its next event, stopped until there is one. */
  let asking: ServerResponse | undefined
  let timer: NodeJS.Timeout | undefined

  const finish = (
    outcome: { answer: unknown } | { error: { errorType: string; errorMessage: string } },
  ) => {
    if (current === undefined) return
    clearTimeout(timer)
    const { done, cold, started } = current
    current = undefined
    done({ ...outcome, cold, ms: performance.now() - started })
  }
  const handOver = () => {
    if (asking === undefined || current === undefined) return
    const response = asking
    asking = undefined
    child?.kill('SIGCONT')
    response.setHeader('lambda-runtime-aws-request-id', current.id)
    response.setHeader('lambda-runtime-deadline-ms', String(Date.now() + timeoutMs))
    response.setHeader('lambda-runtime-invoked-function-arn', `arn:aws:lambda:::${options.name}`)
    response.end(JSON.stringify(current.event))
  }
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const where = request.url!.replace('/2018-06-01/runtime/', '')
    if (request.method === 'GET' && where === 'invocation/next') {
      asking = response
      if (current === undefined) child?.kill('SIGSTOP')
      else handOver()
      return
    }
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString())
    const expected = where.startsWith('init/') || where.startsWith(`invocation/${current?.id}/`)
    response.statusCode = expected ? 202 : 400
    response.end()
    if (!expected) return
    if (where.endsWith('/response')) finish({ answer: body })
    else finish({ error: body as { errorType: string; errorMessage: string } })
  }
  const server = createServer((request, response) => void serve(request, response))
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const api = `127.0.0.1:${(server.address() as AddressInfo).port}`

  const start = () => {
    const started = spawn(process.execPath, [bootstrap], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...lambdaCredentialsEnv,
        ...options.env,
        AWS_LAMBDA_RUNTIME_API: api,
        AWS_LAMBDA_FUNCTION_NAME: options.name,
        LAMBDA_TASK_ROOT: options.folder,
        _HANDLER: options.handler ?? 'index.handler',
      },
    })
    const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-100_000))
    started.stdout.on('data', keep)
    started.stderr.on('data', keep)
    started.once('exit', (code, signal) => {
      if (child !== started) return
      child = undefined
      asking = undefined
      finish({
        error: { errorType: 'Runtime.ExitError', errorMessage: `ended with ${signal ?? code}` },
      })
    })
    child = started
  }
  const recycle = async () => {
    const ending = child
    child = undefined
    asking = undefined
    if (ending === undefined || ending.exitCode !== null) return
    const gone = new Promise<void>((done) => ending.once('exit', () => done()))
    ending.kill('SIGKILL')
    await gone
  }

  return {
    output: () => output,
    recycle,
    invoke: async (event) =>
      await new Promise<LambdaOutcome>((done) => {
        if (current !== undefined) throw new Error('one event at a time')
        const cold = child === undefined
        current = { id: randomUUID(), event, started: performance.now(), cold, done }
        timer = setTimeout(() => {
          const error = { errorType: 'Sandbox.Timedout', errorMessage: `after ${timeoutMs} ms` }
          void recycle().then(() => finish({ error }))
        }, timeoutMs)
        if (cold) start()
        handOver()
      }),
    stop: async () => {
      await recycle()
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

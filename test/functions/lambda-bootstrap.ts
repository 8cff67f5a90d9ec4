// What AWS's runtime does inside a Lambda: loads the handler that _HANDLER names from LAMBDA_TASK_ROOT,
// asks the Runtime API for one event after another, and reports answers and errors. Run in a process of
// its own by lambda-runtime.ts.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

type Handler = (event: unknown, context: unknown) => Promise<unknown>

const load = createRequire(import.meta.url)
const api = `http://${process.env['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime`

/** Handlers that take a callback or stream are not what we write. */
function loadHandler(): Handler {
  const [file, name] = process.env['_HANDLER']!.split('.') as [string, string]
  const root = process.env['LAMBDA_TASK_ROOT']!
  const found = ['.js', '.mjs', '.cjs'].map((end) => path.join(root, file + end)).find(existsSync)
  if (found === undefined) throw namedError('Runtime.ImportModuleError', `no module ${file}`)
  const module = load(found) as Record<string, unknown>
  const handler = module[name]
  if (typeof handler !== 'function') {
    throw namedError('Runtime.HandlerNotFound', `${file}.${name} is no function`)
  }
  return handler as Handler
}

function namedError(name: string, message: string): Error {
  const error = new Error(message)
  error.name = name
  return error
}

async function post(where: string, body: string, type?: string): Promise<void> {
  const headers = type === undefined ? undefined : { 'lambda-runtime-function-error-type': type }
  const response = await fetch(`${api}/${where}`, {
    method: 'POST',
    body,
    ...(headers && { headers }),
  })
  await response.text()
  if (response.status !== 202) throw new Error(`the runtime API answered ${response.status}`)
}

async function report(where: string, error: unknown): Promise<void> {
  const { name, message, stack } =
    error instanceof Error ? error : namedError('Error', String(error))
  const body = { errorType: name, errorMessage: message, trace: (stack ?? '').split('\n') }
  await post(where, JSON.stringify(body), name)
}

async function handleNext(handler: Handler): Promise<void> {
  const next = await fetch(`${api}/invocation/next`)
  const requestId = next.headers.get('lambda-runtime-aws-request-id')!
  const deadline = Number(next.headers.get('lambda-runtime-deadline-ms'))
  const context = {
    awsRequestId: requestId,
    functionName: process.env['AWS_LAMBDA_FUNCTION_NAME'],
    invokedFunctionArn: next.headers.get('lambda-runtime-invoked-function-arn'),
    getRemainingTimeInMillis: () => deadline - Date.now(),
  }
  const event: unknown = await next.json()
  let answer: string
  try {
    answer = JSON.stringify((await handler(event, context)) ?? null)
  } catch (error) {
    await report(`invocation/${requestId}/error`, error)
    return
  }
  await post(`invocation/${requestId}/response`, answer)
}

try {
  const handler = loadHandler()
  for (;;) await handleNext(handler)
} catch (error) {
  await report('init/error', error)
  process.exitCode = 1
}

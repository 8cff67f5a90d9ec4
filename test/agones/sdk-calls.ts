// One script of calls to an Agones sidecar, over gRPC and REST, for any server that speaks the contract:
// our emulator and Agones' own sdk-server (local mode). The answer to each call is brought to one form, so
// that two servers can be compared.
import * as grpc from '@grpc/grpc-js'
import { betaService, stableService } from '#local/agones/wire.ts'
import { systemRuntime as runtime } from '#shared/system.ts'

export type Answer = { call: string; answer: unknown }

/** The game server that the script begins with. */
export const start = {
  name: 'hub-abcde',
  labels: { 'waystone.dev/zone': 'hub' },
  address: '127.0.0.1',
  ports: [{ name: 'zone', port: 7001 }],
  health: { disabled: true, periodSeconds: 3, failureThreshold: 3, initialDelaySeconds: 20 },
  counters: { rooms: { count: 1, capacity: 10 } },
  lists: {
    // The local mode of the sdk-server takes this one's capacity for the largest that any list may have.
    players: { capacity: 1000, values: [] as string[] },
    guests: { capacity: 3, values: ['ann', 'bob'] },
  },
}

/**
 * Calls to which a cluster, and so our emulator, has another answer than the local mode: the answer of the
 * emulator, and why.
 */
export const clusterAnswers: Record<string, { why: string; answer: unknown }> = {
  'grpc updateCounter nothing': {
    why: 'a request without a change is malformed',
    answer: { code: 2, kind: 'invalid argument' },
  },
  'rest PATCH list capacity': {
    why: 'the change is batched, and its answer is an empty list',
    answer: { status: 200, body: { name: '', capacity: '0', values: [] } },
  },
  'grpc updateList capacity': {
    why: 'the change is batched, and its answer is an empty list',
    answer: { body: { name: '', capacity: 0, values: [] } },
  },
  'rest PATCH list values': {
    why: 'the change is batched, and its answer is an empty list',
    answer: { status: 200, body: { name: '', capacity: '0', values: [] } },
  },
  'grpc setLabel no label value': {
    why: 'labels are looked at before they are queued',
    answer: { code: 3, kind: 'invalid argument' },
  },
  'rest label no key': {
    why: 'labels are looked at before they are queued',
    answer: { status: 400, code: 3, kind: 'invalid argument' },
  },
  'grpc getGameServer after ready after shutdown': {
    why: 'a server that shuts down is deleted: nothing brings it back',
    answer: 'Shutdown',
  },
}

/** Runs the script; after each call `settle` waits until what it changed can be seen. */
export async function runCalls(
  ports: { grpc: number; http: number },
  settle: () => Promise<void>,
): Promise<Answer[]> {
  const target = `127.0.0.1:${ports.grpc}`
  const insecure = grpc.credentials.createInsecure()
  const stable = new (grpc.makeGenericClientConstructor(stableService, 'SDK'))(target, insecure)
  const beta = new (grpc.makeGenericClientConstructor(betaService, 'SDK'))(target, insecure)
  const answers: Answer[] = []
  const report = async (call: string, answer: Promise<unknown>) => {
    answers.push({ call, answer: await answer })
    await settle()
  }

  const viaGrpc = (what: string, request: object = {}, note = '') => {
    const client = what in stableService ? stable : beta
    return report(`grpc ${lower(what)}${note && ` ${note}`}`, unary(client, what, request))
  }
  const viaRest = (method: string, path: string, body?: unknown, note = '') =>
    report(`rest ${note || `${method} ${path}`}`, http(ports.http, method, path, body))
  const stateGrpc = (note: string) =>
    report(
      `grpc getGameServer ${note}`,
      unary(stable, 'GetGameServer', {}).then((answer) => stateOf(answer)),
    )
  const stateRest = (note: string) =>
    report(
      `rest GET /gameserver ${note}`,
      http(ports.http, 'GET', '/gameserver').then((answer) => stateOf(answer)),
    )
  const counter = '/v1beta1/counters/rooms'
  const list = '/v1beta1/lists/guests'

  try {
    await viaGrpc('GetGameServer')
    await viaRest('GET', '/gameserver')
    await viaRest('POST', '/ready', {})
    await stateGrpc('after ready')
    await viaGrpc('Allocate')
    await stateRest('after allocate')
    await viaRest('POST', '/allocate', {})
    await stateGrpc('after allocate again')
    await viaGrpc('Ready')
    await stateRest('after ready')

    await viaGrpc('SetLabel', { key: 'waystone-boot', value: 'b1' })
    await viaRest('PUT', '/metadata/label', { key: 'mood', value: '' })
    await viaGrpc('SetAnnotation', { key: 'note', value: 'any text at all' })
    await viaRest('PUT', '/metadata/annotation', { key: 'Other_1', value: '{"a":1}' })
    await viaRest('GET', '/gameserver', undefined, 'GET /gameserver with labels and annotations')

    await viaRest('POST', '/health', {})
    await viaRest('POST', '/health', undefined, 'POST /health without a body')
    await report('grpc health, two pings', pings(stable))

    await viaGrpc('GetCounter', { name: 'rooms' })
    await viaRest('GET', counter)
    await viaGrpc('UpdateCounter', { counterUpdateRequest: { name: 'rooms', countDiff: 4 } }, 'up')
    await viaRest('GET', counter, undefined, 'GET counter after up')
    await viaRest('PATCH', counter, { countDiff: '-2' }, 'PATCH counter down')
    await viaGrpc('GetCounter', { name: 'rooms' }, 'after down')
    await viaGrpc(
      'UpdateCounter',
      { counterUpdateRequest: { name: 'rooms', count: { value: 9 } } },
      'set',
    )
    await viaRest('PATCH', counter, { count: '3' }, 'PATCH counter set')
    await viaGrpc(
      'UpdateCounter',
      { counterUpdateRequest: { name: 'rooms', capacity: { value: 20 } } },
      'capacity',
    )
    await viaRest('PATCH', counter, { capacity: 12 }, 'PATCH counter capacity')
    await viaRest('GET', counter, undefined, 'GET counter after capacity')
    await viaGrpc(
      'UpdateCounter',
      { counterUpdateRequest: { name: 'rooms', countDiff: 10 } },
      'too far',
    )
    await viaRest('PATCH', counter, { countDiff: -4 }, 'PATCH counter below zero')
    await viaGrpc(
      'UpdateCounter',
      { counterUpdateRequest: { name: 'rooms', count: { value: 13 } } },
      'too many',
    )
    await viaRest('PATCH', counter, { count: -1 }, 'PATCH counter set below zero')
    await viaGrpc(
      'UpdateCounter',
      { counterUpdateRequest: { name: 'rooms', capacity: { value: -1 } } },
      'capacity below zero',
    )
    await viaGrpc('UpdateCounter', { counterUpdateRequest: { name: 'rooms' } }, 'nothing')
    await viaGrpc('UpdateCounter', {}, 'without a request')
    await viaGrpc('GetCounter', { name: 'none' }, 'unknown')
    await viaRest('GET', '/v1beta1/counters/none')
    await viaRest('PATCH', '/v1beta1/counters/none', { countDiff: 1 })
    await viaRest('PATCH', counter, { count: 'many' }, 'PATCH counter no number')
    await viaRest('GET', counter, undefined, 'GET counter at the end')

    await viaGrpc('GetList', { name: 'guests' })
    await viaRest('GET', list)
    await viaGrpc('AddListValue', { name: 'guests', value: 'carl' })
    await viaRest('GET', list, undefined, 'GET list after add')
    await viaRest('POST', `${list}:addValue`, { value: 'dora' }, 'POST list add to a full one')
    await viaRest('POST', `${list}:removeValue`, { value: 'ann' }, 'POST list remove')
    await viaGrpc('GetList', { name: 'guests' }, 'after remove')
    await viaGrpc('RemoveListValue', { name: 'guests', value: 'ann' }, 'again')
    await viaRest('POST', `${list}:removeValue`, { value: 'nobody' }, 'POST list remove nobody')
    await viaGrpc('AddListValue', { name: 'guests', value: 'bob' }, 'twice')
    await viaRest('POST', `${list}:addValue`, { value: 'bob' }, 'POST list add twice')
    await viaRest('PATCH', list, { capacity: '5' }, 'PATCH list capacity')
    await viaGrpc('GetList', { name: 'guests' }, 'after capacity')
    await viaGrpc(
      'UpdateList',
      { list: { name: 'guests', capacity: 4 }, updateMask: { paths: ['capacity'] } },
      'capacity',
    )
    await viaRest('GET', list, undefined, 'GET list after capacity')
    await viaRest('PATCH', list, { values: ['bob', 'eve'] }, 'PATCH list values')
    await viaGrpc('GetList', { name: 'guests' }, 'after values')
    await viaGrpc('UpdateList', { list: { name: 'guests', capacity: 4 } }, 'without a mask')
    await viaGrpc(
      'UpdateList',
      { list: { name: 'guests', capacity: 4 }, updateMask: { paths: ['colour'] } },
      'unknown field',
    )
    await viaGrpc(
      'UpdateList',
      { list: { name: 'guests', capacity: 1001 }, updateMask: { paths: ['capacity'] } },
      'too large',
    )
    await viaRest('GET', '/v1beta1/lists/none')
    await viaGrpc('AddListValue', { name: 'none', value: 'ann' }, 'unknown')
    await viaRest('POST', '/v1beta1/lists/none:addValue', { value: 'ann' })
    await viaRest('GET', '/gameserver', undefined, 'GET /gameserver with counts')

    await viaGrpc('Reserve', { seconds: 1 })
    await stateRest('after reserve')
    await runtime.sleep(1300)
    await settle()
    await stateGrpc('when the reservation is over')
    await viaRest('POST', '/reserve', { seconds: '1' })
    await viaGrpc('Allocate', {}, 'within the reservation')
    await runtime.sleep(1300)
    await settle()
    await stateRest('allocated within the reservation')

    await viaRest('GET', '/nothing')
    await viaRest('DELETE', '/ready')
    await viaRest('POST', '/ready', 'no JSON', 'POST /ready without JSON')
    await report('grpc watchGameServer, the first', firstOfWatch(stable))
    await report('rest GET /watch/gameserver, the first', firstOfHttpWatch(ports.http))

    await viaGrpc('SetLabel', { key: 'bad', value: 'not a label value' }, 'no label value')
    await viaRest('PUT', '/metadata/label', { key: 'no key!', value: 'x' }, 'label no key')
    await viaRest('POST', '/shutdown', {})
    await stateGrpc('after shutdown')
    await viaGrpc('Ready', {}, 'after shutdown')
    await stateGrpc('after ready after shutdown')
  } finally {
    stable.close()
    beta.close()
  }
  return answers
}

type Client = InstanceType<ReturnType<typeof grpc.makeGenericClientConstructor>>

function unary(client: Client, method: string, request: object): Promise<unknown> {
  return new Promise((resolve) => {
    const done = (error: grpc.ServiceError | null, answer?: unknown) => {
      if (error) resolve({ code: error.code, kind: kindOf(error.details) })
      else resolve({ body: plain(answer) })
    }
    const deadline = { deadline: Date.now() + 5000 }
    const call = client[lower(method)] as unknown as (
      this: Client,
      request: object,
      options: grpc.CallOptions,
      done: (error: grpc.ServiceError | null, answer?: unknown) => void,
    ) => void
    call.call(client, request, deadline, done)
  })
}

function pings(client: Client): Promise<unknown> {
  return new Promise((resolve) => {
    const health = client['health'] as unknown as (
      this: Client,
      done: (error: grpc.ServiceError | null, answer?: unknown) => void,
    ) => grpc.ClientWritableStream<object>
    const stream = health.call(client, (error, answer) =>
      resolve(error ? { code: error.code } : { body: plain(answer) }),
    )
    stream.write({})
    stream.write({})
    stream.end()
  })
}

function firstOfWatch(client: Client): Promise<unknown> {
  return new Promise((resolve) => {
    const watch = client['watchGameServer'] as unknown as (
      this: Client,
      request: object,
    ) => grpc.ClientReadableStream<unknown>
    const stream = watch.call(client, {})
    stream.on('error', (error: grpc.ServiceError) => resolve({ code: error.code }))
    stream.once('data', (object: unknown) => {
      resolve({ body: plain(object) })
      stream.cancel()
    })
  })
}

async function http(port: number, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
    signal: AbortSignal.timeout(5000),
  })
  const text = await response.text()
  const { status } = response
  if (text === '') return { status }
  const answer = JSON.parse(text) as { code?: number; message?: string }
  if (status < 400) return { status, body: plain(answer) }
  return { status, code: answer.code, kind: kindOf(answer.message ?? '') }
}

async function firstOfHttpWatch(port: number): Promise<unknown> {
  const stop = new AbortController()
  const response = await fetch(`http://127.0.0.1:${port}/watch/gameserver`, { signal: stop.signal })
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk, { stream: true })
    if (text.includes('\n')) break
  }
  stop.abort()
  return { status: response.status, body: plain(JSON.parse(text.split('\n', 1)[0]!)) }
}

/** Servers have different words for a refusal: only its kind is compared. */
function kindOf(message: string): string {
  const kinds = ['invalid argument', 'out of range', 'not found', 'already exists', 'not allowed']
  return kinds.find((kind) => message.toLowerCase().includes(kind)) ?? 'other'
}

/** Leaves out what may differ between runs and servers. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
    .filter(([key]) => !volatile.has(key))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, one]) => [key, plain(one)]))
}

const volatile = new Set([
  'uid',
  'generation',
  'resourceVersion',
  'resource_version',
  'creationTimestamp',
  'creation_timestamp',
  // A cluster's allocation writes it, the local mode does not.
  'agones.dev/last-allocated',
])

function stateOf(answer: unknown): unknown {
  const { body } = answer as { body?: { status?: { state?: string } } }
  return body?.status?.state ?? answer
}

function lower(name: string): string {
  return name.slice(0, 1).toLowerCase() + name.slice(1)
}

// The contract between a game server and its Agones sidecar, in our own words: packages, methods,
// field numbers and types, which are all that goes over the wire. Written out because the SDK's
// generated code can read maps but not write them.
import type { ServiceDefinition } from '@grpc/grpc-js'
import { fromJSON } from '@grpc/proto-loader'

type Field = { type: string; id: number; rule?: 'repeated'; keyType?: string }
type Message = { fields: Record<string, Field>; nested?: Record<string, Message> }
type Method = {
  requestType: string
  requestStream: boolean
  responseType: string
  responseStream: boolean
  comment: string
}
type Service = { methods: Record<string, Method> }

/** `name: 'type'`, numbered from 1 in order; `type[]` repeats, `map<type>` has string keys. */
function message(fields: Record<string, string | [type: string, id: number]>): Message {
  const result: Message['fields'] = {}
  let next = 1
  for (const [name, given] of Object.entries(fields)) {
    const [type, id] = typeof given === 'string' ? [given, next] : given
    next = id + 1
    const map = /^map<(.+)>$/.exec(type)
    if (map) result[name] = { keyType: 'string', type: map[1]!, id }
    else if (type.endsWith('[]')) result[name] = { rule: 'repeated', type: type.slice(0, -2), id }
    else result[name] = { type, id }
  }
  return { fields: result }
}

/** `Method: 'Request -> Answer'`; `stream` before either means a stream. */
function service(methods: Record<string, string>): Service {
  const result: Service['methods'] = {}
  for (const [name, text] of Object.entries(methods)) {
    const [request, answer] = text.split(' -> ') as [string, string]
    result[name] = {
      requestType: request.replace('stream ', ''),
      requestStream: request.startsWith('stream '),
      responseType: answer.replace('stream ', ''),
      responseStream: answer.startsWith('stream '),
      comment: '',
    }
  }
  return { methods: result }
}

const stable: Record<string, Message | Service> = {
  Empty: message({}),
  KeyValue: message({ key: 'string', value: 'string' }),
  Duration: message({ seconds: 'int64' }),
  GameServer: {
    ...message({ objectMeta: 'ObjectMeta', spec: 'Spec', status: 'Status' }),
    nested: {
      ObjectMeta: message({
        name: 'string',
        namespace: 'string',
        uid: 'string',
        resourceVersion: 'string',
        generation: 'int64',
        creationTimestamp: 'int64',
        deletionTimestamp: 'int64',
        annotations: 'map<string>',
        labels: 'map<string>',
      }),
      Spec: {
        ...message({ health: 'Health' }),
        nested: {
          Health: message({
            disabled: 'bool',
            periodSeconds: 'int32',
            failureThreshold: 'int32',
            initialDelaySeconds: 'int32',
          }),
        },
      },
      Status: {
        // 4 was player tracking, which Agones is giving up; nothing here fills it.
        ...message({
          state: 'string',
          address: 'string',
          ports: 'Port[]',
          counters: ['map<CounterStatus>', 5],
          lists: 'map<ListStatus>',
          addresses: 'Address[]',
        }),
        nested: {
          Address: message({ type: 'string', address: 'string' }),
          Port: message({ name: 'string', port: 'int32' }),
          CounterStatus: message({ count: 'int64', capacity: 'int64' }),
          ListStatus: message({ capacity: 'int64', values: 'string[]' }),
        },
      },
    },
  },
  SDK: service({
    Ready: 'Empty -> Empty',
    Allocate: 'Empty -> Empty',
    Shutdown: 'Empty -> Empty',
    Health: 'stream Empty -> Empty',
    GetGameServer: 'Empty -> GameServer',
    WatchGameServer: 'Empty -> stream GameServer',
    SetLabel: 'KeyValue -> Empty',
    SetAnnotation: 'KeyValue -> Empty',
    Reserve: 'Duration -> Empty',
  }),
}

const beta: Record<string, Message | Service> = {
  Counter: message({ name: 'string', count: 'int64', capacity: 'int64' }),
  CounterUpdateRequest: message({
    name: 'string',
    count: 'google.protobuf.Int64Value',
    capacity: 'google.protobuf.Int64Value',
    countDiff: 'int64',
  }),
  GetCounterRequest: message({ name: 'string' }),
  UpdateCounterRequest: message({ counterUpdateRequest: 'CounterUpdateRequest' }),
  List: message({ name: 'string', capacity: 'int64', values: 'string[]' }),
  GetListRequest: message({ name: 'string' }),
  UpdateListRequest: message({ list: 'List', updateMask: 'google.protobuf.FieldMask' }),
  AddListValueRequest: message({ name: 'string', value: 'string' }),
  RemoveListValueRequest: message({ name: 'string', value: 'string' }),
  SDK: service({
    GetCounter: 'GetCounterRequest -> Counter',
    UpdateCounter: 'UpdateCounterRequest -> Counter',
    GetList: 'GetListRequest -> List',
    UpdateList: 'UpdateListRequest -> List',
    AddListValue: 'AddListValueRequest -> List',
    RemoveListValue: 'RemoveListValueRequest -> List',
  }),
}

const wellKnown = {
  Int64Value: message({ value: 'int64' }),
  FieldMask: message({ paths: 'string[]' }),
}

const definition = fromJSON(
  {
    nested: {
      agones: {
        nested: { dev: { nested: { sdk: { nested: { ...stable, beta: { nested: beta } } } } } },
      },
      google: { nested: { protobuf: { nested: wellKnown } } },
    },
  },
  { longs: Number, defaults: true, arrays: true, objects: true },
)

export const stableService = definition['agones.dev.sdk.SDK'] as ServiceDefinition
export const betaService = definition['agones.dev.sdk.beta.SDK'] as ServiceDefinition

export type WireGameServer = {
  objectMeta: {
    name: string
    namespace: string
    uid: string
    resourceVersion: string
    generation: number
    /** Unix seconds, as all times here. 0 while it is not being deleted. */
    creationTimestamp: number
    deletionTimestamp: number
    annotations: Record<string, string>
    labels: Record<string, string>
  }
  spec: {
    health: {
      disabled: boolean
      periodSeconds: number
      failureThreshold: number
      initialDelaySeconds: number
    }
  }
  status: {
    state: GameServerState
    address: string
    addresses: { type: string; address: string }[]
    ports: { name: string; port: number }[]
    counters: Record<string, { count: number; capacity: number }>
    lists: Record<string, { capacity: number; values: string[] }>
  }
}

export type GameServerState =
  | 'Starting'
  | 'Scheduled'
  | 'RequestReady'
  | 'Ready'
  | 'Allocated'
  | 'Reserved'
  | 'Shutdown'
  | 'Unhealthy'

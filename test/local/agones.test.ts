// The emulator with Agones' own SDK: the calls that the zone host does not use.
import { createRequire } from 'node:module'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createGameServer } from '#local/agones/game-server.ts'
import type { GameServerObject } from '#local/agones/game-server.ts'
import { startSidecar } from '#local/agones/sidecar.ts'
import type { Sidecar } from '#local/agones/sidecar.ts'
import { systemRuntime as runtime } from '#shared/system.ts'
import { silentLog as log } from '#shared/telemetry/log.ts'
import { until } from './until.ts'

type Sdk = {
  close(): void
  connect(): Promise<void>
  ready(): Promise<unknown>
  shutdown(): Promise<unknown>
  reserve(seconds: number): Promise<unknown>
  setLabel(key: string, value: string): Promise<unknown>
  setAnnotation(key: string, value: string): Promise<unknown>
  alpha: { getPlayerCount(): Promise<number> }
  beta: {
    getCounterCount(key: string): Promise<number>
    incrementCounter(key: string, amount: number): Promise<void>
    decrementCounter(key: string, amount: number): Promise<void>
    setCounterCount(key: string, amount: number): Promise<void>
    setCounterCapacity(key: string, amount: number): Promise<void>
    getListCapacity(key: string): Promise<number>
    setListCapacity(key: string, amount: number): Promise<void>
    getListValues(key: string): Promise<string[]>
    appendListValue(key: string, value: string): Promise<void>
    deleteListValue(key: string, value: string): Promise<void>
  }
}

const AgonesSdk = createRequire(import.meta.url)('@google-cloud/agones-sdk') as new () => Sdk
let object: GameServerObject
let sidecar: Sidecar
let sdk: Sdk

beforeEach(async () => {
  object = createGameServer({
    name: 'hub-abcde',
    labels: {},
    address: '127.0.0.1',
    ports: [{ name: 'zone', port: 7001 }],
    counters: { rooms: { count: 1, capacity: 10 } },
    lists: { players: { capacity: 2, values: ['ann'] } },
    runtime,
    log,
  })
  sidecar = await startSidecar({ gameServer: object, queueMs: 250, runtime, log })
  process.env['AGONES_SDK_GRPC_PORT'] = String(sidecar.port)
  sdk = new AgonesSdk()
  await sdk.connect()
})
afterEach(() => {
  delete process.env['AGONES_SDK_GRPC_PORT']
  sdk.close()
  sidecar.stop()
})

const counter = () => object.read().status.counters['rooms']
const list = () => object.read().status.lists['players']
const labels = () => object.read().objectMeta.labels

test('counter changes are answered at once, applied together, and refused out of range', async () => {
  await sdk.beta.incrementCounter('rooms', 4)
  await sdk.beta.decrementCounter('rooms', 2)
  expect(counter()).toEqual({ count: 1, capacity: 10 })
  expect(await sdk.beta.getCounterCount('rooms')).toBe(3)
  await until(() => counter()!.count === 3)
  await expect(sdk.beta.incrementCounter('rooms', 8)).rejects.toThrow('out of range')
  await expect(sdk.beta.decrementCounter('rooms', 4)).rejects.toThrow('out of range')
  await expect(sdk.beta.incrementCounter('none', 1)).rejects.toThrow('not found')
  await sdk.beta.setCounterCount('rooms', 9)
  // Below the count: it is cut without an error when it is applied, as in a cluster.
  await sdk.beta.setCounterCapacity('rooms', 5)
  await until(() => counter()!.count === 5)
  expect(counter()).toEqual({ count: 5, capacity: 5 })
})

test('list changes keep order and capacity, and a capacity without its mask changes nothing', async () => {
  await sdk.beta.appendListValue('players', 'bob')
  await expect(sdk.beta.appendListValue('players', 'cid')).rejects.toThrow('full')
  await sdk.beta.deleteListValue('players', 'ann')
  await expect(sdk.beta.deleteListValue('players', 'ann')).rejects.toThrow('not in the list')
  await expect(sdk.beta.appendListValue('players', 'bob')).rejects.toThrow('already')
  expect(await sdk.beta.getListValues('players')).toEqual(['bob'])
  await until(() => list()!.values.join() === 'bob')
  // The SDK sends an empty mask.
  await sdk.beta.setListCapacity('players', 50)
  await runtime.sleep(600)
  expect(await sdk.beta.getListCapacity('players')).toBe(2)
})

test('a capacity takes the place of list changes that wait, as in a cluster', async () => {
  await sdk.beta.appendListValue('players', 'bob')
  await sdk.beta.setListCapacity('players', 50)
  await runtime.sleep(600)
  expect(list()).toEqual({ capacity: 2, values: ['ann'] })
})

test('a label that is none is refused at once', async () => {
  await expect(sdk.setLabel('bad', 'not a label value')).rejects.toThrow('INVALID_ARGUMENT')
  await expect(sdk.setLabel('no key!', 'yes')).rejects.toThrow('INVALID_ARGUMENT')
  await expect(sdk.setAnnotation('no key!', 'yes')).rejects.toThrow('INVALID_ARGUMENT')
  await sdk.setLabel('good', 'yes')
  await until(() => labels()['agones.dev/sdk-good'] === 'yes')
})

test('a label that its prefix spoils is answered with success and holds back those after it', async () => {
  await sdk.setLabel('good', 'yes')
  await until(() => labels()['agones.dev/sdk-good'] === 'yes')
  await sdk.setLabel('a.domain/of-ours', 'yes')
  await sdk.setLabel('later', 'yes')
  await sdk.setAnnotation('free', 'any text at all')
  await until(() => object.read().objectMeta.annotations['agones.dev/sdk-free'] !== undefined)
  expect(labels()).toEqual({ 'agones.dev/sdk-good': 'yes' })
})

test('a reservation goes back to Ready when its time is up', async () => {
  await sdk.reserve(1)
  await until(() => object.read().status.state === 'Reserved')
  await until(() => object.read().status.state === 'Ready')
})

test('after Shutdown nothing brings a server back', async () => {
  await sdk.shutdown()
  await until(() => object.read().status.state === 'Shutdown')
  await sdk.ready()
  await runtime.sleep(600)
  expect(object.read().status.state).toBe('Shutdown')
})

test('the alpha services are not there', async () => {
  await expect(sdk.alpha.getPlayerCount()).rejects.toThrow('UNIMPLEMENTED')
})

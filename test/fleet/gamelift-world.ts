// The fleet on a stand-in of GameLift, in virtual time, through the real client of AWS.
import { GameLiftClient } from '@aws-sdk/client-gamelift'
import { createGameLiftFleet } from '#shared/fleet/gamelift.ts'
import { seededFaults } from '#shared/store/faults.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import { silentLog as log } from '#shared/telemetry/log.ts'
import type { FleetWorld } from '../conformance/fleet.ts'
import { createFakeGameLift } from './fake-gamelift.ts'
import type { ServerProcess } from './fake-gamelift.ts'
import { createVirtualTime } from './virtual-time.ts'

const timeoutMs = 2000

export async function createGameLiftWorld(hosts: number, seed: number): Promise<FleetWorld> {
  // The client takes turns of Node's loop between a request and its answer.
  const time = createVirtualTime(seed, 3)
  const { runtime, random } = time
  const gameLift = createFakeGameLift({ runtime })
  const chances = {
    conflict: 0.01,
    throttle: 0.01,
    loseAnswer: 0.01,
    loseRequest: 0.01,
    delay: 0.02,
  }
  const faults = seededFaults(seed, chances)
  const store = createMemoryStore({
    runtime,
    faults: (request) => (world.stormy ? faults(request) : undefined),
  })
  let port = 7000

  function addHost(zone: string): void {
    const process: ServerProcess = {
      fleetId: `fleet-${zone}`,
      address: '10.0.0.1',
      port: port++,
      start: (session) => {
        time.after(100 + random() * 400, () => {
          if (session.Status === 'ACTIVATING') session.Status = 'ACTIVE'
        })
      },
      terminate: () => void time.after(300, () => gameLift.ended(process)),
    }
    gameLift.processes.add(process)
  }

  const client = new GameLiftClient({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'y' },
    maxAttempts: 1,
    requestHandler: {
      handle: async (request: { headers: Record<string, string>; body: Uint8Array }) =>
        await new Promise((resolve, reject) => {
          const cancel = time.after(timeoutMs, () => reject(new Error('timed out')))
          const exchange = async () => {
            await runtime.sleep(2 + random() * 20)
            const body = new TextDecoder().decode(request.body)
            const answer = await gameLift.answer(request.headers['x-amz-target']!, body)
            await runtime.sleep(2 + random() * 20)
            if (answer === undefined) return
            cancel()
            const content = Buffer.from(JSON.stringify(answer.body))
            resolve({ response: { statusCode: answer.status, headers: {}, body: content } })
          }
          exchange().catch(reject)
        }),
    } as never,
  })
  const fleets = new Map(['hub', 'swamp'].map((zone) => [zone, `fleet-${zone}`]))
  const world: FleetWorld = {
    time,
    timeoutMs,
    weather: undefined,
    stormy: false,
    open: () => createGameLiftFleet({ client, fleets, store, runtime, log }),
    taken: () =>
      [...gameLift.sessions.values()]
        .filter(({ Status }) => Status === 'ACTIVE' || Status === 'ACTIVATING')
        .map(({ GameSessionId }) => GameSessionId.split('/').at(-1)!),
    addHost,
    end: async (name) => {
      for (const process of gameLift.processes) {
        if (process.session?.GameSessionId.endsWith(`/${name}`)) gameLift.ended(process)
      }
      await Promise.resolve()
    },
    close: async () => await Promise.resolve(client.destroy()),
  }
  gameLift.befall(() => world.weather?.() ?? { kind: 'good' })
  for (let i = 0; i < hosts; i++) addHost('hub')
  return await Promise.resolve(world)
}

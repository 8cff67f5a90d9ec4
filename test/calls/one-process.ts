// The stage of the functions in one process, on a store in memory.
import { zoneLabel } from '#shared/fleet/fleet.ts'
import { openApi } from '../functions/api.ts'
import type { TestApi } from '../functions/api.ts'
import { createStage } from './stage.ts'
import type { Stage } from './stage.ts'

export async function openOneProcess(
  options: Parameters<typeof openApi>[0] = {},
): Promise<{ test: TestApi; stage: Stage }> {
  const test = await openApi(options)
  // Waiting moves the clock; hosts here prove once that they live.
  test.clock.sleep = async () => {}
  const stage = createStage({
    realmId: 'local',
    store: test.memory,
    runtime: test.clock,
    client: (token) => test.client(token === undefined ? {} : { token }),
    lastEmail: () => test.email.sent.at(-1)?.text ?? '',
    offer({ bootId, zone }) {
      const host = { name: `${zone}-9`, bootId, address: 'host', port: 1 }
      test.fleet.hosts.push({ ...host, state: 'ready', labels: { [zoneLabel]: zone } })
    },
    async fleetHost() {
      const host = { name: 'hub-1', bootId: undefined, address: 'host', port: 1, labels: {} }
      test.fleet.hosts.push({ ...host, state: 'ready' })
      return host.name
    },
  })
  return { test, stage }
}

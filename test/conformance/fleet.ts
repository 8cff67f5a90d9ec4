// One suite for every implementation of the fleet, with the faults of the wire between it and its platform.
// Time passes as in test/fleet/virtual-time.ts.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FleetError, zoneLabel } from '#shared/fleet/fleet.ts'
import type { Allocation, Fleet, FleetHost } from '#shared/fleet/fleet.ts'
import { StoreError } from '#shared/store/store.ts'
import type { VirtualTime } from '../fleet/virtual-time.ts'

/**
 * What befalls a request for a host. `lost`: it happens and is never answered. `never`: it never arrives.
 * `late`: it happens after `ms`, when nobody waits for its answer any more.
 */
export type WireFate = { kind: 'good' | 'lost' | 'never' } | { kind: 'late'; ms: number }

/** A platform with hosts of the zone `hub`, and fleets on it. */
export type FleetWorld = {
  time: VirtualTime
  /** The fleet, as another process of functions has it. */
  open(): Fleet
  /** What befalls requests from now on; undefined: all are good. */
  weather: (() => WireFate) | undefined
  /** The store of the fleet meets faults too, where it has one. */
  stormy: boolean
  /** Names of the hosts that the platform has given away and that have not ended. */
  taken(): string[]
  /** One more host of that zone waits to be allocated. */
  addHost(zone: string): void
  /** The process of a host ends by itself. */
  end(name: string): Promise<void>
  /** How long a caller waits for an answer of the platform, ms. */
  timeoutMs: number
  close(): Promise<void>
}

type Abilities = {
  /** Without it `list` and `drain` are refused. */
  lists: boolean
}

const labels = { [zoneLabel]: 'hub' }
const none: WireFate = { kind: 'good' }

export function fleetConformance(
  name: string,
  { lists }: Abilities,
  /** With so many hosts of `hub` that wait to be allocated. */
  make: (hosts: number) => Promise<FleetWorld>,
): void {
  describe(name, () => {
    let world: FleetWorld
    const start = async (hosts: number) => (world = await make(hosts))
    const sleep = (ms: number) => world.time.runtime.sleep(ms)
    beforeEach(async () => void (await start(6)))
    afterEach(async () => {
      await world.close()
    })

    const befall = (...fates: WireFate[]) => {
      world.weather = () => fates.shift() ?? none
    }
    /** As placement asks: again, until there is a host. */
    async function ask(fleet: Fleet, allocation: Allocation, tries = 200): Promise<FleetHost> {
      let last: unknown
      for (let i = 0; i < tries; i++) {
        const host = await fleet.allocate(allocation).catch((error: unknown) => {
          last = error
          if (error instanceof FleetError || error instanceof StoreError) return undefined
          throw error
        })
        if (host !== undefined) return host
        await sleep(200 + world.time.random() * 200)
      }
      throw new Error(`no host for ${allocation.requestId}`, { cause: last })
    }
    const asked = { requestId: 'main/hub/0', labels }

    it('allocates a host of the zone, and another for another request', async () => {
      await world.time.run(async () => {
        const fleet = world.open()
        const host = await ask(fleet, asked)
        expect(host).toMatchObject({ state: 'allocated', bootId: expect.stringMatching(/./) })
        expect(host.labels[zoneLabel]).toBe('hub')
        const other = await ask(fleet, { ...asked, requestId: 'main/hub/1' })
        expect(other.name).not.toBe(host.name)
        expect(world.taken().sort()).toEqual([host.name, other.name].sort())
      })
    })

    it('gives a request the same host again, in every process', async () => {
      await world.time.run(async () => {
        const host = await ask(world.open(), asked)
        await sleep(10_000)
        expect((await ask(world.open(), asked)).name).toBe(host.name)
        expect(world.taken()).toEqual([host.name])
      })
    })

    it('gives twenty who ask at once one host', async () => {
      await world.time.run(async () => {
        const all = await Promise.all(Array.from({ length: 20 }, () => ask(world.open(), asked)))
        expect(new Set(all.map((host) => host.name)).size).toBe(1)
        expect(world.taken()).toHaveLength(1)
      })
    })

    it('has no host for labels that none carries, until one does', async () => {
      await world.time.run(async () => {
        const swamp = { requestId: 'main/swamp/0', labels: { [zoneLabel]: 'swamp' } }
        expect(await world.open().allocate(swamp)).toBeUndefined()
        expect(world.taken()).toEqual([])
        world.addHost('swamp')
        expect((await ask(world.open(), swamp)).labels[zoneLabel]).toBe('swamp')
      })
    })

    it('gives a request another host when its host has ended', async () => {
      await world.time.run(async () => {
        const host = await ask(world.open(), asked)
        await world.end(host.name)
        await sleep(5000)
        expect((await ask(world.open(), asked)).name).not.toBe(host.name)
        expect(world.taken()).toHaveLength(1)
      })
    })

    it.each<[string, WireFate]>([
      ['that never arrives', { kind: 'never' }],
      ['whose answer is lost', { kind: 'lost' }],
      ['that comes late', { kind: 'late', ms: 3000 }],
      ['that comes after it was asked for again', { kind: 'late', ms: 15_000 }],
    ])('takes one host for a request %s', async (_, fate) => {
      await world.time.run(async () => {
        befall(fate)
        const fleet = world.open()
        // A fleet may find out by itself what became of it.
        const failed = await fleet.allocate(asked).then(
          () => undefined,
          (error: unknown) => error,
        )
        if (failed !== undefined) {
          expect(failed).toMatchObject({ name: 'FleetError', unclear: true })
        }
        const host = await ask(fleet, asked)
        await sleep(60_000)
        expect((await ask(world.open(), asked)).name).toBe(host.name)
        expect(world.taken()).toEqual([host.name])
      })
    })

    if (lists) {
      it('lists the hosts that are allocated, with their boot ids', async () => {
        await world.time.run(async () => {
          const fleet = world.open()
          const host = await ask(fleet, asked)
          const found = (await fleet.list()).filter(({ state }) => state === 'allocated')
          expect(found).toEqual([
            expect.objectContaining({
              name: host.name,
              bootId: host.bootId,
              address: host.address,
              port: host.port,
            }),
          ])
        })
      })

      it('drains a host, again without harm, gives it to nobody, and knows no other name', async () => {
        await world.time.run(async () => {
          const fleet = world.open()
          const host = await ask(fleet, asked)
          expect(await fleet.drain(host.name)).toBe(true)
          await fleet.drain(host.name)
          await sleep(5000)
          expect((await ask(fleet, asked)).name).not.toBe(host.name)
          expect(await fleet.drain('hub-that-is-not')).toBe(false)
          expect(world.taken()).toHaveLength(1)
        })
      })
    } else {
      it('says that it neither lists nor drains', async () => {
        await expect(world.open().list()).rejects.toMatchObject({
          name: 'FleetError',
          unclear: false,
        })
        await expect(world.open().drain('x')).rejects.toThrow('can only allocate')
      })
    }

    it('1,000 requests, asked twice at once, 10 % late and 10 % lost: one host each, none left over', async () => {
      const count = 1000
      await world.close()
      await start(count + 150)
      const { random } = world.time
      let late = 0
      let lost = 0
      world.weather = () => {
        const draw = random()
        if (draw < 0.1) {
          late++
          return { kind: 'late', ms: world.timeoutMs + random() * 20_000 }
        }
        if (draw >= 0.2) return none
        lost++
        return { kind: random() < 0.5 ? 'lost' : 'never' }
      }
      world.stormy = true
      await world.time.run(async () => {
        const fleets = [world.open(), world.open(), world.open()]
        const askers = Array.from({ length: count * 2 }, async (_, index) => {
          const id = index >> 1
          await sleep(id * 20 + random() * 10)
          const fleet = fleets[Math.floor(random() * fleets.length)]!
          return (await ask(fleet, { requestId: `need-${id}`, labels })).name
        })
        const names = await Promise.all(askers)
        const first = names.filter((_, index) => index % 2 === 0)
        const second = names.filter((_, index) => index % 2 === 1)
        expect(second, 'two who asked at once').toEqual(first)
        expect(new Set(first).size, 'a host each').toBe(count)
        world.weather = undefined
        await sleep(60_000)
        expect(world.taken().sort(), 'none left over').toEqual(first.toSorted())
        const again = first.map((_, id) => ask(fleets[0]!, { requestId: `need-${id}`, labels }))
        expect((await Promise.all(again)).map((host) => host.name)).toEqual(first)
      })
      expect(late).toBeGreaterThan(80)
      expect(lost).toBeGreaterThan(80)
    }, 30_000)
  })
}

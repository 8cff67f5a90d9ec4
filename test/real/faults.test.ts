// Zone hosts that end or hang, again and again, under fifty players: nobody is stuck, nobody is in two
// places, nobody loses more than 5 s.
import { afterEach, describe, expect, it } from 'vitest'
import { systemRuntime } from '#shared/system.ts'
import { startCrowd } from './crowd.ts'
import type { Crowd, Return, Stood } from './crowd.ts'
import { lostMs, percentile } from './record.ts'

const { now } = systemRuntime

const count = 50
/** A player who is not back by then is stuck, ms. */
const stuckMs = 40_000

let crowd: Crowd | undefined
afterEach(async () => {
  await crowd?.stop()
  crowd = undefined
})

const line = (name: string, values: number[]) =>
  values.length === 0
    ? `  ${name.padEnd(26)} never`
    : `  ${name.padEnd(26)} p50 ${percentile(values, 0.5)}, p99 ${percentile(values, 0.99)}`

/** When fleet and hosts saw the end of a host, ms since the fault. */
function fleetSide(at: number, name: string, bootId: string) {
  const lines = crowd!.log('start.log').filter(({ time }) => time >= at)
  const first = (message: string, key: string, value: string) =>
    lines.find((one) => one.message === message && one[key] === value)?.time ?? Number.NaN
  const allocated = lines.find(({ message }) => message === 'zone host allocated')
  const next = allocated === undefined ? [] : crowd!.log(`${allocated['gameServer'] as string}.log`)
  const said = (message: string) => next.find((one) => one.message === message)?.time ?? Number.NaN
  return {
    noticed: first('zone host ended', 'gameServer', name) - at,
    marked: first('lease marked ended', 'bootId', bootId) - at,
    ready: Math.max(0, said('ready') - at),
    open: said('open') - at,
  }
}

function report(title: string, back: Return[], fleet: ReturnType<typeof fleetSide>[]): void {
  const ofFleet = (key: keyof ReturnType<typeof fleetSide>) =>
    fleet.map((one) => one[key]).filter((value) => !Number.isNaN(value))
  const ofBots = (key: 'lost' | 'admitted' | 'opened' | 'joined' | 'behind') =>
    back.map((one) => one[key])
  const [slowest] = back.toSorted((a, b) => b.joined - a.joined)
  console.log(
    [
      `${title} under ${count} bots, ${back.length} returns; ms after the fault:`,
      line('the fleet notices the end', ofFleet('noticed')),
      line('the lease is marked', ofFleet('marked')),
      line('bots notice', ofBots('lost')),
      line('the next host is ready', ofFleet('ready')),
      line('the next host is open', ofFleet('open')),
      line('enter is answered', ofBots('admitted')),
      line('the ticket is sent', ofBots('opened')),
      line('back in play', ofBots('joined')),
      `  the slowest: ${slowest?.story}`,
      line('behind', ofBots('behind')),
      `  behind at most ${Math.max(...ofBots('behind'))} ms`,
    ].join('\n'),
  )
}

/** Ends a silent host; its fleet may have done so before, for it sent no health pings. */
function endSilent(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

describe.each([
  {
    fault: 'killed, which its fleet sees',
    rounds: 15,
    mostMs: 10_000,
    fleet: 'hub:1,forest:1',
    hit: 'SIGKILL' as const,
  },
  {
    // Nothing reports its end: it holds its sockets and is silent, until it is killed.
    fault: 'silent, which only its lease shows',
    rounds: 5,
    mostMs: 15_000,
    fleet: 'hub:2,forest:1',
    hit: 'SIGSTOP' as const,
  },
])('a zone host that is $fault', ({ fault, rounds, mostMs, fleet, hit }) => {
  it(`${rounds} times under ${count} bots leaves nobody stuck`, async () => {
    const began = now()
    crowd = await startCrowd({ count, zone: 'hub', env: { WAYSTONE_FLEET: fleet } })
    await crowd.allInPlay(0, 30_000)
    await crowd.allSettled(now())
    const back: Return[] = []
    const sides: ReturnType<typeof fleetSide>[] = []
    const stood: Stood[] = []
    for (let round = 0; round < rounds; round++) {
      const host = await crowd.fullest('hub')
      const at = now()
      process.kill(host.pid, hit)
      await crowd.allInPlay(at, stuckMs)
      const returned = now()
      back.push(...(await crowd.returns(at)))
      sides.push(fleetSide(at, host.name, host.bootId))
      if (hit === 'SIGSTOP') endSilent(host.pid)
      await crowd.allSettled(returned)
      if (hit === 'SIGSTOP') stood.push({ host: host.name, from: at, to: now() })
    }
    report(`A host ${rounds} times ${fault},`, back, sides)
    console.log(`  took ${Math.round((now() - began) / 1000)} s`)
    expect(back.length).toBeGreaterThanOrEqual(rounds * count * 0.9)
    expect(crowd.doubles(stood)).toEqual([])
    expect(
      percentile(
        back.map(({ joined }) => joined),
        0.99,
      ),
    ).toBeLessThanOrEqual(mostMs)
    expect(Math.max(...back.map(({ behind }) => behind))).toBeLessThanOrEqual(lostMs)
  }, 600_000)
})

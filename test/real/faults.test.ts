// Zone hosts that end, again and again, under fifty players: nobody is stuck, nobody loses more than 5 s.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { systemRuntime } from '#shared/system.ts'
import { makeDataDir, startWaystone } from '../e2e/waystone.ts'
import type { Waystone } from '../e2e/waystone.ts'
import { behindMs, lostMs, readRecord, startBots } from './record.ts'
import type { Told } from './record.ts'

const count = 50
const kills = 5
/** Back in play by then, ms: what is allowed where only the lease tells that a host has ended. */
const backMs = 15_000

let waystone: Waystone | undefined
let folder: Awaited<ReturnType<typeof makeDataDir>> | undefined
let bots: ReturnType<typeof startBots> | undefined
afterEach(async () => {
  bots?.kill('SIGKILL')
  await waystone?.killAll()
  await folder?.remove()
})

/** The process of the zone host that was told to open a zone. */
function hostOf(zone: string): number {
  const below = new Set(waystone!.pids())
  const table = execFileSync('ps', ['e', '-A', '-ww', '-o', 'pid=,args='], { encoding: 'utf8' })
  const line = table
    .split('\n')
    .find(
      (each) =>
        each.includes('gameserver/main.ts') &&
        each.includes(`WAYSTONE_ZONES=${zone} `) &&
        below.has(Number.parseInt(each, 10)),
    )
  if (line === undefined) throw new Error(`no host of ${zone} runs`)
  return Number.parseInt(line, 10)
}

/** For each bot: how long it was away after `killedAt`, and how far behind it came back. */
function comeBack(told: Map<number, Told>, killedAt: number) {
  const away: number[] = []
  const behind: number[] = []
  const stuck: string[] = []
  for (const { name, positions } of told.values()) {
    const next = positions.find((line) => line.at > killedAt + 100)
    if (next === undefined) {
      stuck.push(name)
      continue
    }
    away.push(next.at - killedAt)
    const before = positions.filter((line) => line.at <= killedAt + 100)
    behind.push(behindMs(before, next) ?? Number.POSITIVE_INFINITY)
  }
  return { away, behind, stuck }
}

const percentile = (values: number[], part: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))]!

describe('a zone host that is killed', () => {
  it(`${kills} times under ${count} bots leaves nobody stuck`, async () => {
    folder = await makeDataDir()
    waystone = await startWaystone(folder)
    const record = join(folder.dataDir, 'told.jsonl')
    const args = ['--count', String(count), '--url', waystone.url, '--zone', 'hub']
    bots = startBots([...args, '--record', record])
    await systemRuntime.sleep(12_000)

    const away: number[] = []
    const behind: number[] = []
    for (let kill = 0; kill < kills; kill++) {
      const killedAt = systemRuntime.now()
      process.kill(hostOf('hub'), 'SIGKILL')
      await systemRuntime.sleep(backMs)
      const back = comeBack(await readRecord(record), killedAt)
      expect(back.stuck, `after kill ${kill + 1}`).toEqual([])
      away.push(...back.away)
      behind.push(...back.behind)
      // Long enough in the world for their connections to count as sound again.
      await systemRuntime.sleep(6000)
    }
    console.log(
      `${kills} kills, ${count} bots: back in play p50 ${percentile(away, 0.5)} ms, ` +
        `p99 ${percentile(away, 0.99)} ms; behind p50 ${percentile(behind, 0.5)} ms, ` +
        `most ${Math.max(...behind)} ms`,
    )
    expect(percentile(away, 0.99)).toBeLessThanOrEqual(backMs)
    expect(Math.max(...behind)).toBeLessThanOrEqual(lostMs)
  }, 600_000)
})

// The store goes away under fifty players: for 40 s players learn it by a message alone, and nothing is
// lost; after 90 s, in which the worlds have stood still, everybody is back by himself.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { EmbeddedDynamo } from '#local/dynamodb.ts'
import { systemRuntime } from '#shared/system.ts'
import { startCrowd } from './crowd.ts'
import type { Crowd } from './crowd.ts'
import { openStore } from './faulty-store.ts'
import { lostMs, percentile } from './record.ts'
import type { BotHistory } from './record.ts'

const { now, sleep } = systemRuntime

const count = 50
const backMs = 30_000
/** Players walk 5 m a second; on a busy machine a line of the record may be a moment late. */
const metresPerSecond = 6
/** Of what comes at once to a bot the first and the last are recorded. */
const burstMs = 150

let folder: string | undefined
let store: EmbeddedDynamo | undefined
let crowd: Crowd | undefined
afterEach(async () => {
  if (store !== undefined) process.kill(store.pid, 'SIGCONT')
  await crowd?.stop()
  await store?.stop()
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  folder = store = crowd = undefined
})

/** Takes the store away for so long: by standing still, or by kill -9 and a start on the same file. */
async function away(how: 'stopped' | 'killed', ms: number): Promise<void> {
  const { pid, endpoint } = store!
  process.kill(pid, how === 'stopped' ? 'SIGSTOP' : 'SIGKILL')
  await sleep(ms)
  if (how === 'stopped') process.kill(pid, 'SIGCONT')
  else store = await openStore(folder!, endpoint)
}

/** Steps from one place to the next that no walker could have taken. */
function leaps({ name, positions }: BotHistory, since: number): string[] {
  return positions.flatMap((to, index) => {
    // Lines of one burst do not say how long the way between them took.
    const from = positions.slice(0, index).findLast(({ at }) => to.at - at >= burstMs)
    if (from === undefined || from.at < since || from.zone !== to.zone) return []
    const metres = Math.hypot(to.x - from.x, to.y - from.y)
    const most = ((to.at - from.at) / 1000 + 0.3) * metresPerSecond
    return metres <= most ? [] : [`${name}: ${metres.toFixed(1)} m in ${to.at - from.at} ms`]
  })
}

describe('the store under 50 bots', () => {
  it('may be gone for 40 s unnoticed, and for 90 s without anybody being stuck', async () => {
    const began = now()
    folder = await mkdtemp(join(tmpdir(), 'waystone-store-'))
    store = await openStore(folder)
    const env = { WAYSTONE_DYNAMODB_URL: store.endpoint, WAYSTONE_FLEET: 'hub:1,forest:1' }
    crowd = await startCrowd({ count, zone: 'hub', env })
    await crowd.allInPlay(0, 30_000)
    await crowd.allSettled(now())

    for (const how of ['stopped', 'killed'] as const) {
      const at = now()
      await away(how, 40_000)
      const backAt = now()
      await crowd.allSaving(backAt, 10_000)
      // A player in a gate travels on when the store is back, which is no fault.
      const everybody = [...(await crowd.histories()).values()]
      const all = everybody.filter(
        ({ steps }) => !steps.some((step) => step.at > at && step.what === 'travelling'),
      )
      expect(all.length).toBeGreaterThan(count * 0.9)
      const saving = all.map((one) => one.saving.filter((line) => line.at > at))
      const paused = saving.map((lines) => lines[0]!.at - at)
      const saved = saving.map((lines) => lines.at(-1)!.at - backAt)
      console.log(
        `${how} for 40 s: message that saving is paused after p50 ${percentile(paused, 0.5)} ms, ` +
          `p99 ${percentile(paused, 0.99)} ms; that it goes on, p99 ${percentile(saved, 0.99)} ms after its return`,
      )
      expect(saving.map((lines) => lines.map((line) => line.paused))).toEqual(
        saving.map(() => [true, false]),
      )
      // Nobody was thrown out, nor moved.
      expect(all.flatMap(({ steps }) => steps.filter((step) => step.at > at))).toEqual([])
      const ends = ['reconnecting', 'closed']
      expect(
        everybody.flatMap(({ steps }) =>
          steps.filter((step) => step.at > at && ends.includes(step.what)),
        ),
      ).toEqual([])
      expect(all.flatMap((one) => leaps(one, at))).toEqual([])
      await crowd.allSettled(backAt)
    }

    // The server has saved what it said: their host dies, and they are where they were.
    const killedAt = now()
    process.kill((await crowd.fullest('hub')).pid, 'SIGKILL')
    await crowd.allInPlay(killedAt, backMs)
    const behind = (await crowd.returns(killedAt)).map((one) => one.behind)
    console.log(`a host killed after that: behind at most ${Math.max(...behind)} ms`)
    expect(Math.max(...behind)).toBeLessThanOrEqual(lostMs)
    await crowd.allSettled(now())

    const at = now()
    await away('killed', 90_000)
    const backAt = now()
    await crowd.allInPlay(backAt, backMs)
    const returns = await crowd.returns(at)
    const after = returns.map(({ joined }) => joined + at - backAt)
    const times =
      after.length === 0
        ? ''
        : `, the first after ${Math.min(...returns.map(({ lost }) => lost))} ms; back in play after ` +
          `the store p50 ${percentile(after, 0.5)} ms, p99 ${percentile(after, 0.99)} ms`
    const ways = returns.map(({ name, story }) => `\n  ${name}: ${story}`)
    console.log(
      `away for 90 s: ${returns.length} of ${count} lost their socket${times}${ways.join('')}`,
    )
    expect(crowd.doubles()).toEqual([])
    console.log(`took ${Math.round((now() - began) / 1000)} s`)
  }, 600_000)
})

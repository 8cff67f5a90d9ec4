// Zone hosts that stand still for 30 s and wake: none ticks before it has proved its lease, and the
// writes of a woken host for characters that were taken over meanwhile are refused.
import { afterEach, describe, expect, it } from 'vitest'
import { parseCharacterRows, readCharacterRows } from '#shared/ownership/guard.ts'
import { systemRuntime } from '#shared/system.ts'
import { newSession, play, realmId, until } from '../e2e/player.ts'
import { connect } from '../gameserver/zone-client.ts'
import type { ZoneClient } from '../gameserver/zone-client.ts'
import { startCrowd } from './crowd.ts'
import type { Crowd, Return, Stood, ZoneHost } from './crowd.ts'
import { lostMs, percentile } from './record.ts'

const { now, sleep } = systemRuntime

const count = 50
const stops = 5
const stopMs = 30_000

let crowd: Crowd | undefined
afterEach(async () => {
  await crowd?.stop()
  crowd = undefined
})

/** A player whose socket never closes by itself, unlike that of the client library. */
type Holder = {
  socket: ZoneClient
  session: ReturnType<typeof newSession>
  characterId: string
}

async function holdOn(name: string, host: ZoneHost): Promise<Holder> {
  const session = newSession(crowd!.waystone.url)
  await session.guest()
  const realm = session.inRealm(realmId)
  const { characterId } = await realm.create({ name, race: 'human', job: 'mage' })
  const { address, ticket } = await realm.enter(characterId)
  const socket = await connect(Number(new URL(address).port))
  socket.send({ kind: 'join', ticket })
  await socket.keyframe()
  expect(crowd!.log(`${host.name}.log`).some((line) => line['characterId'] === characterId)).toBe(
    true,
  )
  return { socket, session, characterId }
}

/** Comes in by another connection, which takes the character from its silent owner, and leaves again. */
async function takeOver({ session, characterId }: Holder): Promise<void> {
  const player = await play(crowd!.waystone.url, session, characterId)
  await player.stop()
}

async function rowsOf({ characterId }: Holder) {
  const page = await crowd!.store.query(readCharacterRows(realmId, characterId))
  const { guard, state } = parseCharacterRows(realmId, characterId, page.items)!
  return { owner: guard.owner, state: guard.state, epoch: guard.epoch, saved: state }
}

type Woken = Stood & { wokenAt: number }

/**
 * Wakes a host when its time is over, and checks what it does to two characters that were taken over:
 * one sends nothing, the other has a LEAVE waiting in the host's socket, which makes the host write.
 */
async function wake(host: ZoneHost, at: number, silent: Holder, leaving: Holder): Promise<Woken> {
  const holders = [silent, leaving]
  await sleep(500)
  const ticks = holders.map(({ socket }) => socket.latest()!.tick)
  leaving.socket.send({ kind: 'leave' })
  await Promise.all(holders.map(takeOver))
  const before = await Promise.all(holders.map(rowsOf))
  // A sign of life: a socket that was silent for 30 s is cut, which would show nothing.
  for (const { socket } of holders) socket.send({ kind: 'ping', token: 1 })

  await sleep(at + stopMs - now())
  const wokenAt = now()
  process.kill(host.pid, 'SIGCONT')
  for (const { socket } of holders) expect(await socket.end()).toBe('fenced')
  expect(holders.map(({ socket }) => socket.latest()!.tick)).toEqual(ticks)
  const find = (message: string) =>
    crowd!.log(`${host.name}.log`).find((line) => line.time >= wokenAt && line.message === message)
  await until('the lease is proved', () => find('the lease is proved: going on') !== undefined)
  const stood = find('the tick thread stood still: proving the lease')!
  const proved = find('the lease is proved: going on')!
  expect(proved['ticks']).toBe(stood['ticks'])
  // By then it has written what it was about to write, or never will.
  await sleep(6000)
  expect(await Promise.all(holders.map(rowsOf))).toEqual(before)
  return { host: host.name, from: at, to: proved.time, wokenAt }
}

describe('a zone host that stands still for 30 s', () => {
  it(`${stops} times under ${count} bots has lost them, and does them no harm`, async () => {
    const began = now()
    const env = { WAYSTONE_FLEET: 'hub:3,forest:1', WAYSTONE_FLEET_PATIENCE: '300' }
    crowd = await startCrowd({ count, zone: 'hub', env })
    await crowd.allInPlay(0, 30_000)
    await crowd.allSettled(now())

    const all: Return[] = []
    const wakes: Promise<Woken>[] = []
    for (let stop = 0; stop < stops; stop++) {
      const host = await crowd.fullest('hub')
      const silent = await holdOn(`Odo${'abcde'[stop]}`, host)
      const leaving = await holdOn(`Ama${'abcde'[stop]}`, host)
      const at = now()
      process.kill(host.pid, 'SIGSTOP')
      const woken = wake(host, at, silent, leaving)
      // It is awaited at the end. This handler keeps an earlier failure from being unhandled.
      woken.catch(() => undefined)
      wakes.push(woken)
      await crowd.allInPlay(at, stopMs)
      const back = await crowd.returns(at)
      expect(back.length).toBeGreaterThan(count * 0.9)
      all.push(...back)
      await crowd.allSettled(now())
    }
    const stood = await Promise.all(wakes)
    await crowd.allInPlay(now(), 5000)
    const joined = all.map((one) => one.joined)
    const behind = all.map((one) => one.behind)
    const [slowest] = all.toSorted((one, other) => other.joined - one.joined)
    console.log(
      `${stops} stops of ${stopMs / 1000} s, ${count} bots: back in play p50 ${percentile(joined, 0.5)} ms, ` +
        `p99 ${percentile(joined, 0.99)} ms; behind at most ${Math.max(...behind)} ms; woken hosts had thrown ` +
        `everybody out and proved their lease after ${stood.map(({ to, wokenAt }) => to - wokenAt).join(', ')} ms; ` +
        `took ${Math.round((now() - began) / 1000)} s\n  the slowest: ${slowest?.story}`,
    )
    expect(crowd.doubles(stood)).toEqual([])
    expect(Math.max(...behind)).toBeLessThanOrEqual(lostMs)
  }, 400_000)
})

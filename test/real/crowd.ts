// The whole of Waystone under bots, for faults: who plays where, whether all is well again, and whether
// anybody was ever in two places. Looked at from outside: what bots recorded, what hosts logged, what
// stands in the store.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readRunFile } from '#local/run-file.ts'
import { findInstances } from '#shared/ownership/card.ts'
import { createDynamoStore } from '#shared/store/dynamo.ts'
import { localOptions } from '#shared/store/options.ts'
import type { Store } from '#shared/store/store.ts'
import { systemRuntime } from '#shared/system.ts'
import { realmId, until } from '../e2e/player.ts'
import { makeDataDir, startWaystone } from '../e2e/waystone.ts'
import type { Waystone } from '../e2e/waystone.ts'
import { behindMs, farFrom, followRecord, startBots } from './record.ts'
import type { Step, BotHistory } from './record.ts'

const { now, sleep } = systemRuntime

export type ZoneHost = { name: string; pid: number; bootId: string }

/** One bot's way back from a fault. Times in ms since the fault. */
export type Return = {
  name: string
  lost: number
  admitted: number
  opened: number
  joined: number
  /** How far in the past its new place is; infinite when it never was there. */
  behind: number
  story: string
}

export type LogLine = { time: number; message: string; [field: string]: unknown }

export type Crowd = {
  waystone: Waystone
  dataDir: string
  store: Store
  histories(): Promise<Map<number, BotHistory>>
  /** Everybody plays and the server said so after `since`. Fails with those who do not. */
  allInPlay(since: number, withinMs: number): Promise<void>
  /** The server said last to everybody that saving goes on. */
  allSaving(since: number, withinMs: number): Promise<void>
  /** The connections of all are sound again and the newest checkpoints hold them. */
  allSettled(since: number): Promise<void>
  /** The hosts that run, with the boot ids that they have reported. */
  hosts(): ZoneHost[]
  /** The host in which most of a zone's players are, by the store. */
  fullest(zone: string): Promise<ZoneHost>
  /** The host of a zone into which most came, by what hosts logged: the store may be away. */
  busiest(zone: string): ZoneHost | undefined
  /** The way back of those who were lost since the fault, each time they were. */
  returns(since: number): Promise<Return[]>
  log(name: string): LogLine[]
  /** Stays of characters in two hosts at once; `stood` are times in which a host did nothing. */
  doubles(stood?: Stood[]): string[]
  stop(): Promise<void>
}

/** A host that was stopped, until the moment at which it had thrown out whom it lost. */
export type Stood = { host: string; from: number; to: number }

export async function startCrowd(options: {
  count: number
  zone: string
  env?: Record<string, string>
  /** What stands for `npm start`. */
  program?: string
}): Promise<Crowd> {
  const folder = await makeDataDir()
  const { dataDir } = folder
  const { env, program } = options
  const waystone = await startWaystone({
    dataDir,
    ...(env && { env }),
    ...(program && { program }),
  })
  const { database, tablePrefix } = readRunFile(dataDir)!
  const store = createDynamoStore(localOptions(database, tablePrefix))
  const file = join(dataDir, 'record.jsonl')
  const { count, zone } = options
  const args = ['--count', String(count), '--url', waystone.url, '--zone', zone, '--rate', '50']
  const bots = startBots([...args, '--record', file])
  const record = followRecord(file)
  const histories = async () => await record.read()

  const hosts = (): ZoneHost[] => {
    const text = readFileSync(join(dataDir, 'fleet.json'), 'utf8')
    const { hosts: entries } = JSON.parse(text) as {
      hosts: { name: string; process: { pid: number }; bootId?: string }[]
    }
    return entries.flatMap(({ name, process: { pid }, bootId }) =>
      bootId === undefined ? [] : [{ name, pid, bootId }],
    )
  }
  const log = (name: string): LogLine[] =>
    readFileSync(join(dataDir, 'logs', name), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as LogLine)

  async function allInPlay(since: number, withinMs: number): Promise<void> {
    const timeoutAt = now() + withinMs
    for (;;) {
      const all = [...(await histories()).values()]
      const missing = all.filter((one) => !plays(one, since))
      if (all.length === count && missing.length === 0) return
      if (now() > timeoutAt) {
        const who = missing.map(({ name, steps }) => `${name}: ${storyOf(steps.slice(-6))}`)
        throw new Error(`not in play within ${withinMs} ms, ${all.length} bots:\n${who.join('\n')}`)
      }
      await sleep(100)
    }
  }

  async function allSaving(since: number, withinMs: number): Promise<void> {
    const saving = async () =>
      [...(await histories()).values()].every((one) => {
        const last = one.saving.at(-1)
        return last !== undefined && !last.paused && last.at > since
      })
    await until('everybody hears that saving goes on', saving, withinMs)
  }

  async function allSettled(since: number): Promise<void> {
    const all = [...(await histories()).values()]
    const held = async () => {
      const cards = (await Promise.all(['hub', 'forest'].map(cardsOf))).flat()
      const fresh = cards.filter(({ seenAt }) => seenAt > since)
      return fresh.reduce((sum, { players }) => sum + players, 0) >= all.length
    }
    await until('a checkpoint holds everybody', held, 20_000)
    await until('connections are sound', () => now() - since > soundMs, soundMs + 1000)
  }
  const cardsOf = async (of: string) => await findInstances(store, realmId, of)

  return {
    waystone,
    dataDir,
    store,
    histories,
    allInPlay,
    allSaving,
    allSettled,
    hosts,
    log,
    async fullest(of) {
      const running = new Map(hosts().map((host) => [host.bootId, host]))
      // A host that is stopped stays as full as it was, and says nothing.
      const cards = (await cardsOf(of)).filter(
        ({ bootId, seenAt }) => running.has(bootId) && now() - seenAt < 6000,
      )
      const [most] = cards.toSorted((a, b) => b.players - a.players)
      return running.get(most!.bootId)!
    },
    busiest(of) {
      const inside = ({ name }: ZoneHost) =>
        log(`${name}.log`).reduce((sum, { message }) => {
          return sum + (message === 'character in' ? 1 : message === 'character out' ? -1 : 0)
        }, 0)
      const [most] = hosts()
        .filter(({ name }) => name.startsWith(`${of}-`))
        .map((host) => ({ host, players: inside(host) }))
        .toSorted((a, b) => b.players - a.players)
      return most?.host
    },
    async returns(since) {
      return [...(await histories()).values()].flatMap((one) => returnsOf(one, since))
    },
    doubles(stood = []) {
      const logs = readdirSync(join(dataDir, 'logs')).filter((one) => one !== 'start.log')
      const ends = new Map(
        log('start.log')
          .filter(({ message }) => message === 'zone host ended')
          .map((line) => [line['gameServer'] as string, line.time]),
      )
      const stays = logs.flatMap((one) => {
        const host = one.replace(/\.log$/, '')
        return staysIn(host, log(one), ends.get(host) ?? now(), stood)
      })
      return overlaps(stays)
    },
    async stop() {
      bots.kill('SIGKILL')
      store.close()
      await waystone.killAll()
      await folder.remove()
    },
  }
}

/** A connection that lasted this long is sound to the client library, with a little more, ms. */
const soundMs = 5500

function plays({ steps, positions }: BotHistory, since: number): boolean {
  const state = steps.findLast(({ what }) => what !== 'admitted' && what !== 'opened')
  const last = positions.at(-1)
  if (state?.what !== 'joined' || last === undefined || now() - last.at > 1500) return false
  return state.at > since || last.at > since + 1000
}

function returnsOf(history: BotHistory, since: number): Return[] {
  const found: Return[] = []
  for (let after = since; ;) {
    const next = returnOf(history, since, after)
    if (next === undefined) return found
    found.push(next)
    after = since + next.joined
  }
}

function returnOf(history: BotHistory, since: number, after: number): Return | undefined {
  const { name, steps, positions } = history
  const lost = steps.find(({ at, what }) => at >= after && what === 'reconnecting')
  if (lost === undefined) return undefined
  const joined = steps.find(({ at, what }) => at >= lost.at && what === 'joined')
  if (joined === undefined) return undefined
  const last = (what: string) => steps.findLast((one) => one.at <= joined.at && one.what === what)
  const back = positions.find(({ at }) => at >= joined.at)
  const before = positions.filter(({ at }) => at <= lost.at)
  const behind = back && behindMs(before, back)
  const story = storyOf(
    steps.filter(({ at }) => at >= after && at <= joined.at),
    since,
  )
  const far = back === undefined ? 'no position yet' : farFrom(before, back)
  return {
    name,
    lost: lost.at - since,
    admitted: (last('admitted')?.at ?? Number.NaN) - since,
    opened: (last('opened')?.at ?? Number.NaN) - since,
    joined: joined.at - since,
    behind: behind ?? Number.POSITIVE_INFINITY,
    story: behind === undefined ? `${story}; ${far}` : story,
  }
}

/** What happened to a connection; with `since`, when, in ms since then. */
function storyOf(steps: Step[], since?: number): string {
  return steps
    .map(({ at, what, why }) => {
      const named = why === undefined ? what : `${what} (${why})`
      return since === undefined ? named : `${at - since} ${named}`
    })
    .join(', ')
}

type Stay = { characterId: string; host: string; from: number; to: number }

/** When each character was in the world of a host: from `character in` to `character out` or its end. */
function staysIn(host: string, lines: LogLine[], endedAt: number, stood: Stood[]): Stay[] {
  const stays: Stay[] = []
  const here = new Map<string, number>()
  const close = (characterId: string, at: number) => {
    const from = here.get(characterId)
    here.delete(characterId)
    if (from === undefined) return
    // Who was thrown out before the host ticked again was last in it when it was stopped.
    const still = stood.find((one) => one.host === host && one.from <= at && at <= one.to)
    stays.push({ characterId, host, from, to: still?.from ?? at })
  }
  for (const line of lines) {
    const characterId = line['characterId'] as string
    if (line.message === 'character in') here.set(characterId, line.time)
    else if (line.message === 'character out') close(characterId, line.time)
  }
  for (const characterId of here.keys()) close(characterId, endedAt)
  return stays
}

function overlaps(stays: Stay[]): string[] {
  const found: string[] = []
  const byCharacter = Map.groupBy(stays, ({ characterId }) => characterId)
  for (const [characterId, own] of byCharacter) {
    const sorted = own.toSorted((a, b) => a.from - b.from)
    for (const [index, stay] of sorted.entries()) {
      const next = sorted[index + 1]
      if (next === undefined || next.from >= stay.to) continue
      found.push(
        `${characterId} in ${stay.host} until ${stay.to} and in ${next.host} from ${next.from}`,
      )
    }
  }
  return found
}

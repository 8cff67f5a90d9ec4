// A realm that talks while its parts die: players on three hosts say lines and letters in every channel. A host and
// Redis are killed on the way. What must not be missed is complete and in order for each sender; what may be missed is
// counted to its readers.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createQueue } from '#functions/auth/queue.ts'
import { openNodeSocket } from '#client/bots/socket.ts'
import { createChat } from '#client/library/chat.ts'
import type { Chat } from '#client/library/chat.ts'
import { createContent } from '#client/library/content.ts'
import type { ContentSource } from '#client/library/content.ts'
import { webMonotonic, webRuntime } from '#client/library/web-runtime.ts'
import { createZoneClient } from '#client/library/zone-client.ts'
import type { ZoneClient } from '#client/library/zone-client.ts'
import { readRunFile } from '#local/run-file.ts'
import type { Api } from '#shared/api/api.ts'
import type { ApiClient } from '#shared/api/client.ts'
import { stateKey } from '#shared/ownership/guard.ts'
import { createDynamoStore } from '#shared/store/dynamo.ts'
import { localOptions } from '#shared/store/options.ts'
import { metresToUnits } from '#shared/rules/units.ts'
import { newSession, realmId, until } from '../e2e/player.ts'
import { makeDataDir, startWaystone } from '../e2e/waystone.ts'
import { findRedisServer, startRedisServer } from './redis-server.ts'

const program = findRedisServer()
const params = { realmId }

/** A busy machine takes longer for as many lines: each speaker waits for his last one. */
const count = Number(process.env['CHAT_PLAYERS'] ?? 300)
const perSecond = Number(process.env['CHAT_PER_SECOND'] ?? 150)
const seconds = Number(process.env['CHAT_SECONDS'] ?? 60)
const guildSize = 30
const partySize = 5
/** The first ones stand in the hub, the others in two instances of the forest. */
const inHub = Math.floor(count * 0.44)
const inForest = { zone: 'forest', x: 24, y: 150 }
/** What a second consists of: its shares, in turn. */
const turns = [
  ...Array<string>(8).fill('guild'),
  ...Array<string>(7).fill('party'),
  ...Array<string>(7).fill('whisper'),
  ...Array<string>(5).fill('mail'),
  ...Array<string>(2).fill('zone'),
  'global',
]

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

type Talker = {
  n: number
  name: string
  characterId: string
  playerId: string
  zone: string
  api: ApiClient<Api>
  chat: Chat
  client: ZoneClient
  /** Texts by channel, as they came. */
  got: Map<string, string[]>
  skipped: Map<string, number>
  late: number
}

/** A name of letters that none is confused with. */
const nameOf = (n: number) =>
  `Talker ${n
    .toString()
    .padStart(3, '0')
    .replace(/./g, (digit) => 'abcdefghkp'[Number(digit)]!)}`

/** Does it for all, some at once. */
async function forAll<T>(all: readonly T[], work: (one: T) => Promise<unknown>, atOnce = 16) {
  const rest = all.values()
  const run = async () => {
    for (const one of rest) await work(one)
  }
  await Promise.all(Array.from({ length: atOnce }, run))
}

async function arrive(n: number, url: string, content: ContentSource): Promise<Talker> {
  const session = newSession(url)
  const { accountId: playerId } = await session.guest()
  const realm = session.inRealm(realmId)
  const name = nameOf(n)
  const { characterId } = await realm.create({ name, race: 'human', job: 'mage' })
  const zone = n < inHub ? 'hub' : inForest.zone
  if (n >= inHub) await placeInForest(characterId)
  const api = realm.api({})
  const chat = createChat({ api, realmId, characterId, runtime: webRuntime })
  const [got, skipped] = [new Map<string, string[]>(), new Map<string, number>()]
  const client = createZoneClient({
    enter: (signal) => realm.enter(characterId, signal),
    loadZone: (of, fresh) => content.zone(of, fresh),
    contentVersion: content.version,
    socket: openNodeSocket,
    runtime: webRuntime,
    monotonic: webMonotonic,
    reconnectForMs: 120_000,
  })
  const talker: Talker = {
    n,
    name,
    characterId,
    playerId,
    zone,
    api,
    chat,
    client,
    got,
    skipped,
    late: 0,
  }
  chat.on('line', ({ channel, line }) => {
    got.set(channel, [...(got.get(channel) ?? []), line.text])
  })
  chat.on('missed', ({ channel, count: missed, skipped: not, more }) => {
    if (more) throw new Error(`${name} missed more of ${channel} than were counted`)
    talker.late += missed
    skipped.set(channel, (skipped.get(channel) ?? 0) + not)
  })
  client.on('said', ({ line }) => chat.said(line))
  client.on('lost', ({ channel }) => chat.lost(channel))
  client.on('zone', () => chat.lost())
  // They stand. So often, commands and pings keep the socket alive.
  const timer = setInterval(() => client.update(), 500)
  closing.push(() => {
    clearInterval(timer)
    chat.close()
    void client.leave()
  })
  return talker
}

let placeInForest: (characterId: string) => Promise<void>

async function startWorld() {
  const redis = await startRedisServer(program!)
  closing.push(() => redis.stop())
  const folder = await makeDataDir()
  closing.push(folder.remove)
  const env = { REDIS_URL: redis.url, WAYSTONE_FLEET: 'hub:1,forest:2' }
  const waystone = await startWaystone({ dataDir: folder.dataDir, env })
  closing.push(waystone.killAll)
  const { database, tablePrefix } = readRunFile(folder.dataDir)!
  const store = createDynamoStore(localOptions(database, tablePrefix))
  closing.push(() => store.close())
  placeInForest = async (characterId) => {
    const key = stateKey(realmId, characterId)
    const row = await store.get({ table: 'core', key, consistent: true })
    const [x, y] = [metresToUnits(inForest.x), metresToUnits(inForest.y)]
    const saved = { ...(row!['saved'] as object), zone: inForest.zone, x, y }
    await store.put({ table: 'core', item: { ...row!, saved } })
  }
  return { redis, waystone, dataDir: folder.dataDir }
}

/** Ten guilds and sixty parties. */
async function gather(all: readonly Talker[]): Promise<void> {
  const groups = (size: number) =>
    Array.from({ length: all.length / size }, (_, i) => all.slice(i * size, (i + 1) * size))
  await forAll(groups(guildSize), async ([leader, ...others]) => {
    const { api, characterId: as } = leader!
    const name = `Guild of ${leader!.name.slice(-3)}`
    const { guildId } = await api.guilds.found({ params, body: { as, name } })
    const of = { params: { ...params, guildId } }
    for (const other of others) {
      await api.guilds.invite({ ...of, body: { as, name: other.name } })
      await other.api.guilds.join({ ...of, body: { as: other.characterId } })
    }
  })
  await forAll(groups(partySize), async ([leader, ...others]) => {
    const { api, characterId: as } = leader!
    for (const other of others) {
      const invited = await api.parties.invite({ params, body: { as, name: other.name } })
      const { partyId } = invited.party!
      const body = { as: other.characterId }
      await other.api.parties.accept({ params: { ...params, partyId }, body })
    }
  })
}

/** Who hears what a talker says in a channel, by number. */
function hearersOf(channel: string, all: readonly Talker[], { n, zone }: Talker): Talker[] {
  const group = (size: number) =>
    all.filter((one) => Math.floor(one.n / size) === Math.floor(n / size))
  if (channel === 'guild') return group(guildSize)
  if (channel === 'party') return group(partySize)
  if (channel === 'whisper') return [all[n]!, all[(n + 1) % all.length]!]
  return channel === 'global' ? [...all] : all.filter((one) => one.zone === zone)
}

describe.skipIf(program === undefined)('a realm that talks', () => {
  it('misses nothing that must not be missed while a host and Redis die, and counts the rest', async () => {
    const { redis, waystone, dataDir } = await startWorld()
    const content = createContent({ baseUrl: waystone.url, fetch, runtime: webRuntime })
    const all: Talker[] = []
    const numbers = Array.from({ length: count }, (_, n) => n)
    await forAll(numbers, async (n) => (all[n] = await arrive(n, waystone.url, content)))
    await gather(all)
    const joined = () => all.filter(({ client }) => client.state.phase === 'joined').length
    await until('all are in play', () => joined() === count, 60_000)
    await forAll(all, async ({ chat, zone }) => {
      chat.follow(['guild', 'party', 'whisper', `zone:${zone}`, 'global'])
      await chat.caughtUp()
    })

    const said = { sent: 0, refused: new Map<string, number>() }
    /** What each is to have, by channel; letters are in `mail`. */
    const due = new Map<Talker, Map<string, string[]>>(all.map((one) => [one, new Map()]))
    const owe = (to: Talker, channel: string, text: string) => {
      const own = due.get(to)!
      own.set(channel, [...(own.get(channel) ?? []), text])
    }
    const numberOf = new Map<string, number>()
    /** One after the other for each, as people type. */
    const busy = new Map<Talker, Promise<void>>()
    const speak = async (turn: number, from: Talker) => {
      // Over the time each speaker says something of each kind.
      const kind = turns[(turn + Math.floor(turn / count)) % turns.length]!
      const channel = kind === 'zone' ? `zone:${from.zone}` : kind
      const number = (numberOf.get(`${from.n} ${kind}`) ?? 0) + 1
      numberOf.set(`${from.n} ${kind}`, number)
      const text = `${from.n} ${kind} ${number}`
      const next = all[(from.n + 1) % count]!
      try {
        if (kind === 'mail') {
          const letter = { as: from.characterId, to: next.name, subject: text, text }
          await from.api.mail.send({ params, body: letter })
          owe(next, 'mail', text)
        } else {
          if (kind === 'whisper') await from.chat.whisper(next.name, text)
          else await from.chat.say(channel, text)
          for (const to of hearersOf(kind, all, from)) owe(to, channel, text)
        }
        said.sent++
      } catch (error) {
        const { code = String(error) } = error as { code?: string }
        said.refused.set(code, (said.refused.get(code) ?? 0) + 1)
      }
    }

    // So many at once. Where a machine is slow all would speak at the same time, and each be refused by a busy store.
    const inTurn = createQueue(100, Number.POSITIVE_INFINITY)
    const began = performance.now()
    let killed = ''
    const faults = [
      { at: 0.2, do: () => (killed = killHost(dataDir, 'forest')) },
      { at: 0.5, do: async () => await redis.stop() },
      {
        at: 0.6,
        async do() {
          const again = await startRedisServer(program!, redis.port)
          closing.push(() => again.stop())
        },
      },
    ]
    let turn = 0
    while (performance.now() - began < seconds * 1000) {
      const elapsed = performance.now() - began
      for (; faults[0] !== undefined && faults[0].at <= elapsed; faults.shift())
        await faults[0].do()
      for (; turn < (elapsed / 1000) * perSecond; turn++) {
        const from = all[(turn * 7) % count]!
        const now = turn
        const before = busy.get(from) ?? Promise.resolve()
        busy.set(
          from,
          before.then(async () => await inTurn(async () => await speak(now, from))),
        )
      }
      await webRuntime.sleep(20)
    }
    await Promise.all(busy.values())
    const tookS = (performance.now() - began) / 1000
    await until('all are in play again', () => joined() === count, 60_000)
    // What is still on its way comes, and is not counted as missed.
    await webRuntime.sleep(4000)
    await forAll(all, async ({ chat }) => await chat.caughtUp())

    const wrong: string[] = []
    let lines = 0
    for (const reader of all) {
      const own = due.get(reader)!
      for (const [channel, texts] of own) {
        const kept = ['guild', 'party', 'whisper', 'mail'].includes(channel)
        const found = channel === 'mail' ? await lettersOf(reader) : (reader.got.get(channel) ?? [])
        lines += found.length
        if (new Set(found).size !== found.length) wrong.push(`${reader.name}: twice in ${channel}`)
        const missing = texts.filter((text) => !found.includes(text)).length
        const counted = kept ? 0 : (reader.skipped.get(channel) ?? 0)
        if (missing !== counted) {
          wrong.push(`${reader.name}: ${missing} missing in ${channel}, ${counted} told`)
        }
        const shown =
          channel === 'mail' ? found : reader.chat.lines(channel).map(({ text }) => text)
        if (!isInOrder(shown)) wrong.push(`${reader.name}: order in ${channel}`)
      }
    }
    const late = all.reduce((sum, one) => sum + one.late, 0)
    console.log(
      `${said.sent} lines and letters in ${tookS.toFixed(1)} s, ${lines} read; ${killed} and Redis killed; ` +
        `${late} lines of zones and of all were late or missed; refused: ${JSON.stringify([...said.refused])}`,
    )
    expect(wrong.slice(0, 20)).toEqual([])
    expect(late).toBeGreaterThan(0)
    // A store that was busy for a moment may refuse some; nearly all that was said was taken.
    expect(said.sent).toBeGreaterThan(seconds * perSecond * 0.98)
  }, 600_000)
})

function killHost(dataDir: string, zone: string): string {
  const text = readFileSync(join(dataDir, 'fleet.json'), 'utf8')
  const { hosts } = JSON.parse(text) as { hosts: { name: string; process: { pid: number } }[] }
  const host = hosts.find(({ name }) => name.startsWith(`${zone}-`))!
  process.kill(host.process.pid, 'SIGKILL')
  return host.name
}

/** Subjects, oldest first. */
async function lettersOf({ api, characterId }: Talker): Promise<string[]> {
  const { entries } = await api.mail.list({
    params: { ...params, characterId },
    query: { limit: 140 },
  })
  return entries.map(({ subject }) => subject).toReversed()
}

/** The numbers of each speaker rise. */
function isInOrder(texts: readonly string[]): boolean {
  const last = new Map<string, number>()
  return texts.every((text) => {
    const [from, kind, number] = text.split(' ')
    const before = last.get(`${from} ${kind}`) ?? 0
    last.set(`${from} ${kind}`, Number(number))
    return Number(number) > before
  })
}

// The operator's command line against real processes: a ban reaches a walking player, with the cache
// there and with it gone.
import { execFile } from 'node:child_process'
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findAccess } from '#local/cli/access.ts'
import type { RedisServer } from '#local/redis/server.ts'
import { api } from '#shared/api/api.ts'
import { createApiClient } from '#shared/api/client.ts'
import { newId } from '#shared/runtime.ts'
import { systemRuntime } from '#shared/system.ts'
import { newSession, play, realmId, until } from './player.ts'
import type { Player } from './player.ts'
import { makeDataDir, startBesideRedis } from './waystone.ts'
import type { Waystone } from './waystone.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

let waystone: Waystone
let folder: Awaited<ReturnType<typeof makeDataDir>>
let redis: RedisServer
const playing: Player[] = []

beforeAll(async () => {
  folder = await makeDataDir()
  ;({ waystone, redis } = await startBesideRedis(folder.dataDir, {
    WAYSTONE_FLEET: 'hub:2,forest:1',
  }))
  const here = { url: undefined, token: undefined, dataDir: folder.dataDir }
  operator = clientOf((await findAccess(here, systemRuntime)).token)
}, 60_000)
afterAll(async () => {
  for (const player of playing) await player.stop()
  await waystone.killAll()
  await redis.stop()
  await folder.remove()
})

type Said = { code: number; out: string; err: string }

/** The output of `npm run waystone -- …`. */
async function cli(args: string[], env: Record<string, string> = {}): Promise<Said> {
  const here = { PATH: process.env['PATH'], WAYSTONE_DATA: folder.dataDir, ...env }
  try {
    const run = promisify(execFile)
    const { stdout, stderr } = await run(process.execPath, ['local/waystone.ts', ...args], {
      cwd: root,
      env: here,
    })
    return { code: 0, out: stdout, err: stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, out: stdout, err: stderr }
  }
}

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const said = await cli([...args, '--json'])
  if (said.code !== 0) throw new Error(said.err)
  return JSON.parse(said.out) as Record<string, unknown>
}

async function walker(name: string) {
  const session = newSession(waystone.url)
  await session.guest()
  const inRealm = session.inRealm(realmId)
  const { characterId } = await inRealm.create({ name, race: 'human', job: 'mage' })
  const player = await play(waystone.url, session, characterId)
  playing.push(player)
  player.client.walk(0)
  return { player, inRealm, characterId, session }
}

/** Bans. Returns how long it took until the player was out, ms. */
async function banned(name: string, player: Player): Promise<number> {
  const began = performance.now()
  const out = player.client.ended.then((reason) => ({ reason, at: performance.now() }))
  const answer = await json(
    'player',
    'ban',
    `character:${name}`,
    '--reason',
    'sold gold',
    '--for',
    '2d',
  )
  expect(answer).toMatchObject({ forGood: false, stillInPlay: [] })
  const { reason, at } = await out
  expect(reason).toBe('kicked')
  return at - began
}

describe('the command line', () => {
  it('needs no password here, and only its owner can read where things are', async () => {
    expect(statSync(join(folder.dataDir, 'run.json')).mode & 0o777).toBe(0o600)
    const { hosts } = await json('fleet', 'list')
    expect(hosts).toMatchObject(Array.from({ length: 3 }, () => ({ lease: 'held' })))
  })

  it('says in one sentence what is wrong', async () => {
    const elsewhere = { WAYSTONE_DATA: join(folder.dataDir, 'nothing') }
    expect(await cli(['fleet', 'list'], elsewhere)).toMatchObject({
      code: 1,
      err: expect.stringContaining('Nothing runs on the data folder') as string,
    })
    expect((await cli(['player', 'ban', 'Nobody'])).code).toBe(2)
    expect(await cli(['player', 'show', 'Nobody'])).toMatchObject({
      code: 1,
      err: 'There is no such player (admin.player_unknown).\n',
    })
    expect((await cli(['--help'])).out).toContain('player ban <who>')
  })

  it('grants the role, whose access token is good from elsewhere', async () => {
    const session = newSession(waystone.url)
    await session.register('ann@example.org', 'a long walk in the woods')
    await cli(['operator', 'grant', 'ann@example.org', '--reason', 'the first one'])
    const client = clientOf()
    const body = { loginName: 'ann@example.org', password: 'a long walk in the woods' }
    const { accessToken } = await client.auth.login({ body })
    const url = ['--url', waystone.url]
    const env = {
      WAYSTONE_DATA: join(folder.dataDir, 'nothing'),
      WAYSTONE_OPERATOR_TOKEN: accessToken,
    }
    const said = await cli(['audit', ...url], env)
    expect(said).toMatchObject({ code: 0, err: '' })
    expect(said.out).toContain('role')
    await cli(['operator', 'revoke', 'ann@example.org', '--reason', 'only a test'])
    expect((await cli(['audit', ...url], env)).err).toContain('auth.forbidden')
  })

  it('shows a line to everybody in the world', async () => {
    const { player } = await walker('Ida')
    const heard: string[] = []
    player.client.on('announce', ({ text }) => heard.push(text))
    await json('announce', 'Rain at ten.', '--reason', 'weather')
    await until('it is heard', () => heard.length > 0)
    expect(heard).toEqual(['Rain at ten.'])
  })

  it('sends a letter, one to all, and takes that back', async () => {
    const { inRealm, characterId } = await walker('Jon')
    const list = async () => {
      const { mail } = inRealm.api({})
      const { entries } = await mail.list({ params: { realmId, characterId } })
      return entries.map(({ subject, from, to }) => `${subject} from ${from.kind} to ${to}`)
    }
    const text = ['--text', 'Two lines.\nOf it.', '--reason', 'a test']
    await json('mail', 'send', 'Jon', '--subject', 'Sorry', ...text)
    const { letterId } = await json('mail', 'all', '--subject', 'News', '--days', '2', ...text)
    expect((await list()).toSorted()).toEqual(['News from game to all', 'Sorry from game to you'])
    await json('mail', 'withdraw', letterId as string, '--reason', 'wrong')
    expect(await list()).toEqual(['Sorry from game to you'])
    const said = await cli(['mail', 'send', 'jon', '--subject', 'x', ...text])
    expect(said.err).toContain('mail.unknown')
    expect((await cli(['mail', 'send', 'Jon', '--reason', 'a test'])).code).toBe(2)
  })
})

describe('a maintenance', () => {
  it('is told, lets everybody go in order, keeps them out, and ends', async () => {
    const { player, inRealm, characterId } = await walker('Mona')
    const told: unknown[] = []
    player.client.on('maintenance', ({ maintenance }) => told.push(maintenance))
    const why = ['--reason', 'new disks']
    await json('maintenance', 'start', '--in', '4s', '--for', '10m', '--text', 'Disks', ...why)
    await until('it is told', () => told.length > 0)
    expect(told[0]).toMatchObject({ text: 'Disks' })
    expect(await player.client.ended).toBe('world.maintenance')
    await expect(inRealm.enter(characterId)).rejects.toMatchObject({ code: 'world.maintenance' })
    const shown = await json('player', 'show', 'character:Mona')
    expect(shown['characters']).toMatchObject([{ state: 'offline' }])
    const { hosts } = await json('fleet', 'list')
    expect(hosts).toMatchObject(Array.from({ length: 3 }, () => ({ lease: 'held' })))
    await json('maintenance', 'end', ...why)
    await until('he may come in', async () => {
      return await inRealm.enter(characterId).then(
        () => true,
        () => false,
      )
    })
  })
})

describe('a zone host', () => {
  it('is known to the functions by its key', async () => {
    const logs = join(folder.dataDir, 'logs')
    const log = () =>
      readdirSync(logs)
        .filter((file) => /^(hub|forest)-/.test(file))
        .map((file) => readFileSync(join(logs, file), 'utf8'))
    await until('all have checked', () =>
      log().every((text) => text.includes('self-check: the functions know this host')),
    )
    expect(log().length).toBe(3)
  })
})

/** What is looked at again and again is asked over HTTP: the command line takes half a second to start. */
let operator: ReturnType<typeof clientOf>

function clientOf(token?: string) {
  const runtime = systemRuntime
  const given = token === undefined ? {} : { token: () => token }
  return createApiClient({
    api,
    baseUrl: waystone.url,
    fetch,
    newId: () => newId(runtime),
    ...given,
  })
}

/** Open instances of the town. */
async function hubs() {
  const { entries } = await operator.admin.instances({
    params: { realmId },
    query: { zone: 'hub' },
  })
  return entries.filter(({ state }) => state === 'open')
}

/** The boot id of the host that plays a character; empty while none does. */
async function whereIs(name: string): Promise<string> {
  const who = `character:${name}`
  const { characters } = await operator.admin.showPlayer({ params: { who } })
  return characters[0]?.state === 'active' ? (characters[0].host ?? '') : ''
}

describe('an instance', () => {
  const joined = ({ client }: Player) => client.state.phase === 'joined'
  const why = ['--reason', 'it is slow']

  it('is opened beside another; a player is moved there, and a second one to him', async () => {
    const [eva, finn] = [await walker('Eva'), await walker('Finn')]
    const before = await hubs()
    const [from] = before
    expect(await whereIs('Eva')).toBe(from!.bootId)
    const opened = await json('instances', 'open', '--zone', 'hub', ...why)
    expect((await hubs()).length).toBe(before.length + 1)
    const began = performance.now()
    expect(await json('player', 'move', 'character:Eva', ...why)).toMatchObject({
      to: { bootId: opened['bootId'] },
      left: true,
    })
    await until('Eva is there', async () => (await whereIs('Eva')) === opened['bootId'])
    console.log(`moved and seen there after ${Math.round(performance.now() - began)} ms`)
    await json('player', 'move', 'character:Finn', '--beside', 'character:Eva', ...why)
    await until('Finn is with her', async () => (await whereIs('Finn')) === opened['bootId'])
    await until('both play', () => joined(eva.player) && joined(finn.player))
    const shown = await cli(['instances', 'show', `${opened['host'] as string}/hub-1`])
    expect(shown.out).toContain('Eva')
    expect(shown.out).toContain('Finn')
  })

  it('is closed, and both play in another one within seconds', async () => {
    const [eva, finn] = playing.slice(-2)
    const from = await whereIs('Eva')
    const phases: string[] = []
    for (const { client } of [eva!, finn!]) client.on('state', ({ phase }) => phases.push(phase))
    const listed = (await hubs()).find(({ bootId }) => bootId === from)!
    const began = performance.now()
    await json('instances', 'close', `${listed.host}/${listed.instance}`, ...why)
    await until('they go', () => phases.includes('travelling') || phases.includes('reconnecting'))
    await until('both play', () => joined(eva!) && joined(finn!), 10_000)
    console.log(`closed, both in play after ${Math.round(performance.now() - began)} ms`)
    for (const name of ['Eva', 'Finn']) {
      await until(`${name} is elsewhere`, async () => !['', from].includes(await whereIs(name)))
    }
    await until('it is gone', async () => (await hubs()).every(({ bootId }) => bootId !== from))
    const said = await cli(['audit'])
    for (const action of ['instance.open', 'player.move', 'instance.close']) {
      expect(said.out).toContain(action)
    }
  })
})

// How fast it must be is asserted in test/real/faults-entry.test.ts.
describe('a ban', () => {
  it('reaches a walking player, keeps him out, and is lifted', async () => {
    const { player, inRealm, characterId, session } = await walker('Bea')
    const tookMs = await banned('Bea', player)
    console.log(`banned, out after ${Math.round(tookMs)} ms, the command line's start included`)
    await expect(inRealm.enter(characterId)).rejects.toMatchObject({ code: 'auth.banned' })
    await json('player', 'unban', 'character:Bea', '--reason', 'a mistake')
    playing.push(await play(waystone.url, session, characterId))
  })

  it('reaches a walking player with the cache gone', async () => {
    const { player } = await walker('Cai')
    await redis.stop()
    const tookMs = await banned('Cai', player)
    console.log(`banned without a cache, out after ${Math.round(tookMs)} ms`)
    const shown = await json('player', 'show', 'Cai')
    expect(shown).toMatchObject({
      ban: { reason: 'sold gold' },
      characters: [{ state: 'offline' }],
    })
  })
})

describe('a host that is stopped', () => {
  it('saves everybody, is replaced, and they are back by themselves', async () => {
    const { player } = await walker('Dov')
    const from = await whereIs('Dov')
    const { host } = (await hubs()).find(({ bootId }) => bootId === from)!
    const states: string[] = []
    player.client.on('state', ({ phase }) => states.push(phase))
    await json('fleet', 'stop', host, '--reason', 'upgrade')
    await until('it is gone', () => states.includes('reconnecting'))
    await until('it is back', () => player.client.state.phase === 'joined', 15_000)
    const after = (await json('fleet', 'list')) as { hosts: { name: string }[] }
    expect(after.hosts.map(({ name }) => name)).not.toContain(host)
  }, 40_000)
})

// `npm run dev` in a folder that `npm run new-game` made, beside a copy of the tree whose files may be changed.
// Content and code of the game are taken over and no socket closes. At a change of the core's code everybody
// comes back.
import { cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newGame } from '#local/cli/new-game.ts'
import type { ControlMessage } from '#shared/protocol/control.ts'
import { newSession, play, realmId, until } from './player.ts'
import type { Player } from './player.ts'
import { makeDataDir, startWaystone } from './waystone.ts'
import type { Waystone } from './waystone.ts'

const top = fileURLToPath(new URL('../../', import.meta.url))
const parts = ['client', 'functions', 'gameserver', 'local', 'shared', 'testing', 'waystone']
const files = ['package.json', 'tsconfig.json']

let folder: Awaited<ReturnType<typeof makeDataDir>>
/** The copy of the core, and the game. */
let core: string
let game: string
let waystone: Waystone
const players: Player[] = []
/** Of both players since the last test. */
const phases: string[] = []
const heard: ControlMessage[] = []

beforeAll(async () => {
  folder = await makeDataDir()
  core = join(folder.dataDir, 'core')
  game = join(folder.dataDir, 'emberfall')
  for (const part of [...parts, ...files]) {
    await cp(join(top, part), join(core, part), { recursive: true })
  }
  // Without .cache: what is compiled of the copy lies in the copy, and goes with it.
  await mkdir(join(core, 'node_modules'))
  for (const each of await readdir(join(top, 'node_modules'))) {
    if (each === '.cache') continue
    await symlink(join(top, 'node_modules', each), join(core, 'node_modules', each))
  }
  newGame(game)
  // What `npm install` does, without a network.
  await mkdir(join(game, 'node_modules'))
  await symlink(core, join(game, 'node_modules/waystone'))
  await edit(game, 'protocol.ts', (text) =>
    text.replace(/rate: .*/, 'rate: { burst: 99, perSecond: 99 },'),
  )
  waystone = await startWaystone({
    dataDir: join(folder.dataDir, 'data'),
    root: game,
    program: join(core, 'local/bin.mjs'),
    args: ['dev'],
  })
  for (const name of ['Vera', 'Bram']) players.push(await enter(name))
}, 90_000)

async function enter(name: string): Promise<Player> {
  const session = newSession(waystone.url)
  await session.guest()
  const body = { name, race: 'human', job: 'wanderer' }
  const { characterId } = await session.inRealm(realmId).create(body)
  const player = await play(waystone.url, session, characterId, (client) => {
    client.on('message', (message) => heard.push(message))
  })
  player.client.on('state', ({ phase }) => phases.push(phase))
  return player
}

afterAll(async () => {
  for (const player of players) await player.stop()
  await waystone?.killAll()
  // What was killed may be writing still.
  await rm(folder.dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
})

/** As editors do that never leave half a file: a new one is renamed over it. */
async function edit(root: string, file: string, change: (text: string) => string) {
  const path = join(root, file)
  const next = join(folder.dataDir, 'next')
  await writeFile(next, change(await readFile(path, 'utf8')))
  await rename(next, path)
}

/** Waits for text in what is printed after `from`, and returns what came with it. */
async function said(text: string, from: number): Promise<string> {
  await until(`"${text}" is printed`, () => waystone.output().slice(from).includes(text))
  return waystone.output().slice(from)
}

const printed = () => waystone.output().length

type ZoneFile = { spawn: { x: number; y: number }; walls: object[] }

describe('development in a folder of its own', () => {
  it('takes over a new wall; who stands in it is put at the spawn', async () => {
    const [player] = players as [Player]
    const { x, y } = player.place()
    const spawn = { x: x + 6, y }
    const from = performance.now()
    await edit(game, 'content/zones/clearing.json', (text) => {
      const zone = JSON.parse(text) as ZoneFile
      zone.spawn = spawn
      zone.walls.push({ x: x - 1, y: y - 1, width: 2, height: 2 })
      return JSON.stringify(zone)
    })
    await until('the player is moved', () => Math.abs(player.place().x - spawn.x) < 0.01)
    console.log(`content in force after ${Math.round(performance.now() - from)} ms`)
    await until('the client has the wall', () => player.client.content!.spawn.x === spawn.x)
    // The wall stops the player on the way back, and the client knows it by itself: no step that it predicts is in it.
    const steps: number[] = []
    const timer = setInterval(() => steps.push(player.place().x), 5)
    await player.walkTo(x, y)
    clearInterval(timer)
    expect(Math.min(...steps)).toBeGreaterThan(x + 1)
    expect(player.place().x).toBeLessThan(spawn.x - 2)
    expect(waystone.output()).toContain('content: taken over')
  })

  it('says once what is wrong with a file of content, and that it is mended', async () => {
    const from = printed()
    await edit(game, 'content/creatures/moth.json', (text) => text.replace('"speed"', '"sped"'))
    const refusal = await said('not taken over', from)
    expect(refusal).toContain('creatures/moth.json: speed: ')
    expect(refusal.match(/not taken over/g)).toHaveLength(1)
    await edit(game, 'content/creatures/moth.json', (text) => text.replace('"sped"', '"speed"'))
    await said('content: mended', from)
  })

  it('takes over code of the zone', async () => {
    const from = performance.now()
    await edit(game, 'hail.ts', (text) => text.replace('moths.length', 'moths.length + 100'))
    await answers(100)
    console.log(`code in force after ${Math.round(performance.now() - from)} ms`)
  })

  it('takes over code of routes and of the page', async () => {
    const from = printed()
    await writeFile(join(game, 'hello.ts'), helloRoute)
    await edit(game, 'game.ts', (text) =>
      `import { hello } from './hello.ts'\n${text}`.replace('routes: []', 'routes: [hello]'),
    )
    const route = `${waystone.url}/v1/game/hello`
    await until('the route answers', async () => (await fetch(route)).status === 200)
    await edit(game, 'page.ts', (text) => text.replace("'emberfall'", "'Emberfall II'"))
    await said('page: built anew', from)
    expect(await (await fetch(`${waystone.url}/page.js`)).text()).toContain('Emberfall II')
  })

  it('names file and line of a mistake in the code, goes on with the old, and says what mends it', async () => {
    let from = printed()
    await edit(game, 'hail.ts', (text) => text.replace('moth, 2,', "moth, 'long',"))
    expect(await said('not taken over', from)).toMatch(
      /\n {2}hail\.ts:\d+: Argument of type 'string'/,
    )
    from = printed()
    const thrown = "\nthrow new Error('planned')\n"
    await edit(game, 'hail.ts', (text) => text.replace("moth, 'long',", 'moth, 2,') + thrown)
    expect(await said('not taken over', from)).toMatch(/hail\.ts:\d+: planned/)
    heard.length = 0
    players[0]!.client.send({ kind: 'game.hail' })
    await until('the old code answers', () => heard.length > 0)
    from = printed()
    await edit(game, 'hail.ts', (text) => text.replace(thrown, '').replace('+ 100', '+ 200'))
    await said('game: taken over (hail.ts)', from)
    await answers(200)
  })

  it('names a system that fails, with its file and line', async () => {
    const fails = `{ name: 'unicorns', after: 'movement', run: fails }`
    const at = printed()
    await edit(game, 'game.ts', (text) =>
      text
        .replace('messages: [hailing]', `messages: [hailing], systems: [${fails}]`)
        .concat(`\nfunction fails() {\n  throw new Error('planned')\n}\n`),
    )
    await said('game: taken over', at)
    const from = performance.now()
    const fault = /^clearing-1: system unicorns failed at game\.ts:\d+: planned$/gm
    await until('the fault is printed', () => fault.test(waystone.output()))
    console.log(`fault shown after ${Math.round(performance.now() - from)} ms`)
    const [, player] = players as [Player, Player]
    const { x, y } = player.place()
    await player.walkTo(x, y + 2)
    expect(waystone.output().match(fault)).toHaveLength(1)
  })

  it('takes over a kind of content that the code declares, and another schema of it when the files fit', async () => {
    let from = printed()
    await mkdir(join(game, 'content/lamps'))
    await writeFile(join(game, 'content/lamps/oil.json'), '{ "id": "oil", "light": 300 }')
    await said('lamps/: the game declares no such kind of content', from)
    await writeFile(join(game, 'lamps.ts'), lamps('z.int()'))
    await edit(game, 'hail.ts', (text) =>
      `import { lamps } from './lamps.ts'\n${text}`.replace(
        'moths.length + 200',
        `Number(zone.content(lamps).get('oil')!.light)`,
      ),
    )
    await edit(game, 'game.ts', (text) =>
      `import { lamps } from './lamps.ts'\n${text}`.replace(
        'routes: [hello]',
        'routes: [hello], contentKinds: [lamps]',
      ),
    )
    await answers(300)
    from = printed()
    await writeFile(join(game, 'lamps.ts'), lamps('z.strictObject({ lumen: z.int() })'))
    await edit(game, 'hail.ts', (text) =>
      text.replace("get('oil')!.light", "get('oil')!.light.lumen"),
    )
    expect(await said('not taken over before the content fits its kinds', from)).toContain(
      'lamps/oil.json: light: ',
    )
    await edit(game, 'content/lamps/oil.json', (text) => text.replace('300', '{ "lumen": 400 }'))
    await said('game: taken over, the content fits its kinds now', from)
    await answers(400)
  })

  it('has closed no socket for any of it', () => expect(phases).toEqual([]))

  it('replaces zone hosts when a component is declared otherwise, and everybody comes back', async () => {
    await edit(game, 'game.ts', (text) =>
      text
        .replace("from 'waystone/zone'", "from 'waystone/zone'\nimport { Mana } from './mana.ts'")
        .replace('messages: [hailing]', 'messages: [hailing], players: { parts: [Mana] }'),
    )
    const options = `{ audience: 'owner', life: 'character', first: { now: 9 } }`
    await writeFile(
      join(game, 'mana.ts'),
      `import { component, u8 } from 'waystone/api'\n\n` +
        `export const Mana = component('mana', { now: u8 }, ${options})\n`,
    )
    await everybodyBack()
    expect(waystone.output()).toContain('zone hosts are replaced')
  })

  it('replaces zone hosts when the core changes, and everybody comes back', async () => {
    await edit(core, 'gameserver/sim/step.ts', (text) => `${text}\n// changed\n`)
    await everybodyBack()
    expect(waystone.output()).toContain('gameserver: changed, zone hosts are replaced')
  })

  it('starts anew when functions of the core change, and everybody comes back', async () => {
    await edit(core, 'functions/app.ts', (text) => `${text}\n// changed\n`)
    await everybodyBack()
    expect(waystone.output()).toMatch(/changed: .*functions\/app\.ts.*; starting anew/)
  })

  it('saves and ends everything at one SIGINT', async () => {
    for (const player of players.splice(0)) await player.stop()
    const { code } = await waystone.stop('SIGINT')
    expect(code).toBe(0)
    expect(waystone.output()).toContain('Saving and stopping')
  })
})

/** Waits until the zone has the code that answers a hail with this number and more. */
async function answers(least: number): Promise<void> {
  await until(`a hail is answered with ${least}`, () => {
    players[0]!.client.send({ kind: 'game.hail' })
    return heard.some(({ moths }) => Number(moths) >= least)
  })
}

async function everybodyBack(): Promise<void> {
  const places = players.map((player) => player.place())
  const count = (phase: string) => phases.filter((one) => one === phase).length
  phases.length = 0
  await until('the host goes', () => count('reconnecting') >= 2)
  await until('all are back', () => players.every(({ zone }) => zone() !== undefined), 30_000)
  players.forEach((player, i) => expect(player.place().x).toBeCloseTo(places[i]!.x, 2))
}

const lamps = (light: string) => `import * as z from 'waystone/zod'
import { contentKind } from 'waystone/api'

export const lamps = contentKind('lamps', z.strictObject({ id: z.string(), light: ${light} }))
`

const helloRoute = `import { domain, endpoint } from 'waystone/api'
import { routes } from 'waystone/game'
import * as z from 'waystone/zod'

const declared = domain({
  name: 'game',
  description: 'Says hello',
  endpoints: {
    hello: endpoint({
      method: 'GET',
      path: '/v1/game/hello',
      summary: 'Hello',
      identity: 'anyone',
      answer: z.object({ hello: z.string() }),
      errors: [],
      limits: [{ rate: 'read.address', by: 'address' }],
    }),
  },
})

export const hello = routes(declared, () => ({ hello: async () => ({ hello: 'world' }) }))
`

// `npm run dev`, in a copy of the tree whose files may be changed. At a change of content players stay in. At a
// change of code they come back by themselves.
import { cp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newSession, play, realmId, until } from './player.ts'
import type { Player } from './player.ts'
import { makeDataDir, startWaystone } from './waystone.ts'
import type { Waystone } from './waystone.ts'

const top = fileURLToPath(new URL('../../', import.meta.url))
const parts = [
  'client',
  'functions',
  'game',
  'gameserver',
  'local',
  'shared',
  'waystone',
  'package.json',
]

let folder: Awaited<ReturnType<typeof makeDataDir>>
let root: string
let waystone: Waystone
let player: Player
const phases: string[] = []

beforeAll(async () => {
  folder = await makeDataDir()
  root = join(folder.dataDir, 'tree')
  for (const part of parts) await cp(join(top, part), join(root, part), { recursive: true })
  await symlink(join(top, 'node_modules'), join(root, 'node_modules'))
  waystone = await startWaystone({
    dataDir: join(folder.dataDir, 'data'),
    root,
    program: 'local/dev.ts',
    env: { WAYSTONE_FLEET: 'hub:1' },
  })
  const session = newSession(waystone.url)
  await session.guest()
  const { characterId } = await session
    .inRealm(realmId)
    .create({ name: 'Vera', race: 'human', job: 'mage' })
  player = await play(waystone.url, session, characterId)
  player.client.on('state', ({ phase }) => phases.push(phase))
}, 60_000)

afterAll(async () => {
  await player?.stop()
  await waystone?.killAll()
  await rm(folder.dataDir, { recursive: true, force: true })
})

async function edit(file: string, change: (text: string) => string) {
  const path = join(root, file)
  await writeFile(path, change(await readFile(path, 'utf8')))
}

type ZoneFile = { spawn: { x: number; y: number }; walls: object[] }

describe('development', () => {
  it('takes over a new wall while players stay in; who stands in it is put at the spawn', async () => {
    const { x, y } = player.place()
    const spawn = { x: x + 6, y }
    await edit('game/content/zones/hub.json', (text) => {
      const zone = JSON.parse(text) as ZoneFile
      zone.spawn = spawn
      zone.walls.push({ x: x - 1, y: y - 1, width: 2, height: 2 })
      return JSON.stringify(zone)
    })
    await until('the wall is taken over', () => waystone.output().includes('content: taken over'))
    await until('the player is moved', () => Math.abs(player.place().x - spawn.x) < 0.01)
    await until('the client has the wall', () => player.client.content!.spawn.x === spawn.x)
    // The wall stops the player on the way back, and the client has predicted it.
    const corrections = player.client.metrics.corrections
    await player.walkTo(x, y)
    expect(player.place().x).toBeGreaterThan(x + 1)
    expect(player.client.metrics.corrections).toBe(corrections)
    expect(phases).toEqual([])
  })

  it('says in one message what is wrong with a file, and goes on with the old one', async () => {
    await edit('game/content/creatures/hen.json', (text) => text.replace('"speed"', '"sped"'))
    await until('the refusal is printed', () => waystone.output().includes('not taken over'))
    const said = waystone.output().slice(waystone.output().indexOf('content: not'))
    expect(said).toContain('creatures/hen.json: speed: ')
    expect(said.match(/not taken over/g)).toHaveLength(1)
    expect((await fetch(`${waystone.url}/health`)).status).toBe(200)
    await edit('game/content/creatures/hen.json', (text) => text.replace('"sped"', '"speed"'))
    expect(phases).toEqual([])
  })

  it('replaces zone hosts when their code changes, and everybody comes back', async () => {
    const at = player.place()
    await edit('gameserver/sim/step.ts', (text) => `${text}\n// changed\n`)
    await until('the host goes', () => phases.includes('reconnecting'))
    await until('the player is back', () => phases.at(-1) === 'joined')
    expect(player.place().x).toBeCloseTo(at.x, 2)
    expect(waystone.output()).toContain('zone hosts are replaced')
  })

  it('starts anew when the code of functions changes, and everybody comes back', async () => {
    phases.length = 0
    // The next test is about the fault of this one: so nothing has to be started again for it.
    const broken = `{ name: 'unicorns', after: 'movement', run: fails }`
    await edit('game/game.ts', (text) =>
      text
        .replace('messages: [emote]', `messages: [emote], systems: [${broken}]`)
        .concat(`\nfunction fails() {\n  throw new Error('planned')\n}\n`),
    )
    await edit('functions/app.ts', (text) => `${text}\n// changed\n`)
    await until('everything goes', () => phases.includes('reconnecting'))
    await until('the player is back', () => phases.at(-1) === 'joined', 30_000)
    expect(waystone.output()).toMatch(/changed: .*functions\/app\.ts.*; starting anew/)
  })

  it('names a system of the game that fails, with its file and line; players stay in', async () => {
    const faults = () =>
      waystone
        .output()
        .match(/^hub-1: system unicorns failed at .*\/game\/game\.ts:\d+: planned$/gm) ?? []
    await until('the fault is printed', () => faults().length > 0)
    expect(faults()).toHaveLength(1)
    const { x, y } = player.place()
    await player.walkTo(x + 2, y)
    expect(phases.at(-1)).toBe('joined')
  })

  it('saves and ends everything at one SIGINT', async () => {
    await player.stop()
    const { code } = await waystone.stop('SIGINT')
    expect(code).toBe(0)
    expect(waystone.output()).toContain('Saving and stopping')
  })
})

// A game outside game/ adds a zone, a creature, messages and routes on real processes: start,
// functions, zone host and page all run the game that WAYSTONE_GAME names.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api } from '#shared/api/api.ts'
import { createApiClient } from '#shared/api/client.ts'
import type { ControlMessage } from '#shared/protocol/control.ts'
import { newId } from '#shared/runtime.ts'
import { systemRuntime } from '#shared/system.ts'
import { Called, flock } from '../games/tiny/protocol.ts'
import { newSession, play, realmId, until } from './player.ts'
import type { Player } from './player.ts'
import { makeDataDir, startWaystone } from './waystone.ts'
import type { Waystone } from './waystone.ts'

let waystone: Waystone
let folder: Awaited<ReturnType<typeof makeDataDir>>
let player: Player
const messages: ControlMessage[] = []
const refusals: { of: string; code: string }[] = []
const totals: unknown[] = []

beforeAll(async () => {
  folder = await makeDataDir()
  waystone = await startWaystone({
    ...folder,
    env: { WAYSTONE_GAME: 'test/games/tiny', WAYSTONE_FLEET: 'meadow:1' },
  })
  const session = newSession(waystone.url)
  await session.guest()
  const { characterId } = await session
    .inRealm(realmId)
    .create({ name: 'Flora', race: 'human', job: 'shepherd' })
  player = await play(waystone.url, session, characterId, (client) => {
    client.on('message', (message) => messages.push(message))
    client.on('refused', (refusal) => refusals.push(refusal))
    client.on('tally', (total) => totals.push(total))
  })
}, 60_000)

afterAll(async () => {
  await player?.stop()
  await waystone?.stop()
  await folder?.remove()
})

describe('a game of its own', () => {
  it('has its zone, with its creatures in it', async () => {
    expect(player.zone()).toBe('meadow')
    expect(player.place()).toEqual({ x: 30, y: 30 })
    await until('the sheep are seen', () => player.client.seen().length === 3)
    expect(new Set(player.client.seen().map(({ appearance }) => appearance))).toEqual(
      new Set(['sheep']),
    )
  })

  it('greets who enters, by a system', async () => {
    await until('the greeting', () => messages.length > 0)
    const text = 'Welcome, Flora. 0 came before you.'
    expect(messages[0]).toEqual({ kind: 'game.greeting', text })
  })

  it('answers to its own kind of message, which changes the world', async () => {
    const from = player.client.self()!.id
    expect(player.client.send({ kind: 'game.whistle', loud: true })).toBe(true)
    await until('the whistle is heard', () => messages.some(({ came }) => came !== undefined))
    expect(messages.at(-1)).toEqual({ kind: 'game.whistle', from, came: 3 })
    await until('the sheep stand', () => player.client.seen().every(({ speed }) => speed === 0))
  })

  it('makes what its zone asks for durable, once for each player', async () => {
    const client = createApiClient({
      api: { game: flock },
      baseUrl: waystone.url,
      fetch,
      token: () => undefined,
      newId: () => newId(systemRuntime),
    })
    let sheep = 0
    await until('the sheep are counted', () => {
      void client.game.count({ params: { realmId } }).then((answer) => (sheep = answer.sheep))
      return sheep > 0
    })
    expect(sheep).toBe(3)
  })

  it('counts what its tally is given: the page hears the total, and the list shows it', async () => {
    await until('the total is heard', () => totals.length > 0)
    expect(totals).toMatchObject([{ tally: 'called', total: 3, changes: 1 }])
    const client = createApiClient({
      api,
      baseUrl: waystone.url,
      fetch,
      token: () => undefined,
      newId: () => newId(systemRuntime),
    })
    const { entries } = await client.tallies.top({ params: { realmId, tally: Called.name } })
    expect(entries).toMatchObject([{ rank: 1, name: 'Flora', total: 3 }])
    const params = { realmId, characterId: entries[0]!.characterId }
    expect((await client.tallies.of({ params })).totals).toEqual([
      { tally: 'called', total: 3, changes: 1 },
    ])
  })

  it('refuses what is not as declared, and too much of it', async () => {
    player.client.send({ kind: 'game.whistle', loud: 'yes' })
    player.client.send({ kind: 'game.greeting', text: 'I am the server' })
    player.client.send({ kind: 'game.nothing' })
    for (let i = 0; i < 3; i++) player.client.send({ kind: 'game.whistle', loud: false })
    await until('all are refused', () => refusals.length >= 4)
    expect(refusals.slice(0, 4)).toMatchObject([
      { of: 'game.whistle', code: 'invalid' },
      { of: 'game.greeting', code: 'invalid' },
      { of: 'control', code: 'invalid' },
      { of: 'game.whistle', code: 'rate' },
    ])
  })

  it('serves its routes, with tokens and remembered operations, and documents them', async () => {
    const makeClient = (token?: string) =>
      createApiClient({
        api: { ...api, game: flock },
        baseUrl: waystone.url,
        fetch,
        token: () => token,
        newId: () => newId(systemRuntime),
      })
    const stranger = makeClient()
    const { accessToken } = await stranger.auth.guest({ body: { deviceSecret: secret() } })
    const client = makeClient(accessToken)
    const params = { realmId }
    expect(await stranger.game.count({ params })).toEqual({ sheep: 3 })
    const request = { params, body: { sheep: 7 } }
    await expect(stranger.game.add(request)).rejects.toMatchObject({ code: 'auth.required' })
    const operationId = newId(systemRuntime)
    for (let i = 0; i < 2; i++) {
      expect(await client.game.add(request, { operationId })).toEqual({ counted: 7 })
    }
    expect(await stranger.game.count({ params })).toEqual({ sheep: 10 })
    const document = await (await fetch(`${waystone.url}/openapi.json`)).json()
    expect(document.paths).toHaveProperty('/v1/game/realms/{realmId}/flock')
  })

  it('has its half of the page', async () => {
    const page = await (await fetch(`${waystone.url}/page.js`)).text()
    expect(page).toContain('game.whistle')
    expect(page).not.toContain('game.emote')
  })
})

function secret(): string {
  return Buffer.from(systemRuntime.randomBytes(32)).toString('base64url')
}

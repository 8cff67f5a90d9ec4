// The main job with Amazon's DynamoDB Local for the store and redis-server for the cache: what runs on
// the embedded parts runs on these.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deviceKey } from '#client/library/ways-in.ts'
import { api } from '#shared/api/api.ts'
import { createApiClient } from '#shared/api/client.ts'
import { newId } from '#shared/runtime.ts'
import { systemRuntime } from '#shared/system.ts'
import { newSession, play, realmId, until } from '../e2e/player.ts'
import { makeDataDir, startWaystone } from '../e2e/waystone.ts'
import type { Waystone } from '../e2e/waystone.ts'
import { findDynamoLocal, openDynamoLocal } from './dynamodb-local.ts'
import { findRedisServer, startRedisServer } from './redis-server.ts'

const local = findDynamoLocal()
const redisServer = findRedisServer()

describe.skipIf(local === undefined || redisServer === undefined)('on real stores', () => {
  let waystone: Waystone
  let env: Record<string, string>
  let folder: Awaited<ReturnType<typeof makeDataDir>>
  const closing: (() => Promise<unknown>)[] = []
  beforeAll(async () => {
    const dynamo = await openDynamoLocal(local!)
    closing.push(dynamo.close)
    const redis = await startRedisServer(redisServer!)
    closing.push(redis.stop)
    env = { WAYSTONE_DYNAMODB_URL: dynamo.endpoint, REDIS_URL: redis.url }
    folder = await makeDataDir()
    closing.push(folder.remove)
    waystone = await startWaystone({ ...folder, env })
  })
  afterAll(async () => {
    await waystone?.killAll()
    for (const close of closing.reverse()) await close()
  })

  const deviceSecret = 'a-device-of-this-test'.padEnd(43, '0')

  it('a character is made once, enters, walks through a gate, and is there again after kill -9', async () => {
    const session = newSession(waystone.url, { [deviceKey]: deviceSecret })
    await session.guest()
    const realm = session.inRealm(realmId)
    const { characterId } = await realm.create({ name: 'Mira', race: 'human', job: 'guardian' })
    const player = await play(waystone.url, session, characterId)
    const gate = player.client.content!.gates.find((one) => one.to === 'forest')!
    await player.walkTo(gate.area.x + gate.area.width / 2, gate.area.y + gate.area.height / 2)
    await until('Mira is in the forest', () => player.zone() === 'forest')
    await player.walkTo(player.place().x + 3, player.place().y + 3)
    // A checkpoint is written each 4 s.
    await systemRuntime.sleep(5000)
    const place = player.place()
    await waystone.killAll()
    await player.stop().catch(() => undefined)

    waystone = await startWaystone({ ...folder, env })
    const again = newSession(waystone.url, { [deviceKey]: deviceSecret })
    await again.guest()
    const characters = await again.inRealm(realmId).characters()
    expect(characters.map((one) => one.characterId)).toEqual([characterId])
    const back = await play(waystone.url, again, characterId)
    expect(back.zone()).toBe('forest')
    const { x, y } = back.place()
    expect(Math.hypot(x - place.x, y - place.y)).toBeLessThan(0.5)
    await back.stop()
  })

  it('what is sent again has one effect and one answer, and another body under its id is refused', async () => {
    let token: string | undefined
    const client = createApiClient({
      api,
      baseUrl: waystone.url,
      fetch,
      token: () => token,
      newId: () => newId(systemRuntime),
    })
    const body = { loginName: 'bram@example.org', password: 'a long walk in the woods' }
    token = (await client.auth.register({ body })).accessToken
    const make = { params: { realmId }, body: { name: 'Bram', race: 'human', job: 'healer' } }
    const operationId = newId(systemRuntime)
    const made = await Promise.all(
      [0, 1, 2, 3].map(async () => await client.characters.create(make, { operationId })),
    )
    expect(new Set(made.map((one) => one.characterId)).size).toBe(1)
    const { characterId } = made[0]!
    const other = { ...make, body: { ...make.body, name: 'Bramwell' } }
    await expect(client.characters.create(other, { operationId })).rejects.toMatchObject({
      code: 'operation.mismatch',
    })
    const taken = client.characters.create({ ...make, body: { ...make.body, name: 'MIRA' } })
    await expect(taken).rejects.toMatchObject({ code: 'character.name_taken' })

    const gone = newId(systemRuntime)
    const remove = { params: { realmId, characterId } }
    for (let i = 0; i < 2; i++) await client.characters.delete(remove, { operationId: gone })
    expect((await client.characters.list({ params: { realmId } })).characters).toEqual([])
    await expect(client.characters.delete(remove)).rejects.toMatchObject({
      code: 'character.not_found',
    })
  })
})

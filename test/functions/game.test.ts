// The sample game's routes over HTTP, and what registration refuses.
import '../sample-game.ts'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, it } from 'vitest'
import { recordOf } from '#functions/game/domain.ts'
import { contentKind, entriesOf } from '#shared/content/kind.ts'
import type { ContentKind } from '#shared/content/kind.ts'
import { loadContent } from '#shared/content-files/load.ts'
import { createApiClient } from '#shared/api/client.ts'
import { domain, endpoint } from '#shared/api/endpoint.ts'
import { defineGame, routes } from '#shared/game/game.ts'
import { newId } from '#shared/runtime.ts'
import * as z from 'zod'
import { cairns } from '../../game/protocol.ts'
import { newAccount, openApi } from './api.ts'
import type { TestApi } from './api.ts'
import { coreSchema } from '../parts.ts'

type Parts = Parameters<ReturnType<typeof recordOf>['serves'][0]['handlers']>[0]

let test: TestApi
beforeEach(async () => {
  test = await openApi()
})

function client(token?: string) {
  return createApiClient({
    api: { game: cairns },
    baseUrl: 'http://test.example',
    newId: () => newId(test.clock),
    token: () => token,
    fetch: async (url, init) => await test.app.request(url, init),
  }).game
}

async function heights() {
  const { cairns } = await client().cairns({ params: { realmId: 'local' } })
  return Object.fromEntries(cairns.map(({ zone, stones }) => [zone, stones]))
}

describe('a cairn', () => {
  const params = { realmId: 'local', zone: 'hub' }

  it('grows by one stone for each account, however often the request is sent', async () => {
    const mira = client((await newAccount(test)).accessToken)
    const bram = client((await newAccount(test, 'bram@example.org')).accessToken)
    expect(await heights()).toEqual({ arena: 0, hub: 0, forest: 0, crypt: 0 })
    const operationId = newId(test.clock)
    const { laidAt } = await mira.lay({ params }, { operationId })
    expect(await mira.lay({ params }, { operationId })).toEqual({ laidAt })
    expect(await heights()).toEqual({ hub: 1, forest: 0, crypt: 0 })
    await expect(mira.lay({ params })).rejects.toMatchObject({ code: 'game.refused' })
    await bram.lay({ params })
    expect(await heights()).toEqual({ hub: 2, forest: 0, crypt: 0 })
  })

  it('is only in zones of this game and this realm, and for players', async () => {
    const mira = client((await newAccount(test)).accessToken)
    const nowhere = { realmId: 'local', zone: 'moon' }
    await expect(mira.lay({ params: nowhere })).rejects.toMatchObject({ code: 'game.not_found' })
    const far = { realmId: 'far', zone: 'hub' }
    await expect(mira.lay({ params: far })).rejects.toMatchObject({ code: 'realm.elsewhere' })
    await expect(client().lay({ params })).rejects.toMatchObject({ code: 'auth.required' })
  })
})

describe('a game', () => {
  const answering = (name: string, path: string) =>
    routes(
      domain({
        name,
        description: '',
        endpoints: {
          look: endpoint({
            method: 'GET',
            path,
            summary: 'Look',
            identity: 'anyone',
            answer: z.object({}),
            errors: [],
            limits: [],
          }),
        },
      }),
      () => ({ look: async () => ({}) }),
    )
  const define = (name: string, path: string) =>
    defineGame({ content: '', zone: { schema: coreSchema }, routes: [answering(name, path)] })

  it('is refused where its routes could meet those of the core', () => {
    expect(() => define('game', '/v1/game/look')).not.toThrow()
    expect(() => define('game', '/v1/look')).toThrow('/v1/look must begin with /v1/game/')
    expect(() => define('world', '/v1/game/look')).toThrow('world must be named game')
  })

  it('reads its kinds of content by their schemas also where the files were loaded without them', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'waystone-kinds-'))
    try {
      await cp(fileURLToPath(new URL('../games/tiny/content/', import.meta.url)), dir, {
        recursive: true,
      })
      await mkdir(join(dir, 'lamps'))
      await writeFile(join(dir, 'lamps/oil.json'), '{ "id": "oil" }')
      const schema = z.strictObject({ id: z.string(), metres: z.int().default(8) })
      const lamps = contentKind('lamps', schema)
      let oil: unknown
      const look = routes(domain({ name: 'game', description: '', endpoints: {} }), (deps) => {
        oil = entriesOf(deps.content, lamps).get('oil')
        return {}
      })
      const packed = await loadContent(dir)
      const serve = (contentKinds: ContentKind[]) => {
        const of = { contentKinds, routes: [look], zone: { schema: coreSchema } }
        const [served] = recordOf(of).serves
        served!.handlers({ content: packed } as unknown as Parts)
      }
      serve([lamps])
      expect(oil).toEqual({ id: 'oil', metres: 8 })
      expect(() => serve([contentKind('lamps', z.strictObject({ id: z.literal('wax') }))])).toThrow(
        'lamps/oil.json: id: ',
      )
    } finally {
      await rm(dir, { recursive: true })
    }
  })
})

import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { ContentError, loadContent, withKinds } from '#shared/content-files/load.ts'
import { contentKind, entriesOf } from '#shared/content/kind.ts'
import { openApi } from './api.ts'

const game = fileURLToPath(new URL('../../game/content/', import.meta.url))

describe('content files', () => {
  it('are listed with the ETag that each is served with', async () => {
    const test = await openApi()
    const manifest = await test.client().content.manifest()
    expect(manifest.version).toBe(test.content.content.version)
    expect(manifest.files.length).toBeGreaterThan(5)
    for (const { file, etag, bytes } of manifest.files) {
      const response = await test.send('GET', `/v1/content/${file.replace('.json', '')}`)
      expect(response.headers.get('etag')).toBe(etag)
      expect(response.headers.get('cache-control')).toBe('public, max-age=60')
      expect((await response.arrayBuffer()).byteLength).toBe(bytes)
    }
    expect(test.trips.trips).toEqual([])
  })

  it('are what the designer wrote', async () => {
    const test = await openApi()
    const served = await test.client().content.file({ params: { kind: 'zones', name: 'hub' } })
    expect(served).toEqual(JSON.parse(await readFile(join(game, 'zones/hub.json'), 'utf8')))
  })

  it('are not sent again to who has them', async () => {
    const test = await openApi()
    const path = '/v1/content/zones/hub'
    const etag = (await test.send('GET', path)).headers.get('etag')!
    for (const tag of [etag, `W/${etag}`, `"old", ${etag}`, '*']) {
      const response = await test.send('GET', path, { headers: { 'if-none-match': tag } })
      expect(response.status).toBe(304)
      expect(await response.text()).toBe('')
      expect(response.headers.get('etag')).toBe(etag)
    }
    const other = await test.send('GET', path, { headers: { 'if-none-match': '"old"' } })
    expect(other.status).toBe(200)
  })

  it.each([
    ['/v1/content/zones/atlantis', 404, 'content.not_found'],
    ['/v1/content/zones/..%2fgame', 400, 'request.invalid'],
    ['/v1/content/secrets/hub', 404, 'content.not_found'],
  ])('%s is refused with %i', async (path, status, code) => {
    const test = await openApi()
    const response = await test.send('GET', path)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ code })
  })
})

describe('loading content', () => {
  let dir: string

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'waystone-content-'))
    await cp(game, dir, { recursive: true })
  })
  afterEach(async () => {
    await rm(dir, { recursive: true, force: true })
  })

  type Json = Record<string, unknown>

  async function change(file: string, edit: (json: Json) => void) {
    const json = JSON.parse(await readFile(join(dir, file), 'utf8')) as Json
    edit(json)
    await writeFile(join(dir, file), JSON.stringify(json))
  }

  async function problems(): Promise<string[]> {
    try {
      await loadContent(dir)
      return []
    } catch (error) {
      if (error instanceof ContentError) return error.problems
      throw error
    }
  }

  it('gives another version when any file changes, and only then', async () => {
    const { content } = await loadContent(dir)
    expect((await loadContent(dir)).content.version).toBe(content.version)
    await change('races/human.json', (race) => (race['description'] = 'Others.'))
    expect((await loadContent(dir)).content.version).not.toBe(content.version)
  })

  it('finds every mistake at once, with file and path', async () => {
    await writeFile(join(dir, 'jobs/mage.json'), '{ "id": "mage",')
    await change('races/human.json', (race) => (race['color'] = 'blue'))
    await change('creatures/fox.json', (creature) => (creature['spead'] = 3))
    await change('game.json', (json) => (json['startZone'] = 'atlantis'))
    await writeFile(join(dir, 'zones/notes.txt'), 'buy milk')
    const found = await problems()
    expect(found).toContainEqual(expect.stringMatching(/^jobs\/mage\.json: cannot be read/))
    expect(found).toContainEqual(expect.stringMatching(/^races\/human\.json: color: /))
    expect(found).toContainEqual(expect.stringMatching(/^creatures\/fox\.json: .*spead/))
    expect(found).toContain('game.json: startZone: there is no such zone')
    expect(found).toContain('zones/notes.txt: is not a .json file')
  })

  it.each<[string, (zone: Json) => void, RegExp]>([
    ['a spawn in a wall', (z) => (z['walls'] = [{ ...around(z['spawn']) }]), /spawn: is in a wall/],
    [
      'a spawn at the edge',
      (z) => (z['spawn'] = { x: 0, y: 0 }),
      /spawn: is in a wall or at the edge/,
    ],
    [
      'a wall outside',
      (z) => (z['walls'] = [{ x: 0, y: 0, width: 3000, height: 1 }]),
      /walls\.0: reaches/,
    ],
    [
      'more hosts at least than at most',
      (z) => (z['hosts'] = { min: 4, max: 3, ready: 1 }),
      /hosts\.min: is above hosts\.max/,
    ],
    [
      'more hosts in waiting than at least',
      (z) => (z['hosts'] = { min: 2, max: 9, ready: 3 }),
      /hosts\.ready: is above hosts\.min/,
    ],
    ['a gate to nowhere', (z) => (gate(z)['to'] = 'atlantis'), /gates\.0\.to: there is no zone/],
    [
      'an arrival outside',
      (z) => (gate(z)['arrive'] = { x: 3000, y: 3000 }),
      /gates\.0\.arrive: is outside/,
    ],
    [
      'a gate outside',
      (z) => (gate(z)['area'] = { x: 3000, y: 0, width: 1, height: 1 }),
      /gates\.0\.area/,
    ],
    ['a gate without an arrival', (z) => delete gate(z)['arrive'], /gates\.0\.arrive: is missing/],
    [
      'an arrival in a private zone',
      (z) => (gate(z)['to'] = 'crypt'),
      /gates\.0\.arrive: a private zone is entered at its spawn/,
    ],
    [
      'a difficulty that the other zone does not have',
      (z) => Object.assign(gate(z), { to: 'crypt', arrive: undefined, difficulty: 'mild' }),
      /gates\.0\.difficulty: zone "crypt" has no difficulty "mild"/,
    ],
    [
      'a way outside from where everybody is outside',
      (z) => Object.assign(gate(z), { to: 'outside', arrive: undefined }),
      /gates\.0\.to: only a private zone has an outside/,
    ],
    [
      'creatures of a difficulty that it does not have',
      (z) => ((z['creatures'] as Json[])[0]!['difficulties'] = ['heroic']),
      /creatures\.0\.difficulties: zone "hub" has no difficulty "heroic"/,
    ],
    ['two gates of one id', (z) => (z['gates'] = [gate(z), gate(z)]), /gates\.1\.id: .*twice/],
    ['another id than its name', (z) => (z['id'] = 'castle'), /id: must be the file's name/],
    [
      'a spawn inside a gate',
      (z) => (gate(z)['area'] = around(z['spawn'])),
      /spawn: is inside a gate/,
    ],
    [
      'a creature that is not there',
      (z) => (z['creatures'] = [{ creature: 'yeti', count: 1, area: around(z['spawn']) }]),
      /creatures\.0\.creature: there is no creature/,
    ],
    [
      'creatures outside',
      (z) =>
        (z['creatures'] = [
          { creature: 'fox', count: 1, area: { x: 3100, y: 1, width: 1, height: 1 } },
        ]),
      /creatures\.0\.area: reaches outside/,
    ],
  ])('refuses %s', async (_, edit, message) => {
    await change('zones/hub.json', edit)
    expect(await problems()).toContainEqual(expect.stringMatching(message))
  })

  it('refuses a race whose job is not there', async () => {
    await change('races/human.json', (race) => (race['jobs'] = ['plumber']))
    expect(await problems()).toContain('races/human.json: jobs.0: there is no job "plumber"')
  })

  it('has kinds that the game declares: checked, served, in the version, and no entry that its schema has not read', async () => {
    const items = contentKind('items', z.strictObject({ id: z.string(), bite: z.int() }))
    // The sample game's own.
    await rm(join(dir, 'chests'), { recursive: true })
    await mkdir(join(dir, 'items'))
    await writeFile(join(dir, 'items/sword.json'), '{ "id": "sword", "bite": 7 }')
    const loaded = await loadContent(dir, [items])
    const { content } = loaded
    expect(entriesOf(content, items).get('sword')?.bite).toBe(7)
    expect(loaded.files.find(({ kind }) => kind === 'items')).toMatchObject({
      name: 'sword',
      file: 'items/sword.json',
      json: { id: 'sword', bite: 7 },
    })
    // A program without the code of the game serves the files. With the code it has the entries.
    const alone = await loadContent(dir)
    expect(alone.files).toEqual(loaded.files)
    expect(alone.content).toMatchObject({ version: content.version, ofGame: new Map() })
    const sharper = z.strictObject({ id: z.string(), bite: z.int(), reach: z.int().default(2) })
    const read = withKinds(alone, [contentKind('items', sharper)])
    expect(read.ofGame.get('items')?.get('sword')).toEqual({ id: 'sword', bite: 7, reach: 2 })
    expect(() =>
      withKinds(alone, [contentKind('items', z.strictObject({ id: z.string() }))]),
    ).toThrow('items/sword.json: (whole file): Unrecognized key: "bite"')
    expect(withKinds(loaded, [items])).toBe(content)
    await expect(loadContent(dir, [])).rejects.toThrow(
      'items/: the game declares no such kind of content (contentKinds)',
    )
    const spells = contentKind('spells', items.schema)
    expect(entriesOf((await loadContent(dir, [items, spells])).content, spells).size).toBe(0)
    await change('items/sword.json', (sword) => (sword['bite'] = 8))
    expect((await loadContent(dir, [items])).content.version).not.toBe(content.version)
    await change('items/sword.json', (sword) => (sword['bite'] = 'hard'))
    await writeFile(join(dir, 'items/axe.json'), '{ "id": "hatchet", "bite": 7 }')
    const found = await loadContent(dir, [items]).catch((error: unknown) => error)
    expect((found as ContentError).problems).toEqual([
      "items/axe.json: id: must be the file's name without .json",
      expect.stringMatching(/^items\/sword\.json: bite: /),
    ])
    expect(() => contentKind('zones', items.schema)).toThrow('zones is no name')
    expect(() => entriesOf(content, contentKind('spells', items.schema))).toThrow('no kind spells')
  })

  it('says what is missing in an empty folder', async () => {
    const empty = join(dir, 'empty')
    await mkdir(empty)
    const found = await loadContent(empty).catch((error: unknown) => error)
    expect(found).toBeInstanceOf(ContentError)
    expect((found as ContentError).message).toMatch(/game\.json: cannot be read/)
  })

  function gate(zone: Json): Json {
    return (zone['gates'] as Json[])[0]!
  }

  function around(place: unknown) {
    const { x, y } = place as { x: number; y: number }
    return { x: x - 1, y: y - 1, width: 2, height: 2 }
  }
})

// Content files that change under a running world.
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import * as z from 'zod'
import { contentKind } from '#shared/content/kind.ts'
import { replaceContent } from '#shared/content-files/change.ts'
import { loadContent } from '#shared/content-files/load.ts'
import type { LoadedContent } from '#shared/content-files/load.ts'
import { watchContent } from '#shared/content-files/watch.ts'
import type { ContentWatch } from '#shared/content-files/watch.ts'
import { maskWords } from '#shared/moderation/words.ts'
import { systemRuntime } from '#shared/system.ts'
import { until } from '../e2e/player.ts'

const tiny = fileURLToPath(new URL('../games/tiny/content/', import.meta.url))
let dir: string
let loaded: LoadedContent
let watch: ContentWatch
let mended = 0
const taken: string[] = []
const refused: string[][] = []

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'waystone-content-'))
  await cp(tiny, dir, { recursive: true })
  loaded = await loadContent(dir)
  taken.length = refused.length = mended = 0
  watch = watchContent({
    dir,
    loaded,
    runtime: systemRuntime,
    taken(next) {
      replaceContent(loaded, next)
      taken.push(next.content.version)
    },
    refused: (problems) => refused.push(problems),
    mended: () => void mended++,
  })
})
afterEach(async () => {
  watch.stop()
  await rm(dir, { recursive: true })
})

async function edit(file: string, change: (text: string) => string) {
  const path = join(dir, file)
  await writeFile(path, change(await readFile(path, 'utf8')))
}

it('takes over a change, into the object that everybody holds', async () => {
  const { content } = loaded
  const before = content.version
  await edit('creatures/sheep.json', (text) => text.replace('1.2', '2.5'))
  await until('it is taken over', () => taken.length === 1)
  expect(content.creatures.get('sheep')!.speed).toBe(2.5)
  expect(content.version).toBe(taken[0])
  expect(content.version).not.toBe(before)
  expect(loaded.files.find(({ name }) => name === 'sheep')!.json['speed']).toBe(2.5)
})

it('takes over a list of words that is new, and one that changes', async () => {
  const { content } = loaded
  const text = 'Goldshops, and shit'
  expect(maskWords(content, text)).toBe('Goldshops, and ****')
  await mkdir(join(dir, 'words'))
  const own = { id: 'own', words: ['goldshop*'], english: true }
  await writeFile(join(dir, 'words/own.json'), JSON.stringify(own))
  await until('it is taken over', () => taken.length === 1)
  expect(maskWords(content, text)).toBe('********s, and ****')
  await edit('words/own.json', (json) => json.replace('true', 'false'))
  await until('it is taken over', () => taken.length === 2)
  expect(maskWords(content, text)).toBe('********s, and shit')
})

it('takes over what is saved by renaming another file over it, each time', async () => {
  const path = join(dir, 'creatures/sheep.json')
  for (const [times, speed] of ['1.3', '1.4', '1.5'].entries()) {
    const text = (await readFile(path, 'utf8')).replace(/"speed": [\d.]+/, `"speed": ${speed}`)
    await writeFile(`${dir}.new`, text)
    await rename(`${dir}.new`, path)
    await until('it is taken over', () => taken.length === times + 1)
    expect(loaded.content.creatures.get('sheep')!.speed).toBe(Number(speed))
  }
  expect(refused).toEqual([])
})

it('watches a folder that is put in the place of another', async () => {
  await rename(join(dir, 'creatures'), join(dir, '../creatures-of-before'))
  await cp(join(dir, '../creatures-of-before'), join(dir, 'creatures'), { recursive: true })
  await rm(join(dir, '../creatures-of-before'), { recursive: true })
  await edit('creatures/sheep.json', (text) => text.replace('1.2', '2.5'))
  await until('it is taken over', () => taken.length === 1)
  await edit('creatures/sheep.json', (text) => text.replace('2.5', '2.6'))
  await until('the next is taken over', () => taken.length === 2)
})

it('reports a mistake once and keeps the old content until it is corrected', async () => {
  await edit('zones/meadow.json', (text) => text.replace('"x": 30, "y": 30', '"x": 12, "y": 11'))
  await until('it is refused', () => refused.length === 1)
  expect(refused).toEqual([['zones/meadow.json: spawn: is in a wall or at the edge']])
  await edit('races/human.json', (text) => `${text}\n`)
  await systemRuntime.sleep(400)
  expect(refused).toHaveLength(1)
  expect(loaded.content.zones.get('meadow')!.spawn).toEqual({ x: 30, y: 30 })
  await edit('zones/meadow.json', (text) => text.replace('"x": 12, "y": 11', '"x": 40, "y": 40'))
  await until('the mended one is taken over', () => taken.length === 1)
  expect(loaded.content.zones.get('meadow')!.spawn).toEqual({ x: 40, y: 40 })
})

it('says that a mistake is mended when the content is again what is in use', async () => {
  await edit('creatures/sheep.json', (text) => text.replace('"speed"', '"sped"'))
  await until('it is refused', () => refused.length === 1)
  expect(mended).toBe(0)
  await edit('creatures/sheep.json', (text) => text.replace('"sped"', '"speed"'))
  await until('it is mended', () => mended === 1)
  expect(taken).toEqual([])
})

it('says what needs a restart', async () => {
  await edit('zones/meadow.json', (text) => text.replace('"width": 60', '"width": 80'))
  await until('it is refused', () => refused.length === 1)
  expect(refused[0]).toEqual(['zones/meadow.json: width is 80, was 60', 'This needs a restart.'])
  expect(loaded.content.zones.get('meadow')!.width).toBe(60)
  await edit('zones/meadow.json', (text) => text.replace('"width": 80', '"width": 60'))
  await edit('zones/meadow.json', (text) => text.replace('meadow', 'marsh'))
  await until('it is refused', () => refused.length === 2)
  expect(refused[1]!.join()).toContain('zones/meadow.json')
  expect(taken).toEqual([])
})

it('reads the content by other kinds, and waits for files that fit them', async () => {
  const kind = (bite: z.ZodType) => contentKind('items', z.strictObject({ id: z.string(), bite }))
  const none = 'items/: the game declares no such kind of content (contentKinds)'
  await mkdir(join(dir, 'items'))
  await writeFile(join(dir, 'items/sword.json'), '{ "id": "sword", "bite": 7 }')
  await until('the folder is refused', () => refused.length === 1)
  expect(refused[0]).toEqual([none])
  expect(await watch.useKinds([kind(z.int())])).toEqual([])
  expect(loaded.content.ofGame.get('items')?.get('sword')).toEqual({ id: 'sword', bite: 7 })
  // Other entries of the same files.
  expect(await watch.useKinds([kind(z.int().transform((bite) => bite * 2))])).toEqual([])
  expect(loaded.content.ofGame.get('items')?.get('sword')).toEqual({ id: 'sword', bite: 14 })
  expect(taken).toHaveLength(2)
  expect(taken[0]).toBe(taken[1])
  expect(await watch.useKinds([kind(z.string())])).toEqual([
    expect.stringMatching(/^items\/sword\.json: bite: /),
  ])
  expect(taken).toHaveLength(2)
  await edit('items/sword.json', (text) => text.replace('7', '"hard"'))
  await until('it fits', () => taken.length === 3)
  expect(loaded.content.ofGame.get('items')?.get('sword')).toEqual({ id: 'sword', bite: 'hard' })
  expect(refused).toHaveLength(1)
})

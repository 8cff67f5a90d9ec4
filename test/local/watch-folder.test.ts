// A folder that is watched while editors and tools work in it.
import { mkdir, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { watchFolder } from '#shared/watch-folder.ts'
import { until } from '../e2e/player.ts'

let top: string
let folder: string
let stop: () => void
const heard = new Set<string>()

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'waystone-watch-'))
  folder = join(top, 'watched')
  for (const name of ['a/b', 'node_modules/c', '.data']) {
    await mkdir(join(folder, name), { recursive: true })
  }
  await writeFile(join(folder, 'a/b/one.ts'), '1')
  heard.clear()
  stop = watchFolder(folder, { persistent: false }, (path) => heard.add(path))
})
afterEach(async () => {
  stop()
  await rm(top, { recursive: true })
})

const hears = (path: string) => until(`${path} is heard`, () => heard.has(path))

it('says nothing of what lay there, of packages, and of folders with a dot', async () => {
  await writeFile(join(folder, 'node_modules/c/one.ts'), '2')
  await writeFile(join(folder, '.data/rows'), '2')
  await utimes(join(folder, 'a'), 1, 1)
  await writeFile(join(folder, 'a/two.ts'), '2')
  await hears('a/two.ts')
  expect([...heard].filter((path) => /ts|rows/.test(path))).toEqual(['a/two.ts'])
})

it('hears each file that is renamed over another', async () => {
  for (let i = 0; i < 3; i++) {
    await writeFile(join(top, 'new'), String(i))
    await rename(join(top, 'new'), join(folder, 'a/b/one.ts'))
    await hears('a/b/one.ts')
    heard.clear()
  }
})

it('hears what lies in a folder that is moved in, and what is changed in it then', async () => {
  await mkdir(join(top, 'later/deep'), { recursive: true })
  await writeFile(join(top, 'later/deep/one.ts'), '1')
  await rename(join(top, 'later'), join(folder, 'later'))
  await hears('later/deep/one.ts')
  heard.clear()
  await writeFile(join(folder, 'later/deep/one.ts'), '2')
  await hears('later/deep/one.ts')
})

it('follows a folder that is put in the place of another', async () => {
  await rename(join(folder, 'a'), join(top, 'a-of-before'))
  await mkdir(join(folder, 'a/b'), { recursive: true })
  await hears('a')
  await writeFile(join(folder, 'a/b/one.ts'), '2')
  await hears('a/b/one.ts')
})

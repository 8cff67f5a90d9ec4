// `npm run new-game` and `npm run check` in the folder that it makes. test/e2e/dev.test.ts plays in one.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { newGame } from '#local/cli/new-game.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const top = path.join(import.meta.dirname, '../..')
let folder: string
beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), 'waystone-new-'))))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Ended = { code: number; stdout: string; stderr: string }

const { WAYSTONE_GAME: _, ...env } = process.env

function waystone(cwd: string, ...args: string[]): Promise<Ended> {
  const program = path.join(top, 'local/bin.mjs')
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { cwd, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

describe('new-game', () => {
  it('makes a folder that depends on this Waystone and passes its own check', async () => {
    const made = await waystone(folder, 'new-game', 'games/emberfall')
    expect(made).toMatchObject({ code: 0, stderr: '' })
    const game = path.join(folder, 'games/emberfall')
    const text = (file: string) => readFileSync(path.join(game, file), 'utf8')
    const { name, dependencies } = JSON.parse(text('package.json'))
    expect(name).toBe('emberfall')
    expect(path.resolve(game, dependencies.waystone.replace(/^file:/, ''))).toBe(top)
    for (const file of ['package.json', 'page.ts', 'README.md', '.github/workflows/ci.yml']) {
      expect(text(file)).not.toMatch(/game-name|path-to-waystone/)
    }
    // What `npm install` does.
    mkdirSync(path.join(game, 'node_modules'))
    symlinkSync(top, path.join(game, 'node_modules/waystone'))
    const ok = 'ok     types\nok     game\nok     content\nok     page\n'
    expect(await waystone(game, 'check')).toEqual({ code: 0, stdout: ok, stderr: '' })

    const page = text('page.ts')
    writeFileSync(
      path.join(game, 'page.ts'),
      `import { Moth } from './hail.ts'\nvoid Moth\n${page}`,
    )
    expect((await waystone(game, 'check')).stdout).toMatch(
      /ok {5}page\n {2}page\.ts -> hail\.ts -> waystone\/zone: so the page carries the simulation/,
    )
    writeFileSync(path.join(game, 'page.ts'), page)

    writeFileSync(path.join(game, 'hail.ts'), text('hail.ts').replace('moth, 2,', "moth, 'x',"))
    writeFileSync(
      path.join(game, 'page.ts'),
      text('page.ts').replace("from './protocol.ts'", "from './protocol.ts'\nimport './game.ts'"),
    )
    writeFileSync(path.join(game, 'content/game.json'), '{ "startZone": "nowhere" }')
    const { code, stdout } = await waystone(game, 'check')
    expect(code).toBe(1)
    expect(stdout).toMatch(
      /FAILED types\n {2}hail\.ts:\d+: Argument of type 'string' is not assignable/,
    )
    expect(stdout).toMatch(/FAILED content\n {2}game\.json: startZone/)
    expect(stdout).toMatch(
      /FAILED page\n {2}game\.ts:\d+: Could not resolve "node:url"\n {2}page\.ts runs in a browser/,
    )
  }, 240_000)

  it.each([
    ['Emberfall', 'small letters'],
    ['ember fall', 'small letters'],
    ['.ember', 'small letters'],
    ['zlib', 'small letters'],
    ['waystone', 'small letters'],
    ['full', 'is not empty'],
    ['file', 'is a file'],
    [path.join(top, 'mygame'), 'lies in Waystone itself'],
  ])('refuses the folder %s', (name, why) => {
    mkdirSync(path.join(folder, 'full'), { recursive: true })
    writeFileSync(path.join(folder, 'full/kept.txt'), '')
    writeFileSync(path.join(folder, 'file'), '')
    expect(() => newGame(path.resolve(folder, name))).toThrow(why)
  })

  it('a folder without a game has nothing to start', async () => {
    const { code, stderr } = await waystone(folder, 'start')
    expect(code).toBe(1)
    expect(stderr).toContain('has no game.ts')
  })
})

// Guides are followed word by word: what they show of the files of one's own is typed into a folder that
// `npm run new-game` makes, in their order, and must then pass `npm run check` and `npm test` there.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newGame } from '#local/cli/new-game.ts'
import { isOwnFile } from '../docs/own-files.ts'

const top = path.join(import.meta.dirname, '../..')
let folder: string
beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), 'waystone-guides-'))))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const { WAYSTONE_GAME: _, ...env } = process.env

function waystone(cwd: string, verb: string): Promise<{ code: number; said: string }> {
  const program = path.join(top, 'local/bin.mjs')
  return new Promise((resolve) => {
    execFile(process.execPath, [program, verb], { cwd, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), said: stdout + stderr }),
    )
  })
}

/** Files of a folder of one's own that a guide shows whole. */
function filesOf(guide: string): [file: string, text: string][] {
  const text = readFileSync(path.join(top, 'docs/guides', guide), 'utf8')
  const blocks = text.matchAll(/^`([\w/.-]+)`\n\n```\w+\n([\s\S]*?\n)```$/gm)
  return [...blocks].flatMap(([, file, code]): [string, string][] =>
    isOwnFile(file!) ? [[file!, code!]] : [],
  )
}

it.concurrent.each([
  { guide: 'add-a-creature.md', files: 4 },
  { guide: 'add-a-leaderboard.md', files: 6 },
  { guide: 'add-a-message.md', files: 6 },
  { guide: 'add-a-route.md', files: 4 },
  { guide: 'add-a-zone.md', files: 2 },
  { guide: 'change-content.md', files: 4 },
  { guide: 'keep-something.md', files: 6 },
  { guide: 'schedule-an-event.md', files: 4 },
])(
  '$guide can be followed in a new folder',
  async ({ guide, files }) => {
    const game = path.join(folder, path.basename(guide, '.md'), 'emberfall')
    newGame(game)
    mkdirSync(path.join(game, 'node_modules'))
    symlinkSync(top, path.join(game, 'node_modules/waystone'))
    const shown = filesOf(guide)
    expect(shown).toHaveLength(files)
    for (const [file, text] of shown) {
      mkdirSync(path.dirname(path.join(game, file)), { recursive: true })
      writeFileSync(path.join(game, file), text)
    }
    const ok = 'ok     types\nok     game\nok     content\nok     page\n'
    expect(await waystone(game, 'check')).toEqual({ code: 0, said: ok })
    const tested = shown.some(([file]) => file.startsWith('test/'))
    if (!tested) return
    const { code, said } = await waystone(game, 'test')
    expect(code, said).toBe(0)
  },
  240_000,
)

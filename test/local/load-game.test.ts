// What is said of a game that does not load, by Node itself: the runner of tests has a loader of its own.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'

const load = path.join(import.meta.dirname, '../../shared/game/load.ts')
const broken: Record<string, { code: string; said: RegExp }> = {
  'a mistake': {
    code: 'const a = 1\nconst b = = 2',
    said: /load\. game\.ts:2: Expression expected/,
  },
  throws: { code: `\nthrow new Error('planned')`, said: /load\. game\.ts:2: planned\.$/ },
  'throws deeper': { code: `\nimport './b.ts'`, said: /load\. b\.ts:1: below\.$/ },
  'lacks a file': {
    code: `\nimport './gone.ts'`,
    said: /game\.ts:2: Cannot find module .*gone\.ts/,
  },
  'lacks waystone': { code: `import 'waystone/zone'`, said: /game\.ts:1: .* Run `npm install`/ },
  'lacks an export': { code: `import { b } from './c.ts'`, said: /game\.ts:1: .* named 'b'/ },
  'exports no game': { code: 'export const other = 1', said: /game\.ts must export `game`\.$/ },
}

let folder: string
let said: Record<string, string>
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'waystone-load-'))
  for (const [name, { code }] of Object.entries(broken)) {
    mkdirSync(path.join(folder, name))
    writeFileSync(path.join(folder, name, 'game.ts'), code)
    writeFileSync(path.join(folder, name, 'b.ts'), `throw new Error('below')`)
    writeFileSync(path.join(folder, name, 'c.ts'), '')
  }
  const program = `
    import { loadGame } from ${JSON.stringify(load)}
    const said = {}
    for (const name of ${JSON.stringify(Object.keys(broken))}) {
      await loadGame(${JSON.stringify(folder)} + '/' + name).catch(({ message }) => (said[name] = message))
    }
    console.log(JSON.stringify(said))`
  const args = ['--input-type=module', '-e', program]
  said = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it.each(Object.keys(broken))('a game that %s: file and line, in one line', (name) => {
  expect(said[name]).toMatch(broken[name]!.said)
  expect(said[name]).not.toContain('\n')
})

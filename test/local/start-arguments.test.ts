import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

function run(program: 'start' | 'dev', ...args: string[]) {
  const file = fileURLToPath(new URL(`../../local/${program}.ts`, import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], {
    encoding: 'utf8',
    // A start would wait for its end.
    timeout: 60_000,
  })
  return { status, stdout, stderr }
}

it.each([
  ['start', '--port', "Unknown option '--port'. See `npm start -- --help`."],
  ['dev', '--port', "Unknown option '--port'. See `npm run dev -- --help`."],
  ['dev', '9000', "Unexpected argument '9000'. See `npm run dev -- --help`."],
] as const)('local/%s.ts refuses %s in one line and exits with 2', (program, argument, line) => {
  expect(run(program, argument)).toEqual({ status: 2, stdout: '', stderr: `${line}\n` })
})

it('local/dev.ts names the variables that matter, and starts nothing', () => {
  const { status, stdout, stderr } = run('dev', '--help')
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  for (const variable of ['PORT=8080', 'HOST=127.0.0.1', 'WAYSTONE_DATA=.data', 'WAYSTONE_BOTS=5'])
    expect(stdout).toContain(variable)
})

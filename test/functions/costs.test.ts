// What each call of the book costs is listed, with the routes and content of the sample game. A change of the table is
// one that a person looks at.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { costTable, findTable } from '../calls/costs.ts'
import { startProviders } from './providers-emulator.ts'
import type { ProvidersEmulator } from './providers-emulator.ts'

let providers: ProvidersEmulator
beforeAll(async () => {
  providers = await startProviders()
})
afterAll(() => providers.stop())

it.skipIf(process.env['WAYSTONE_GAME'] !== undefined)(
  'each request costs what docs/performance.md lists (npm run bench:people writes it anew)',
  async () => {
    const file = fileURLToPath(new URL('../../docs/performance.md', import.meta.url))
    const listed = findTable(readFileSync(file, 'utf8')).trimEnd().split('\n')
    expect(await costTable(providers.settings)).toEqual(listed)
  },
)

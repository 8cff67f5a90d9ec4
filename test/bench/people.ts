// What requests cost, by the book of calls (test/calls/costs.ts). npm run bench:people   writes the table in
// docs/performance.md anew; what changed is for a person to look at.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { costTable, findTable } from '../calls/costs.ts'
import { startProviders } from '../functions/providers-emulator.ts'

const file = fileURLToPath(new URL('../../docs/performance.md', import.meta.url))
const providers = await startProviders()
try {
  const table = await costTable(providers.settings)
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace(findTable(text), `${table.join('\n')}\n`))
} finally {
  await providers.stop()
}

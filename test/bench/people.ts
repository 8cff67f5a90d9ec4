// What requests cost: trips to the store and the cache, and what DynamoDB would bill, of each example of the book of
// calls. npm run bench:people -- [domain ...]   prints a table; without names, of the domains of people.
import { newId } from '#shared/runtime.ts'
import { book, requestOf } from '../calls/book.ts'
import type { Call } from '../calls/book.ts'
import { openOneProcess } from '../calls/one-process.ts'
import { countUnits } from '../store/units.ts'

const named = process.argv.slice(2)
const people = ['friends', 'parties', 'guilds', 'mail', 'notifications', 'chat', 'social']
const domains = new Set(named.length > 0 ? named : people)

const head = ['request', 'in sequence', 'in all', 'to the cache', 'read units', 'write units']
const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`
console.log(line(head))
console.log(line(head.map(() => '---')))
for (const call of book) {
  if (domains.has(call.domain)) console.log(line([call.name, ...(await costOf(call))]))
}

async function costOf({ endpoint, example }: Call): Promise<number[]> {
  let units!: ReturnType<typeof countUnits>
  const { test, stage } = await openOneProcess({
    billed: (store) => {
      units = countUnits(store)
      return units.store
    },
  })
  const made = await example(stage)
  const { method, target, headers, body } = requestOf(endpoint, made)
  const { pipeline } = test.cache
  let cacheTrips = 0
  test.cache.pipeline = async (commands) => {
    if (commands.length > 0) cacheTrips++
    return await pipeline(commands)
  }
  units.reset()
  test.trips.reset()
  const response = await test.send(method, target, {
    headers: { ...headers, 'idempotency-key': newId(test.clock) },
    ...(body !== undefined && { body }),
  })
  if (!response.ok) throw new Error(`${target}: ${test.logged.join() || (await response.text())}`)
  // Pushes are not waited for.
  await new Promise((resolve) => setTimeout(resolve, 5))
  const { trips } = test.trips
  return [test.trips.sequential(), trips.length, cacheTrips, units.units.read, units.units.write]
}

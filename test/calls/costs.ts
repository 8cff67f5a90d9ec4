// What the example of each call of the book takes when it is made once: trips to the store and the cache, and what
// DynamoDB would bill. docs/performance.md lists it.
import { newId } from '#shared/runtime.ts'
import { countUnits } from '../store/units.ts'
import { book, requestOf } from './book.ts'
import type { Call } from './book.ts'
import { openOneProcess } from './one-process.ts'

type SignIn = NonNullable<Parameters<typeof openOneProcess>[0]>['signIn']

const columns = [
  'request',
  'in sequence',
  'in all',
  'to the cache',
  'for limits',
  'read units',
  'write units',
]

/** A row for each call, as Markdown has a table. */
export async function costTable(signIn: SignIn): Promise<string[]> {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`
  const rows = [line(columns), line(columns.map(() => '---'))]
  for (const call of book) rows.push(line([call.name, ...(await costOf(call, signIn))]))
  return rows
}

/** The table in a text that has it. */
export function findTable(text: string): string {
  const found = text.match(/^\| request \| in sequence \| in all \| to the cache .*\n(?:\|.*\n)+/m)
  if (found === null) throw new Error('there is no table of what requests cost')
  return found[0]
}

async function costOf({ name, endpoint, example }: Call, signIn: SignIn): Promise<number[]> {
  let units!: ReturnType<typeof countUnits>
  const { test, stage } = await openOneProcess({
    ...(signIn && { signIn }),
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
  await pushed()
  const limitTrips = test.cacheTrips()
  cacheTrips = 0
  units.reset()
  test.trips.reset()
  const response = await test.send(method, target, {
    headers: { ...headers, 'idempotency-key': newId(test.clock) },
    ...(body !== undefined && { body }),
  })
  if (!response.ok && made.refused === undefined) {
    throw new Error(`${name}: ${test.logged.join() || (await response.text())}`)
  }
  await pushed()
  const forLimits = test.cacheTrips() - limitTrips
  const { trips } = test.trips
  const { read, write } = units.units
  return [test.trips.sequential(), trips.length, cacheTrips - forLimits, forLimits, read, write]
}

/** Pushes are not waited for. In memory they end within a turn of the event loop or two. */
async function pushed(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
}

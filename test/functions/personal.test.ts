// A player's data: all of it comes out, all of it goes, and others keep what is theirs.
import { describe, expect, it } from 'vitest'
import { eraseGraceDays, eraseSettlesMs, operationKeptMs } from '#shared/limits.ts'
import { looksOf } from '#shared/rules/looks.ts'
import type { PersonalEntry } from '#shared/person.ts'
import type { Item, TableName } from '#shared/store/store.ts'
import { newId } from '#shared/runtime.ts'
import { book, requestOf } from '../calls/book.ts'
import { createStage } from '../calls/stage.ts'
import type { Account, Player } from '../calls/stage.ts'
import { codeOf, goodPassword, newAccount, openApi } from './api.ts'
import type { TestApi } from './api.ts'

const dayMs = 24 * 60 * 60 * 1000
const reason = 'Asked by letter'
const tables: readonly TableName[] = ['core', 'ledger', 'volatile']

type Row = { table: TableName; item: Item }

function rowsOf(test: TestApi): Row[] {
  return tables.flatMap((table) => test.memory.rows(table).map((item) => ({ table, item })))
}

/** A world with an operator, and players who are noted as they come. */
async function openWorld() {
  const test = await openApi()
  test.clock.sleep = async () => {}
  const players: Player[] = []
  const stage = createStage({
    realmId: 'local',
    store: test.memory,
    runtime: test.clock,
    client: (token) => test.client(token === undefined ? {} : { token }),
    async fleetHost() {
      test.fleet.hosts.push({
        name: 'hub-1',
        bootId: undefined,
        address: 'host',
        port: 1,
        labels: {},
        state: 'ready',
      })
      return 'hub-1'
    },
  })
  const { player } = stage
  stage.player = async () => {
    const one = await player()
    players.push(one)
    return one
  }
  return { test, stage, players }
}
type World = Awaited<ReturnType<typeof openWorld>>

/** Each call of the book that changes something is made, each by players of its own. */
async function liveFully({ test, stage }: World): Promise<void> {
  const done = ['auth.erase', 'auth.logout', 'auth.logoutEverywhere', 'characters.delete']
  for (const call of book) {
    const { endpoint, name } = call
    if (endpoint.method === 'GET' || call.domain === 'personal' || done.includes(name)) continue
    const example = await call.example(stage)
    const { method, target, headers, body } = requestOf(endpoint, example)
    const answer = await test.send(method, target, {
      headers: { ...headers, 'idempotency-key': newId(test.clock) },
      ...(body === undefined ? {} : { body }),
    })
    if (example.refused === undefined)
      expect(answer.ok, `${name} ${await answer.text()}`).toBe(true)
  }
}

async function exportAll(test: TestApi, token: string): Promise<PersonalEntry[]> {
  const { personal } = test.client({ token })
  const all: PersonalEntry[] = []
  for (let after: string | undefined; ;) {
    const part = await personal.export({ body: after === undefined ? {} : { after } })
    all.push(...(part.entries as PersonalEntry[]))
    if (part.next === undefined) return all
    after = part.next
  }
}

/** Until there is nothing more to do now. */
async function run(test: TestApi, operator: Account) {
  const sum = { closed: 0, erased: 0, waiting: 0 }
  for (;;) {
    const done = await operator.client.personal.run({ body: { reason } })
    sum.closed += done.closed
    sum.erased += done.erased
    sum.waiting += done.waiting
    if (!done.more) return sum
  }
}

/** An operator has them erased, the time of grace passes, and what is due is done. */
async function erase({ test, stage }: World, whom: readonly { playerId: string }[]) {
  const operator = await stage.operator()
  for (const { playerId } of whom) {
    await operator.client.personal.eraseOf({ params: { who: playerId }, body: { reason } })
  }
  test.clock.advance(eraseGraceDays * dayMs + 1000)
  expect(await run(test, await stage.operator())).toEqual({
    closed: whom.length,
    erased: 0,
    waiting: 0,
  })
  test.clock.advance(eraseSettlesMs + 1000)
  expect(await run(test, await stage.operator())).toEqual({
    closed: 0,
    erased: whom.length,
    waiting: 0,
  })
  // What expires by itself, the answers of remembered requests last.
  test.clock.advance(operationKeptMs - eraseGraceDays * dayMs)
  test.memory.sweep(test.clock.now())
}

/** What names one of them, anywhere: the partition, and what it is. */
function leftOf(test: TestApi, gone: readonly Player[]): string[] {
  const found: string[] = []
  const texts = [...rowsOf(test).map(({ item }) => JSON.stringify(item)), ...test.logged]
  for (const { playerId, as, name } of gone) {
    const marks = [playerId, as, `"${name}"`, `#NAME#${looksOf(name)}"`]
    for (const text of texts) {
      if (marks.some((mark) => text.includes(mark))) found.push(text)
    }
  }
  return found
}

describe('the erase of players who did all that the book of calls can do', () => {
  it.each([0, 1])('leaves nothing of every other one (%i)', async (odd) => {
    const world = await openWorld()
    await liveFully(world)
    const { test, players } = world
    const gone = players.filter((_, i) => i % 2 === odd)
    await erase(world, gone)
    const left = leftOf(test, gone).filter((text) => !text.includes('"pk":"AUDIT"'))
    expect(left).toEqual([])
  })
})

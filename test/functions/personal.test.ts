// A player's data: all of it comes out, all of it goes, and others keep what is theirs.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ZONE_PERMISSIONS } from '#cdk/permissions.ts'
import { domains } from '#functions/domains.ts'
import {
  eraseGraceDays,
  eraseSettlesMs,
  exportPartEntries,
  operationKeptMs,
} from '#shared/limits.ts'
import { looksOf } from '#shared/rules/looks.ts'
import type { PersonalEntry } from '#shared/person.ts'
import type { Item, TableName } from '#shared/store/store.ts'
import { isUuid, newId } from '#shared/runtime.ts'
import { book, requestOf } from '../calls/book.ts'
import { openOneProcess } from '../calls/one-process.ts'
import type { Account, Player } from '../calls/stage.ts'
import { codeOf, goodPassword } from './api.ts'
import type { TestApi } from './api.ts'
import { startProviders } from './providers-emulator.ts'
import type { ProvidersEmulator } from './providers-emulator.ts'

let providers: ProvidersEmulator
beforeAll(async () => {
  providers = await startProviders()
})
afterAll(() => providers.stop())

const dayMs = 24 * 60 * 60 * 1000
const reason = 'Asked by letter'
const tables: readonly TableName[] = ['core', 'ledger', 'volatile']

type Row = { table: TableName; item: Item }

function rowsOf(test: TestApi): Row[] {
  return tables.flatMap((table) => test.memory.rows(table).map((item) => ({ table, item })))
}

/** A world with an operator, and players who are noted as they come. */
async function openWorld() {
  const { test, stage } = await openOneProcess({ signIn: providers.settings })
  const players: Player[] = []
  const { player } = stage
  stage.player = async () => {
    const one = await player()
    players.push(one)
    return one
  }
  return { test, stage, players }
}
type World = Awaited<ReturnType<typeof openWorld>>

/** What operators do to players. */
const toPlayers = new Set([
  'admin.kick',
  'admin.ban',
  'admin.unban',
  'admin.setRole',
  'admin.sendMail',
])

/** The audit stays. It has ids of players, and no name. */
function isAuditByIds(text: string, gone: readonly Player[]): boolean {
  return text.includes('"pk":"AUDIT"') && gone.every(({ name }) => !text.includes(name))
}

/** Each call of the book that changes something is made, each by players of its own. */
async function liveFully({ test, stage }: World): Promise<void> {
  const done = ['auth.erase', 'auth.logout', 'auth.logoutEverywhere', 'characters.delete']
  for (const call of book) {
    const { endpoint, name } = call
    if (endpoint.method === 'GET' || call.domain === 'personal' || done.includes(name)) continue
    if (call.domain === 'admin' && !toPlayers.has(name)) continue
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
async function erase(
  { test, stage }: World,
  whom: readonly { playerId: string }[],
  days = eraseGraceDays,
) {
  const operator = await stage.operator()
  for (const { playerId } of whom) {
    await operator.client.personal.eraseOf({ params: { who: playerId }, body: { reason, days } })
  }
  test.clock.advance(days * dayMs + 1000)
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
}

/** What expires by itself is gone, the answers of remembered requests last. */
function later({ test }: World): void {
  test.clock.advance(operationKeptMs - eraseGraceDays * dayMs)
  test.memory.sweep(test.clock.now())
}

/** What names one of them, anywhere: the partition, and what it is. */
function leftOf(test: TestApi, gone: readonly Player[]): string[] {
  const found: string[] = []
  const texts = rowsOf(test).map(({ item }) => JSON.stringify(item))
  for (const { playerId, as, name } of gone) {
    const marks = [playerId, as, `"${name}"`, `#NAME#${looksOf(name)}"`]
    for (const text of texts) {
      if (marks.some((mark) => text.includes(mark))) found.push(text)
    }
    // Logs name ids alone.
    for (const line of test.logged) if (line.includes(name)) found.push(line)
  }
  return found
}

const auditOf = (test: TestApi) =>
  JSON.stringify(test.memory.rows('core').filter(({ pk }) => pk === 'AUDIT'))

/** What is in a row beside what leads to it, and what nobody but us reads. */
const ours = new Set([
  // Why an operator has banned him is between operators: `reason`.
  ...'pk sk v place device password operation owner instance state ticketId reason'.split(' '),
  // Secrets of an account, hashed or sealed.
  ...'pendingHash recoveryHash sealed codes'.split(' '),
  ...'accountId characterId playerId guildId partyId byAccountId byCharacterId'.split(' '),
])

/** The texts of a row that a player would know as his. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return isUuid(value) ? [] : [value]
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return []
  return Object.entries(value)
    .filter(([field]) => !ours.has(field))
    .flatMap(([, one]) => textsOf(one))
}

describe('the audit', () => {
  it('names whom a kick, a letter and a score are of by ids alone', async () => {
    const { test, stage } = await openWorld()
    const { playerId, as, name } = await stage.player()
    const { bootId } = await stage.openZone()
    await test.memory.update({
      table: 'core',
      key: { pk: `R#local#C#${as}`, sk: '#GUARD' },
      update: 'SET #state = :active, #owner = :host',
      names: { '#state': 'state', '#owner': 'owner' },
      values: { ':active': 'active', ':host': bootId },
    })
    const { admin, leaderboards } = (await stage.operator()).client
    // Waiting for the host moves the clock.
    test.clock.sleep = async (ms) => test.clock.advance(ms)
    const letter = { subject: `Sorry, ${name}`, text: 'Take this', reason }
    await admin.sendMail({ params: { realmId: 'local' }, body: { to: name, ...letter } })
    const params = { realmId: 'local', board: 'gathering' }
    await leaderboards.submit({ params, body: { name, score: 3, reason } })
    await leaderboards.remove({ params, body: { who: name, reason } })
    await admin.kick({ params: { who: playerId }, body: { reason } })
    const { entries } = await admin.audit({ query: {} })
    expect(entries.map(({ action }) => action).toSorted()).toEqual([
      'kick',
      'leaderboard.remove',
      'leaderboard.submit',
      'mail.send',
    ])
    for (const { what } of entries) expect(what).toContain(as)
    expect(auditOf(test)).not.toContain(name)
  })
})

describe('the erase of players who did all that the book of calls can do', () => {
  it.each([0, 1])(
    'leaves nothing of every other one; all that goes was in the export (%i)',
    async (odd) => {
      const world = await openWorld()
      await liveFully(world)
      const { test, players } = world
      const gone = players.filter((_, i) => i % 2 === odd)
      const told: string[] = []
      for (const { token } of gone) told.push(JSON.stringify(await exportAll(test, token)))
      const before = rowsOf(test)
      await erase(world, gone)
      later(world)
      const left = leftOf(test, gone).filter((text) => !isAuditByIds(text, gone))
      expect(left).toEqual([])
      for (const { name } of gone) expect(auditOf(test)).not.toContain(name)

      // Rows that named them in their keys, and are not there any more: each was told to its player.
      const now = new Set(rowsOf(test).map(keyOf))
      const untold = gone.flatMap(({ playerId, as }, i) =>
        before
          .filter((row) => !now.has(keyOf(row)) && isOf(row, playerId, as))
          .flatMap(({ item }) => textsOf(item).map((text) => ({ pk: item.pk, sk: item.sk, text })))
          .filter(({ text }) => !told[i]!.includes(JSON.stringify(text).slice(1, -1))),
      )
      expect(untold).toEqual([])
    },
  )
})

const keyOf = ({ table, item }: Row) => `${table} ${item.pk} ${item.sk}`

/** Partitions of his own. Who has blocked him is not told, nor the ticket of a socket and the host of a seat. */
function isOf({ item }: Row, playerId: string, as: string): boolean {
  const mine = [playerId, as].some((id) => item.pk.endsWith(`#${id}`))
  return mine && item.sk !== 'SEAT' && !/#BLOCKERS#|#SOCIAL#/.test(item.pk)
}

/** One who has something in each domain, and those whom he knows. */
async function hero(world: World) {
  const { stage, players } = world
  const params = { realmId: stage.realmId }
  const me = await stage.player()
  const friend = await stage.player()
  const foe = await stage.player()
  const { client, as } = me
  await client.friends.ask({ params, body: { as, name: friend.name } })
  await friend.client.friends.accept({
    params: { ...params, playerId: me.playerId },
    body: { as: friend.as },
  })
  await foe.client.friends.block({ params, body: { name: me.name } })
  await client.friends.show({
    params,
    body: { appear: 'online', status: 'In the mood for a walk' },
  })
  const { guildId } = await client.guilds.found({ params, body: { as, name: stage.newName() } })
  await client.guilds.invite({ params: { ...params, guildId }, body: { as, name: friend.name } })
  await friend.client.guilds.join({ params: { ...params, guildId }, body: { as: friend.as } })
  await client.parties.invite({ params, body: { as, name: friend.name } })
  await friend.client.mail.send({
    params,
    body: { as: friend.as, to: me.name, subject: 'A word', text: 'To you' },
  })
  await client.mail.send({
    params,
    body: { as, to: friend.name, subject: 'Another', text: 'From me' },
  })
  await client.characters.rename({
    params: { ...params, characterId: as },
    body: { name: stage.newName() },
  })
  return { me, friend, foe, all: players, params, guildId }
}

/** The same world again, in another process: its rows. */
async function copyOf(rows: readonly Row[], now: number): Promise<World> {
  const world = await openWorld()
  // Others draw other ids.
  world.test.clock.randomBytes(50_000)
  world.test.clock.advance(now - world.test.clock.now())
  for (const { table, item } of rows) {
    if (item.pk !== 'KEYS') await world.test.memory.put({ table, item })
  }
  return world
}

/** Without what is drawn anew, what is remembered and what expires. */
function plainRows(test: TestApi): string[] {
  return rowsOf(test)
    .filter(({ item }) => item['expires'] === undefined)
    .filter(({ item }) => !/^(KEYS|OP#|AUDIT|ACCOUNT#|HOST#)/.test(item.pk))
    .map(({ table, item }) =>
      `${table} ${JSON.stringify(item)}`
        .replace(/01a[0-9a-f]{5}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'an id')
        .replace(/\d{9,}/g, 'a moment'),
    )
    .toSorted()
}

describe('an erase', () => {
  it('that stops after any of its writes ends the same when it is run again', async () => {
    const world = await openWorld()
    const { me } = await hero(world)
    const rows = rowsOf(world.test)
    const from = world.test.clock.now()
    const whole = await copyOf(rows, from)
    await erase(whole, [me])
    later(whole)
    const expected = plainRows(whole.test)

    let stopped = true
    let after = 0
    for (; stopped; after++) {
      const { test, stage } = await copyOf(rows, from)
      const operator = await stage.operator()
      await operator.client.personal.eraseOf({ params: { who: me.playerId }, body: { reason } })
      test.clock.advance(eraseGraceDays * dayMs + 1000)
      const later = await stage.operator()
      stopped = false
      let writes = 0
      test.faults.next = ({ operation }) => {
        if (stopped) return { kind: 'outage' }
        if (operation === 'get' || operation === 'query' || writes++ < after) return undefined
        stopped = true
        return { kind: 'loseAnswer' }
      }
      await run(test, later).catch(() => undefined)
      test.clock.advance(eraseSettlesMs + 1000)
      const last = stopped ? later : await stage.operator().catch(() => later)
      await run(test, last).catch(() => undefined)
      test.faults.next = undefined
      // Half an hour later all is over.
      for (let i = 0; i < 3; i++) {
        test.clock.advance(eraseSettlesMs + 1000)
        await run(test, await stage.operator())
      }
      test.clock.advance(operationKeptMs)
      test.memory.sweep(test.clock.now())
      expect(
        leftOf(test, [me]).filter((text) => !isAuditByIds(text, [me])),
        `after ${after}`,
      ).toEqual([])
      expect(plainRows(test), `after ${after}`).toEqual(expected)
    }
    expect(after).toBeGreaterThan(20)
  })

  it.each([
    ['auth', 'ACCOUNT#'],
    ['characters', '#A#'],
    ['friends', '#FRIENDS#'],
    ['mail', '#MAIL#'],
    ['notifications', '#BOX#'],
  ])('is found out when %s forgets its rows', async (name, partition) => {
    for (const forgets of [true, false]) {
      const world = await openWorld()
      const { me } = await hero(world)
      if (forgets) world.test.kept.delete(name)
      await erase(world, [me], 0)
      const marks = [me.playerId, me.as].map(
        (id) => `"pk":"${name === 'auth' ? '' : 'R#local'}${partition}${id}"`,
      )
      const left = leftOf(world.test, [me]).filter((text) =>
        marks.some((mark) => text.includes(mark)),
      )
      expect(left.length > 0).toBe(forgets)
    }
  })
})

describe('the clock', () => {
  const erased = (test: TestApi) =>
    test.memory.rows('core').filter((row) => row['action'] === 'player.erased')

  it('closes and erases whom it is time for, also in several processes at once, and once for the audit', async () => {
    const world = await openWorld()
    const { test } = world
    const { me, friend } = await hero(world)
    const operator = await world.stage.operator()
    const who = { params: { who: me.playerId } }
    await operator.client.personal.eraseOf({ ...who, body: { reason, days: 0 } })
    const inAWeek = { params: { who: friend.playerId }, body: { reason, days: 7 } }
    await operator.client.personal.eraseOf(inAWeek)
    test.clock.advance(1000)
    const atOnce = async () => await Promise.all([1, 2, 3].map(() => test.keepTime('personal')))
    await atOnce()
    expect(erased(test)).toEqual([])
    test.clock.advance(eraseSettlesMs + 1000)
    await atOnce()
    // Who of them met the others waits for the next time.
    test.clock.advance(eraseSettlesMs)
    await atOnce()
    expect(erased(test)).toMatchObject([{ operatorId: 'timer', target: me.playerId }])
    expect(leftOf(test, [me]).filter((text) => text.includes(`ACCOUNT#${me.playerId}`))).toEqual([])
    const waiting = test.memory.rows('core').filter(({ pk }) => pk === 'ERASURES')
    expect(waiting).toMatchObject([{ accountId: friend.playerId, closed: false }])
    expect(test.logged.filter((line) => !line.includes('could not be erased yet'))).toEqual([])
  })

  it('costs one read when nobody waits', async () => {
    const { test } = await openWorld()
    test.trips.reset()
    await test.keepTime('personal')
    expect(test.trips.trips.map(({ operation }) => operation)).toEqual(['query'])
  })
})

describe('a player', () => {
  const secretOf = (n: number) => Buffer.alloc(32, n).toString('base64url')
  async function guest(test: TestApi, deviceSecret: string) {
    const session = await test.client().auth.guest({ body: { deviceSecret } })
    return test.client({ token: session.accessToken })
  }

  it('needs a proof to have his account erased, and keeps it by a log-in', async () => {
    const { test, stage } = await openWorld()
    const me = await guest(test, secretOf(1))
    expect(await codeOf(me.auth.erase({ body: { deviceSecret: secretOf(2) } }))).toBe(
      'auth.proof_refused',
    )
    expect(await codeOf(me.auth.erase({ body: {} }))).toBe('auth.proof_refused')
    const { at } = await me.auth.erase({ body: { deviceSecret: secretOf(1) } })
    expect(at).toBe(test.clock.now() + eraseGraceDays * dayMs)
    expect(await codeOf(me.auth.erase({ body: { deviceSecret: secretOf(1) } }))).toBe(
      'auth.session_revoked',
    )
    test.clock.advance(eraseGraceDays * dayMs - 1)
    await guest(test, secretOf(1))
    test.clock.advance(dayMs)
    expect(await run(test, await stage.operator())).toEqual({ closed: 0, erased: 0, waiting: 0 })
  })

  it('with a password proves it by that, and cannot log in once the account is closed', async () => {
    const { test, stage } = await openWorld()
    const credentials = { loginName: 'mira@example.org', password: goodPassword }
    const { accessToken } = await test.client().auth.register({ body: credentials })
    const me = test.client({ token: accessToken })
    expect(await codeOf(me.auth.erase({ body: { password: 'another phrase of mine' } }))).toBe(
      'auth.proof_refused',
    )
    await me.auth.erase({ body: { password: goodPassword } })
    test.clock.advance(eraseGraceDays * dayMs)
    await run(test, await stage.operator())
    expect(await codeOf(test.client().auth.login({ body: credentials }))).toBe('auth.erasing')
    test.clock.advance(eraseSettlesMs)
    expect(await run(test, await stage.operator())).toMatchObject({ erased: 1 })
    expect(await codeOf(test.client().auth.login({ body: credentials }))).toBe(
      'auth.invalid_credentials',
    )
    expect(await codeOf(test.client().auth.register({ body: credentials }))).toBe('done')
  })

  it('gets an export in parts when there is much', async () => {
    const { test, stage } = await openWorld()
    const { playerId, token } = await stage.player()
    for (let i = 0; i < exportPartEntries + 5; i++) {
      const at = test.clock.now() + i
      const notificationId = newId(test.clock)
      const item = {
        pk: `R#local#BOX#${playerId}`,
        sk: `N#${String(at).padStart(15, '0')}#${notificationId}`,
      }
      const news = { kind: 'friend.asked', playerId, name: 'Nobody', v: 1, notificationId, at }
      await test.memory.put({ table: 'volatile', item: { ...item, ...news } })
    }
    const { personal } = test.client({ token })
    const first = await personal.export({ body: {} })
    expect(first.entries).toHaveLength(exportPartEntries)
    const all = await exportAll(test, token)
    expect(all.filter(({ section }) => section === 'notifications')).toHaveLength(
      exportPartEntries + 5,
    )
    expect(await codeOf(personal.export({ body: { after: 'nonsense' } }))).toBe('request.cursor')
  })

  it('in play is taken out of the world first; while his host is cut off the erase waits', async () => {
    const world = await openWorld()
    const { test, stage } = world
    const { playerId, as } = await stage.player()
    const { bootId } = await stage.openZone()
    await test.memory.update({
      table: 'core',
      key: { pk: `R#local#C#${as}`, sk: '#GUARD' },
      update: 'SET #state = :active, #owner = :host',
      names: { '#state': 'state', '#owner': 'owner' },
      values: { ':active': 'active', ':host': bootId },
    })
    const operator = await stage.operator()
    await operator.client.personal.eraseOf({ params: { who: playerId }, body: { reason, days: 0 } })
    test.clock.advance(1)
    // Waiting moves the clock again.
    const { advance } = test.clock
    test.clock.sleep = async (ms) => advance(ms)
    expect(await run(test, operator)).toEqual({ closed: 0, erased: 0, waiting: 1 })
    const inbox = rowsOf(test).filter(
      ({ item }) => item.pk === `HOST#${bootId}` && JSON.stringify(item).includes('kick'),
    )
    expect(inbox.length).toBeGreaterThan(0)
    await test.memory.update({
      table: 'core',
      key: { pk: `R#local#C#${as}`, sk: '#GUARD' },
      update: 'SET #state = :offline, #owner = :none',
      names: { '#state': 'state', '#owner': 'owner' },
      values: { ':offline': 'offline', ':none': '' },
    })
    test.clock.advance(eraseSettlesMs)
    expect(await run(test, await stage.operator())).toEqual({ closed: 0, erased: 1, waiting: 0 })
  })
})

/** Rows that no domain erases, and why. */
const notErased: Record<string, string> = {
  'core OP#*': 'Remembered answers go after 31 days.',
  'core KEYS': 'The keys of the game.',
  'core HOST#*': 'Hosts that wrote checkpoints, for a day.',
  'core R#{realm}#CHECKPOINTS':
    'States of characters by their ids, until a day after the death of a host.',
  'volatile HOST#*': 'Leases and inboxes: ids, for the life of a host.',
  'volatile ALLOCATION#*': 'Hosts.',
  'volatile R#{realm}#Z#*': 'Instances and how many are in them.',
  'volatile R#{realm}#I#*': 'Places: ids, while a character is in play.',
  'volatile R#{realm}#LOGIN#*': 'The number of an account in the login queue, for a day.',
  'volatile R#{realm}#LOGIN-QUEUE': 'Counts.',
  'volatile R#{realm}#LOGIN-GONE': 'Numbers without an account.',
  'volatile R#{realm}#HOSTS': 'Hosts.',
  'volatile R#{realm}#PRIVATE#*': 'Ids of the members of a private instance, for two days.',
  'volatile R#{realm}#PRIVATE-OF#*': 'The same.',
  'core R#{realm}#BULLETIN': 'What operators announce. It names no player.',
  'volatile RATE#*': 'Counts by account or address, for the time of the limit: a day at most.',
  'volatile R#{realm}#SOCIAL#*': 'Which connection is his, for two hours.',
  'volatile SOCKET#*': 'The same.',
}

describe('the rows that domains and hosts may write', () => {
  it('are each erased by a domain, or stay for a reason', () => {
    const said = domains.flatMap(({ personal }) => [
      ...('rows' in personal ? personal.rows : []),
      ...(personal.stays ?? []),
    ])
    const covered = [
      ...said.map(({ table, partition }) => `${table} ${partition}`),
      ...Object.keys(notErased),
    ]
    const written = [...domains.flatMap(({ rows }) => rows), ...ZONE_PERMISSIONS]
      .filter(({ actions }) => actions.some((one) => one === 'PutItem' || one === 'UpdateItem'))
      .map(({ table, partition }) => `${table} ${partition}`)
    const isCovered = (one: string) =>
      covered.some(
        (each) => one === each || (each.endsWith('*') && one.startsWith(each.slice(0, -1))),
      )
    expect(written.filter((one) => !isCovered(one))).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { charactersKeptPerRealm, charactersPerRealm, ticketMs } from '#shared/limits.ts'
import { guardKey, parseCharacterRows, readCharacterRows } from '#shared/ownership/guard.ts'
import { readInbox } from '#shared/ownership/inbox.ts'
import { createLease, endLease } from '#shared/ownership/lease.ts'
import { claimUpdate, reserveWrites } from '#shared/ownership/transitions.ts'
import { newId } from '#shared/runtime.ts'
import { ownerOfName } from '#functions/characters/characters.ts'
import { codeOf, newAccount, openApi } from './api.ts'
import type { TestApi } from './api.ts'

const params = { realmId: 'local' }
const mira = { name: 'Mira Vale', race: 'human', job: 'mage' }

async function player(test: TestApi, loginName?: string) {
  const { accessToken, accountId } = await newAccount(test, loginName)
  test.trips.reset()
  return { accountId, ...test.client({ token: accessToken }) }
}

/** A name that looks like no earlier one; up to a hundred. */
function nameOf(i: number): string {
  const letters = 'abcdefghjk'
  return `Vale${letters[Math.floor(i / 10)]}${letters[i % 10]}`
}

/** A host that lives has the character in play. */
async function putInPlay(test: TestApi, characterId: string): Promise<void> {
  const host = {
    bootId: 'host',
    address: '',
    protocol: 2,
    content: '',
    publicKey: '',
    instances: [],
  }
  await createLease(test.memory, test.clock.now(), host)
  await test.memory.update({
    table: 'core',
    key: guardKey('local', characterId),
    update: 'SET #state = :active, #owner = :host',
    names: { '#state': 'state', '#owner': 'owner' },
    values: { ':active': 'active', ':host': 'host' },
  })
}

it('a player reads his characters ten times with ten trips to the store and none to the cache', async () => {
  const test = await openApi({ profile: 'strict' })
  const me = await player(test)
  const before = test.cacheTrips()
  for (let i = 0; i < 10; i++) await me.characters.list({ params })
  expect(test.trips.trips.map(({ operation }) => operation)).toEqual(Array(10).fill('query'))
  expect(test.cacheTrips()).toBe(before)
})

describe('creating a character', () => {
  it('makes it ready to play, in two store trips', async () => {
    const test = await openApi()
    const me = await player(test)
    const made = await me.characters.create({ params, body: mira })
    // Whether the player may write; then all rows.
    expect(test.trips.trips.map((trip) => trip.operation)).toEqual(['get', 'transact'])
    expect(made).toMatchObject({ ...mira, zone: 'hub', createdAt: test.clock.now() })
    test.trips.reset()
    expect(await me.characters.list({ params })).toEqual({ characters: [made] })
    expect(test.trips.trips).toHaveLength(1)
    const key = guardKey('local', made.characterId)
    const guard = test.memory.rows('core').find((r) => r.pk === key.pk && r.sk === key.sk)
    expect(guard).toMatchObject({ accountId: me.accountId, state: 'offline', wallet: 0 })
  })

  it('makes one, however often it is sent', async () => {
    const test = await openApi()
    const me = await player(test)
    const inTurn = newId(test.clock)
    const made = new Set<string>()
    for (let i = 0; i < 3; i++) {
      const { characterId } = await me.characters.create(
        { params, body: mira },
        { operationId: inTurn },
      )
      made.add(characterId)
    }
    const operationId = newId(test.clock)
    const body = { ...mira, name: 'Vale' }
    const atOnce = await Promise.all(
      Array.from({ length: 20 }, () => me.characters.create({ params, body }, { operationId })),
    )
    for (const { characterId } of atOnce) made.add(characterId)
    expect(made.size).toBe(2)
    expect((await me.characters.list({ params })).characters).toHaveLength(2)
    const guards = test.memory.rows('core').filter((row) => row.sk === '#GUARD')
    expect(guards).toHaveLength(2)
  })

  it('gives a name to one of twenty accounts that want it at once', async () => {
    const test = await openApi()
    const players = await Promise.all(
      Array.from({ length: 20 }, (_, i) => player(test, `player${i}`)),
    )
    const codes = await Promise.all(
      players.map((me) => codeOf(me.characters.create({ params, body: mira }))),
    )
    expect(codes.filter((code) => code === 'done')).toHaveLength(1)
    expect(codes.filter((code) => code === 'character.name_taken')).toHaveLength(19)
  })

  it.each([
    ['Milo', 'MiIo'],
    ['Marnie', 'Mamie'],
    ['Mamie', 'Mar-nie'],
    ['Sawy', 'Savvy'],
    ['Illa', 'LiIa'],
  ])('refuses %s beside %s, which looks the same', async (first, second) => {
    const test = await openApi()
    const me = await player(test)
    for (const [one, other] of [
      [first, second],
      [`${second} Oak`, `${first} Oak`],
    ] as const) {
      await me.characters.create({ params, body: { ...mira, name: one } })
      const call = me.characters.create({ params, body: { ...mira, name: other } })
      expect(await codeOf(call)).toBe('character.name_taken')
    }
  })

  it('refuses a name that was taken before looks counted, and its owner is found by it', async () => {
    const test = await openApi()
    const me = await player(test)
    await me.characters.create({
      params,
      body: { ...mira, name: 'Marnie' },
    })
    const row = test.memory.rows('core').find((each) => each.sk === 'NAME')!
    await test.memory.delete({ table: 'core', key: { pk: row.pk, sk: row.sk } })
    await test.memory.put({ table: 'core', item: { ...row, pk: 'R#local#NAME#marnie' } })
    const again = me.characters.create({ params, body: { ...mira, name: 'Mar Nie' } })
    expect(await codeOf(again)).toBe('character.name_taken')
    expect(await ownerOfName(test.memory, 'local', 'marnie')).toMatchObject({
      accountId: me.accountId,
      name: 'Marnie',
    })
  })

  it.each(['mira vale', 'Mira-Vale', 'MiraVale', "Mir'avale"])(
    'takes %s for the same name',
    async (name) => {
      const test = await openApi()
      const me = await player(test)
      await me.characters.create({ params, body: mira })
      const call = me.characters.create({ params, body: { ...mira, name } })
      expect(await codeOf(call)).toBe('character.name_taken')
    },
  )

  it.each([
    [{ ...mira, name: 'Admin Mira' }, 'character.name_refused'],
    [{ ...mira, name: 'The GM' }, 'character.name_refused'],
    [{ ...mira, name: 'G M' }, 'character.name_refused'],
    [{ ...mira, name: "Sys'tem" }, 'character.name_refused'],
    [{ ...mira, name: 'Admln' }, 'character.name_refused'],
    [{ ...mira, name: 'Sys-tern' }, 'character.name_refused'],
    [{ ...mira, name: 'Server' }, 'character.name_refused'],
    [{ ...mira, race: 'dragon' }, 'character.unknown_race'],
    [{ ...mira, job: 'plumber' }, 'character.unknown_job'],
    [{ ...mira, name: 'M1ra' }, 'request.invalid'],
    [{ ...mira, name: 'Mi' }, 'request.invalid'],
    [{ ...mira, name: ' Mira' }, 'request.invalid'],
    [{ ...mira, name: 'Mira  Vale' }, 'request.invalid'],
  ])('refuses %j with %s', async (body, code) => {
    const test = await openApi()
    const me = await player(test)
    expect(await codeOf(me.characters.create({ params, body }))).toBe(code)
    expect((await me.characters.list({ params })).characters).toEqual([])
  })

  it('stops at the limit, also when all come at once', async () => {
    const test = await openApi()
    const me = await player(test)
    const codes = await Promise.all(
      Array.from({ length: charactersPerRealm + 3 }, (_, i) =>
        codeOf(me.characters.create({ params, body: { ...mira, name: nameOf(i) } })),
      ),
    )
    expect(codes.filter((code) => code === 'done')).toHaveLength(charactersPerRealm)
    expect(codes.filter((code) => code === 'character.limit')).toHaveLength(3)
    expect((await me.characters.list({ params })).characters).toHaveLength(charactersPerRealm)
  })

  it('refuses another body under the same operation id', async () => {
    const test = await openApi()
    const me = await player(test)
    const operationId = newId(test.clock)
    await me.characters.create({ params, body: mira }, { operationId })
    const body = { ...mira, name: 'Vale' }
    const call = me.characters.create({ params, body }, { operationId })
    expect(await codeOf(call)).toBe('operation.mismatch')
  })

  it('gives another account nothing under the same operation id', async () => {
    const test = await openApi()
    const me = await player(test)
    const other = await player(test, 'other')
    const operationId = newId(test.clock)
    await me.characters.create({ params, body: mira }, { operationId })
    const call = other.characters.create({ params, body: mira }, { operationId })
    expect(await codeOf(call)).toBe('character.name_taken')
  })

  it.each(['loseAnswer', 'loseRequest', 'conflict', 'throttle'] as const)(
    'makes one when the store does this: %s',
    async (kind) => {
      const test = await openApi()
      const me = await player(test)
      let asked = 0
      test.faults.next = ({ operation }) =>
        operation === 'transact' && asked++ < 2 ? { kind } : undefined
      await me.characters.create({ params, body: mira })
      expect((await me.characters.list({ params })).characters).toHaveLength(1)
    },
  )
})

describe('deleting a character', () => {
  it('takes it from the list once, however often it is sent, and keeps its name', async () => {
    const test = await openApi()
    const me = await player(test)
    const { characterId } = await me.characters.create({ params, body: mira })
    test.trips.reset()
    const operationId = newId(test.clock)
    const at = { params: { ...params, characterId } }
    for (let i = 0; i < 3; i++) await me.characters.delete(at, { operationId })
    // The first is the look into the ranked lists.
    expect(test.trips.trips[1]).toMatchObject({ operation: 'transact' })
    await Promise.all(Array.from({ length: 20 }, () => me.characters.delete(at, { operationId })))
    expect((await me.characters.list({ params })).characters).toEqual([])
    const count = test.memory.rows('core').find((row) => row.sk === 'COUNT')
    expect(count).toMatchObject({ live: 0, kept: 1 })
    const again = me.characters.create({ params, body: mira })
    expect(await codeOf(again)).toBe('character.name_taken')
    expect(await codeOf(me.characters.delete(at))).toBe('character.not_found')
  })

  it('is done once when twenty requests come at once', async () => {
    const test = await openApi()
    const me = await player(test)
    const { characterId } = await me.characters.create({ params, body: mira })
    const at = { params: { ...params, characterId } }
    const codes = await Promise.all(
      Array.from({ length: 20 }, () => codeOf(me.characters.delete(at))),
    )
    expect(codes.filter((code) => code === 'done')).toHaveLength(1)
    expect(codes.filter((code) => code === 'character.not_found')).toHaveLength(19)
  })

  it.each(['reserved', 'moving'])(
    'of one %s voids its ticket, whatever time it is',
    async (state) => {
      const test = await openApi()
      const me = await player(test)
      const { characterId } = await me.characters.create({ params, body: mira })
      const ticketExpires = test.clock.now() + ticketMs
      const rowsOf = async () =>
        parseCharacterRows(
          'local',
          characterId,
          (await test.memory.query(readCharacterRows('local', characterId))).items,
        )!
      const to = { owner: 'host', instance: 'hub-1', ticketId: 'ticket', ticketExpires }
      await test.memory.transact(reserveWrites(await rowsOf(), to))
      await test.memory.update({
        table: 'core',
        key: guardKey('local', characterId),
        update: 'SET #state = :state',
        names: { '#state': 'state' },
        values: { ':state': state },
      })
      const at = { params: { ...params, characterId } }
      expect(await codeOf(me.characters.delete(at))).toBe('done')
      const rows = await rowsOf()
      // The epoch rises with each owner, in both rows. So a late save of the host finds another epoch.
      expect(rows.guard).toMatchObject({ state: 'offline', owner: '', deleted: true, epoch: 2 })
      expect(rows.state.epoch).toBe(2)
      const claim = { realmId: 'local', characterId, bootId: 'host', ticketId: 'ticket' }
      await expect(test.memory.update(claimUpdate(claim))).rejects.toThrow()
    },
  )

  it('raises the epoch of guard and state alike', async () => {
    const test = await openApi()
    const me = await player(test)
    const { characterId } = await me.characters.create({ params, body: mira })
    await me.characters.delete({ params: { ...params, characterId } })
    const { items } = await test.memory.query(readCharacterRows('local', characterId))
    const rows = parseCharacterRows('local', characterId, items)!
    expect([rows.guard.epoch, rows.state.epoch]).toEqual([1, 1])
  })

  it('is refused while the character is in play', async () => {
    const test = await openApi()
    const me = await player(test)
    const { characterId } = await me.characters.create({ params, body: mira })
    await putInPlay(test, characterId)
    const other = await player(test, 'other')
    const theirs = other.characters.delete({ params: { ...params, characterId } })
    expect(await codeOf(theirs)).toBe('character.not_found')
    const call = me.characters.delete({ params: { ...params, characterId } })
    expect(await codeOf(call)).toBe('character.in_play')
    expect((await me.characters.list({ params })).characters).toHaveLength(1)
  })

  it('is done while the character is in play on a host that has ended, which is fenced', async () => {
    const test = await openApi()
    const me = await player(test)
    const { characterId } = await me.characters.create({ params, body: mira })
    const at = { params: { ...params, characterId } }
    await putInPlay(test, characterId)
    await endLease(test.memory, 'host')
    const other = await player(test, 'other')
    expect(await codeOf(other.characters.delete(at))).toBe('character.not_found')
    test.trips.reset()
    const operationId = newId(test.clock)
    await me.characters.delete(at, { operationId })
    expect(test.trips.sequential()).toBe(8)
    expect((await me.characters.list({ params })).characters).toEqual([])
    const { items } = await test.memory.query(readCharacterRows('local', characterId))
    const rows = parseCharacterRows('local', characterId, items)!
    expect(rows.guard).toMatchObject({ state: 'offline', owner: '', deleted: true, epoch: 1 })
    expect(rows.state.epoch).toBe(1)
    expect(await readInbox(test.memory, test.clock.now(), 'host')).toMatchObject([
      { kind: 'fence', characterId, epoch: 0 },
    ])
    await me.characters.delete(at, { operationId })
  })

  it("says of somebody else's character that there is none", async () => {
    const test = await openApi()
    const me = await player(test)
    const other = await player(test, 'other')
    const { characterId } = await me.characters.create({ params, body: mira })
    const call = other.characters.delete({ params: { ...params, characterId } })
    expect(await codeOf(call)).toBe('character.not_found')
    expect((await me.characters.list({ params })).characters).toHaveLength(1)
  })

  it('does not let making and deleting grow for ever', async () => {
    const test = await openApi()
    const me = await player(test)
    let made = 0
    let code = 'done'
    while (code === 'done') {
      const body = { ...mira, name: nameOf(made) }
      code = await codeOf(
        me.characters.create({ params, body }).then(({ characterId }) => {
          made++
          return me.characters.delete({ params: { ...params, characterId } })
        }),
      )
    }
    expect(code).toBe('character.limit')
    expect(made).toBe(charactersKeptPerRealm)
  })
})

describe('a realm', () => {
  it.each([
    ['nowhere', 'realm.unknown'],
    ['far', 'realm.elsewhere'],
  ])('%s is refused with %s', async (realmId, code) => {
    const test = await openApi()
    const me = await player(test)
    expect(await codeOf(me.characters.list({ params: { realmId } }))).toBe(code)
    const call = me.characters.create({ params: { realmId }, body: mira })
    expect(await codeOf(call)).toBe(code)
    expect(test.trips.trips).toEqual([])
  })
})

// Rows that this version cannot read: a later version wrote them, or they are wrong. Each costs as little as
// possible, and its key is named where a request or a claim fails.
import { describe, expect, it } from 'vitest'
import { createLeaseWatch } from '#gameserver/persistence/lease-watch.ts'
import { banKey, isBanned } from '#shared/ownership/ban.ts'
import { cardKey } from '#shared/ownership/card.ts'
import { checkpointKey, readCheckpoint } from '#shared/ownership/checkpoint.ts'
import {
  guardKey,
  newCharacterWrites,
  parseCharacterRows,
  readCharacterRows,
} from '#shared/ownership/guard.ts'
import { commandPut, readInbox } from '#shared/ownership/inbox.ts'
import type { Command } from '#shared/ownership/inbox.ts'
import { leaseKey, readLease } from '#shared/ownership/lease.ts'
import { placeKey, readPlaces } from '#shared/ownership/places.ts'
import { RowError } from '#shared/store/row.ts'
import type { Item, Key, Store, TableName } from '#shared/store/store.ts'
import { openRealm, realmId } from './realm.ts'

/** Changes fields of a row that is there. */
async function spoil(store: Store, table: TableName, key: Key, fields: Record<string, string>) {
  const row = await store.get({ table, key, consistent: true })
  await store.put({ table, item: { ...row, ...key, ...fields } })
}

describe('a character', () => {
  const characterId = 'c1'
  const read = (sk: string, fields: Record<string, unknown>) => () =>
    parseCharacterRows(
      realmId,
      characterId,
      newCharacterWrites({
        realmId,
        characterId,
        accountId: 'a',
        profile: { name: 'Mira' },
        saved: { zone: 'hub', x: 1, y: 2, heading: 3 },
      }).map((write): Item => {
        const { item } = (write as Extract<typeof write, { put: unknown }>).put
        return item.sk === sk ? ({ ...item, ...fields } as Item) : item
      }),
    )

  it('whose guard or state is wrong is an error with the key and the field', () => {
    expect(read('#GUARD', {})).not.toThrow()
    expect(read('#GUARD', { epoch: '7' })).toThrow(/^the row R#local#C#c1 #GUARD .*: epoch: /)
    expect(read('#GUARD', { state: 'frozen' })).toThrow(/#GUARD is malformed: state: /)
    expect(read('#GUARD', { deleted: 1 })).toThrow(/#GUARD is malformed: deleted: /)
    expect(read('#STATE', { saveNumber: undefined })).toThrow(/#STATE is malformed: saveNumber: /)
    expect(read('#STATE', { saved: { v: 2, zone: 7 } })).toThrow(/#STATE is malformed: zone: /)
    expect(read('#STATE', { saved: { v: 2, zone: 7 } })).toThrow(RowError)
  })

  it('does not come in, and its rows stay as they are', async () => {
    const realm = await openRealm()
    await realm.host()
    const who = await realm.character()
    await spoil(realm.store, 'core', guardKey(realmId, who.characterId), { state: 'frozen' })
    const rows = async () =>
      (await realm.store.query(readCharacterRows(realmId, who.characterId))).items
    const before = await rows()
    await expect(realm.enterAs(who)).rejects.toThrow(RowError)
    expect(await rows()).toEqual(before)
  })
})

describe('a claim', () => {
  it('is refused and undone when the copy of a ban cannot be read', async () => {
    const realm = await openRealm()
    const { store } = realm
    const host = await realm.host()
    const who = await realm.character()
    const ticket = await realm.open((await realm.enterAs(who)).ticket)
    await store.put({
      table: 'core',
      item: { ...banKey(realmId, who.accountId), bannedUntil: 'for good' },
    })
    await expect(isBanned(store, realmId, who.accountId, 0)).rejects.toThrow(/BAN .*bannedUntil/)
    expect(await host.claim(ticket)).toEqual({ outcome: 'storeRefused' })
    await expect
      .poll(async () => {
        const page = await store.query(readCharacterRows(realmId, who.characterId))
        return parseCharacterRows(realmId, who.characterId, page.items)!.guard.state
      })
      .toBe('offline')
  })
})

it('the lease of another host is an error with its key, and does not end the hosts that watch it', async () => {
  const realm = await openRealm()
  const [host, other] = [await realm.host(), await realm.host()]
  await spoil(realm.store, 'volatile', leaseKey(other.bootId), { renewal: 'many' })
  await expect(readLease(realm.store, other.bootId)).rejects.toThrow(/LEASE .*renewal/)
  const stop = new AbortController()
  let sleeps = 0
  const sleep = async (ms: number) => {
    await realm.runtime.sleep(ms)
    if (++sleeps === 10) stop.abort()
  }
  await createLeaseWatch({
    store: realm.store,
    runtime: { ...realm.runtime, sleep },
    clocks: { now: realm.runtime.now, monotonic: realm.runtime.now },
    host: { bootId: host.bootId, realmId },
  }).run(stop.signal)
  expect(sleeps).toBe(10)
})

it('a command in the inbox waits there, and the others are applied', async () => {
  const { store, runtime } = await openRealm()
  const now = runtime.now()
  const kick = (characterId: string): Command => ({ kind: 'kick', realmId, characterId, epoch: 1 })
  const later = commandPut(now, 'b1', kick('c1'))
  await store.put({ ...later, item: { ...later.item, epoch: 'all' } })
  await store.put(commandPut(now, 'b1', kick('c2')))
  expect(await readInbox(store, now, 'b1')).toEqual([kick('c2')])
})

it('a place stays and counts, and costs only its character that instance', async () => {
  const realm = await openRealm()
  const host = await realm.host()
  const [who, other] = [await realm.character(), await realm.character()]
  await realm.enterAs(who)
  await realm.enterAs(other)
  const ref = { zone: 'hub', bootId: host.bootId, instance: 'hub-1' }
  await spoil(realm.store, 'volatile', placeKey(realmId, ref, who.characterId), { until: 'late' })
  expect(await readPlaces(realm.store, realmId, ref, 50, undefined)).toMatchObject({
    places: [{ characterId: other.characterId }],
    rows: 2,
    more: false,
  })
  await expect(realm.enterAs(who)).rejects.toThrow(/until/)
  await realm.enterAs(other)
  // Two rounds through all places find no wrong count.
  for (let i = 0; i < 4; i++) expect(await host.checkpoint('hub-1', [])).toBe('saved')
  const key = cardKey(realmId, ref)
  expect(await realm.store.get({ table: 'volatile', key })).toMatchObject({ count: 2 })
})

it('a checkpoint is an error: the character does not go on without what is in it', async () => {
  const { store } = await openRealm()
  const item = { ...checkpointKey('b1', 'hub-1'), v: 3, number: 1, chunks: 2 }
  await store.put({ table: 'core', item })
  await expect(readCheckpoint(store, 'b1', 'hub-1', 'c1')).rejects.toThrow(
    /^the row HOST#b1 CHECKPOINT#hub-1 is malformed/,
  )
})

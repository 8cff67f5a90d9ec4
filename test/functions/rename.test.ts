// Another name for a character, and the way back of one that was deleted.
import { describe, expect, it } from 'vitest'
import { nameHeldMs, renameEveryMs, restoreMs } from '#shared/limits.ts'
import { newId } from '#shared/runtime.ts'
import { codeOf, openApi } from './api.ts'
import type { TestApi } from './api.ts'
import { again, inRealm, person } from './mail-people.ts'
import type { Person } from './mail-people.ts'

const rename = (who: Person, name: string) =>
  who.client.characters.rename({ params: { ...inRealm, characterId: who.as }, body: { name } })
const restore = (who: Person) =>
  who.client.characters.restore({ params: { ...inRealm, characterId: who.as } })

/** Two friends in a party and a guild, which the first leads. */
async function two(): Promise<{ test: TestApi; ada: Person; bram: Person; guildId: string }> {
  const test = await openApi()
  const [ada, bram] = [await person(test, 'Ada'), await person(test, 'Bram')]
  const params = inRealm
  await ada.client.friends.ask({ params, body: { as: ada.as, name: 'Bram' } })
  await bram.client.friends.accept({
    params: { ...params, playerId: ada.playerId },
    body: { as: bram.as },
  })
  const { party } = await ada.client.parties.invite({ params, body: { as: ada.as, name: 'Bram' } })
  await bram.client.parties.accept({
    params: { ...params, partyId: party!.partyId },
    body: { as: bram.as },
  })
  const { guildId } = await ada.client.guilds.found({
    params,
    body: { as: ada.as, name: 'Lanterns' },
  })
  await ada.client.guilds.invite({
    params: { ...params, guildId },
    body: { as: ada.as, name: 'Bram' },
  })
  await bram.client.guilds.join({ params: { ...params, guildId }, body: { as: bram.as } })
  return { test, ada, bram, guildId }
}

describe('a rename', () => {
  it('is seen by friends, in the party and in the guild; the old name leads to nobody', async () => {
    const { ada, bram, guildId } = await two()
    expect(await rename(ada, 'Clara')).toMatchObject({ name: 'Clara', characterId: ada.as })
    expect((await bram.client.friends.list({ params: inRealm })).entries[0]).toMatchObject({
      name: 'Clara',
    })
    const { party } = await bram.client.parties.mine({ params: inRealm, query: { as: bram.as } })
    expect(party!.members.map(({ name }) => name)).toEqual(['Clara', 'Bram'])
    const roster = await bram.client.guilds.roster({
      params: { ...inRealm, guildId },
      query: { as: bram.as },
    })
    expect(roster.entries.map(({ name }) => name).toSorted()).toEqual(['Bram', 'Clara'])
    expect((await ada.client.characters.list({ params: inRealm })).characters[0]).toMatchObject({
      name: 'Clara',
    })
    expect(await codeOf(bram.write('Ada'))).toBe('mail.unknown')
    expect(await codeOf(bram.write('Clara'))).toBe('done')
  })

  it('holds the old name for the account, and lets others have it after 30 days', async () => {
    const { test, ada, bram } = await two()
    await rename(ada, 'Clara')
    expect(await codeOf(rename(bram, 'Ada'))).toBe('character.name_taken')
    expect(await codeOf(ada.make('Ada'))).toBe('done')
    const dora = await person(test, 'Dora')
    await rename(dora, 'Elsa')
    test.clock.advance(nameHeldMs)
    expect(await codeOf(rename(await again(test, bram), 'Dora'))).toBe('done')
  })

  it('is given once in 30 days, as a new name is given, and to one of two who want it', async () => {
    const { test, ada, bram } = await two()
    expect(await codeOf(rename(ada, 'Admin'))).toBe('character.name_refused')
    const both = await Promise.all([codeOf(rename(ada, 'Clara')), codeOf(rename(bram, 'CIara'))])
    expect(both.toSorted()).toEqual(['character.name_taken', 'done'])
    const first = both[0] === 'done' ? ada : bram
    expect(await codeOf(rename(first, 'Flora'))).toBe('character.renamed_lately')
    test.clock.advance(renameEveryMs)
    expect(await codeOf(rename(await again(test, first), 'Flora'))).toBe('done')
  })

  it('reaches all who have blocked the player, in few trips one after the other', async () => {
    const { test, ada } = await two()
    const others = Array.from({ length: 400 }, () => newId(test.clock))
    for (const playerId of others) {
      const block = { v: 1, playerId: ada.playerId, name: 'Ada', state: 'blocked', at: 5 }
      const key = { pk: `R#local#FRIENDS#${playerId}`, sk: `P#${ada.playerId}` }
      await test.memory.put({ table: 'core', item: { ...key, ...block } })
      const noted = { pk: `R#local#BLOCKERS#${ada.playerId}`, sk: `P#${playerId}`, v: 1, playerId }
      await test.memory.put({ table: 'core', item: noted })
    }
    test.trips.reset()
    await rename(ada, 'Clara')
    const names = test.memory
      .rows('core')
      .filter(({ pk, sk }) => pk.startsWith('R#local#FRIENDS#') && sk === `P#${ada.playerId}`)
      .map((row) => row['name'])
    expect(names).toHaveLength(others.length + 1)
    expect(new Set(names)).toEqual(new Set(['Clara']))
    expect(test.trips.sequential()).toBeLessThan(50)
  })

  it('is refused for a character that is deleted, in play, or of another player', async () => {
    const { test, ada, bram } = await two()
    await test.memory.update({
      table: 'core',
      key: { pk: `R#local#C#${ada.as}`, sk: '#GUARD' },
      update: 'SET #state = :active',
      names: { '#state': 'state' },
      values: { ':active': 'active' },
    })
    expect(await codeOf(rename(ada, 'Clara'))).toBe('character.in_play')
    await bram.die()
    expect(await codeOf(rename(bram, 'Clara'))).toBe('character.not_found')
    const call = { params: { ...inRealm, characterId: ada.as }, body: { name: 'Clara' } }
    expect(await codeOf(bram.client.characters.rename(call))).toBe('character.not_found')
  })
})

describe('a deleted character', () => {
  it('is there again with its name, in no guild and no party, for 30 days', async () => {
    const { test, ada } = await two()
    expect(await codeOf(restore(ada))).toBe('character.not_deleted')
    await ada.die()
    const { characters } = await ada.client.characters.deleted({ params: inRealm })
    expect(characters).toMatchObject([{ name: 'Ada', until: test.clock.now() + restoreMs }])
    expect(await restore(ada)).toMatchObject({ name: 'Ada' })
    expect((await ada.client.characters.list({ params: inRealm })).characters).toHaveLength(1)
    const { party } = await ada.client.parties.mine({ params: inRealm, query: { as: ada.as } })
    expect(party).toBeUndefined()
    await ada.die()
    test.clock.advance(restoreMs)
    expect(await codeOf(restore(await again(test, ada)))).toBe('character.restore_late')
  })
})

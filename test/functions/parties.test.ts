// Parties over HTTP. Random histories of them are in test/histories/.
import { describe, expect, it } from 'vitest'
import { partyInviteMs, partyInvitesMax, partyMembersMax, readyCheckMs } from '#shared/limits.ts'
import { newId } from '#shared/runtime.ts'
import { codeOf, overtaken } from './api.ts'
import { brokenParties, partyActs, partyRows } from './party-people.ts'
import { inRealm as params, people as peopleWith, person } from './people.ts'
import type { Person as Anybody } from './people.ts'

const withParties = (who: Anybody) => ({ ...who, ...partyActs(who) })
type Person = ReturnType<typeof withParties>

const people = async (count: number) => await peopleWith(count, withParties)

/** The first one leads, the others have accepted. */
async function together(leader: Person, ...others: Person[]): Promise<string> {
  let partyId = ''
  for (const other of others) {
    partyId = (await leader.invite(other)).party!.partyId
    await other.accept(partyId)
  }
  return partyId
}

describe('a party', () => {
  it('begins with an invite, grows with who accepts, and all see the same', async () => {
    const { all } = await people(3)
    const [ada, bram, cato] = all
    const { party } = await ada.invite(bram)
    expect(party).toMatchObject({ leader: ada.as, invited: [{ name: 'Bram' }] })
    const { partyId } = party!
    expect(await bram.mine()).toEqual({
      invites: [{ partyId, name: 'Ada', until: expect.any(Number) }],
    })
    await bram.accept(partyId)
    await ada.invite(cato)
    await cato.decline(partyId)
    for (const one of [ada, bram]) expect(await one.members()).toEqual(['Ada', 'Bram'])
    expect(await cato.mine()).toEqual({ invites: [] })
    const { entries } = await bram.client.notifications.list({ params })
    expect(entries).toMatchObject([{ kind: 'party.invited', name: 'Ada', partyId }])
  })

  it('goes on under who has been there the longest when the leader leaves, and ends with the last', async () => {
    const { test, all } = await people(3)
    const [ada, bram, cato] = all
    await together(ada, bram, cato)
    await ada.leave()
    expect((await cato.mine()).party).toMatchObject({ leader: bram.as })
    await bram.handOver(cato)
    expect((await bram.mine()).party).toMatchObject({ leader: cato.as })
    await cato.kick(bram)
    expect(await bram.mine()).toEqual({ invites: [] })
    const { entries } = await bram.client.notifications.list({ params })
    expect(entries.at(-1)).toMatchObject({ kind: 'party.kicked', name: 'Cato' })
    await cato.invite(ada)
    await cato.leave()
    expect(partyRows(test)).toEqual([])
  })

  it('loses a character that is deleted, and its leader hands over', async () => {
    const { test, all } = await people(3)
    const [ada, bram, cato] = all
    await together(ada, bram, cato)
    await ada.remove()
    expect((await bram.mine()).party).toMatchObject({ leader: bram.as })
    expect(await bram.members()).toEqual(['Bram', 'Cato'])
    await cato.remove()
    await bram.remove()
    expect(partyRows(test)).toEqual([])
  })

  it('loses characters that are deleted at once', async () => {
    const { test, all } = await people(4)
    const [ada, bram, cato, dunja] = all
    await together(ada, bram, cato, dunja)
    await Promise.all([ada, bram, cato].map((one) => one.remove()))
    expect((await dunja.mine()).party).toMatchObject({ leader: dunja.as })
    expect(await dunja.members()).toEqual(['Dunja'])
    expect(brokenParties(test)).toEqual([])
  })

  it('has no character that is deleted while it comes in, as a member or as its leader', async () => {
    const { test, all } = await people(3)
    const [ada, bram, cato] = all
    const { partyId } = (await ada.invite(bram)).party!
    const accept = () => bram.accept(partyId)
    expect(await overtaken(test, accept, () => bram.remove())).toBe('character.not_found')
    expect(await ada.members()).toEqual(['Ada'])
    const invite = () => cato.invite(ada)
    expect(await overtaken(test, invite, () => cato.remove())).toBe('character.not_found')
    expect(partyRows(test).filter(({ partyId: id }) => id !== partyId)).toEqual([])
  })

  it('asks whether all are ready, and knows who has not answered', async () => {
    const { test, all } = await people(3)
    const [ada, bram, cato] = all
    await together(ada, bram, cato)
    await ada.askReady()
    await bram.answerReady(true)
    const { party } = await cato.answerReady(false)
    expect(party!.members.map(({ ready }) => ready)).toEqual(['ready', 'ready', 'notReady'])
    expect((await cato.answerReady(true)).party!.members[2]).toMatchObject({ ready: 'ready' })
    test.clock.advance(readyCheckMs)
    expect(await codeOf(bram.answerReady(true))).toBe('party.not_asked')
    expect((await ada.mine()).party!.members[0]).toEqual({
      characterId: ada.as,
      name: 'Ada',
    })
  })

  it('takes no more than fit, also when all accept at once', async () => {
    const { test, all } = await people(6)
    const [ada, ...others] = all
    let partyId = ''
    for (const other of others) partyId = (await ada.invite(other)).party!.partyId
    const codes = await Promise.all(others.map((other) => codeOf(other.accept(partyId))))
    expect(codes.toSorted()).toEqual(['done', 'done', 'done', 'done', 'party.full'])
    expect(await ada.members()).toHaveLength(partyMembersMax)
    expect(brokenParties(test)).toEqual([])
  })
})

describe('a refusal', () => {
  it('names why', async () => {
    const { test, all } = await people(5)
    const [ada, bram, cato, dunja, egon] = all
    expect(await codeOf(ada.invite(ada))).toBe('party.self')
    expect(await codeOf(ada.invite({ name: 'Nobody Here' }))).toBe('friend.unknown')
    expect(await codeOf(ada.leave())).toBe('party.not_found')
    expect(await codeOf(ada.accept(newId(test.clock)))).toBe('party.not_invited')
    const partyId = await together(ada, bram)
    expect(await codeOf(ada.invite(bram))).toBe('party.already')
    expect(await codeOf(bram.invite(cato))).toBe('party.not_leader')
    expect(await codeOf(bram.kick(ada))).toBe('party.not_leader')
    expect(await codeOf(bram.askReady())).toBe('party.not_leader')
    expect(await codeOf(bram.answerReady(true))).toBe('party.not_asked')
    expect(await codeOf(ada.kick(ada))).toBe('party.self')
    expect(await codeOf(ada.handOver(cato))).toBe('party.not_found')
    expect(await codeOf(cato.accept(partyId))).toBe('party.not_invited')
    // Somebody else's character.
    const as = bram.as
    expect(await codeOf(ada.client.parties.mine({ params, query: { as } }))).toBe(
      'character.not_found',
    )
    expect(await codeOf(ada.client.parties.leave({ params, body: { as } }))).toBe(
      'character.not_found',
    )
    // An invite that has expired, and one that was accepted already.
    await ada.invite(cato)
    test.clock.advance(partyInviteMs)
    expect(await codeOf(cato.accept(partyId))).toBe('party.not_invited')
    expect((await cato.mine()).invites).toEqual([])
    // Who is in a party of his own by then.
    await ada.invite(dunja)
    await dunja.invite(egon)
    expect(await codeOf(dunja.accept(partyId))).toBe('party.already')
    expect(await ada.members()).toEqual(['Ada', 'Bram'])
    expect(brokenParties(test)).toEqual([])
  })

  it('is the same for who is blocked and for who is not there, at the invite and at the accept', async () => {
    const { all } = await people(3)
    const [ada, bram, cato] = all
    await bram.block(ada)
    expect(await codeOf(ada.invite(bram))).toBe('friend.unknown')
    expect(await codeOf(bram.invite(ada))).toBe('friend.unknown')
    const { party } = await ada.invite(cato)
    await cato.block(ada)
    expect(await codeOf(cato.accept(party!.partyId))).toBe('friend.unknown')
    expect(await ada.members()).toEqual(['Ada'])
  })

  it('comes when too many invites wait', async () => {
    const { test, all } = await people(1)
    const [ada] = all
    for (let i = 0; i < partyInvitesMax; i++) {
      await ada.invite(await person(test, `Guest${'abcdefghjk'[i]}`))
    }
    const last = await person(test, 'Lastone')
    expect(await codeOf(ada.invite(last))).toBe('party.limit')
    test.clock.advance(partyInviteMs)
    await ada.invite(last)
  })
})

it('each request takes effect once, three times in turn and fifty times at once', async () => {
  const { test, all } = await people(2)
  const [ada, bram] = all
  let partyId = ''
  const acts = [
    async (id: string) => (partyId = (await ada.invite(bram, id)).party!.partyId),
    (id: string) => bram.accept(partyId, id),
    (id: string) => ada.askReady(id),
    (id: string) => bram.answerReady(true, id),
    (id: string) => ada.handOver(bram, id),
    (id: string) => bram.kick(ada, id),
    (id: string) => bram.invite(ada, id),
    (id: string) => ada.decline(partyId, id),
    (id: string) => bram.leave(id),
  ]
  for (const act of acts) {
    const id = newId(test.clock)
    const answers = new Set<string>()
    const send = async () => answers.add(JSON.stringify(await act(id)))
    await Promise.all(Array.from({ length: 50 }, send))
    for (let i = 0; i < 3; i++) await send()
    expect(answers.size).toBe(1)
  }
  expect((await bram.client.notifications.list({ params })).entries).toHaveLength(1)
  expect((await ada.client.notifications.list({ params })).entries).toHaveLength(2)
  expect(partyRows(test)).toEqual([])
})

it('an act costs three trips beside what a name takes', async () => {
  const { test, all } = await people(2)
  const [ada, bram] = all
  const trips = async (act: () => Promise<unknown>) => {
    test.trips.reset()
    await act()
    return test.trips.trips.map(({ operation }) => operation).join(' ')
  }
  const { partyId } = (await ada.invite(bram)).party!
  expect(await trips(() => bram.accept(partyId))).toBe('get get transact')
  expect(await trips(() => ada.askReady())).toBe('get get get transact')
  expect(await trips(() => ada.mine())).toBe('get query get')
  expect(await trips(() => ada.leave())).toBe('get get get get transact')
})

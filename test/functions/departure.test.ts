// Who leaves his party, is removed from it, or deletes his character takes nobody along into a match: the ticket of all of
// them is over, and the others know by whom.
import { beforeEach, describe, expect, it } from 'vitest'
import { openOneProcess } from '../calls/one-process.ts'
import type { Player, Stage } from '../calls/stage.ts'
import { keeperOf } from '../conformance/matchmaker.ts'
import { codeOf } from './api.ts'

const params = { realmId: 'local' }
let test: Awaited<ReturnType<typeof openOneProcess>>['test']
let stage: Stage
let keeper: ReturnType<typeof keeperOf>

beforeEach(async () => {
  ;({ test, stage } = await openOneProcess())
  keeper = keeperOf(test)
  await stage.openZone({ zone: 'crypt', kind: 'slots', capacity: 8 })
})

async function party(size: number): Promise<{ members: Player[]; partyId: string }> {
  const members: Player[] = []
  for (let i = 0; i < size; i++) members.push(await stage.player())
  const [leader, ...others] = members as [Player, ...Player[]]
  let partyId = ''
  for (const { client, name, as } of others) {
    const { party: made } = await leader.client.parties.invite({
      params,
      body: { as: leader.as, name },
    })
    partyId = made!.partyId
    await client.parties.accept({ params: { ...params, partyId }, body: { as } })
  }
  return { members, partyId }
}

const join = async (players: readonly Player[], role = 'blade') => {
  const [{ as, client }] = players as [Player]
  await client.matchmaking.join({
    params: { ...params, queueId: 'crypt' },
    body: { as, choices: Object.fromEntries(players.map((one) => [one.as, { role }])) },
  })
}
const standing = async ({ as, client }: Player) =>
  await client.matchmaking.standing({ params, query: { as } })
const leave = async ({ as, client }: Player) => await client.parties.leave({ params, body: { as } })
const newsOf = async ({ client }: Player) =>
  (await client.notifications.list({ params, query: {} })).entries.filter(
    ({ kind }) => kind === 'queue.left',
  )

describe('a ticket of a party', () => {
  it('is over for all when a member leaves the party, and the others are told by whom', async () => {
    const { members } = await party(3)
    const [a, b, c] = members as [Player, Player, Player]
    await join(members)
    expect((await standing(c)).ticket?.players).toHaveLength(3)
    await leave(b)
    for (const one of members) expect(await standing(one)).toEqual({})
    for (const one of [a, c]) {
      expect(await newsOf(one)).toMatchObject([
        { name: b.name, characterId: one.as, queueId: 'crypt' },
      ])
    }
    expect(await newsOf(b)).toEqual([])
    // Nobody has to wait before the next one.
    await join([a, c])
    await keeper.beat()
    expect((await standing(c)).ticket?.players).toHaveLength(2)
  })

  it('is over when the leader removes a member, who waits for nothing any more', async () => {
    const { members } = await party(2)
    const [leader, mate] = members as [Player, Player]
    await join(members)
    const body = { as: leader.as, characterId: mate.as }
    await leader.client.parties.kick({ params, body })
    for (const one of members) expect(await standing(one)).toEqual({})
    expect(await newsOf(leader)).toMatchObject([{ name: mate.name }])
  })

  it('is over when a member deletes his character; so is a ticket of its own', async () => {
    const { members } = await party(2)
    await join(members)
    const [leader, mate] = members as [Player, Player]
    const remove = async ({ client, as }: Player) =>
      await client.characters.delete({ params: { ...params, characterId: as } })
    await remove(mate)
    expect(await standing(leader)).toEqual({})
    const alone = await stage.player()
    await join([alone], 'shield')
    await remove(alone)
    await join([leader])
    for (let i = 0; i < 2; i++) await join([await stage.player()])
    test.clock.advance(1000)
    await keeper.beat()
    // A shield would have made a match of them.
    expect((await standing(leader)).match).toBeUndefined()
  })

  it('that is asked fails for the party alone; who left waits a minute, the strangers wait on', async () => {
    const { members } = await party(2)
    const [leader, mate] = members as [Player, Player]
    await join(members)
    const shield = await stage.player()
    await join([shield], 'shield')
    await keeper.beat()
    const { match } = await standing(leader)
    expect(match).toMatchObject({ state: 'asks', members: 3 })
    await leave(mate)
    expect(await standing(leader)).toEqual({})
    expect(await standing(mate)).toEqual({ penaltyUntil: expect.any(Number) as number })
    expect((await standing(shield)).match).toBeUndefined()
    expect((await standing(shield)).ticket).toBeDefined()
    const late = {
      params: { ...params, matchId: match!.matchId },
      body: { as: leader.as, accept: true },
    }
    expect(await codeOf(leader.client.matchmaking.answer(late))).toBe('match.over')
    await join([leader])
  })

  it('stays as it is once all have accepted: who plays together is settled', async () => {
    const { members } = await party(2)
    const [leader, mate] = members as [Player, Player]
    await join(members)
    const shield = await stage.player()
    await join([shield], 'shield')
    await keeper.beat()
    const { matchId } = (await standing(leader)).match!
    for (const { client, as } of [leader, mate, shield]) {
      await client.matchmaking.answer({
        params: { ...params, matchId },
        body: { as, accept: true },
      })
    }
    await leave(mate)
    for (const { client, as } of [leader, mate, shield]) {
      const { instance } = await client.world.instance({ params, query: { as } })
      expect(instance?.instanceId).toBe(matchId)
    }
  })

  it('holds nobody who left at the same moment, whichever came first', async () => {
    for (let i = 0; i < 10; i++) {
      const { members } = await party(2)
      const [leader, mate] = members as [Player, Player]
      const done = await Promise.allSettled([join(members), leave(mate)])
      expect(done[1].status).toBe('fulfilled')
      const { ticket } = await standing(leader)
      expect(ticket?.players.map(({ characterId }) => characterId) ?? [leader.as]).toEqual([
        leader.as,
      ])
      expect(await standing(mate)).toEqual({})
    }
  })

  it('is given up by any member, and the others are told', async () => {
    const { members } = await party(2)
    const [leader, mate] = members as [Player, Player]
    await join(members)
    await mate.client.matchmaking.leave({ params, query: { as: mate.as } })
    expect(await standing(leader)).toEqual({})
    expect(await newsOf(leader)).toMatchObject([{ name: mate.name }])
  })
})

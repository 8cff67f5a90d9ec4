// What people do with each other, from end to end: the suite runs with the functions in one process, and in each way
// to bundle them.
import { expect, it } from 'vitest'
import { befriended, two } from '../calls/friends.ts'
import type { Player, Stage } from '../calls/stage.ts'

export function peopleConformance(open: () => Stage): void {
  it('two become friends, and one ends it with a block', async () => {
    const { params, first, second } = await befriended(open())
    const states = async ({ client }: Player) => {
      const { entries } = await client.friends.list({ params, query: {} })
      return entries.map(({ name, state }) => `${state} ${name}`)
    }
    expect(await states(first)).toEqual([`friend ${second.name}`])
    expect(await states(second)).toEqual([`friend ${first.name}`])
    expect(await told(second)).toEqual([`friend.asked ${first.name}`])
    expect(await told(first)).toEqual([`friend.accepted ${second.name}`])
    await first.client.friends.block({ params, body: { name: second.name } })
    expect(await states(first)).toEqual([`blocked ${second.name}`])
    expect(await states(second)).toEqual([])
  })

  it('a party is founded, joined, led by another one, and outlived by nobody', async () => {
    const { params, first, second } = await two(open())
    const { parties } = first.client
    const { party } = await parties.invite({ params, body: { as: first.as, name: second.name } })
    const { partyId } = party!
    const theirs = second.client.parties
    await theirs.accept({ params: { ...params, partyId }, body: { as: second.as } })
    await parties.handOver({ params, body: { as: first.as, characterId: second.as } })
    await parties.leave({ params, body: { as: first.as } })
    const left = await theirs.mine({ params, query: { as: second.as } })
    expect(left).toMatchObject({ party: { leader: second.as, members: [{ name: second.name }] } })
    await theirs.leave({ params, body: { as: second.as } })
    expect(await theirs.mine({ params, query: { as: second.as } })).toEqual({ invites: [] })
    expect(await told(second)).toEqual([`party.invited ${first.name}`])
  })

  it('a guild is founded, joined by an application, and disbanded', async () => {
    const stage = open()
    const { params, first, second } = await two(stage)
    const name = stage.newName()
    const { guildId } = await first.client.guilds.found({ params, body: { as: first.as, name } })
    const guild = { ...params, guildId }
    await second.client.guilds.apply({ params: guild, body: { as: second.as } })
    await first.client.guilds.accept({
      params: { ...guild, characterId: second.as },
      body: { as: first.as },
    })
    await first.client.guilds.message({ params: guild, body: { as: first.as, text: 'Welcome' } })
    const mine = { params: { ...params, characterId: second.as } }
    expect((await second.client.guilds.mine(mine)).guild).toMatchObject({
      name,
      members: 2,
      message: 'Welcome',
    })
    const query = { as: second.as }
    const { entries } = await second.client.guilds.roster({ params: guild, query })
    expect(new Set(entries.map((one) => one.name))).toEqual(new Set([first.name, second.name]))
    await first.client.guilds.disband({ params: guild, body: { as: first.as } })
    expect(await second.client.guilds.mine(mine)).toEqual({})
    expect(await told(second)).toEqual([
      `guild.accepted ${first.name}`,
      `guild.disbanded ${first.name}`,
    ])
  })

  it('a letter arrives, is read, and is deleted', async () => {
    const { params, first, second } = await two(open())
    const letter = { subject: 'Tonight', text: 'At the cairn?' }
    await first.client.mail.send({ params, body: { as: first.as, to: second.name, ...letter } })
    expect(await told(second)).toEqual([`mail.arrived ${first.name}`])
    const inbox = { ...params, characterId: second.as }
    const { mail } = second.client
    const { entries, unread } = await mail.list({ params: inbox, query: {} })
    expect([entries.length, unread]).toEqual([1, 1])
    const one = { params: { ...inbox, letterId: entries[0]!.letterId } }
    expect(await mail.open(one)).toMatchObject(letter)
    await mail.markRead(one)
    expect(await mail.list({ params: inbox, query: {} })).toMatchObject({ unread: 0 })
    await mail.delete(one)
    expect(await mail.list({ params: inbox, query: {} })).toMatchObject({ entries: [] })
  })

  async function told({ client }: Player): Promise<string[]> {
    const params = { realmId: open().realmId }
    const { entries } = await client.notifications.list({ params, query: {} })
    // Of one moment, the ids decide.
    return entries.map((one) => `${one.kind} ${'name' in one && one.name}`).toSorted()
  }
}

// What is there before schemathesis asks, and the part of its configuration that says so. Random ids name nobody;
// links lead to what a request has made, and much here takes two: who asks and who answers.
import type { api } from '#shared/api/api.ts'
import type { ApiClient } from '#shared/api/client.ts'

type Client = ApiClient<typeof api>
type Person = { client: Client; name: string; playerId: string }

const params = { realmId: 'local' }

async function character({ client }: Person, name: string): Promise<string> {
  const body = { name, race: 'human', job: 'mage' }
  return (await client.characters.create({ params, body })).characterId
}

/**
 * `someone` has asked each of the others to be friends, invited them into his party, and written to them. The first of
 * them leads a guild; the next ones have applied and lead none. Each has reported a name. Operators rename a character
 * that nobody names, and restore one that is deleted. Answers, by name, the end of a configuration file.
 */
export async function setStage(
  someone: Person,
  others: readonly Person[],
): Promise<ReadonlyMap<string, string>> {
  const host = await character(someone, someone.name)
  const all = await Promise.all(
    others.map(async (person) => ({
      ...person,
      own: await character(person, person.name),
      inbox: await character(person, `${person.name} Second`),
    })),
  )
  const [spare, gone] = [await character(someone, 'Spare'), await character(someone, 'Gone')]
  await someone.client.characters.delete({ params: { ...params, characterId: gone } })
  const first = all[0]!
  const { guildId } = await first.client.guilds.found({
    params,
    body: { as: first.own, name: 'Lanterns' },
  })
  await first.client.guilds.invite({
    params: { ...params, guildId },
    body: { as: first.own, name: someone.name },
  })
  const ends = new Map<string, string>()
  const reports: string[] = []
  for (const { client, name, own, inbox, playerId } of all) {
    await someone.client.friends.ask({ params, body: { as: host, name } })
    const { party } = await someone.client.parties.invite({ params, body: { as: host, name } })
    const letter = { as: host, to: `${name} Second`, subject: 'Hello', text: 'Hello' }
    await someone.client.mail.send({ params, body: letter })
    const { entries } = await client.mail.list({
      params: { ...params, characterId: inbox },
      query: {},
    })
    const named = { kind: 'name', name: someone.name } as const
    const { reportId } = await client.moderation.report({
      params,
      body: { as: own, what: named, rule: 'name' },
    })
    reports.push(reportId)
    if (own !== first.own) {
      await client.guilds.apply({ params: { ...params, guildId }, body: { as: own } })
    }
    const players = all.map((one) => one.playerId).filter((id) => id !== playerId)
    ends.set(
      name,
      [
        dictionary('own', [own], ['body.as', 'query.as'], 0.9),
        dictionary('character', [inbox, host], ['path.characterId', 'body.characterId'], 0.8),
        dictionary('guild', [guildId], ['path.guildId'], 0.9),
        dictionary('party', [party!.partyId], ['path.partyId'], 0.9),
        dictionary('player', [someone.playerId, ...players], ['path.playerId'], 0.9),
        dictionary('letter', [entries[0]!.letterId], ['path.letterId'], 0.9),
        dictionary('named', [spare, gone], ['path.character'], 0.9),
        dictionary('report', reports, ['path.reportId'], 0.9),
        dictionary('name', [someone.name, ...all.map((one) => one.name)], ['body.name'], 0.5),
        dictionary('receiver', [someone.name, first.name], ['body.to'], 0.9),
        dictionary('guildName', ['Lanterns'], ['query.name'], 0.9),
      ].join('\n'),
    )
  }
  return ends
}

function dictionary(
  name: string,
  values: readonly string[],
  parameters: readonly string[],
  probability: number,
): string {
  const bound = parameters.map(
    (each) =>
      `[parameters.${JSON.stringify(each)}]\ndictionary = "${name}"\nprobability = ${probability}\n`,
  )
  return `[dictionaries.${name}]\nvalues = ${JSON.stringify(values)}\n${bound.join('')}`
}

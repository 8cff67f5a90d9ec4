// Players who chat over HTTP, and what zone hosts are told of it.
import type { ChannelLine } from '#shared/api/chat-line.ts'
import { inboxChannel } from '#shared/ownership/inbox.ts'
import { placeKey } from '#shared/presence/entry.ts'
import { broadcastChannel } from '#shared/push/message.ts'
import { newId } from '#shared/runtime.ts'
import { openApi } from './api.ts'
import type { TestApi } from './api.ts'
import { guildActs } from './guild-people.ts'
import { partyActs } from './party-people.ts'
import { inRealm, names, person } from './people.ts'
import type { Person } from './people.ts'

export { inRealm }
export type Talker = Awaited<ReturnType<typeof talker>>

/** The host where every player of a test is. */
export const host = 'boot-1'

export async function talker(
  test: TestApi,
  name: string,
  known?: { as: string; playerId: string },
) {
  const somebody = await person(test, name, known)
  const who = { ...somebody, ...guildActs(somebody) }
  const { as, client } = who
  const { chat } = client
  const parties = partyActs(somebody)
  await test.cache.pipeline([['SET', placeKey('local', who.playerId), host]])
  const lines = async (channel: string, query: { [name: string]: string | number } = {}) =>
    await chat.lines({ params: { ...inRealm, channel }, query: { as, ...query } })
  return {
    ...who,
    // A moment later than the line before: within one, lines of two are in the order of their ids.
    async say(channel: string, text: string, operationId = newId(test.clock)) {
      test.clock.advance(1)
      const params = { ...inRealm, channel }
      return await chat.say({ params, body: { as, text } }, { operationId })
    },
    async whisper(to: string, text: string, operationId = newId(test.clock)) {
      test.clock.advance(1)
      return await chat.whisper({ params: inRealm, body: { as, to, text } }, { operationId })
    },
    whispers: async () => (await chat.whispers({ params: inRealm })).entries,
    lines,
    /** The texts of the latest lines. */
    reads: async (channel: string) => textsOf((await lines(channel, { limit: 100 })).entries),
    /** All of a channel from a cursor on, in pages of so many. */
    async catchUp(channel: string, since: string, limit: number) {
      const all: ChannelLine[] = []
      for (let after: string | undefined = since; after !== undefined;) {
        const page = await lines(channel, { after, limit })
        all.push(...page.entries)
        if (page.since !== undefined) return { all, since: page.since }
        after = page.next
      }
      throw new Error('a page without next and since')
    },
    /** Takes the other one into a party. */
    async joinedBy(other: Person) {
      const { party } = await parties.invite(other)
      const { partyId } = party!
      await partyActs(other).accept(partyId)
      return partyId
    },
    partyKick: async (other: { as: string }) => await parties.kick(other),
    joinsGuild: async (founder: Pick<typeof who, 'invite'>, guildId: string) => {
      await founder.invite(guildId, who)
      await who.join(guildId)
    },
  }
}

export const textsOf = (lines: readonly ChannelLine[]) => lines.map(({ text }) => text)

type Told = { event?: { kind: string; channel: string; line: ChannelLine }; accounts?: string[] }

export async function talkers(count: number, options: Parameters<typeof openApi>[0] = {}) {
  const test = await openApi(options)
  const all: Talker[] = []
  for (const name of names.slice(0, count)) all.push(await talker(test, name))
  const heard: Told[] = []
  const listen = (message: string) => heard.push(JSON.parse(message) as Told)
  const signal = new AbortController().signal
  test.cache.subscribe(inboxChannel(host), listen, signal)
  for (const channel of [broadcastChannel('local'), broadcastChannel('local', 'hub')]) {
    test.cache.subscribe(channel, listen, signal)
  }
  /** Who has heard what, by name, since this was asked last; `all`: everybody there. */
  const told = async () => {
    // Pushes are not waited for.
    await new Promise((resolve) => setTimeout(resolve, 20))
    return heard.splice(0).flatMap(({ event, accounts }) => {
      if (event?.kind !== 'said') return []
      const { channel, line } = event
      const who = accounts?.map((id) => all.find(({ playerId }) => playerId === id)?.name ?? id)
      return [`${who?.toSorted().join(' ') ?? 'all'} in ${channel.split(':')[0]!}: ${line.text}`]
    })
  }
  await told()
  test.trips.reset()
  return { test, all: all as [Talker, Talker, Talker, Talker, Talker], told }
}

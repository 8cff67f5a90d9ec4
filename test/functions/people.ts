// Players with one character each, over HTTP. What they do with each other stands beside the tests of each domain:
// friend-people.ts, party-people.ts, guild-people.ts, mail-people.ts, chat-people.ts.
import type { api } from '#shared/api/api.ts'
import type { ApiClient } from '#shared/api/client.ts'
import { newId } from '#shared/runtime.ts'
import { goodPassword, newAccount, openApi } from './api.ts'
import type { TestApi } from './api.ts'

export const inRealm = { realmId: 'local' }

/** Letters alone tell names apart, and not all of them. */
export const names =
  'Ada Bram Cato Dunja Egon Fenna Gijs Hanne Ivo Jana Kees Lena Mato Nele Otto Pia Quint Rosa Sven Tove'.split(
    ' ',
  )

export type Person = Awaited<ReturnType<typeof person>>

/** A player with one character; or the one who is known already, who logs in again. */
export async function person(
  test: TestApi,
  name: string,
  known?: { as: string; playerId: string },
) {
  const body = { loginName: name, password: goodPassword }
  const session = known ? await test.client().auth.login({ body }) : await newAccount(test, name)
  const client: ApiClient<typeof api> = test.client({ token: session.accessToken })
  const make = async (of: string) => {
    const wanted = { name: of, race: 'human', job: 'mage' }
    return (await client.characters.create({ params: inRealm, body: wanted })).characterId
  }
  const as = known?.as ?? (await make(name))
  const id = () => newId(test.clock)
  return {
    playerId: session.accountId,
    name,
    as,
    client,
    /** The id of an operation. */
    id,
    /** Another character. */
    make,
    /** Deletes the character. */
    remove: (operationId = id()) =>
      client.characters.delete({ params: { ...inRealm, characterId: as } }, { operationId }),
    block: (other: { name: string }, operationId = id()) =>
      client.friends.block({ params: inRealm, body: { name: other.name } }, { operationId }),
    unblock: (other: { playerId: string }, operationId = id()) =>
      client.friends.unblock({ params: { ...inRealm, playerId: other.playerId } }, { operationId }),
    notifications: async () => (await client.notifications.list({ params: inRealm })).entries,
    /** Kinds and names of what this one was told. */
    async told() {
      const { entries } = await client.notifications.list({ params: inRealm })
      return entries.map((one) => `${one.kind} ${'name' in one && one.name}`)
    },
  }
}

/** So many of them, who can do what a test is about. */
export async function people<T>(count: number, able: (who: Person, test: TestApi) => T) {
  const test = await openApi()
  const all: T[] = []
  for (const name of names.slice(0, count)) all.push(able(await person(test, name), test))
  test.trips.reset()
  return { test, all: all as [T, T, T, T, T, T, T, T] }
}

// Players with an inbox, and an operator, for the tests of mail.
import { signOperatorToken } from '#functions/http/token.ts'
import { lettersMax } from '#shared/limits.ts'
import { newId } from '#shared/runtime.ts'
import { codeOf, goodPassword, newAccount, openApi } from './api.ts'
import type { TestApi } from './api.ts'

export const inRealm = { realmId: 'local' }
export const dayMs = 24 * 60 * 60 * 1000
export const hello = { subject: 'Hello', text: 'How are you?\n\nYours' }

export type Person = ReturnType<typeof actsOf>

/** A player with one character. Letters alone tell names apart, and not all of them. */
export async function person(test: TestApi, name: string) {
  const { accessToken, accountId } = await newAccount(test, name)
  const body = { name, race: 'human', job: 'mage' }
  const { characters } = test.client({ token: accessToken })
  const { characterId: as } = await characters.create({ params: inRealm, body })
  return actsOf(test, accessToken, { playerId: accountId, name, as })
}

/** The same player, after a time for which no token holds. */
export async function again(test: TestApi, { playerId, name, as }: Person): Promise<Person> {
  const body = { loginName: name, password: goodPassword }
  const { accessToken } = await test.client().auth.login({ body })
  return actsOf(test, accessToken, { playerId, name, as })
}

function actsOf(test: TestApi, token: string, who: { playerId: string; name: string; as: string }) {
  const { as } = who
  const client = test.client({ token })
  const of = (letterId: string) => ({ ...inRealm, characterId: as, letterId })
  const list = async (query: { limit?: number; after?: string } = {}) =>
    await client.mail.list({ params: { ...inRealm, characterId: as }, query })
  return {
    ...who,
    client,
    write: (to: string, letter = hello, operationId = newId(test.clock)) =>
      client.mail.send({ params: inRealm, body: { as, to, ...letter } }, { operationId }),
    list,
    subjects: async () => (await list({ limit: 140 })).entries.map(({ subject }) => subject),
    unread: async () => (await list()).unread,
    /** The id of the newest letter. */
    newest: async () => (await list({ limit: 1 })).entries[0]!.letterId,
    open: (letterId: string) => client.mail.open({ params: of(letterId) }),
    mark: (letterId: string, operationId = newId(test.clock)) =>
      client.mail.markRead({ params: of(letterId) }, { operationId }),
    remove: (letterId: string, operationId = newId(test.clock)) =>
      client.mail.delete({ params: of(letterId) }, { operationId }),
    block: (name: string) => client.friends.block({ params: inRealm, body: { name } }),
    unblock: (other: { playerId: string }) =>
      client.friends.unblock({ params: { ...inRealm, playerId: other.playerId } }),
    make: async (name: string) => {
      const body = { name, race: 'human', job: 'mage' }
      return (await client.characters.create({ params: inRealm, body })).characterId
    },
    die: () => client.characters.delete({ params: { ...inRealm, characterId: as } }),
    async told() {
      const { entries } = await client.notifications.list({ params: inRealm })
      return entries.filter(({ kind }) => kind === 'mail.arrived')
    },
  }
}

const names = ['Ada', 'Bram', 'Cato', 'Dunja', 'Egon', 'Fenna']

export async function people(count: number) {
  const test = await openApi()
  const all: Person[] = []
  for (const name of names.slice(0, count)) all.push(await person(test, name))
  test.trips.reset()
  return { test, all: all as [Person, Person, Person, Person, Person, Person] }
}

export const written = (subject: string) => ({ subject, text: subject })

/** Fills the inbox of a character, down to so many free slots. */
export async function fill(test: TestApi, characterId: string, free: number) {
  const at = test.clock.now()
  for (let slot = 0; slot < lettersMax - free; slot++) {
    const hex = slot.toString(16).padStart(2, '0')
    const letterId = newId(test.clock).slice(0, -2) + hex
    const from = { kind: 'player', playerId: newId(test.clock), name: 'Gaspard' }
    const row = { v: 1, letterId, from, subject: 'old', at, read: true, expires: at / 1000 + 60 }
    const item = { pk: `R#local#MAIL#${characterId}`, sk: `L#${hex}`, ...row }
    await test.memory.put({ table: 'core', item })
  }
}

/** Rows of inboxes, by their sort keys. */
export function rowsOf(test: TestApi): string[] {
  return test.memory
    .rows('core')
    .filter(({ pk }) => pk.startsWith('R#local#MAIL#'))
    .map(({ sk }) => sk)
}

/** An operator at the command line. */
export async function operatorOf(test: TestApi) {
  const token = await signOperatorToken(test.keys.signing(), 'ann', test.clock.now())
  const { admin } = test.client({ token })
  const reason = 'Told by the plan'
  return {
    send: (to: string, operationId = newId(test.clock), letter = hello) =>
      admin.sendMail({ params: inRealm, body: { to, ...letter, reason } }, { operationId }),
    all: (
      letter: { subject: string; text: string; days?: number },
      operationId = newId(test.clock),
    ) => admin.mailAll({ params: inRealm, body: { ...letter, reason } }, { operationId }),
    withdraw: (letterId: string, operationId = newId(test.clock)) =>
      admin.withdrawMail({ params: { ...inRealm, letterId }, body: { reason } }, { operationId }),
    audit: async () => (await admin.audit({ query: {} })).entries,
  }
}

/** The id of the letter with this subject. */
export async function newestCalled(who: Person, subject: string): Promise<string> {
  const { entries } = await who.list({ limit: 140 })
  return entries.find((head) => head.subject === subject)!.letterId
}

/**
 * Does the second thing when the first one has read all that it goes by, and before it is committed. Returns the
 * code of the first one.
 */
export async function whileUnderWay(
  test: TestApi,
  first: () => Promise<unknown>,
  second: () => Promise<unknown>,
): Promise<string> {
  const { clock, faults } = test
  const { sleep } = clock
  // The first commit meets a conflict, and waits before it tries again.
  faults.next = ({ operation }) => {
    if (operation !== 'transact') return undefined
    faults.next = undefined
    return { kind: 'conflict' }
  }
  clock.sleep = async () => {
    clock.sleep = sleep
    await second()
  }
  return await codeOf(first())
}

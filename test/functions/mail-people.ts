// Players with an inbox, and an operator, for the tests of mail.
import { signOperatorToken } from '#functions/http/token.ts'
import { lettersMax } from '#shared/limits.ts'
import { newId } from '#shared/runtime.ts'
import { codeOf } from './api.ts'
import type { TestApi } from './api.ts'
import { inRealm, people as peopleWith, person as newPerson } from './people.ts'
import type { Person as Anybody } from './people.ts'

export { inRealm }
export const dayMs = 24 * 60 * 60 * 1000
export const hello = { subject: 'Hello', text: 'How are you?\n\nYours' }

export type Person = ReturnType<typeof withMail>

export const person = async (test: TestApi, name: string): Promise<Person> =>
  withMail(await newPerson(test, name))

/** The same player, after a time for which no token holds. */
export const again = async (test: TestApi, who: Person): Promise<Person> =>
  withMail(await newPerson(test, who.name, who))

export const people = async (count: number) => await peopleWith(count, withMail)

function withMail(who: Anybody) {
  const { as, client, id } = who
  const of = (letterId: string) => ({ ...inRealm, characterId: as, letterId })
  const list = async (query: { limit?: number; after?: string } = {}) =>
    await client.mail.list({ params: { ...inRealm, characterId: as }, query })
  return {
    ...who,
    write: (to: string, letter = hello, operationId = id()) =>
      client.mail.send({ params: inRealm, body: { as, to, ...letter } }, { operationId }),
    list,
    subjects: async () => (await list({ limit: 140 })).entries.map(({ subject }) => subject),
    unread: async () => (await list()).unread,
    /** The id of the newest letter. */
    newest: async () => (await list({ limit: 1 })).entries[0]!.letterId,
    open: (letterId: string) => client.mail.open({ params: of(letterId) }),
    mark: (letterId: string, operationId = id()) =>
      client.mail.markRead({ params: of(letterId) }, { operationId }),
    remove: (letterId: string, operationId = id()) =>
      client.mail.delete({ params: of(letterId) }, { operationId }),
    die: who.remove,
    /** The letters that this one was told of. */
    told: async () => (await who.notifications()).filter(({ kind }) => kind === 'mail.arrived'),
  }
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

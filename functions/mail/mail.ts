// Letters: sent, listed, opened, marked, deleted. What an inbox is by rule stands in box.ts.
import type { OperationId } from '#shared/api/endpoint.ts'
import type { Letter, LetterFrom, LetterHead, WrittenLetter } from '#shared/api/mail.ts'
import type { PageQuery } from '#shared/api/page.ts'
import { letterLinesMax } from '#shared/limits.ts'
import { notify } from '#shared/notifications/mailbox.ts'
import type { Player } from '#shared/notifications/mailbox.ts'
import { Problem } from '#shared/problem.ts'
import { isLinesText } from '#shared/protocol/chat-text.ts'
import type { OperationDeps, Step } from '#shared/store/commit.ts'
import type { Write } from '#shared/store/store.ts'
import { characterOf, ownerOfName } from '../characters/characters.ts'
import { hasBlocked, notBlocked } from '../friends/friends.ts'
import { checkTexts } from '../moderation/moderation.ts'
import type { TextDeps } from '../moderation/moderation.ts'
import { once } from '../http/once.ts'
import type { Found } from '../http/once.ts'
import { readCursor, writeCursor } from '../http/page.ts'
import {
  inboxOf,
  isToAll,
  newLetterId,
  pageOf,
  playerSlots,
  realmSlots,
  slotOf,
  systemSlots,
} from './box.ts'
import {
  boxOf,
  boxOfAll,
  deleteLetter as deleteWrites,
  deleteToAll,
  freePlace,
  handle,
  markLetter,
  putLetter,
  readBox,
  readHandled,
  readHead,
  readPlaces,
  readRealmHead,
  readText,
  readToAll,
  takePlace,
  timesOf,
  untilOf,
} from './store.ts'

export type MailDeps = OperationDeps & TextDeps

/** A character of a player, whose inbox it is or who writes. */
export type Owned = Player & { characterId: string }

type Sent = { to: string; at: number; until: number }

const listName = 'mail.list'

/** Three trips at once. Throws character.not_found, request.cursor. */
export async function listMail(
  { store, runtime }: OperationDeps,
  of: Owned,
  { limit, after }: PageQuery,
): Promise<{ entries: LetterHead[]; next?: string; unread: number }> {
  const position = after === undefined ? undefined : readCursor(listName, after)
  const now = runtime.now()
  const [{ createdAt }, box, toAll] = await Promise.all([
    characterOf(store, of, of.characterId),
    readBox(store, boxOf(of.realmId, of.characterId), now),
    readToAll(store, of.realmId, now, { fresh: false }),
  ])
  const inbox = inboxOf(box.letters, toAll, box.handled, createdAt)
  const { entries, next } = pageOf(inbox, { limit, after: position })
  return {
    entries,
    ...(next === undefined ? {} : { next: writeCursor(listName, next) }),
    unread: inbox.filter(({ read }) => !read).length,
  }
}

/** Three trips at once; four for a letter to all. Throws character.not_found, mail.not_found. */
export async function openLetter(
  { store, runtime }: OperationDeps,
  of: Owned,
  letterId: string,
): Promise<Letter> {
  const box = isToAll(letterId) ? boxOfAll(of.realmId) : boxOf(of.realmId, of.characterId)
  const [head, text] = await Promise.all([
    readOne({ store, runtime }, of, letterId),
    readText(store, box, letterId, runtime.now()),
  ])
  // Deleted, or its slot taken by the next one, between the two reads.
  if (text === undefined) throw new Problem('mail.not_found')
  const { letterId: id, from, to, subject, at, until, read } = head
  return { letterId: id, from, to, subject, at, until, read, text }
}

/** A letter that the character has. Throws character.not_found, mail.not_found. */
async function readOne({ store, runtime }: OperationDeps, of: Owned, letterId: string) {
  const now = runtime.now()
  const box = boxOf(of.realmId, of.characterId)
  const [{ createdAt }, own, toAll, handled] = await Promise.all([
    characterOf(store, of, of.characterId),
    readHead(store, box, letterId, now),
    readRealmHead(store, of.realmId, letterId, now),
    isToAll(letterId) ? readHandled(store, box, letterId, now) : undefined,
  ])
  if (own !== undefined) return own
  const [shared] = inboxOf([], toAll ? [toAll] : [], handled ? [handled] : [], createdAt)
  if (shared === undefined) throw new Problem('mail.not_found')
  return shared
}

/** Two trips, the first ones at once. Throws character.not_found, mail.not_found, world.busy, operation.mismatch. */
export async function markRead(
  deps: OperationDeps,
  of: Owned,
  letterId: string,
  op: OperationId,
): Promise<void> {
  const box = boxOf(of.realmId, of.characterId)
  await change(deps, of, letterId, op, (letter) => {
    if (letter.read) return []
    return letter.to === 'all' ? [handle(box, letter, 'read')] : markLetter(box, letter)
  })
}

/** As `markRead`. One to all is deleted for this character alone. */
export async function deleteLetter(
  deps: OperationDeps,
  of: Owned,
  letterId: string,
  op: OperationId,
): Promise<void> {
  const box = boxOf(of.realmId, of.characterId)
  await change(deps, of, letterId, op, (letter) =>
    letter.to === 'all' ? [handle(box, letter, 'deleted')] : deleteWrites(box, letter),
  )
}

async function change(
  deps: OperationDeps,
  of: Owned,
  letterId: string,
  op: OperationId,
  writesFor: (letter: Awaited<ReturnType<typeof readOne>>) => Write[],
): Promise<void> {
  await once(deps, op, async () => {
    const writes = writesFor(await readOne(deps, of, letterId))
    return { steps: stepsOf(writes), answer: {} }
  })
}

function stepsOf(writes: readonly Write[]): Step<never>[] {
  return writes.map((write) => ({ write }))
}

/**
 * Up to four trips to find who writes to whom, with one to see that he may write; four at once to look, and the
 * commit. Throws character.not_found, chat.muted, mail.*, world.busy, operation.mismatch.
 */
export async function sendLetter(
  deps: MailDeps,
  from: Owned,
  to: string,
  letter: WrittenLetter,
  op: OperationId,
): Promise<Sent> {
  refuseHidden(letter)
  const { realmId } = from
  return await once(deps, op, async () => {
    const [{ name }, them, [subject, text]] = await Promise.all([
      characterOf(deps.store, from, from.characterId),
      receiver(deps, realmId, to),
      checkTexts(deps, from, [letter.subject, letter.text], 'letter'),
    ])
    if (them.characterId === from.characterId) throw new Problem('mail.self')
    const checked = { subject: subject!, text: text! }
    return await findSend(deps, { me: { ...from, name }, them: { realmId, ...them } }, checked)
  })
}

type Named = Owned & { name: string }

/** Throws mail.blocked, mail.full, mail.unread. */
async function findSend(
  { store, runtime }: OperationDeps,
  { me, them }: { me: Named; them: Named },
  letter: WrittenLetter,
): Promise<Found<Sent>> {
  const now = runtime.now()
  const box = boxOf(them.realmId, them.characterId)
  const [unwanted, blocked, { taken }, places] = await Promise.all([
    hasBlocked(store, me, them.accountId),
    hasBlocked(store, them, me.accountId),
    readBox(store, box, now),
    readPlaces(store, box, me.accountId, now),
  ])
  if (unwanted) throw new Problem('mail.blocked')
  const letterId = newLetterId(runtime, playerSlots, taken)
  if (letterId === undefined) throw new Problem('mail.full')
  const place = freePlace(places, blocked)
  if (place === undefined) throw new Problem('mail.unread')
  const times = timesOf(now)
  // Who is blocked meets the same limits and gets the same answer. His letter goes nowhere.
  const taking = { n: place, letterId, lost: blocked, ...times }
  const writes = [takePlace(box, me.accountId, taking)]
  if (!blocked) {
    const { accountId: playerId, name } = me
    const from: LetterFrom = { kind: 'player', playerId, name }
    const news = { kind: 'mail.arrived', characterId: them.characterId, playerId, name } as const
    writes.push(
      notBlocked(them, playerId),
      ...putLetter(box, { ...letter, letterId, from, place, ...times }),
      notify(runtime, them, { ...news, letterId }),
    )
  }
  const answer = { to: them.name, at: now, until: untilOf(times) }
  return { steps: stepsOf(writes), answer }
}

/** Throws mail.unknown. */
async function receiver({ store }: OperationDeps, realmId: string, name: string) {
  const owner = await ownerOfName(store, realmId, name)
  if (owner === undefined || owner.deleted) throw new Problem('mail.unknown')
  return owner
}

/** Throws mail.text. */
function refuseHidden({ subject, text }: WrittenLetter): void {
  const wrong = [
    ...(isLinesText(subject, 1) ? [] : ['body.subject']),
    ...(isLinesText(text, letterLinesMax) ? [] : ['body.text']),
  ]
  if (wrong.length === 0) return
  const fields = wrong.map((path) => ({ path, reason: 'is not allowed' }))
  throw new Problem('mail.text', { fields })
}

/** Who does it for the game, and why: one write of the same transaction. */
export type Audited = (what: string) => Write

/**
 * A letter from the game to a character. `to` counts as it is spelled. Throws mail.unknown, mail.text, mail.full,
 * world.busy, operation.mismatch.
 */
export async function sendSystemLetter(
  deps: OperationDeps,
  realmId: string,
  { to, ...letter }: WrittenLetter & { to: string },
  audited: Audited,
  op: OperationId,
): Promise<{ letterId: string; characterId: string; until: number }> {
  refuseHidden(letter)
  const { store, runtime } = deps
  return await once(deps, op, async () => {
    const them = await receiver(deps, realmId, to)
    if (them.name !== to) {
      throw new Problem('mail.unknown', { detail: `The name is spelled ${them.name}.` })
    }
    const { characterId, accountId } = them
    const box = boxOf(realmId, characterId)
    const now = runtime.now()
    const { taken } = await readBox(store, box, now)
    const letterId = newLetterId(runtime, systemSlots, taken)
    if (letterId === undefined) throw new Problem('mail.full')
    const times = timesOf(now)
    const news = { kind: 'mail.arrived', characterId, letterId } as const
    const writes = [
      // No name and no text: an erase leaves the audit as it is.
      audited(`${letterId} to ${characterId}`),
      ...putLetter(box, { ...letter, letterId, from: { kind: 'game' }, ...times }),
      notify(runtime, { realmId, accountId }, news),
    ]
    return { steps: stepsOf(writes), answer: { letterId, characterId, until: untilOf(times) } }
  })
}

/** A letter to all characters of a realm, as one row. Throws mail.text, mail.full, world.busy, operation.mismatch. */
export async function sendToAll(
  deps: OperationDeps,
  realmId: string,
  { days, ...letter }: WrittenLetter & { days?: number | undefined },
  audited: Audited,
  op: OperationId,
): Promise<{ letterId: string; until: number }> {
  refuseHidden(letter)
  return await once(deps, op, async () => {
    const now = deps.runtime.now()
    const there = await readToAll(deps.store, realmId, now, { fresh: true })
    const taken = new Set(there.map(({ letterId }) => slotOf(letterId)))
    const letterId = newLetterId(deps.runtime, realmSlots, taken)
    if (letterId === undefined) throw new Problem('mail.full')
    const times = timesOf(now, days)
    const from: LetterFrom = { kind: 'game' }
    const writes = [
      audited(`${letterId}: ${letter.subject}`),
      ...putLetter(boxOfAll(realmId), { ...letter, letterId, from, ...times }),
    ]
    return { steps: stepsOf(writes), answer: { letterId, until: untilOf(times) } }
  })
}

/** Takes a letter to all back: nobody sees it any more. Throws mail.not_found, world.busy, operation.mismatch. */
export async function withdrawToAll(
  deps: OperationDeps,
  realmId: string,
  letterId: string,
  audited: Audited,
  op: OperationId,
): Promise<void> {
  await once(deps, op, async () => {
    const now = deps.runtime.now()
    const head = await readRealmHead(deps.store, realmId, letterId, now)
    if (head === undefined) throw new Problem('mail.not_found')
    const writes = [...deleteToAll(realmId, letterId), audited(`${letterId}: ${head.subject}`)]
    return { steps: stepsOf(writes), answer: {} }
  })
}

// The host inbox: commands to a host, rows under its boot id. A host reads them strongly with each
// renewal of its lease, so they arrive without the cache too. A hint over the cache makes them fast.
//
// At least once: a host may read a command again until its row is deleted, so to apply it twice must do no
// harm. Each command names the epoch that it is meant for. A later owner ignores it; otherwise a command that
// arrives again would end the next stay.
import * as z from 'zod'
import { hostRowsKeptMs } from '../limits.ts'
import { playedMatch } from '../rules/played-match.ts'
import { expiresAt, live } from '../store/store.ts'
import type { Key, Put, Store } from '../store/store.ts'
import { hostPartition } from './lease.ts'

const characterCommand = z.object({
  /**
   * `fence`: another owner has it; end its stay, save nothing.
   * `letGo`: its player comes in elsewhere; save it and give it up.
   * `kick`: an operator removes it; save it and give it up.
   */
  kind: z.enum(['fence', 'letGo', 'kick']),
  realmId: z.string(),
  characterId: z.string(),
  /** The epoch of the owner the command is for. */
  epoch: z.int(),
})

/** An operator sends it to another instance: save it and give it up; its client enters again, and is led there. */
const moveCommand = z.object({
  kind: z.literal('move'),
  realmId: z.string(),
  characterId: z.string(),
  /** The epoch of the owner the command is for. */
  epoch: z.int(),
  to: z.object({ zone: z.string(), bootId: z.string(), instance: z.string() }),
})

/** An operator closes one instance of the host. Its players go elsewhere; the other instances go on. */
const closeCommand = z.object({
  kind: z.literal('close'),
  realmId: z.string(),
  instance: z.string(),
})

/** A line for everybody on the host, or in a zone there. `id` names it: it is shown once, however often it comes. */
const announcement = z.object({
  kind: z.literal('announce'),
  id: z.string(),
  text: z.string(),
  zone: z.string().optional(),
})

/** A player's mute has changed (shared/moderation/mute.ts). The change with the higher number counts. */
const muteCommand = z.object({
  kind: z.literal('mute'),
  realmId: z.string(),
  accountId: z.string(),
  until: z.int(),
  version: z.int(),
})

/** Opens a private instance in the slot that was taken for it. The id of the instance names the command. */
const openCommand = z.object({
  kind: z.literal('open'),
  realmId: z.string(),
  zone: z.string(),
  instance: z.string(),
  difficulty: z.string().optional(),
  /** The card where its slot is counted, and until when that was taken, Unix ms. */
  slots: z.string(),
  slotUntil: z.int(),
  /** The match that is played there; none in an instance that a party opens for itself. */
  match: playedMatch.optional(),
})

const commandRow = z.discriminatedUnion('kind', [
  characterCommand,
  announcement,
  muteCommand,
  openCommand,
  moveCommand,
  closeCommand,
])

export type CharacterCommand = z.infer<typeof characterCommand>
export type MoveCommand = z.infer<typeof moveCommand>
export type OpenCommand = z.infer<typeof openCommand>
export type Command = z.infer<typeof commandRow>

const PREFIX = 'INBOX#'

/** One row a command: sending the same one again changes nothing. */
function commandKey(bootId: string, command: Command): Key {
  return { pk: hostPartition(bootId), sk: `${PREFIX}${command.kind}#${whatOf(command)}` }
}

function whatOf(command: Command): string {
  switch (command.kind) {
    case 'announce':
      return command.id
    case 'mute':
      return `${command.realmId}#${command.accountId}#${command.version}`
    case 'open':
    case 'close':
      return command.instance
    case 'fence':
    case 'letGo':
    case 'kick':
    case 'move':
      return `${command.realmId}#${command.characterId}#${command.epoch}`
  }
}

export function commandPut(now: number, bootId: string, command: Command): Put {
  return {
    table: 'volatile',
    item: {
      ...commandKey(bootId, command),
      v: 1,
      ...command,
      expires: expiresAt(now + hostRowsKeptMs),
    },
  }
}

/**
 * All commands that wait for a host. One trip for each megabyte of them. Without those that this version cannot
 * read, such as a kind of a later version: these wait for a host that can, and expire. An error in place of one
 * would cost the host its lease, which counts as renewed after the inbox was read.
 */
export async function readInbox(store: Store, now: number, bootId: string): Promise<Command[]> {
  const commands: Command[] = []
  let after: Key | undefined
  do {
    const page = await store.query({
      table: 'volatile',
      keyCondition: 'pk = :pk AND begins_with(sk, :inbox)',
      values: { ':pk': hostPartition(bootId), ':inbox': PREFIX },
      consistent: true,
      after,
    })
    for (const item of page.items) {
      const { success, data } = commandRow.safeParse(live(item, now))
      if (success) commands.push(data)
    }
    after = page.next
  } while (after !== undefined)
  return commands
}

/** A command that was carried out. */
export async function removeCommand(store: Store, bootId: string, command: Command): Promise<void> {
  await store.delete({ table: 'volatile', key: commandKey(bootId, command) })
}

/**
 * The cache channel of the hints for a host. An empty message: its inbox has something new. Others are for its
 * players (shared/presence/hosts.ts).
 */
export function inboxChannel(bootId: string): string {
  return `inbox:${bootId}`
}

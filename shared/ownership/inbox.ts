// The host inbox: commands to a host, rows under its boot id. A host reads them strongly with each
// renewal of its lease, so they arrive without the cache too. A hint over the cache makes them fast.
//
// At least once: a host may read a command again until its row is deleted, so to apply it twice must do no
// harm. Each command names the epoch that it is meant for. A later owner ignores it; otherwise a command that
// arrives again would end the next stay.
import { hostRowsKeptMs } from '../limits.ts'
import { expiresAt, live } from '../store/store.ts'
import type { Item, Key, Put, Store } from '../store/store.ts'
import { hostPartition } from './lease.ts'

export type CharacterCommand = {
  /**
   * `fence`: another owner has it; drop it, save nothing.
   * `letGo`: its player comes in elsewhere; save it and give it up.
   * `kick`: an operator removes it; save it and give it up.
   */
  kind: 'fence' | 'letGo' | 'kick'
  realmId: string
  characterId: string
  /** The epoch of the owner the command is for. */
  epoch: number
}

/** A line for everybody on the host. `id` names it: it is shown once, however often it comes. */
export type Announcement = { kind: 'announce'; id: string; text: string }

export type Command = CharacterCommand | Announcement

const PREFIX = 'INBOX#'

/** One row a command: sending the same one again changes nothing. */
function commandKey(bootId: string, command: Command): Key {
  const what =
    command.kind === 'announce'
      ? command.id
      : `${command.realmId}#${command.characterId}#${command.epoch}`
  return { pk: hostPartition(bootId), sk: `${PREFIX}${command.kind}#${what}` }
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

/** All commands that wait for a host. One trip for each megabyte of them. */
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
      const command = live(item, now) && parseCommand(item)
      if (command !== undefined) commands.push(command)
    }
    after = page.next
  } while (after !== undefined)
  return commands
}

/** Undefined for kinds of later versions: they wait for a host that knows them, and expire. */
function parseCommand(item: Item): Command | undefined {
  const kind = item['kind'] as Command['kind']
  switch (kind) {
    case 'fence':
    case 'letGo':
    case 'kick':
      return {
        kind,
        realmId: item['realmId'] as string,
        characterId: item['characterId'] as string,
        epoch: item['epoch'] as number,
      }
    case 'announce':
      return { kind, id: item['id'] as string, text: item['text'] as string }
  }
  return undefined
}

/** A command that was carried out. */
export async function removeCommand(store: Store, bootId: string, command: Command): Promise<void> {
  await store.delete({ table: 'volatile', key: commandKey(bootId, command) })
}

/** The cache channel of the hints for a host: its inbox has something new. */
export function inboxChannel(bootId: string): string {
  return `inbox:${bootId}`
}

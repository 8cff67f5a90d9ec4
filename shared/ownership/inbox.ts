// The host inbox: commands to a host, rows under its boot id. A host reads them strongly with each
// renewal of its lease, so they arrive with the cache gone; a hint over the cache makes them fast.
//
// At least once: a command may be read again until its row is gone, so carrying one out must be
// harmless the second time. Each names the epoch it was issued against; whoever owns the character
// later ignores it, or a redelivered command would end the next session.
import { hostRowsKeptMs } from '../limits.ts'
import { expiresAt, live } from '../store/store.ts'
import type { Item, Key, Put, Store } from '../store/store.ts'
import { hostPartition } from './lease.ts'

export type Command = {
  /**
   * `fence`: another owner has it; drop it, save nothing.
   * `letGo`: its player comes in elsewhere; save it and give it up.
   */
  kind: 'fence' | 'letGo'
  realmId: string
  characterId: string
  /** The epoch of the owner the command is for. */
  epoch: number
}

const PREFIX = 'INBOX#'

/** One row a command: sending the same one again changes nothing. */
function commandKey(bootId: string, { kind, realmId, characterId, epoch }: Command): Key {
  return { pk: hostPartition(bootId), sk: `${PREFIX}${kind}#${realmId}#${characterId}#${epoch}` }
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
    for (const item of page.items) if (live(item, now)) commands.push(parseCommand(item))
    after = page.next
  } while (after !== undefined)
  return commands
}

function parseCommand(item: Item): Command {
  return {
    kind: item['kind'] as Command['kind'],
    realmId: item['realmId'] as string,
    characterId: item['characterId'] as string,
    epoch: item['epoch'] as number,
  }
}

/** A command that was carried out. */
export async function removeCommand(store: Store, bootId: string, command: Command): Promise<void> {
  await store.delete({ table: 'volatile', key: commandKey(bootId, command) })
}

/** The cache channel on which a host is told that its inbox has something new. */
export function inboxChannel(bootId: string): string {
  return `inbox:${bootId}`
}

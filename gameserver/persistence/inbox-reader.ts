// Reads the host's inbox and hands its commands over.
import { readInbox, removeCommand } from '#shared/ownership/inbox.ts'
import type { Command } from '#shared/ownership/inbox.ts'
import type { Store } from '#shared/store/store.ts'
import type { Clocks } from './lease-keeper.ts'

/** Rows of the inbox removed side by side: a host that wakes has one a player, and proves nothing before. */
const removedAtOnce = 25

export type InboxReader = {
  onCommand(apply: (command: Command) => void): void
  /** Resolves when all that waited at the call was handed over. Fails when the store does. */
  read(): Promise<void>
}

export function createInboxReader(deps: {
  store: Store
  clocks: Pick<Clocks, 'now'>
  bootId: string
}): InboxReader {
  const { store, clocks, bootId } = deps
  let apply: ((command: Command) => void) | undefined
  let reading: Promise<void> | undefined
  let reread: Promise<void> | undefined

  /**
   * Runs one read at a time: all calls during a read share the read that follows it. A host that wakes finds
   * a hint for each command. Without this it would apply the whole inbox once for each hint.
   */
  async function read(): Promise<void> {
    if (reading === undefined) {
      reading = readOnce().finally(() => (reading = undefined))
      return await reading
    }
    reread ??= reading
      .catch(() => undefined)
      .then(() => {
        reread = undefined
        return read()
      })
    return await reread
  }

  /** A row is removed after its command was applied: rather twice than never. */
  async function readOnce(): Promise<void> {
    const commands = await readInbox(store, clocks.now(), bootId)
    for (let first = 0; first < commands.length; first += removedAtOnce) {
      if (apply === undefined) return
      const some = commands.slice(first, first + removedAtOnce)
      for (const command of some) apply(command)
      await Promise.all(some.map((command) => removeCommand(store, bootId, command)))
    }
  }

  return {
    onCommand(handler) {
      apply = handler
    },
    read,
  }
}

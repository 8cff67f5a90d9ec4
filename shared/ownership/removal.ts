// Takes a character out of play, because an operator asks for it, or sends it to another instance, or its player
// enters with another one. It
// voids the ticket, or sends the living owner a command to save the character and close its socket. It takes
// no character from an owner that may still write.
import { leaseRenewMs, letGoPollMs, removalWaitMs } from '../limits.ts'
import type { Runtime } from '../runtime.ts'
import { StoreError } from '../store/store.ts'
import type { Store } from '../store/store.ts'
import type { InstanceRef } from './card.ts'
import { parseCharacterRows, readCharacterRows } from './guard.ts'
import type { CharacterRows, Guard } from './guard.ts'
import { commandPut } from './inbox.ts'
import { judgeLease, readLease } from './lease.ts'
import { voidWrites } from './transitions.ts'

export type RemovalDeps = {
  store: Store
  runtime: Runtime
  /** Tells a host, as fast as may be, that its inbox has something new. Never fails. */
  hint: (bootId: string) => void
}

/**
 * With `epoch` it ends only a stay at that epoch: a player who has come back since goes on (a kick). Without
 * it any stay ends (a ban, which also refuses later claims). `letGo`: the player asked for it himself, and
 * his client gets the reason `replaced`. `to`: it is sent to that instance.
 */
export type Removal = {
  realmId: string
  characterId: string
  epoch?: number | undefined
  by?: 'kick' | 'letGo'
  to?: InstanceRef
}

/** Tries to void a ticket after the time is up, while others keep changing it. Bounds what conflicts cost. */
const lateReadsMax = 8

/**
 * `out`: the character is not in play. `inPlay`: its owner has not let go within 4 s. The owner has the
 * command, and applies it first when it runs again. Fails with StoreError; safe to repeat.
 */
export async function removeFromPlay(
  deps: RemovalDeps,
  removal: Removal,
): Promise<'out' | 'inPlay'> {
  const { store, runtime } = deps
  const { realmId, characterId } = removal
  const timeoutAt = runtime.now() + removalWaitMs
  let asked: { owner: string; epoch: number; at: number } | undefined
  let lateReads = 0
  for (;;) {
    const page = await store.query(readCharacterRows(realmId, characterId))
    const rows = parseCharacterRows(realmId, characterId, page.items)
    if (rows === undefined || rows.guard.state === 'offline') return 'out'
    const { guard } = rows
    if (removal.epoch !== undefined && guard.epoch !== removal.epoch) return 'out'

    const now = runtime.now()
    if (guard.state !== 'active') {
      if (await voidTicket(store, rows)) return 'out'
    } else if (await isDead(store, guard.owner)) {
      // The owner is dead. Only the player's next `enter` takes the character over.
      return 'out'
    } else if (
      asked?.owner !== guard.owner ||
      asked.epoch !== guard.epoch ||
      // Asked again with each round of the inbox: a claim may have been in flight at the first time.
      now - asked.at >= leaseRenewMs
    ) {
      await sendCommand(deps, guard, removal)
      asked = { owner: guard.owner, epoch: guard.epoch, at: now }
    }
    // This does not end before the owner has the command. A function that stood still past its time may have
    // read a ticket. If it ended now, the claim of that ticket would get no command.
    if (now >= timeoutAt && (guard.state === 'active' || ++lateReads >= lateReadsMax))
      return 'inPlay'
    await runtime.sleep(letGoPollMs)
  }
}

async function sendCommand(
  { store, runtime, hint }: RemovalDeps,
  guard: Guard,
  { by = 'kick', to }: Removal,
): Promise<void> {
  const { realmId, characterId, epoch, owner } = guard
  const about = { realmId, characterId, epoch }
  const command =
    to === undefined ? { kind: by, ...about } : { kind: 'move' as const, ...about, to }
  await store.put(commandPut(runtime.now(), owner, command))
  hint(owner)
}

/** False when another writer was first, or when the outcome is unclear: read again. */
async function voidTicket(store: Store, rows: CharacterRows): Promise<boolean> {
  try {
    await store.transact(voidWrites(rows))
    return true
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    if (error.kind === 'cancelled' || error.kind === 'conflict') return false
    if (error.kind === 'unavailable' && error.unclear) return false
    throw error
  }
}

async function isDead(store: Store, bootId: string): Promise<boolean> {
  return judgeLease(bootId, await readLease(store, bootId)).dead
}

// Taking a character out of play, by an operator's will or because its player enters with another one:
// its ticket is voided, or its living owner is told to save it and close its socket. Nothing is taken
// from an owner that may still write.
import { leaseRenewMs, letGoLookMs, removalWaitMs } from '../limits.ts'
import type { Runtime } from '../runtime.ts'
import { StoreError } from '../store/store.ts'
import type { Store } from '../store/store.ts'
import { parseCharacterRows, readCharacterRows } from './guard.ts'
import type { CharacterRows, Guard } from './guard.ts'
import { commandPut } from './inbox.ts'
import { judgeLease, leaseKey } from './lease.ts'
import { voidWrites } from './transitions.ts'

export type RemovalDeps = {
  store: Store
  runtime: Runtime
  /** Tells a host, as fast as may be, that its inbox has something new. Never fails. */
  hint: (bootId: string) => void
}

/**
 * With `epoch` only who has it at that epoch: a player who is back since is let alone (a kick). Without
 * it whoever has it (a ban, which also sees to it that nobody comes in later). `letGo`: the player's own
 * will, told to him as `replaced`.
 */
export type Removal = {
  realmId: string
  characterId: string
  epoch?: number | undefined
  by?: 'kick' | 'letGo'
}

/** Looks after the time is up at a ticket that others keep changing: bounds what a conflict may cost. */
const lateLooksMax = 8

/**
 * `out`: nobody plays the character. `inPlay`: its owner has not let go within 4 s; it has the command,
 * and obeys it before anything else when it comes to itself. Fails with StoreError; safe to repeat.
 */
export async function removeFromPlay(
  deps: RemovalDeps,
  removal: Removal,
): Promise<'out' | 'inPlay'> {
  const { store, runtime } = deps
  const { realmId, characterId } = removal
  const giveUpAt = runtime.now() + removalWaitMs
  let asked: { owner: string; epoch: number; at: number } | undefined
  let lateLooks = 0
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
      // Nobody plays there any more, and only the player's next `enter` takes it over.
      return 'out'
    } else if (
      asked?.owner !== guard.owner ||
      asked.epoch !== guard.epoch ||
      // Asked again with each round of the inbox: a claim may have been in flight at the first time.
      now - asked.at >= leaseRenewMs
    ) {
      await tell(deps, guard, removal.by ?? 'kick')
      asked = { owner: guard.owner, epoch: guard.epoch, at: now }
    }
    // Not before its owner has the command: whoever stood still meanwhile has read a ticket that could be
    // voided, and would leave behind a claim that nobody was told of.
    if (now >= giveUpAt && (guard.state === 'active' || ++lateLooks >= lateLooksMax))
      return 'inPlay'
    await runtime.sleep(letGoLookMs)
  }
}

async function tell(
  { store, runtime, hint }: RemovalDeps,
  guard: Guard,
  kind: 'kick' | 'letGo',
): Promise<void> {
  const { realmId, characterId, epoch, owner } = guard
  const command = { kind, realmId, characterId, epoch }
  await store.put(commandPut(runtime.now(), owner, command))
  hint(owner)
}

/** False when somebody else moved first, or when that is not clear: look again. */
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
  const row = await store.get({ table: 'volatile', key: leaseKey(bootId), consistent: true })
  return judgeLease(bootId, row).dead
}

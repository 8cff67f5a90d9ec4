// The owner of a character that is in play. It is never taken from a living one: that one is asked through
// its inbox to let go, and its rows are polled for 3 s. An owner is dead by its lease row, or because another
// host wrote there that it fell silent. Else what was seen of its lease goes to the client with the refusal
// and comes back with the next `enter`, until the owner has answered or may be judged dead.
import { letGoPollLaterMs, letGoPollMs, letGoWaitMs } from '#shared/limits.ts'
import { readCheckpoint, recover } from '#shared/ownership/checkpoint.ts'
import type { CharacterRows, Guard } from '#shared/ownership/guard.ts'
import { commandPut } from '#shared/ownership/inbox.ts'
import {
  judgeLease,
  judgeSighting,
  judgeSuspect,
  readLease,
  sightLease,
} from '#shared/ownership/lease.ts'
import type { Lease, Observation, Sighting } from '#shared/ownership/lease.ts'
import type { SigningKey } from '#shared/keys/jwt.ts'
import { Problem } from '#shared/problem.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store, Write } from '#shared/store/store.ts'
import { signSighting } from './sighting.ts'

export type OwnerDeps = {
  store: Store
  runtime: Runtime
  /** The key that signs tickets now. */
  signingKey: () => SigningKey
  /** Tells a host, as fast as may be, that its inbox has something new. Never fails. */
  hint: (bootId: string) => void
}

/** The knowledge of one `enter` about the owner of a character in play. */
export type Watch = {
  sighting: Sighting | undefined
  /** Until when the owner is given time to let go, Unix ms; set when it was asked. */
  letGoUntil: number | undefined
}

/** `lives`: it may still write. `dead`: the condition that it still is, and what it has left. */
export type Owner =
  | { state: 'none' | 'lives' }
  | { state: 'dead'; check: Write; recovered: Pick<CharacterRows['state'], 'saved' | 'saveNumber'> }

/** Two trips side by side when the character is in play. While the owner is given time, one trip alone. */
export async function readOwner(
  { store, runtime }: OwnerDeps,
  { guard, state }: CharacterRows,
  watch: Watch,
): Promise<Owner> {
  if (guard.state !== 'active') return { state: 'none' }
  const sent = runtime.now()
  const left = () => readCheckpoint(store, guard.owner, guard.instance, guard.characterId)
  const [lease, checkpoint] = await Promise.all([
    readLease(store, guard.owner),
    watch.letGoUntil === undefined ? left() : undefined,
  ])
  const observed = judge(guard.owner, lease, watch, { sent, answered: runtime.now() })
  if (!observed.dead) return { state: 'lives' }
  const kept = watch.letGoUntil === undefined ? checkpoint : await left()
  return { state: 'dead', check: observed.check, recovered: recover(guard, state, kept) }
}

/** Dead by its lease row, or because the row has not changed for long enough. */
function judge(
  owner: string,
  lease: Lease | undefined,
  watch: Watch,
  read: { sent: number; answered: number },
): Observation {
  const byRow = judgeLease(owner, lease)
  if (byRow.dead || lease === undefined) return byRow
  const suspect = judgeSuspect(owner, lease)
  if (suspect.dead) return suspect
  watch.sighting = sightLease(watch.sighting, owner, lease, read)
  return judgeSighting(watch.sighting)
}

/**
 * Asks the owner once to let go, then gives it 3 s. After that throws play.session_active: the client comes
 * again with what was seen.
 */
export async function askToLetGo(deps: OwnerDeps, guard: Guard, watch: Watch): Promise<void> {
  const now = deps.runtime.now()
  if (watch.letGoUntil === undefined) {
    watch.letGoUntil = now + letGoWaitMs
    const { realmId, characterId, epoch, owner } = guard
    const command = { kind: 'letGo' as const, realmId, characterId, epoch }
    await deps.store.put(commandPut(now, owner, command))
    deps.hint(owner)
  } else if (now >= watch.letGoUntil) {
    const { sighting } = watch
    const observed =
      sighting === undefined ? undefined : await signSighting(deps.signingKey(), sighting)
    throw new Problem('play.session_active', { retryAfterS: 1, observed })
  }
}

/** The wait before the rows of an asked owner are read again: short in the first second, then longer. */
export function pollAgainMs(now: number, { letGoUntil = now }: Watch): number {
  return letGoUntil - now > letGoWaitMs - 1000 ? letGoPollMs : letGoPollLaterMs
}

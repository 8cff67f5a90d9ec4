// Checks what an operator may rely on. An action is audited once. After the answer to a ban no player of the
// account comes in until the ban is lifted. A player who was in play is out, at once or as soon as his host
// runs again. A kick ends the stay that it met.
import type { PlayerAccount } from '#shared/api/admin/players.ts'
import type { Guard } from '#shared/ownership/guard.ts'
import type { Scheduler } from './scheduler.ts'
import type { SimulatedHost } from './simulated-host.ts'
import type { Network } from './network.ts'

/** A host that runs and reaches the store has applied its inbox by then, ms. */
const applyMs = 5000

export type BanWatch = ReturnType<typeof createBanWatch>

/** The longest claim, with its repeats, ms. */
const claimMs = 5000

export function createBanWatch(deps: {
  scheduler: Scheduler
  network: () => Network
  hosts: readonly SimulatedHost[]
  /** All characters now, and since when they have their epoch. */
  characters: () => Iterable<{ rows: { guard: Guard }; movedAt: number }>
  /** The host has run and reached the store for so long that it knows all that was written to it. */
  mustKnow: (host: SimulatedHost) => boolean
  violation: (rule: string, what: string, characterId?: string) => void
  note: (characterId: string | undefined, text: string) => void
}) {
  const { scheduler, hosts, mustKnow, violation, note } = deps
  const now = () => scheduler.now()
  /** Accounts whose ban was answered and is not being lifted: since when, and who was still in play. */
  const bans = new Map<string, { at: number; still: ReadonlySet<string> }>()
  /** Accounts whose ban is being lifted, and when that was answered. */
  const lifts = new Map<string, number | undefined>()
  /** Since when a banned player is in play on a host that should know it. */
  const lingering = new Map<string, number>()

  const guards = () => [...deps.characters()].map(({ rows }) => rows.guard)
  const ofAccount = (accountId: string) => guards().filter((one) => one.accountId === accountId)
  /** The owner of a character, if it is a process that no other process takes for dead. */
  const livingOwner = ({ owner }: Guard): SimulatedHost | undefined =>
    hosts.find(
      (host) =>
        host.bootId === owner &&
        host.ended === undefined &&
        host.declaredDead === undefined &&
        !host.released,
    )
  const banOf = (characterId: string) => {
    const guard = guards().find((one) => one.characterId === characterId)
    return guard === undefined ? undefined : bans.get(guard.accountId)
  }

  let waiting: { accountId: string; what: 'asked' | 'ticket'; run: () => void }[] = []
  function happens(accountId: string, what: 'asked' | 'ticket'): void {
    const due = waiting.filter((one) => one.accountId === accountId && one.what === what)
    waiting = waiting.filter((one) => !due.includes(one))
    for (const { run } of due) run()
  }

  function writtenDown(operation: string): void {
    const rows = deps.network().memory.rows('core', 'AUDIT')
    const count = rows.filter((row) => row['operation'] === operation).length
    if (count !== 1) violation('an action is audited once', `${operation}: ${count} entries`)
  }

  return {
    isBanned: (accountId: string) => bans.has(accountId),
    /** When the account could play again, virtual ms: 0 when it always could, now while its ban is being lifted. */
    freeSince: (accountId: string) => (lifts.has(accountId) ? (lifts.get(accountId) ?? now()) : 0),

    /** A ban is being lifted, or was a moment ago: a claim may have read the old copy. */
    liftedLately(accountId: string): boolean {
      if (!lifts.has(accountId)) return false
      const at = lifts.get(accountId)
      return at === undefined || now() - at < claimMs
    },

    banned(
      operation: string,
      accountId: string,
      still: ReadonlySet<string>,
      startedAt: number,
    ): void {
      writtenDown(operation)
      if (lifts.has(accountId)) return
      // A repeat has the first answer.
      if (!bans.has(accountId)) bans.set(accountId, { at: now(), still })
      for (const { rows, movedAt } of deps.characters()) {
        const { state, epoch, characterId } = rows.guard
        if (rows.guard.accountId !== accountId) continue
        note(characterId, `is banned${still.has(characterId) ? ', still in play' : ''}`)
        if (still.has(characterId)) continue
        const plays = state === 'active' && livingOwner(rows.guard) !== undefined
        const mayPlay = state === 'reserved' || state === 'moving'
        // An enter that found no ban may have reserved since. Its claim reads the ban.
        if (movedAt >= startedAt || !(plays || mayPlay)) continue
        violation('a ban takes out of play', `${state}@${epoch}`, characterId)
      }
    },
    lifting(accountId: string): void {
      bans.delete(accountId)
      lifts.set(accountId, undefined)
    },
    lifted(operation: string, accountId: string): void {
      writtenDown(operation)
      lifts.set(accountId, now())
    },

    /** Runs once, when a function next begins an enter of the account, or has given it a ticket. */
    once(accountId: string, what: 'asked' | 'ticket', run: () => void): void {
      waiting.push({ accountId, what, run })
    },
    /** A function begins an enter. */
    asked: (accountId: string): void => happens(accountId, 'asked'),
    /** A function has answered an enter with a ticket. */
    entered(characterId: string, startedAt: number): void {
      const guard = guards().find((one) => one.characterId === characterId)
      if (guard !== undefined) happens(guard.accountId, 'ticket')
      const ban = banOf(characterId)
      if (ban !== undefined && ban.at <= startedAt) {
        violation('nobody banned gets a ticket', 'enter answered one', characterId)
      }
    },
    /** A host lets a character in. */
    welcomed(host: SimulatedHost, characterId: string): void {
      const ban = banOf(characterId)
      if (ban === undefined || ban.still.has(characterId)) return
      if (host.declaredDead === undefined) {
        violation('nobody banned comes in', `${host.process.name} welcomes`, characterId)
      }
    },

    /** The characters of an account that are in play, and their epochs. */
    inPlay: (accountId: string) => ofAccount(accountId).filter(({ state }) => state === 'active'),
    kicked(operation: string, inPlay: readonly Guard[], still: ReadonlySet<string>): void {
      writtenDown(operation)
      for (const { characterId, epoch, accountId } of inPlay) {
        const after = ofAccount(accountId).find((one) => one.characterId === characterId)!
        const stays = after.state === 'active' && after.epoch === epoch
        if (stays && !still.has(characterId) && livingOwner(after) !== undefined) {
          violation('a kick ends the stay', `active@${epoch}`, characterId)
        }
      }
    },

    /** The oldest state that `show` may have read. */
    standing: (accountId: string) => ({
      banned: bans.has(accountId),
      epochs: new Map(ofAccount(accountId).map((one) => [one.characterId, one.epoch])),
    }),
    shown(
      accountId: string,
      before: { banned: boolean; epochs: ReadonlyMap<string, number> },
      answer: PlayerAccount,
    ): void {
      if (before.banned && bans.has(accountId) && answer.ban === undefined) {
        violation('show says the truth', 'the ban is missing')
      }
      for (const { characterId, epoch } of ofAccount(accountId)) {
        const one = answer.characters.find((shown) => shown.characterId === characterId)
        const seen = one?.epoch ?? -1
        if (seen < before.epochs.get(characterId)! || seen > epoch) {
          violation('show says the truth', `epoch ${seen} of ${epoch}`, characterId)
        }
      }
    },

    /** Called twice a second. */
    check(): void {
      for (const guard of guards()) {
        const { characterId } = guard
        const owner = livingOwner(guard)
        const inPlay = bans.has(guard.accountId) && guard.state === 'active' && owner !== undefined
        if (!inPlay || !mustKnow(owner)) {
          lingering.delete(characterId)
          continue
        }
        const since = lingering.get(characterId) ?? now()
        lingering.set(characterId, since)
        if (now() - since <= applyMs) continue
        violation(
          'a ban takes out of play',
          `still active@${guard.epoch} on ${owner.process.name}`,
          characterId,
        )
        lingering.set(characterId, now() + 1e9)
      }
    },
  }
}

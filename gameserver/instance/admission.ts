// Who comes in: by ticket (JOIN) or by resume secret (RESUME).
//
// A ticket is verified by its signature before anything else happens, so forged ones cost no store call.
// Its id is remembered from before the claim begins until it could not be accepted any more: one ticket
// never claims twice here, and the store lets it claim once anywhere.
import { timingSafeEqual } from 'node:crypto'
import type { CloseReason } from '#shared/protocol/close.ts'
import { verifyTicket } from '#shared/ownership/ticket.ts'
import type { VerifyKeys } from '#shared/keys/jwt.ts'
import type { Ticket } from '#shared/ownership/ticket.ts'
import { resumeMs } from '#shared/limits.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { Door, Session } from '../net/session.ts'
import type { ClaimedCharacter, ClaimOutcome, Persistence } from '../persistence/persistence.ts'
import { admit, resume } from './entry.ts'
import { countPlayers } from './instance.ts'
import type { Instance } from './instance.ts'
import { giveUpClaim } from './leaving.ts'

export type Admission = Door & {
  /** Whether a claim of the character is under way. */
  claims(characterId: string): boolean
  /** A claim under way of the character at that epoch, or an earlier one, ends with `kicked`. */
  forbid(characterId: string, epoch: number): void
  /** The lease lapsed: claims in flight are void, whatever they answer (OWNERSHIP, "claim"). */
  lapse(): void
  /** From now on nobody comes in. */
  shut(): void
  /** Forgets ticket ids that are past use. */
  sweep(): void
  /** Resolves when no join is under way. */
  idle(): Promise<void>
}

type AdmissionDeps = {
  bootId: string
  instances: ReadonlyMap<string, Instance>
  persistence: Persistence
  verifyKeys: VerifyKeys
  runtime: Runtime
  /** ms */
  monotonic: () => number
  log: Log
}

export function createAdmission(deps: AdmissionDeps): Admission {
  const { bootId, instances, persistence, verifyKeys, runtime, monotonic, log } = deps
  /** Ticket id to its expiry, Unix ms. */
  const used = new Map<string, number>()
  /** Places taken by claims under way, per instance id. */
  const claiming = new Map<string, number>()
  /** Characters whose claim is under way, with how many claims. */
  const claimed = new Map<string, number>()
  /** Up to which epoch they were kicked meanwhile. */
  const kicked = new Map<string, number>()
  const joining = new Set<Promise<void>>()
  let lapses = 0
  let shut = false

  const mayAdmit = () => !shut && persistence.lease().held

  /** Why this ticket cannot be claimed now; undefined when it can. */
  const obstacle = (ticket: Ticket, instance: Instance): CloseReason | undefined => {
    if (!mayAdmit() || instance.broken) return 'host.unavailable'
    if (used.has(ticket.ticketId)) return 'ticket.refused'
    // It is still leaving here. Once that is clear, the next ticket works.
    if (instance.leaves.has(ticket.characterId)) return 'host.unavailable'
    const present = instance.roster.find(ticket.characterId)
    if (present !== undefined && present.claimed.epoch >= ticket.epoch) return 'ticket.refused'
    const taken = countPlayers(instance) + (claiming.get(instance.id) ?? 0)
    const mustFit = present === undefined && ticket.synthetic !== true
    if (mustFit && taken >= instance.zone.capacity) return 'instance.full'
    return undefined
  }

  const claim = async (
    ticket: Ticket,
    instance: Instance,
  ): Promise<ClaimOutcome | { outcome: 'kicked'; character: ClaimedCharacter }> => {
    used.set(ticket.ticketId, ticket.expiresAt)
    const places = ticket.synthetic === true ? 0 : 1
    claiming.set(instance.id, (claiming.get(instance.id) ?? 0) + places)
    claimed.set(ticket.characterId, (claimed.get(ticket.characterId) ?? 0) + 1)
    try {
      const answer = await persistence.claim(ticket)
      const isKicked =
        answer.outcome === 'claimed' &&
        (kicked.get(ticket.characterId) ?? -1) >= answer.character.epoch
      return isKicked ? { outcome: 'kicked', character: answer.character } : answer
    } catch (error) {
      log.error('a claim failed', { instance: instance.id, error })
      return { outcome: 'unavailable' }
    } finally {
      claiming.set(instance.id, claiming.get(instance.id)! - places)
      const left = claimed.get(ticket.characterId)! - 1
      if (left === 0) {
        claimed.delete(ticket.characterId)
        kicked.delete(ticket.characterId)
      } else claimed.set(ticket.characterId, left)
    }
  }

  const enter = async (session: Session, token: string): Promise<void> => {
    const ticket = await verifyTicket(verifyKeys, runtime.now(), token)
    if (!session.alive()) return
    const instance = ticket?.bootId === bootId ? instances.get(ticket.instance) : undefined
    if (ticket === undefined || instance === undefined) return session.end('ticket.refused')
    const reason = obstacle(ticket, instance)
    if (reason !== undefined) return session.end(reason)

    const lapsesBefore = lapses
    const answer = await claim(ticket, instance)
    if (answer.outcome === 'refused') return session.end('ticket.refused')
    if (answer.outcome === 'unavailable') return session.end('host.unavailable')
    if (answer.outcome === 'storeRefused') return session.end('internal')
    if (answer.outcome === 'kicked') {
      session.end('kicked')
      await giveUpClaim(instance, answer.character)
    } else if (lapses !== lapsesBefore || !mayAdmit() || instance.broken) {
      session.end('host.unavailable')
      await giveUpClaim(instance, answer.character)
    } else if (!session.alive()) {
      await giveUpClaim(instance, answer.character)
    } else {
      admit(instance, answer.character, session)
    }
  }

  return {
    claims: (characterId) => claimed.has(characterId),
    forbid(characterId, epoch) {
      if (!claimed.has(characterId)) return
      kicked.set(characterId, Math.max(epoch, kicked.get(characterId) ?? -1))
    },
    join(session, token) {
      const work = enter(session, token)
        .catch((error: unknown) => {
          log.error('a join failed', { error })
          session.end('internal')
        })
        .finally(() => joining.delete(work))
      joining.add(work)
    },
    resume(session, number, secret) {
      if (shut) return session.end('host.shutdown')
      for (const instance of instances.values()) {
        const character = instance.roster.findSession(number)
        if (character === undefined || instance.broken) continue
        const known = sameBytes(secret, character.secret)
        const old = character.oldSecret !== undefined && sameBytes(secret, character.oldSecret)
        const inTime = character.lostAt < 0 || monotonic() - character.lostAt <= resumeMs
        if ((known || old) && inTime) return resume(instance, character, session, secret)
        break
      }
      session.end('resume.refused')
    },
    lapse() {
      lapses++
    },
    shut() {
      shut = true
    },
    sweep() {
      const now = runtime.now()
      // Seconds are what a ticket's expiry is counted in; one more for good measure.
      for (const [id, expiresAt] of used) if (expiresAt + 1000 < now) used.delete(id)
    },
    async idle() {
      while (joining.size > 0) await Promise.all(joining)
    },
  }
}

/** In constant time for secrets of the right length. */
function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

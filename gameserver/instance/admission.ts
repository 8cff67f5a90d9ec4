// How clients come in: by ticket (JOIN) or by resume secret (RESUME).
//
// A ticket is verified by its signature before anything else happens, so forged ones cost no store call.
// Its id is remembered from before the claim begins until it could not be accepted any more: one ticket
// never claims twice here, and the store lets it claim once anywhere.
import { timingSafeEqual } from 'node:crypto'
import type { CloseReason } from '#shared/protocol/close.ts'
import { clockSlackMs } from '#shared/limits.ts'
import { verifyTicket } from '#shared/ownership/ticket.ts'
import type { VerifyKeys } from '#shared/keys/jwt.ts'
import type { Ticket } from '#shared/ownership/ticket.ts'
import { resumeMs } from '#shared/limits.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { ClientConnection, Door } from '../net/client-connection.ts'
import type { Closing } from '../host/closing.ts'
import type { Persistence } from '../persistence/persistence.ts'
import type { Character } from './character.ts'
import { createClaims } from './claims.ts'
import { admit, resume } from './entry.ts'
import { admits, countPlayers } from './instance.ts'
import type { Instance } from './instance.ts'
import { undoClaim } from './leaving.ts'

export type Admission = Door & {
  /** Whether a claim of the character is under way. */
  claims(characterId: string): boolean
  /** A claim under way of the character at that epoch, or an earlier one, ends with `kicked`. */
  forbid(characterId: string, epoch: number): void
  /** The lease lapsed: claims in flight are void, whatever they answer (OWNERSHIP, "claim"). */
  lapse(): void
  /** From now on no character comes in. */
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
  /** Whether a maintenance keeps somebody out now. */
  keepsOut: Closing['keepsOut']
}

export function createAdmission(deps: AdmissionDeps): Admission {
  const { bootId, instances, persistence, verifyKeys, runtime, monotonic, log } = deps
  const used = createUsedTickets(runtime)
  const claims = createClaims(persistence, log)
  const joining = new Set<Promise<void>>()
  let lapses = 0
  let shut = false

  const mayAdmit = () => !shut && persistence.lease().held

  /** Why this ticket cannot be claimed now; undefined when it can. */
  const obstacle = (ticket: Ticket, instance: Instance): CloseReason | undefined => {
    if (!mayAdmit() || !admits(instance)) return 'host.unavailable'
    if (deps.keepsOut(ticket)) return 'maintenance'
    if (used.has(ticket.ticketId)) return 'ticket.refused'
    return whyNotHere(ticket, instance, claims.places(instance.id))
  }

  const enter = async (client: ClientConnection, token: string): Promise<void> => {
    const ticket = await verifyTicket(verifyKeys, runtime.now(), token)
    if (!client.alive()) return
    const instance = ticket?.bootId === bootId ? instances.get(ticket.instance) : undefined
    if (ticket === undefined || instance === undefined) return client.end('ticket.refused')
    const reason = obstacle(ticket, instance)
    if (reason !== undefined) return client.end(reason)

    const lapsesBefore = lapses
    used.add(ticket)
    const answer = await claims.run(ticket, instance.id)
    if (answer.outcome === 'refused') return client.end('ticket.refused')
    if (answer.outcome === 'unavailable') return client.end('host.unavailable')
    if (answer.outcome === 'storeRefused') return client.end('internal')
    if (answer.outcome === 'kicked') {
      client.end('kicked')
      await undoClaim(instance, answer.character)
    } else if (lapses !== lapsesBefore || !mayAdmit() || !admits(instance)) {
      client.end('host.unavailable')
      await undoClaim(instance, answer.character)
    } else if (!client.alive()) {
      await undoClaim(instance, answer.character)
    } else {
      admit(instance, answer.character, client)
    }
  }

  return {
    claims: claims.has,
    forbid: claims.forbid,
    join(client, token) {
      const work = enter(client, token)
        .catch((error: unknown) => {
          log.error('a join failed', { error })
          client.end('internal')
        })
        .finally(() => joining.delete(work))
      joining.add(work)
    },
    resume(client, stay, secret) {
      if (shut) return client.end('host.shutdown')
      for (const instance of instances.values()) {
        const character = instance.roster.findStay(stay)
        if (character === undefined || !admits(instance)) continue
        if (!mayResume(character, secret, monotonic())) break
        return resume(instance, character, client, secret)
      }
      client.end('resume.refused')
    },
    lapse() {
      lapses++
    },
    shut() {
      shut = true
    },
    sweep: used.sweep,
    async idle() {
      while (joining.size > 0) await Promise.all(joining)
    },
  }
}

/** The ids of tickets, for as long as they could be accepted. */
function createUsedTickets(runtime: Pick<Runtime, 'now'>) {
  /** Ticket id to its expiry, Unix ms. */
  const ids = new Map<string, number>()
  return {
    has: (ticketId: string) => ids.has(ticketId),
    add({ ticketId, expiresAt }: Ticket): void {
      // By a clock that is behind it could be accepted for so long.
      ids.set(ticketId, expiresAt + clockSlackMs)
    },
    sweep(): void {
      const now = runtime.now()
      // A ticket's expiry is rounded to seconds.
      for (const [id, expiresAt] of ids) if (expiresAt + 1000 < now) ids.delete(id)
    },
  }
}

/** Why the instance cannot take the character in now; `claimed`: places that claims under way take. */
function whyNotHere(ticket: Ticket, instance: Instance, claimed: number): CloseReason | undefined {
  // It is still leaving here. Once that is clear, the next ticket works.
  if (instance.leaves.has(ticket.characterId)) return 'host.unavailable'
  const present = instance.roster.find(ticket.characterId)
  if (present !== undefined && present.claimed.epoch >= ticket.epoch) return 'ticket.refused'
  const mustFit = present === undefined && ticket.synthetic !== true
  const isFull = countPlayers(instance) + claimed >= instance.zone.capacity
  return mustFit && isFull ? 'instance.full' : undefined
}

/** Whether the secret is the latest or the one before, and the time for a resume is not up. */
function mayResume(character: Character, secret: Uint8Array, now: number): boolean {
  const { oldSecret, lostAt } = character
  const known = sameBytes(secret, character.secret)
  const old = oldSecret !== undefined && sameBytes(secret, oldSecret)
  return (known || old) && (lostAt < 0 || now - lostAt <= resumeMs)
}

/** In constant time for secrets of the right length. */
function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

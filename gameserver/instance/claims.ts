// The claims of this host that are under way, the places that they take, and the kicks that came meanwhile.
import type { Ticket } from '#shared/ownership/ticket.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { ClaimedCharacter, ClaimOutcome, Persistence } from '../persistence/persistence.ts'

export type Claims = {
  /** Claims the character of a ticket for an instance. Never rejects. */
  run(
    ticket: Ticket,
    instance: string,
  ): Promise<ClaimOutcome | { outcome: 'kicked'; character: ClaimedCharacter }>
  /** Places that claims under way take in an instance. */
  places(instance: string): number
  /** Whether a claim of the character is under way. */
  has(characterId: string): boolean
  /** A claim under way of the character at that epoch, or an earlier one, ends with `kicked`. */
  forbid(characterId: string, epoch: number): void
}

export function createClaims(persistence: Pick<Persistence, 'claim'>, log: Log): Claims {
  /** Places taken, per instance id. */
  const places = new Map<string, number>()
  /** Claims under way, per character. */
  const underWay = new Map<string, number>()
  /** Up to which epoch a character was kicked meanwhile. */
  const kicked = new Map<string, number>()

  const begin = ({ characterId, synthetic }: Ticket, instance: string): (() => void) => {
    const taken = synthetic === true ? 0 : 1
    places.set(instance, (places.get(instance) ?? 0) + taken)
    underWay.set(characterId, (underWay.get(characterId) ?? 0) + 1)
    return () => {
      places.set(instance, places.get(instance)! - taken)
      const left = underWay.get(characterId)! - 1
      if (left > 0) return void underWay.set(characterId, left)
      underWay.delete(characterId)
      kicked.delete(characterId)
    }
  }

  return {
    async run(ticket, instance) {
      const end = begin(ticket, instance)
      try {
        const answer = await persistence.claim(ticket)
        const isKicked =
          answer.outcome === 'claimed' &&
          (kicked.get(ticket.characterId) ?? -1) >= answer.character.epoch
        return isKicked ? { outcome: 'kicked', character: answer.character } : answer
      } catch (error) {
        log.error('a claim failed', { instance, error })
        return { outcome: 'unavailable' }
      } finally {
        end()
      }
    },
    places: (instance) => places.get(instance) ?? 0,
    has: (characterId) => underWay.has(characterId),
    forbid(characterId, epoch) {
      if (!underWay.has(characterId)) return
      kicked.set(characterId, Math.max(epoch, kicked.get(characterId) ?? -1))
    },
  }
}

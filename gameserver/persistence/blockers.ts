// Who among the players of this host has blocked whom, so that no line of a blocked speaker reaches who blocked him.
import type { SocialEvent } from '#shared/protocol/social-event.ts'
import type { Blocks } from './persistence.ts'

export function createBlockers(onBlocks: (blocks: Blocks) => void) {
  const blockedBy = new Map<string, readonly string[]>()
  /** By who is blocked. */
  const blockersOf = new Map<string, Set<string>>()

  return {
    /** Whom a player has blocked; nobody once he is not here any more. */
    set(accountId: string, blocked: readonly string[]): void {
      const before = blockedBy.get(accountId) ?? []
      if (before.length === 0 && blocked.length === 0) return
      for (const one of before) {
        const blockers = blockersOf.get(one)
        blockers?.delete(accountId)
        if (blockers?.size === 0) blockersOf.delete(one)
      }
      if (blocked.length === 0) blockedBy.delete(accountId)
      else blockedBy.set(accountId, blocked)
      for (const one of blocked) {
        blockersOf.set(one, (blockersOf.get(one) ?? new Set()).add(accountId))
      }
      onBlocks({ accountId, blocked: [...blocked] })
    },
    /** Players here to whom an event must not go. */
    of(event: SocialEvent): string[] {
      if (event.kind !== 'said') return []
      return [...(blockersOf.get(event.line.from.playerId) ?? [])]
    },
  }
}

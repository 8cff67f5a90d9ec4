import type { Handlers, PlayerCaller } from '#shared/api/endpoint.ts'
import type { friends } from '#shared/api/friends.ts'
import type { Cache } from '#shared/cache/cache.ts'
import { readShown } from '#shared/presence/circle.ts'
import { createPresence } from '#shared/presence/presence.ts'
import type { Push } from '#shared/push/push.ts'
import type { OperationDeps } from '#shared/store/commit.ts'
import { characterOf } from '../characters/characters.ts'
import type { TextDeps } from '../moderation/moderation.ts'
import { act, listFriends, playerOf, show } from './friends.ts'

export function friendRoutes(
  parts: OperationDeps & TextDeps & { cache: Cache; push: Push },
): Handlers<typeof friends> {
  const deps = { ...parts, presence: createPresence(parts) }
  const { store } = deps
  return {
    list: async ({ params, query, caller }) =>
      await listFriends(deps, playerIn(params, caller), query),
    shown: async ({ params, caller }) => await readShown(store, playerIn(params, caller)),
    show: async ({ params, body, caller, operation }) =>
      await show(deps, playerIn(params, caller), body, operation),
    // After these acts the other one is something to the player.
    async ask({ params, body, caller, operation }) {
      const who = async () => {
        const [me, other] = await Promise.all([
          as(body.as, params, caller),
          playerOf(store, params.realmId, body.name, { deleted: false }),
        ])
        return { me, other }
      }
      return (await act(deps, 'ask', who, operation))!
    },
    async accept({ params, body, caller, operation }) {
      const who = async () => ({ me: await as(body.as, params, caller), other: otherOf(params) })
      return (await act(deps, 'accept', who, operation))!
    },
    async block({ params, body, caller, operation }) {
      const who = async () => ({
        me: playerIn(params, caller),
        // A character may be gone, its player is not.
        other: await playerOf(store, params.realmId, body.name, { deleted: true }),
      })
      const blocked = (await act(deps, 'block', who, operation))!
      hostLooks(playerIn(params, caller))
      return blocked
    },
    async end({ params, caller, operation }) {
      const who = async () => ({ me: playerIn(params, caller), other: otherOf(params) })
      await act(deps, 'end', who, operation)
      return {}
    },
    async unblock({ params, caller, operation }) {
      const who = async () => ({ me: playerIn(params, caller), other: otherOf(params) })
      await act(deps, 'unblock', who, operation)
      hostLooks(playerIn(params, caller))
      return {}
    },
  }

  /** His host learns whom he has blocked: no line of theirs reaches him. */
  function hostLooks({ realmId, accountId }: { realmId: string; accountId: string }): void {
    deps.push.hint('shown', realmId, [accountId])
  }

  /** The caller, by the name of a character of his. Throws character.not_found. */
  async function as(characterId: string, params: { realmId: string }, caller: PlayerCaller) {
    const player = playerIn(params, caller)
    const { name } = await characterOf(store, player, characterId)
    return { ...player, name }
  }
}

function playerIn({ realmId }: { realmId: string }, { accountId }: PlayerCaller) {
  return { realmId, accountId }
}

function otherOf({ playerId }: { playerId: string }) {
  return { accountId: playerId }
}

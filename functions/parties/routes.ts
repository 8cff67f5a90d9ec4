import type { Handlers, OperationId, PlayerCaller } from '#shared/api/endpoint.ts'
import type { parties } from '#shared/api/parties.ts'
import { Problem } from '#shared/problem.ts'
import type { Push } from '#shared/push/push.ts'
import type { OperationDeps } from '#shared/store/commit.ts'
import { memberOf, ownerOfName } from '../characters/characters.ts'
import { acceptInvite, declineInvite, inviteToParty } from './invites.ts'
import {
  answerReady,
  askReady,
  handOver,
  kickFromParty,
  leaveParty,
  standingOf,
} from './parties.ts'
import type { Acting } from './parties.ts'

type From = { params: { realmId: string }; caller: PlayerCaller; operation: OperationId }

export function partyRoutes(deps: OperationDeps & { push: Push }): Handlers<typeof parties> {
  /** The caller's character. Throws character.not_found. */
  const member = async (
    characterId: string,
    { realmId }: { realmId: string },
    { accountId }: PlayerCaller,
  ) => {
    return await memberOf(deps.store, { realmId, accountId }, characterId)
  }
  const acting = ({ params, caller, operation }: From, as: string): Acting => ({
    realmId: params.realmId,
    me: async () => await member(as, params, caller),
    op: operation,
  })
  return {
    async mine({ params, query, caller }) {
      await member(query.as, params, caller)
      return await standingOf(deps, params.realmId, query.as)
    },
    async invite(call) {
      const { params, body } = call
      const other = async () => {
        const owner = await ownerOfName(deps.store, params.realmId, body.name)
        if (owner === undefined || owner.deleted) throw new Problem('friend.unknown')
        const { characterId, accountId, name } = owner
        return { characterId, accountId, name }
      }
      return await inviteToParty(deps, acting(call, body.as), other)
    },
    accept: async (call) =>
      await acceptInvite(deps, acting(call, call.body.as), call.params.partyId),
    async decline(call) {
      await declineInvite(deps, acting(call, call.body.as), call.params.partyId)
      return {}
    },
    async leave(call) {
      await leaveParty(deps, acting(call, call.body.as))
      return {}
    },
    kick: async (call) =>
      await kickFromParty(deps, acting(call, call.body.as), call.body.characterId),
    handOver: async (call) =>
      await handOver(deps, acting(call, call.body.as), call.body.characterId),
    askReady: async (call) => await askReady(deps, acting(call, call.body.as)),
    answerReady: async (call) =>
      await answerReady(deps, acting(call, call.body.as), call.body.ready),
  }
}

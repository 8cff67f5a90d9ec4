import type { Handlers, PlayerCaller } from '#shared/api/endpoint.ts'
import type { mail } from '#shared/api/mail.ts'
import { deleteLetter, listMail, markRead, openLetter, sendLetter } from './mail.ts'
import type { MailDeps, Owned } from './mail.ts'

export function mailRoutes(deps: MailDeps): Handlers<typeof mail> {
  return {
    list: async ({ params, query, caller }) => await listMail(deps, ownedBy(params, caller), query),
    open: async ({ params, caller }) =>
      await openLetter(deps, ownedBy(params, caller), params.letterId),
    async send({ params, body, caller, operation }) {
      const { as, to, subject, text } = body
      const from = ownedBy({ ...params, characterId: as }, caller)
      return await sendLetter(deps, from, to, { subject, text }, operation)
    },
    async markRead({ params, caller, operation }) {
      await markRead(deps, ownedBy(params, caller), params.letterId, operation)
      return {}
    },
    async delete({ params, caller, operation }) {
      await deleteLetter(deps, ownedBy(params, caller), params.letterId, operation)
      return {}
    },
  }
}

/** Whether the character is the caller's is known when it is read. */
function ownedBy(
  { realmId, characterId }: { realmId: string; characterId: string },
  { accountId }: PlayerCaller,
): Owned {
  return { realmId, accountId, characterId }
}

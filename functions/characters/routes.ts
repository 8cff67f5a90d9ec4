import type { characters } from '#shared/api/characters.ts'
import type { Handlers } from '#shared/api/endpoint.ts'
import { createCharacter, deleteCharacter } from './characters.ts'
import { renameOf, restoreOf } from './operating.ts'
import type { OperatingDeps } from './operating.ts'
import { listDeleted, listOwn, renameCharacter, restoreCharacter } from './renaming.ts'

export function characterRoutes(deps: OperatingDeps): Handlers<typeof characters> {
  return {
    async list({ params, caller }) {
      const owner = { realmId: params.realmId, accountId: caller.accountId }
      return { characters: await listOwn(deps, owner) }
    },
    create({ params, caller, body, operation }) {
      const owner = { realmId: params.realmId, accountId: caller.accountId }
      return createCharacter(deps, owner, body, operation)
    },
    async delete({ params, caller, operation }) {
      const owner = { realmId: params.realmId, accountId: caller.accountId }
      await deleteCharacter(deps, owner, params.characterId, operation)
      return {}
    },
    rename({ params, caller, body, operation }) {
      const owner = { realmId: params.realmId, accountId: caller.accountId }
      return renameCharacter(deps, owner, params.characterId, body.name, operation)
    },
    async deleted({ params, caller }) {
      const owner = { realmId: params.realmId, accountId: caller.accountId }
      return { characters: await listDeleted(deps, owner) }
    },
    restore({ params, caller, operation }) {
      const owner = { realmId: params.realmId, accountId: caller.accountId }
      return restoreCharacter(deps, owner, params.characterId, operation)
    },
    renameOf: ({ params, caller, body, operation }) =>
      renameOf(deps, caller, params, body, operation),
    restoreOf: ({ params, caller, body, operation }) =>
      restoreOf(deps, caller, params, body, operation),
  }
}

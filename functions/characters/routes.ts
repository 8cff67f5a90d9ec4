import type { characters } from '#shared/api/characters.ts'
import type { Handlers } from '#shared/api/endpoint.ts'
import { createCharacter, deleteCharacter, listCharacters } from './characters.ts'
import type { CharacterDeps } from './characters.ts'

export function characterRoutes(deps: CharacterDeps): Handlers<typeof characters> {
  return {
    async list({ params, caller }) {
      const owner = { realmId: params.realmId, accountId: caller.accountId }
      return { characters: await listCharacters(deps, owner) }
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
  }
}

import type { characters } from '#shared/api/characters.ts'
import type { Handlers } from '#shared/api/endpoint.ts'
import { createCharacter, deleteCharacter, listCharacters } from './characters.ts'
import type { CharacterDeps } from './characters.ts'

export function characterRoutes(deps: CharacterDeps): Handlers<typeof characters> {
  return {
    async list({ params, player }) {
      const owner = { realmId: params.realmId, accountId: player.accountId }
      return { characters: await listCharacters(deps, owner) }
    },
    create({ params, player, body, operation }) {
      const owner = { realmId: params.realmId, accountId: player.accountId }
      return createCharacter(deps, owner, body, operation)
    },
    async delete({ params, player, operation }) {
      const owner = { realmId: params.realmId, accountId: player.accountId }
      await deleteCharacter(deps, owner, params.characterId, operation)
      return {}
    },
  }
}

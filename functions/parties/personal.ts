// What parties keep of a player: the party of each of his characters, and its invites.
import { Problem } from '#shared/problem.ts'
import { operationOf } from '#shared/store/commit.ts'
import { clear, rowsIn } from '#shared/store/partition.ts'
import type { Personal, PersonalParts } from '../http/personal.ts'
import { departureRows } from '../matchmaking/matchmaking.ts'
import { declineInvite } from './invites.ts'
import { leavePartyAsDeleted, standingOf } from './parties.ts'
import type { Member } from './party.ts'
import { parseInvite, partition } from './store.ts'

export const personal: Personal = {
  rows: [
    { table: 'core', partition: 'OP#*', actions: ['GetItem', 'PutItem'] },
    {
      table: 'core',
      partition: 'R#{realm}#PARTY#*',
      actions: ['GetItem', 'PutItem', 'DeleteItem'],
    },
    {
      table: 'core',
      partition: 'R#{realm}#PARTY-OF#*',
      actions: ['GetItem', 'Query', 'DeleteItem'],
    },
    ...departureRows,
    { table: 'volatile', partition: 'R#{realm}#BOX#*', actions: ['PutItem'] },
  ],
  async *export(parts, { players }) {
    for (const { realmId, characters } of players) {
      for (const { characterId, name } of characters) {
        const { party, invites } = await standingOf(parts, realmId, characterId)
        const members = party?.members.map((member) => member.name)
        if (members !== undefined) yield { section: 'party', entry: { realmId, name, members } }
        for (const { name: by, until } of invites) {
          yield { section: 'partyInvites', entry: { realmId, name, by, until } }
        }
      }
    }
  },
  async erase(parts, { players }) {
    for (const { realmId, accountId, characters } of players) {
      for (const { characterId, name } of characters) {
        await leavePartyAsDeleted(parts, { realmId, characterId })
        await declineAll(parts, realmId, { characterId, accountId, name })
        await clear(parts.store, { table: 'core', pk: partition(realmId, characterId) })
      }
    }
  },
}

async function declineAll(parts: PersonalParts, realmId: string, me: Member): Promise<void> {
  const pk = partition(realmId, me.characterId)
  for await (const item of rowsIn(parts.store, { table: 'core', pk, begins: 'I#' })) {
    const { partyId, until } = parseInvite(item)
    const op = operationOf(['parties.forget', realmId, partyId, me.characterId, until], {})
    try {
      await declineInvite(parts, { realmId, me: async () => me, op }, partyId)
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'party.not_invited') throw error
    }
  }
}

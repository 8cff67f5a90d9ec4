// What guilds keep of a player: the guild of each of his characters, and what waits for it.
import { deletedPlayer } from '#shared/rules/reserved-names.ts'
import { clear, rowsIn } from '#shared/store/partition.ts'
import type { Personal } from '../http/personal.ts'
import { guildOf } from './ending.ts'
import { leaveAsDeleted } from './guilds.ts'
import { characterPartition, readMember } from './store.ts'
import { parseWaiting } from './waiting-rows.ts'

export const personal: Personal = {
  rows: [
    { table: 'core', partition: 'OP#*', actions: ['GetItem', 'PutItem'] },
    {
      table: 'core',
      partition: 'R#{realm}#GUILD#*',
      actions: ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'],
    },
    {
      table: 'core',
      partition: 'R#{realm}#GUILDS#*',
      actions: ['GetItem', 'Query', 'UpdateItem', 'DeleteItem'],
    },
    { table: 'core', partition: 'R#{realm}#GUILDNAME#*', actions: ['DeleteItem'] },
    { table: 'volatile', partition: 'R#{realm}#BOX#*', actions: ['PutItem'] },
  ],
  stays: [
    {
      table: 'core',
      partition: 'R#{realm}#GUILD#*',
      why:
        'Lines of a log go after 30 days. Names of ranks and the message of the day are the guild’s. An ' +
        'invite that he made holds his ids, no name, until it ends.',
    },
  ],
  async *export(parts, { players }) {
    for (const { realmId, characters } of players) {
      for (const { characterId, name } of characters) {
        const of = { realmId, characterId }
        const guild = await guildOf(parts, of)
        const me = guild && (await readMember(parts.store, { ...guild, realmId }, characterId))
        if (guild !== undefined && me !== undefined) {
          const rank = guild.ranks.find(({ rankId }) => rankId === me.rankId)?.name
          const entry = { realmId, name, guild: guild.name, rank, joinedAt: me.joinedAt }
          yield { section: 'guild', entry }
        }
        const waiting = { table: 'core', pk: characterPartition(of), begins: 'W#' } as const
        for await (const item of rowsIn(parts.store, waiting)) {
          const { guild: to, kind, at, until } = parseWaiting(item)
          yield { section: 'guildInvites', entry: { realmId, name, guild: to, kind, at, until } }
        }
      }
    }
  },
  async erase(parts, { players }) {
    for (const { realmId, characters } of players) {
      for (const { characterId } of characters) {
        await leaveAsDeleted(parts, { realmId, characterId }, deletedPlayer)
        await clear(parts.store, {
          table: 'core',
          pk: characterPartition({ realmId, characterId }),
        })
      }
    }
  },
}

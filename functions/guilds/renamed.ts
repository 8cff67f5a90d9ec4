// A character has another name: its guild, and what waits for it, take it over.
import { newId } from '#shared/runtime.ts'
import { operationOf } from '#shared/store/commit.ts'
import { rowsIn } from '#shared/store/partition.ts'
import { StoreError } from '#shared/store/store.ts'
import { once } from '../http/once.ts'
import type { GuildDeps } from './deps.ts'
import { guildOf } from './ending.ts'
import { changeGuild, characterPartition, nameMember } from './store.ts'
import type { CharacterIn } from './store.ts'
import { nameWaiting, parseWaiting } from './waiting-rows.ts'

/** Four trips in a row at most, and one for each that waits. Throws StoreError, world.busy; safe to repeat. */
export async function followNameInGuild(
  deps: GuildDeps,
  of: CharacterIn & { to: string },
): Promise<void> {
  const { realmId, characterId, to } = of
  await once(deps, operationOf(['guilds.renamed', newId(deps.runtime)], {}), async () => {
    const guild = await guildOf(deps, of)
    if (guild === undefined) return { steps: [], answer: {} }
    const leads = guild.leaderId === characterId
    return {
      steps: [
        { write: nameMember({ realmId, guildId: guild.guildId }, characterId, to) },
        ...(leads ? [changeGuild(realmId, guild, { set: { leaderName: to } })] : []),
      ],
      answer: {},
    }
  })
  const waiting = { table: 'core', pk: characterPartition(of), begins: 'W#' } as const
  for await (const item of rowsIn(deps.store, waiting)) {
    try {
      await deps.store.transact(nameWaiting(realmId, parseWaiting(item), to))
    } catch (error) {
      // It waits no more.
      if (!(error instanceof StoreError) || !error.reasons.includes('condition')) throw error
    }
  }
}

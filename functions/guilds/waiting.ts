// Invites and applications that end without a member: declined, taken back, expired.
import type { OperationId } from '#shared/api/endpoint.ts'
import type { PageQuery } from '#shared/api/page.ts'
import { Problem } from '#shared/problem.ts'
import { operationOf } from '#shared/store/commit.ts'
import type { GuildDeps } from './deps.ts'
import { once } from '../http/once.ts'
import { readPage } from '../http/page.ts'
import { changeGuild, readGuild } from './store.ts'
import type { CharacterIn, GuildRow, GuildStep } from './store.ts'
import { countOf, dropWaiting, readWaiting, waitingFor } from './waiting-rows.ts'
import type { WaitingRow, waitingOf } from './waiting-rows.ts'

/** It waits no more. A guild that is gone counts nothing. */
export function endWaiting(
  realmId: string,
  guild: GuildRow | undefined,
  row: WaitingRow,
): GuildStep[] {
  const steps: GuildStep[] = dropWaiting(realmId, row).map((write) => ({ write }))
  if (guild?.state !== 'open') return steps
  return [...steps, changeGuild(realmId, guild, { add: { [countOf(row)]: -1 } })]
}

/** Ends what waits, on nobody's request. Three trips, two of them at once. */
export async function forgetWaiting(deps: GuildDeps, realmId: string, row: WaitingRow) {
  const { guildId, characterId, at } = row
  const op: OperationId = operationOf(['guilds.forget', realmId, guildId, characterId, at], {})
  await once(deps, op, async () => {
    const of = { realmId, guildId }
    const [guild, found] = await Promise.all([
      readGuild(deps.store, of),
      readWaiting(deps.store, of, characterId),
    ])
    const steps = found?.at === at ? endWaiting(realmId, guild, found) : []
    return { steps, answer: {} }
  })
}

/** Ends what has expired of a list that is full. Returns whether something has. */
export async function forgetExpired(
  deps: GuildDeps,
  realmId: string,
  list: ReturnType<typeof waitingOf>,
): Promise<boolean> {
  const now = deps.runtime.now()
  const query: PageQuery = { limit: 250 }
  const { entries } = await readPage(deps.store, list, query)
  const expired = entries.filter(({ until }) => until <= now).slice(0, 25)
  for (const row of expired) await forgetWaiting(deps, realmId, row)
  return expired.length > 0
}

/** All that waits for a character, of one that is deleted. */
export async function forgetAllFor(deps: GuildDeps, of: CharacterIn): Promise<void> {
  const { entries } = await readPage(deps.store, waitingFor(of), { limit: 50 })
  for (const row of entries) await forgetWaiting(deps, of.realmId, row)
}

/** What waits of a kind, if it can still be accepted. Throws guild.not_waiting, guild.expired. */
export function acceptable(
  row: WaitingRow | undefined,
  kind: WaitingRow['kind'],
  now: number,
): WaitingRow {
  if (row?.kind !== kind) throw new Problem('guild.not_waiting')
  if (row.until <= now) throw new Problem('guild.expired')
  return row
}

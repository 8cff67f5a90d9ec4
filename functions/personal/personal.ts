// A player's own data: all that the domains keep of him, in parts.
import type * as z from 'zod'
import type { OperationId, OperatorCaller } from '#shared/api/endpoint.ts'
import { exportPartBytes, exportPartEntries } from '#shared/limits.ts'
import type { Person } from '#shared/person.ts'
import { commit } from '#shared/store/commit.ts'
import { answerOf } from '#shared/http/operation.ts'
import { Problem } from '#shared/problem.ts'
import { auditWrite, findAccount, requireRole, stillMay } from '../admin/admin.ts'
import { readStanding } from '../auth/auth.ts'
import { readAllCharacters } from '../characters/characters.ts'
import { readCursor, writeCursor } from '../http/page.ts'
import type { Kept } from '../http/personal.ts'
import type { CommonParts } from '../http/record.ts'

export type PersonalDeps = CommonParts & { kept: Kept }

const listName = 'personal.export'

type Entry = { section: string; entry: Record<string, z.core.util.JSONType> }
type Part = { entries: Entry[]; next?: string }

/** The account with all its characters in the realms that are served here. One trip for each realm. */
export async function personOf(
  { store, realms }: Pick<CommonParts, 'store' | 'realms'>,
  accountId: string,
): Promise<Person> {
  const players = await Promise.all(
    [...realms.here].map(async (realmId) => {
      const kept = await readAllCharacters(store, { realmId, accountId })
      const characters = kept.map(({ characterId, name }) => ({ characterId, name }))
      return { realmId, accountId, characters }
    }),
  )
  return { accountId, players }
}

/**
 * What is kept of an account, from a cursor on, as much as one answer holds. A cursor says how much of which domain
 * has been told. Throws request.cursor.
 */
export async function exportPart(
  deps: PersonalDeps,
  accountId: string,
  after: string | undefined,
): Promise<Part> {
  const names = [...deps.kept.keys()]
  const from = after === undefined ? { at: 0, id: names[0]! } : readCursor(listName, after)
  if (!deps.kept.has(from.id)) throw new Problem('request.cursor')
  const person = await personOf(deps, accountId)
  const entries: Entry[] = []
  let bytes = 0
  for (const name of names.slice(names.indexOf(from.id))) {
    const skipped = name === from.id ? from.at : 0
    let told = 0
    for await (const one of deps.kept.get(name)!.export(deps, person)) {
      if (told++ < skipped) continue
      if (bytes >= exportPartBytes || entries.length === exportPartEntries) {
        return { entries, next: writeCursor(listName, { at: told - 1, id: name }) }
      }
      const text = JSON.stringify(one)
      bytes += text.length
      entries.push(JSON.parse(text) as Entry)
    }
  }
  return { entries }
}

/** For an operator. Throws admin.player_unknown, admin.ambiguous, auth.forbidden, request.cursor. */
export async function exportOf(
  deps: PersonalDeps,
  operator: OperatorCaller,
  who: string,
  { reason, after }: { reason: string; after?: string | undefined },
  op: OperationId,
): Promise<{ accountId: string } & Part> {
  await requireRole(deps, operator)
  const accountId = await findAccount(deps, who)
  if ((await readStanding(deps.store, accountId)) === undefined) {
    throw new Problem('admin.player_unknown')
  }
  if (after === undefined) {
    const action = { action: 'player.export', target: accountId, what: '', reason } as const
    const { write } = auditWrite(deps.runtime, operator, op, action)
    const steps = [...stillMay(deps, operator), { write }]
    answerOf(await commit(deps, op, { steps, answer: {} }))
  }
  return { accountId, ...(await exportPart(deps, accountId, after)) }
}

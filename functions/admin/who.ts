// Finds the player that an operator names. A name that a player chose never counts as an id, and no name is
// read as one of another kind: `account:<id>`, `character:<id or name>`, `login:<name>`, or an id alone.
import * as z from 'zod'
import { guardKey } from '#shared/ownership/guard.ts'
import { Problem } from '#shared/problem.ts'
import { isUuid } from '#shared/runtime.ts'
import { readRow } from '#shared/store/row.ts'
import type { Store } from '#shared/store/store.ts'
import { accountOfLogin, readStanding } from '../auth/auth.ts'
import { ownerOfName } from '../characters/characters.ts'
import type { Realms } from '../http/realms.ts'

const kinds = ['account', 'login', 'character'] as const
type Kind = (typeof kinds)[number]

const guardRow = z.object({ accountId: z.string() })

type WhoDeps = { store: Store; realms: Realms }

/**
 * Their account id. Character names count as they are spelled, login names as at log-in. A name without
 * its kind is for reading alone: the API takes none where something changes (`named` in shared/api/admin/naming.ts).
 * Throws admin.player_unknown, or admin.ambiguous when two are called so.
 */
export async function findAccount(deps: WhoDeps, who: string): Promise<string> {
  const kind = kinds.find((each) => who.startsWith(`${each}:`))
  const name = kind === undefined ? who : who.slice(kind.length + 1)
  const found = await find(deps, kind, name)
  const accounts = new Set(found.filter((one) => one !== undefined))
  if (accounts.size > 1) {
    throw new Problem('admin.ambiguous', {
      detail: 'Say which: login: or character: before the name, or the account id.',
    })
  }
  for (const accountId of accounts) return accountId
  throw new Problem('admin.player_unknown', { detail: await otherSpelling(deps, kind, name) })
}

async function find(
  deps: WhoDeps,
  kind: Kind | undefined,
  name: string,
): Promise<(string | undefined)[]> {
  const id = name.toLowerCase()
  if (isUuid(id) && kind !== 'login') {
    return await Promise.all([
      kind === 'character' ? undefined : accountOfId(deps, id),
      ...(kind === 'account' ? [] : charactersOfId(deps, id)),
    ])
  }
  if (kind === 'account') return []
  return await Promise.all([
    kind === 'character' ? undefined : accountOfLogin(deps.store, name),
    ...(kind === 'login' ? [] : charactersOfName(deps, name)),
  ])
}

async function accountOfId({ store }: WhoDeps, accountId: string): Promise<string | undefined> {
  return (await readStanding(store, accountId)) === undefined ? undefined : accountId
}

function charactersOfId({ store, realms }: WhoDeps, characterId: string) {
  return [...realms.here].map(async (realmId) => {
    const key = guardKey(realmId, characterId)
    const guard = await store.get({ table: 'core', key, consistent: true })
    return readRow(guardRow, guard)?.accountId
  })
}

function charactersOfName({ store, realms }: WhoDeps, name: string) {
  return [...realms.here].map(async (realmId) => {
    const owner = await ownerOfName(store, realmId, name)
    return owner?.name === name ? owner.accountId : undefined
  })
}

/** Said, never acted upon. */
async function otherSpelling(
  { store, realms }: WhoDeps,
  kind: Kind | undefined,
  name: string,
): Promise<string | undefined> {
  if (kind === 'account' || kind === 'login') return undefined
  const alike = await Promise.all(
    [...realms.here].map((realmId) => ownerOfName(store, realmId, name)),
  )
  const names = new Set(alike.flatMap((owner) => (owner === undefined ? [] : [owner.name])))
  if (names.size === 0) return undefined
  return `A name that looks like it is spelled ${[...names].join(', ')}.`
}

// Whom an operator means: an id, a login name or the name of a character.
import { guardKey } from '#shared/ownership/guard.ts'
import { Problem } from '#shared/problem.ts'
import { isUuid } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'
import { accountOfLogin, readStanding } from '../auth/auth.ts'
import { accountOfName } from '../characters/characters.ts'
import type { Realms } from '../http/realms.ts'

/** Their account id. Throws admin.player_unknown, or admin.ambiguous when two are called so. */
export async function findAccount(
  deps: { store: Store; realms: Realms },
  who: string,
): Promise<string> {
  const [, kind, name] = /^(?:(login|character):)?(.*)$/su.exec(who)!
  const found = await Promise.all([
    kind === 'character' ? undefined : accountOfLogin(deps.store, name!),
    ...(kind === 'login' ? [] : inRealms(deps, name!)),
    ...(kind === undefined && isUuid(name!) ? byId(deps, name!) : []),
  ])
  const accounts = new Set(found.filter((one) => one !== undefined))
  if (accounts.size > 1) {
    throw new Problem('admin.ambiguous', {
      detail: 'Say which with login: or character: before the name, or give the account id.',
    })
  }
  for (const accountId of accounts) return accountId
  throw new Problem('admin.player_unknown')
}

function inRealms({ store, realms }: { store: Store; realms: Realms }, name: string) {
  return [...realms.here].map((realmId) => accountOfName(store, realmId, name))
}

function byId({ store, realms }: { store: Store; realms: Realms }, given: string) {
  const account = async () => ((await readStanding(store, given)) === undefined ? undefined : given)
  const character = async (realmId: string) => {
    const key = guardKey(realmId, given)
    const guard = await store.get({ table: 'core', key, consistent: true })
    return guard?.['accountId'] as string | undefined
  }
  return [account(), ...[...realms.here].map(character)]
}

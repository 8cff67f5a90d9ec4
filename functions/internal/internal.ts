// The requests of zone hosts to the functions.
import type { HostCaller } from '#shared/api/endpoint.ts'
import type { KnownHost } from '#shared/api/internal.ts'
import { hostRow, leaseKey } from '#shared/ownership/lease.ts'
import { Problem } from '#shared/problem.ts'
import type { Runtime } from '#shared/runtime.ts'
import { readRow } from '#shared/store/row.ts'
import type { Store } from '#shared/store/store.ts'
import type { Realms } from '../http/realms.ts'

export type InternalDeps = { store: Store; runtime: Runtime; realms: Realms }

/** What the registry knows of the caller. One trip. Throws auth.required when it has no lease row. */
export async function showHost(deps: InternalDeps, { bootId }: HostCaller): Promise<KnownHost> {
  const row = await deps.store.get({ table: 'volatile', key: leaseKey(bootId), consistent: true })
  // Its key may be believed for some seconds longer.
  if (row === undefined || row['ended'] === true) throw new Problem('auth.required')
  const { address, instances } = readRow(hostRow, row)
  return { bootId, address, now: deps.runtime.now(), realms: [...deps.realms.here], instances }
}

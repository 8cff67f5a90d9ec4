import { authRoutes } from '#functions/auth/routes.ts'
import type { Hasher } from '#functions/auth/passwords.ts'
import { domains } from '#functions/domains.ts'
import type { DomainRecord } from '#functions/http/record.ts'
import { api } from '#shared/api/api.ts'

/** The table of domains, with another hasher. */
export function domainsWith(hasher: Hasher): DomainRecord[] {
  return domains.map((record) => {
    if (record.name !== 'auth') return record
    const handlers: DomainRecord['serves'][number]['handlers'] = (parts) =>
      authRoutes({ ...parts, hasher })
    return { ...record, serves: [{ declaration: api.auth, handlers }] }
  })
}

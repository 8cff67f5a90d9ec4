// What operators do, in files by noun.
import { auditEndpoints } from './admin/audit.ts'
import { fleetEndpoints } from './admin/fleet.ts'
import { instanceEndpoints } from './admin/instances.ts'
import { letterEndpoints } from './admin/letters.ts'
import { playerEndpoints } from './admin/players.ts'
import { realmEndpoints } from './admin/realm.ts'
import { domain } from './endpoint.ts'

export const admin = domain({
  name: 'admin',
  description:
    'For those with a role. What changes something needs a reason and leaves an audit entry',
  endpoints: {
    ...playerEndpoints,
    ...realmEndpoints,
    ...letterEndpoints,
    ...fleetEndpoints,
    ...instanceEndpoints,
    ...auditEndpoints,
  },
})

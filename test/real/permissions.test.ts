// Needs nothing real: it stands here because `npm test` has no time for more than one bundling.
import { holdRoles } from '../conformance/permissions.ts'

holdRoles('three')
holdRoles('one')

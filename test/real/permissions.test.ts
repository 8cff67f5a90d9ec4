// It needs no real part. It is here because `npm test` has time for one bundling only.
import { holdRoles } from '../conformance/permissions.ts'

holdRoles('three')
holdRoles('one')

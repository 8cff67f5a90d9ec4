// They need no real part. They are here because `npm test` has no time for them: all Lambdas of each bundling are
// started twice. What it has of them is test/functions/domains.test.ts.
import { holdRoles } from '../conformance/permissions.ts'

holdRoles('domains')
holdRoles('three')
holdRoles('one')

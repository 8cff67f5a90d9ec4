// Needs no real part, but more time than `npm test` has: all Lambdas of the bundling are started twice. What that
// has of it is test/functions/domains.test.ts.
import { holdRoles } from '../../conformance/permissions.ts'

holdRoles('one')

// The other bundlings take a minute more: test/real/permissions.test.ts.
import { holdRoles } from '../conformance/permissions.ts'

holdRoles('domains')

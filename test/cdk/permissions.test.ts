// The other bundlings take a minute more: test/real/permissions.test.ts.
import '../sample-game.ts'
import { holdRoles } from '../conformance/permissions.ts'

holdRoles('domains')

import { storeConformance } from '../conformance/store.ts'
import { openEmbedded } from './embedded.ts'

storeConformance('the store on the embedded server', openEmbedded)

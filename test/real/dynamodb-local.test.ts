// The store's suite on Amazon's DynamoDB Local. Where it differs from AWS is written down in
// docs/decisions/0009-real-parts.md.
import { storeConformance } from '../conformance/store.ts'
import { findDynamoLocal, openDynamoLocal } from './dynamodb-local.ts'

const local = findDynamoLocal()
if (local !== undefined) {
  storeConformance("the store on Amazon's DynamoDB Local", async () => await openDynamoLocal(local))
}

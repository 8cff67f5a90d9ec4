// Reads DynamoDB's answers: rows as items, failures as StoreError.
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import {
  ConditionalCheckFailedException,
  DynamoDBServiceException,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import type { CancelReason, Item, PermanentRefusal } from './store.ts'
import { StoreError } from './store.ts'

const throttling = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
])

const cancelReasons: Record<string, CancelReason> = {
  None: 'none',
  ConditionalCheckFailed: 'condition',
  TransactionConflict: 'conflict',
  ProvisionedThroughputExceeded: 'throttled',
  ThrottlingError: 'throttled',
}

/** Errors with a status 4xx that pass all the same: credentials are renewed, a clock is corrected. */
const passing = new Set([
  'ExpiredTokenException',
  'InvalidSignatureException',
  'RequestExpired',
  // The repeat of a transaction met the first, still under way: its outcome is not known yet.
  'TransactionInProgressException',
])

/** Names of errors and of cancellation reasons, and what they say, as a permanent refusal. */
function refusalOf(name: string, message: string): PermanentRefusal {
  if (/^(AccessDenied|UnrecognizedClient|MissingAuthentication)/.test(name)) return 'forbidden'
  // ItemCollectionSizeLimitExceeded; "Item size has exceeded the maximum allowed size".
  return /SizeLimit|size .*exceeded/i.test(`${name} ${message}`) ? 'tooLarge' : 'malformed'
}

/** `write`: the request would change something, so without an answer it may have. */
export function storeError(error: unknown, write: boolean): StoreError {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof ConditionalCheckFailedException) {
    return new StoreError('condition', message, { items: [rowOf(error.Item)], cause: error })
  }
  if (error instanceof TransactionCanceledException) {
    const given = error.CancellationReasons ?? []
    const unknown = given.find(({ Code }) => cancelReasons[Code ?? 'None'] === undefined)
    return new StoreError('cancelled', message, {
      // Any other reason (ValidationError, ItemCollectionSizeLimitExceeded) is a defect.
      reasons: given.map(({ Code }) => cancelReasons[Code ?? 'None'] ?? 'invalid'),
      items: given.map((reason) => rowOf(reason.Item)),
      ...(unknown && { refusal: refusalOf(unknown.Code ?? '', unknown.Message ?? '') }),
      cause: error,
    })
  }
  if (error instanceof DynamoDBServiceException) {
    if (error.name === 'TransactionConflictException') {
      return new StoreError('conflict', message, { cause: error })
    }
    if (throttling.has(error.name)) return new StoreError('throttled', message, { cause: error })
    const status = error.$metadata.httpStatusCode ?? 0
    if (status >= 400 && status < 500 && !passing.has(error.name)) {
      const refusal = refusalOf(error.name, message)
      return new StoreError('invalid', `${error.name}: ${message}`, { refusal, cause: error })
    }
  }
  if (error instanceof Error && error.name === 'CredentialsProviderError') {
    // Nothing was sent.
    return new StoreError('unavailable', message, { cause: error })
  }
  return new StoreError('unavailable', message, { unclear: write, cause: error })
}

function rowOf(attributes: Record<string, AttributeValue> | undefined): Item | undefined {
  return attributes === undefined ? undefined : readItem(attributes)
}

/** Throws StoreError `invalid` for a row that holds a number which a Value cannot be. */
export function readItem(attributes: Record<string, AttributeValue>): Item {
  return unmarshall(attributes, { wrapNumbers: readNumber }) as Item
}

/** Sums are made by the server, which has 38 digits: a counter without a bound may pass 2^53 there. */
function readNumber(text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number)) return number
  throw new StoreError('invalid', 'a row holds a number that is not an integer within 2^53')
}

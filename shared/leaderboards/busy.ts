import { StoreError, failureOf } from '../store/store.ts'

/** True when it was written, false when others were faster. Throws StoreError for all other failures. */
export async function readBusy(writing: Promise<unknown>): Promise<boolean> {
  try {
    await writing
    return true
  } catch (error) {
    if (error instanceof StoreError && failureOf(error) === 'condition') return false
    throw error
  }
}

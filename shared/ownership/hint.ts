// Hints make the inbox fast; losing one costs at most the second until the next renewal.
import type { Cache } from '../cache/cache.ts'
import { inboxChannel } from './inbox.ts'

/** Tells a host that its inbox has something new. Never fails, is not waited for. */
export function createHint(cache: Cache): (bootId: string) => void {
  return (bootId) => {
    // The cache may not answer. The host reads its inbox with each renewal anyway.
    cache.pipeline([['PUBLISH', inboxChannel(bootId), '']]).catch(() => undefined)
  }
}

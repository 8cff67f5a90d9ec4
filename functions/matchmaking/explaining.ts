// Why a ticket waits. Only the process that matches the queue knows, in memory. So who is asked leaves the question in
// the cache, and gives the answer that lies there; it is a second or two old. Without the cache nobody is told.
//
//   matchmaking:ask:<realm>:<queue>      ticket -> when it was asked, Unix ms
//   matchmaking:why:<realm>:<queue>      ticket -> the answer
import * as z from 'zod'
import type { Cache } from '#shared/cache/cache.ts'
import { CacheError } from '#shared/cache/cache.ts'
import { whyView } from '#shared/api/matchmaking.ts'
import type { WhyView } from '#shared/api/matchmaking.ts'
import type { Matcher } from '#shared/matching/match.ts'
import { explain } from '#shared/matching/why.ts'
import type { Runtime } from '#shared/runtime.ts'

export type ExplainDeps = { cache: Cache; runtime: Pick<Runtime, 'now'> }

/** Tickets explained with each beat: a page asks again each second or so. */
const explainedAtOnce = 200
/** A question is answered for so long, an answer lies for so long, ms. */
const askedMs = 10_000
const keptMs = 60_000

const keys = (realmId: string, queue: string) => ({
  ask: `matchmaking:ask:${realmId}:${queue}`,
  why: `matchmaking:why:${realmId}:${queue}`,
})

/** The answer of a moment ago, while there is one; asks for a new one. One trip to the cache. */
export async function askWhy(
  { cache, runtime }: ExplainDeps,
  realmId: string,
  { queue, ticketId }: { queue: string; ticketId: string },
): Promise<WhyView | undefined> {
  const { ask, why } = keys(realmId, queue)
  try {
    const [, , answer] = await cache.pipeline([
      ['HSET', ask, ticketId, String(runtime.now())],
      ['PEXPIRE', ask, keptMs],
      ['HMGET', why, ticketId],
    ])
    const [text] = z.array(z.string().nullable()).parse(answer)
    return typeof text === 'string' ? whyView.parse(JSON.parse(text)) : undefined
  } catch (error) {
    if (error instanceof CacheError) return undefined
    throw error
  }
}

/** Returns a function that answers what was asked: two trips to the cache. Never fails for the cache. */
export function createExplainer(
  { cache, runtime }: ExplainDeps,
  realmId: string,
  queue: string,
  matcher: Matcher,
): () => Promise<void> {
  const { ask, why } = keys(realmId, queue)
  return async () => {
    try {
      const [asked] = await cache.pipeline([['HRANDFIELD', ask, explainedAtOnce, 'WITHVALUES']])
      const pairs = Array.isArray(asked) ? asked : []
      if (pairs.length === 0) return
      const now = runtime.now()
      const [answers, over]: [string[], string[]] = [[], []]
      for (let i = 0; i < pairs.length; i += 2) {
        const ticketId = pairs[i]!
        const found = explain(matcher, ticketId, now)
        if (found === undefined || now - Number(pairs[i + 1]) > askedMs) over.push(ticketId)
        else answers.push(ticketId, JSON.stringify({ ...found, at: now }))
      }
      await cache.pipeline([
        ...(answers.length > 0 ? [['HSET', why, ...answers] as ['HSET', string, ...string[]]] : []),
        ...(over.length > 0
          ? [
              ['HDEL', ask, ...over] as ['HDEL', string, ...string[]],
              ['HDEL', why, ...over] as ['HDEL', string, ...string[]],
            ]
          : []),
        ['PEXPIRE', why, keptMs],
      ])
    } catch (error) {
      if (!(error instanceof CacheError)) throw error
    }
  }
}

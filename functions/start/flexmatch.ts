// FlexMatch of functions, from their environment.
import { remember } from '../http/remember.ts'
import type { FlexMatchPart } from '#shared/flexmatch/flexmatch.ts'
import type { Wired } from './wire.ts'

/** A certificate of SNS lives for a year; a new one has another address. */
const rememberedMs = 60 * 60 * 1000
const timeoutMs = 3000
/** A certificate has some 2 KB. */
const documentMax = 64 * 1024

/** Undefined where it matches no queue: then its client is not even loaded. */
export async function openFlexMatch({
  config,
  awsOptions,
  runtime,
}: Pick<Wired, 'config' | 'awsOptions' | 'runtime'>): Promise<FlexMatchPart | undefined> {
  const settings = config.WAYSTONE_FLEXMATCH
  if (settings === undefined) return undefined
  const { createGameLiftFlexMatch } = await import('#shared/flexmatch/gamelift.ts')
  return {
    topic: settings.topic,
    queues: new Map(Object.entries(settings.queues)),
    matching: createGameLiftFlexMatch({ region: awsOptions.region }),
    get: createGet(runtime.now),
  }
}

/** Certificates are fetched once; a confirmation is something that is done, each time. */
function createGet(now: () => number): FlexMatchPart['get'] {
  const load = async (url: string): Promise<string> => {
    const signal = AbortSignal.timeout(timeoutMs)
    const answer = await fetch(url, { redirect: 'error', signal })
    if (!answer.ok) throw new Error(`status ${answer.status}`)
    const text = await answer.text()
    if (text.length > documentMax) throw new Error('the document is too large')
    return text
  }
  const certificates = remember(now, rememberedMs, load)
  return async (url) => (url.endsWith('.pem') ? await certificates(url) : await load(url))
}

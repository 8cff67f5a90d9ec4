// What FlexMatch tells. It is written into the log of its queue, and the process that matches the queue follows it with
// its next look (keeper.ts): so it is kept before SNS hears that it came, and one place decides what becomes of it.
import type { SnsMessage } from '#shared/api/sns.ts'
import { isOfSns, isSigned } from '#shared/aws/sns.ts'
import { readFlexEvent } from '#shared/flexmatch/flexmatch.ts'
import type { FlexMatchPart } from '#shared/flexmatch/flexmatch.ts'
import { Problem } from '#shared/problem.ts'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { reportWrite } from './store.ts'

export type ReportDeps = {
  store: Store
  runtime: Runtime
  log: Log
  /** Absent: nobody may tell anything. */
  flexMatch?: FlexMatchPart | undefined
}

/**
 * Takes a message that came over HTTP. Throws route.not_found when it is not of the topic, sns.signature, and
 * sns.unavailable: send it again.
 */
export async function takeMessage(
  deps: ReportDeps,
  realmId: string,
  message: SnsMessage,
): Promise<void> {
  const { flexMatch, runtime, log } = deps
  if (flexMatch === undefined || message.TopicArn !== flexMatch.topic) {
    throw new Problem('route.not_found')
  }
  const { topic } = flexMatch
  const get = async (url: string) => {
    try {
      return await flexMatch.get(url)
    } catch (cause) {
      throw new Problem('sns.unavailable', { cause, retryAfterS: 2 })
    }
  }
  const signed = await isSigned(message, topic, { get, now: () => runtime.now() })
  if (!signed) throw new Problem('sns.signature')
  switch (message.Type) {
    case 'Notification':
      return await takeReport(deps, realmId, { topic, message: message.Message })
    case 'SubscriptionConfirmation': {
      if (!isOfSns(message.SubscribeURL, topic)) throw new Problem('sns.signature')
      await get(message.SubscribeURL)
      log.info('a subscription is confirmed', { topic })
      return
    }
    case 'UnsubscribeConfirmation':
      log.warn('a subscription has ended: FlexMatch is heard no more', { topic })
  }
}

/** Keeps what was told over a way that others cannot use. What does not matter is left. Fails with StoreError. */
export async function takeReport(
  { store, runtime, flexMatch, log }: ReportDeps,
  realmId: string,
  { topic, message }: { topic: string; message: string },
): Promise<void> {
  if (flexMatch?.topic !== topic) return
  const read = readFlexEvent(message)
  if (read === undefined) return
  const { configuration, report } = read
  const [queue] = [...flexMatch.queues].find(([, name]) => name === configuration) ?? []
  if (queue === undefined) {
    log.warn('FlexMatch tells of another configuration', { configuration })
    return
  }
  const now = runtime.now()
  await store.transact([reportWrite(realmId, queue, { id: newId(runtime), now }, report)])
}

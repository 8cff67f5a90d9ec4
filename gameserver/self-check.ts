// A host checks itself after its start: the functions know it by its key, serve its realm, and have about the
// same time. A failed check does not stop the host. It writes a log line, for an operator whose calls are
// refused.
import { ApiError, createApiClient } from '#shared/api/client.ts'
import { internal } from '#shared/api/internal.ts'
import type { KnownHost } from '#shared/api/internal.ts'
import type { HostSigner } from '#shared/keys/host.ts'
import { clockSlackMs } from '#shared/limits.ts'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'

/** The functions may come up after their hosts. */
const tryForMs = 60_000
const retryMs = 2000
/** Clocks that differ by more are worth a log line: NTP does not keep them. */
const skewMaxMs = 500

export type SelfCheck = {
  /** Base URL of the functions. */
  url: string
  identity: HostSigner
  bootId: string
  realmId: string
  fetch: (url: string, init: RequestInit) => Promise<Response>
  runtime: Runtime
  log: Pick<Log, 'info' | 'warn'>
  signal: AbortSignal
}

/** Resolves when it is known, or after a minute of no answer. Never fails. */
export async function checkMyself(check: SelfCheck): Promise<'well' | 'warned' | 'unknown'> {
  const { runtime, log, signal, bootId } = check
  const giveUpAt = runtime.now() + tryForMs
  while (!signal.aborted) {
    const sentAt = runtime.now()
    try {
      const token = await check.identity.sign(bootId, sentAt)
      const client = createApiClient({
        api: { internal },
        baseUrl: check.url,
        fetch: check.fetch,
        token: () => token,
        newId: () => newId(runtime),
      })
      const known = await client.internal.host()
      const receivedAt = runtime.now()
      const wrong = whatIsWrong(check, known, (sentAt + receivedAt) / 2)
      for (const one of wrong) log.warn(`self-check: ${one}`)
      if (wrong.length === 0) log.info('self-check: the functions know this host')
      return wrong.length === 0 ? 'well' : 'warned'
    } catch (error) {
      const status = error instanceof ApiError ? error.status : 0
      if (status === 401) {
        const { code } = error as ApiError
        log.warn('self-check: the token of this host is refused', {
          code,
          hint:
            code === 'auth.expired'
              ? 'the clocks of this machine and of the functions differ by more than a minute: set this one by NTP'
              : 'another realm or other tables are served there, or a clock is off',
        })
        return 'warned'
      }
      if (runtime.now() > giveUpAt) {
        log.warn('self-check: the functions do not answer', { url: check.url, status })
        return 'unknown'
      }
    }
    await runtime.sleep(retryMs, signal).catch(() => undefined)
  }
  return 'unknown'
}

function whatIsWrong(check: SelfCheck, known: KnownHost, askedAt: number): string[] {
  const wrong: string[] = []
  if (!known.realms.includes(check.realmId)) {
    wrong.push(
      `this host is of realm ${check.realmId}, the functions serve ${known.realms.join(', ')}`,
    )
  }
  const skewMs = Math.round(known.now - askedAt)
  if (Math.abs(skewMs) > skewMaxMs) {
    const grave = Math.abs(skewMs) > clockSlackMs ? ': tickets are refused here, set it by NTP' : ''
    const side = skewMs > 0 ? 'behind' : 'ahead of'
    wrong.push(
      `the clock of this machine is ${Math.abs(skewMs)} ms ${side} that of the functions${grave}`,
    )
  }
  return wrong
}

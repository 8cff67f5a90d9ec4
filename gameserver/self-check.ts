// A host checks itself while it is up: the functions know it by its key, serve its realm, and have about the
// same time. A failed check does not stop the host. It writes a log line, for an operator whose calls are
// refused.
import { ApiError, createApiClient } from '#shared/api/client.ts'
import { internal } from '#shared/api/internal.ts'
import type { KnownHost } from '#shared/api/internal.ts'
import type { HostSigner } from '#shared/keys/host.ts'
import { clockOffMaxMs, clockSlackMs } from '#shared/limits.ts'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'

/** The functions may come up after their hosts. */
const tryForMs = 60_000
const retryMs = 2000
/** How often it is checked again. */
const againMs = 60_000
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

/** What was found: of one kind, so that it is logged when that changes. */
type Finding = { kind: string; outcome: 'well' | 'warned' | 'unknown'; report: () => void }

/**
 * Resolves when it is known, or after a minute of no answer. Logs what is found unless it is of the kind
 * `before`. Never fails.
 */
export async function checkMyself(
  check: SelfCheck,
  before?: string,
): Promise<Pick<Finding, 'kind' | 'outcome'>> {
  const { runtime, signal } = check
  const timeoutAt = runtime.now() + tryForMs
  while (!signal.aborted) {
    const finding = await ask(check)
    if (finding.outcome !== 'unknown' || runtime.now() > timeoutAt) {
      if (finding.kind !== before) finding.report()
      return finding
    }
    await runtime.sleep(retryMs, signal).catch(() => undefined)
  }
  return { kind: 'stopped', outcome: 'unknown' }
}

/**
 * Checks each minute until the signal. Logs again when what is found is of another kind: a clock may be set
 * wrong, or right, while the host runs. Never fails.
 */
export async function keepCheckingMyself(check: SelfCheck): Promise<void> {
  const { runtime, signal } = check
  let before: string | undefined
  while (!signal.aborted) {
    before = (await checkMyself(check, before)).kind
    await runtime.sleep(againMs, signal).catch(() => undefined)
  }
}

async function ask(check: SelfCheck): Promise<Finding> {
  const { runtime, log, bootId } = check
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
    const { kind, wrong } = whatIsWrong(check, known, (sentAt + runtime.now()) / 2)
    if (wrong.length > 0) {
      const report = () => wrong.forEach((one) => log.warn(`self-check: ${one}`))
      return { kind, outcome: 'warned', report }
    }
    const report = () => log.info('self-check: the functions know this host')
    return { kind, outcome: 'well', report }
  } catch (error) {
    const status = error instanceof ApiError ? error.status : 0
    if (status !== 401) {
      const report = () =>
        log.warn('self-check: the functions do not answer', { url: check.url, status })
      return { kind: 'silent', outcome: 'unknown', report }
    }
    const { code } = error as ApiError
    const hint =
      code === 'auth.expired'
        ? 'the clocks of this machine and of the functions differ by more than a minute: set this one by NTP'
        : 'another realm or other tables are served there, or a clock is off'
    const report = () => log.warn('self-check: the token of this host is refused', { code, hint })
    return { kind: `refused ${code}`, outcome: 'warned', report }
  }
}

function whatIsWrong(
  check: SelfCheck,
  known: KnownHost,
  askedAt: number,
): { kind: string; wrong: string[] } {
  const wrong: string[] = []
  if (!known.realms.includes(check.realmId)) {
    wrong.push(
      `this host is of realm ${check.realmId}, the functions serve ${known.realms.join(', ')}`,
    )
  }
  const skewMs = Math.round(known.now - askedAt)
  const clock = clockClass(skewMs)
  if (clock !== 'right') {
    const side = skewMs > 0 ? 'behind' : 'ahead of'
    wrong.push(
      `the clock of this machine is ${Math.abs(skewMs)} ms ${side} that of the functions${clockAdvice[clock]}`,
    )
  }
  return { kind: `${wrong.length} ${clock}`, wrong }
}

const clockAdvice = {
  off: '',
  far: ': by more than a minute, set it by NTP',
  refused: ': tickets are refused here, set it by NTP',
}

function clockClass(skewMs: number): keyof typeof clockAdvice | 'right' {
  const off = Math.abs(skewMs)
  if (off > clockSlackMs) return 'refused'
  if (off > clockOffMaxMs) return 'far'
  return off > skewMaxMs ? 'off' : 'right'
}

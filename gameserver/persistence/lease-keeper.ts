// Keeps the host's lease. The lease counts from the time when the last acknowledged renewal was SENT: its
// answer may have been long under way. Elapsed time is the larger of the monotonic and the wall clock: the
// monotonic clock of a suspended machine stands still, and a wall clock may be set back.
import { leaseDeadlineMs, leaseRenewMs } from '#shared/limits.ts'
import { renewLease } from '#shared/ownership/lease.ts'
import type { Runtime } from '#shared/runtime.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Store } from '#shared/store/store.ts'
import type { LeaseView, RenewOutcome } from './persistence.ts'
import { failed } from './store-watch.ts'

export type Clocks = {
  /** Wall clock, Unix ms. */
  now: () => number
  /** A clock of the process that never goes back, ms. The same in all its threads. */
  monotonic: () => number
}

/** When the last acknowledged renewal was sent, on both clocks. Crosses the thread boundary. */
export type LeaseProof = {
  wall: number
  monotonic: number
  lost: boolean
  /** How often the deadline had passed before a renewal was acknowledged. */
  lapses: number
}

export function leaseView(proof: LeaseProof, clocks: Clocks): LeaseView {
  const elapsed = Math.max(clocks.now() - proof.wall, clocks.monotonic() - proof.monotonic)
  return { held: !proof.lost && elapsed < leaseDeadlineMs, lost: proof.lost }
}

export type LeaseKeeper = {
  proof(): LeaseProof
  /** The tick thread is alive. Without this between two renewals there is no renewal. */
  heartbeat(): void
  renew(): Promise<RenewOutcome>
  /** Renews every second until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>
}

export function createLeaseKeeper(deps: {
  store: Store
  runtime: Runtime
  clocks: Clocks
  bootId: string
  /**
   * Reads the inbox and hands its commands over: after each renewal and before the renewal counts, so
   * that a host which was fenced while it could not renew knows before it goes on.
   */
  readInbox: () => Promise<void>
  /** Called after each change. */
  onProof: (proof: LeaseProof) => void
}): LeaseKeeper {
  const { store, runtime, clocks, bootId } = deps
  let renewal = 0
  let alive = true
  let proof: LeaseProof = {
    wall: clocks.now(),
    monotonic: clocks.monotonic(),
    lost: false,
    lapses: 0,
  }

  async function renew(): Promise<RenewOutcome> {
    if (proof.lost) return 'lost'
    const sent = { wall: clocks.now(), monotonic: clocks.monotonic() }
    renewal += 1
    // Asked anew at each step: it may lapse on the way, and another renewal may end the lapse meanwhile.
    const lapsed = () => !leaseView(proof, clocks).held
    try {
      const outcome = await renewLease(store, sent.wall, bootId, renewal)
      if (outcome === 'lost') proof = { ...proof, lost: true }
      else {
        await deps.readInbox().catch((error: unknown) => {
          // While the lease holds, no stay can be fenced. The next renewal reads the inbox again.
          if (lapsed() || !(error instanceof StoreError)) throw error
        })
        // Two renewals may overlap (prove() beside the loop): never go back to the earlier one. Both
        // clocks are taken from one of them: a wall clock that was set back counts from its new time.
        const latest = sent.monotonic < proof.monotonic ? proof : sent
        const lapses = proof.lapses + (lapsed() ? 1 : 0)
        proof = { wall: latest.wall, monotonic: latest.monotonic, lost: proof.lost, lapses }
      }
      deps.onProof(proof)
      return outcome
    } catch (error) {
      return failed(error)
    }
  }

  return {
    proof: () => proof,
    heartbeat() {
      alive = true
    },
    renew,
    async run(signal) {
      while (!signal.aborted) {
        if (alive) {
          alive = false
          await renew()
        }
        await runtime.sleep(leaseRenewMs, signal).catch(() => undefined)
      }
    },
  }
}

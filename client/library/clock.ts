// The server's tick, as seen from here.
//
// A PING answered by PONG says: at the server's tick t, between sending and receiving. Half-way is the
// best guess, and the answer with the shortest round trip errs least (Cristian's algorithm). The clock
// follows the best of the last few answers by running a little faster or slower, so time never jumps
// or runs back, except when it is off by more than half a second.

const samplesKept = 8
/** A clock that is off by more than this jumps, ms. Below that it slides. */
const jumpMs = 500
/** While it slides, the clock is faster or slower by at most this part. */
const slideRate = 0.1

export type Clock = {
  /** The server's tick with its fraction at local time `now`; never decreases but for jumps. */
  tickAt(now: number): number
  /** Takes a PONG: sent and received at local times, the server's tick with its fraction. */
  sample(sentAt: number, receivedAt: number, tick: number): void
  /** A snapshot of this tick arrived: the server's tick cannot be behind it. */
  atLeast(now: number, tick: number): void
  /** Milliseconds of a tick from now on. */
  setTickMs(now: number, tickMs: number): void
  readonly tickMs: number
  /** The shortest round trip of the last few, in ms; undefined before the first. */
  readonly rttMs: number | undefined
}

type Sample = { rttMs: number; at: number; tick: number }

/** Starts at the tick of the WELCOME that arrived at `now`. */
export function createClock(now: number, tick: number, tickMs: number): Clock {
  // The clock shown: at local time `anchorAt` it is `anchorTick`, and `owed` ticks are to be slid in.
  let anchorAt = now
  let anchorTick = tick
  let owed = 0
  let samples: Sample[] = []

  const slidBy = (elapsedTicks: number) => {
    const most = elapsedTicks * slideRate
    return Math.max(-most, Math.min(most, owed))
  }
  const tickAt = (at: number) => {
    const elapsed = Math.max(0, at - anchorAt) / tickMs
    return anchorTick + elapsed + slidBy(elapsed)
  }
  /** Moves the anchor to `at`; the ticks that were slid in until then are subtracted. */
  const settle = (at: number) => {
    const elapsed = Math.max(0, at - anchorAt) / tickMs
    const slid = slidBy(elapsed)
    anchorTick += elapsed + slid
    anchorAt = Math.max(anchorAt, at)
    owed -= slid
  }
  const aim = (at: number, target: number, jump: boolean) => {
    settle(at)
    owed = target - anchorTick
    if (jump || Math.abs(owed) * tickMs > jumpMs) {
      anchorTick = target
      owed = 0
    }
  }

  return {
    tickAt,
    sample(sentAt, receivedAt, tick) {
      const rttMs = Math.max(0, receivedAt - sentAt)
      const first = samples.length === 0
      samples.push({ rttMs, at: receivedAt, tick: tick + rttMs / 2 / tickMs })
      if (samples.length > samplesKept) samples.shift()
      const best = samples.reduce((a, b) => (b.rttMs <= a.rttMs ? b : a))
      aim(receivedAt, best.tick + (receivedAt - best.at) / tickMs, first)
    },
    atLeast(now, tick) {
      const behind = tick - tickAt(now)
      if (behind > 0) aim(now, tick, behind * tickMs > jumpMs)
    },
    setTickMs(now, ms) {
      if (ms === tickMs) return
      settle(now)
      tickMs = ms
      // Old samples have another rate.
      samples = samples.slice(-1).map((s) => ({ ...s, at: now, tick: anchorTick + owed }))
    },
    get tickMs() {
      return tickMs
    },
    get rttMs() {
      return samples.length === 0 ? undefined : Math.min(...samples.map((s) => s.rttMs))
    },
  }
}

// Collects for a moment what players of this host are told, so that a flood is a few messages to the tick thread. What
// does not fit is lost in a way that its readers are told of.
import { linesAtOnceMax, presenceGapMs, toldAtOnceMax } from '#shared/limits.ts'
import { notifiedOf } from '#shared/protocol/social-event.ts'
import type { NotifiedOf } from '#shared/protocol/social-event.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Told } from './persistence.ts'

export function createTelling(deps: {
  runtime: Pick<Runtime, 'sleep'>
  onTold: (told: Told[]) => void
}) {
  const notified = { mailbox: new Set<string>(), presence: new Set<string>() }
  /** They read all their channels again. */
  const mayHaveLost = new Set<string>()
  /** Lines for everybody; the oldest is lost first. */
  const lines: Told[] = []
  /** How many were lost, by channel. */
  const lost = new Map<string, { count: number; where: Pick<Told, 'zone' | 'instance'> }>()
  const others: Told[] = []
  let collecting = false

  function takeAll(): Told[] {
    const told: Told[] = []
    for (const of of notifiedOf) {
      const accounts = [...notified[of]]
      notified[of].clear()
      if (accounts.length > 0) told.push({ event: { kind: 'notified', of }, accounts })
    }
    if (mayHaveLost.size > 0) told.push({ event: { kind: 'lost' }, accounts: [...mayHaveLost] })
    mayHaveLost.clear()
    for (const [channel, { count, where }] of lost) {
      told.push({ event: { kind: 'lost', channel, count }, ...where })
    }
    lost.clear()
    told.push(...lines.splice(0), ...others.splice(0))
    return told
  }

  async function collect(): Promise<void> {
    collecting = true
    await deps.runtime.sleep(presenceGapMs)
    collecting = false
    const told = takeAll()
    if (told.length > 0) deps.onTold(told)
  }

  function begin(): void {
    if (!collecting) void collect()
  }

  function countLost({ event, zone, instance }: Told): void {
    if (event.kind !== 'said') return
    const count = lost.get(event.channel)?.count ?? 0
    const where = { ...(zone && { zone }), ...(instance && { instance }) }
    lost.set(event.channel, { count: count + 1, where })
  }

  return {
    notify(of: NotifiedOf, accounts: readonly string[]): void {
      for (const accountId of accounts) notified[of].add(accountId)
      if (accounts.length > 0) begin()
    },
    /** Messages for them may have been lost. */
    lookAgain(accounts: readonly string[]): void {
      for (const accountId of accounts) {
        for (const of of notifiedOf) notified[of].add(accountId)
        mayHaveLost.add(accountId)
      }
      if (accounts.length > 0) begin()
    },
    tell(told: Told): void {
      const { event, accounts } = told
      if (accounts?.length === 0) return
      begin()
      if (accounts === undefined && event.kind === 'said') {
        lines.push(told)
        if (lines.length > linesAtOnceMax) countLost(lines.shift()!)
        return
      }
      if (others.length < toldAtOnceMax) others.push(told)
      else for (const accountId of accounts ?? []) mayHaveLost.add(accountId)
    },
  }
}

// What players do with friends over HTTP, and the rules that the rows of all pairs keep.
import * as z from 'zod'
import { blockedMax, friendRequestsMax, friendsMax } from '#shared/limits.ts'
import { readRow } from '#shared/store/row.ts'
import { inRealm } from './people.ts'
import type { Person } from './people.ts'
import type { TestApi } from './api.ts'

export function friendActs({ client, as, id }: Person) {
  const of = (other: { playerId: string }) => ({ ...inRealm, playerId: other.playerId })
  const { friends } = client
  return {
    ask: (other: { name: string }, operationId = id()) =>
      friends.ask({ params: inRealm, body: { as, name: other.name } }, { operationId }),
    accept: (other: { playerId: string }, operationId = id()) =>
      friends.accept({ params: of(other), body: { as } }, { operationId }),
    end: (other: { playerId: string }, operationId = id()) =>
      friends.end({ params: of(other) }, { operationId }),
    /** What each other one is to this one, by name. */
    async list(): Promise<Record<string, string>> {
      const all: Record<string, string> = {}
      let after: string | undefined
      do {
        const query = { limit: 7, ...(after === undefined ? {} : { after }) }
        const page = await friends.list({ params: inRealm, query })
        for (const { name, state } of page.entries) all[name] = state
        after = page.next
      } while (after !== undefined)
      return all
    },
  }
}

const limits = {
  friend: friendsMax,
  sent: friendRequestsMax,
  received: friendRequestsMax,
  blocked: blockedMax,
}

export type FriendCounts = Record<keyof typeof limits, number>

/** What two may be to each other. */
const pairs = new Set([
  'sent received',
  'received sent',
  'friend friend',
  'blocked none',
  'none blocked',
  'blocked blocked',
  'sent blocked',
  'blocked sent',
])

const partition = 'R#local#FRIENDS#'
const side = z.object({ state: z.string() })

/** What each player is to others: `<player> <other player>`, and what. */
export function sidesOf(test: TestApi): Map<string, string> {
  const sides = new Map<string, string>()
  for (const row of test.memory.rows('core')) {
    const { pk, sk } = row
    if (!pk.startsWith(partition) || !sk.startsWith('P#')) continue
    sides.set(`${pk.slice(partition.length)} ${sk.slice(2)}`, readRow(side, row).state)
  }
  return sides
}

/**
 * What is wrong with the rows of friends: nothing, whatever has happened. Each pair is whole, counts are those of
 * the lists and within their limits. `added`: what a test has added to the counts of each player.
 */
export function brokenPairs(test: TestApi, added?: FriendCounts): string[] {
  const wrong: string[] = []
  const sides = sidesOf(test)
  const counted = new Map<string, number>()
  const blocks: string[] = []
  for (const [pair, state] of sides) {
    const [one, other] = pair.split(' ') as [string, string]
    const whole = `${state} ${sides.get(`${other} ${one}`) ?? 'none'}`
    if (!pairs.has(whole)) wrong.push(`half of a pair: ${pair}, ${whole}`)
    counted.set(`${one} ${state}`, (counted.get(`${one} ${state}`) ?? 0) + 1)
    if (state === 'blocked') blocks.push(`${other} ${one}`)
  }
  const noted: string[] = []
  for (const { pk, sk, ...row } of test.memory.rows('core')) {
    if (pk.startsWith('R#local#BLOCKERS#')) noted.push(`${pk.slice(17)} ${sk.slice(2)}`)
    if (!pk.startsWith(partition) || sk !== 'COUNT') continue
    for (const state of Object.keys(limits) as (keyof typeof limits)[]) {
      const key = `${pk.slice(partition.length)} ${state}`
      const there = (counted.get(key) ?? 0) + (added?.[state] ?? 0)
      counted.delete(key)
      const count = Number(row[state] ?? 0)
      if (count !== there) wrong.push(`${key}: ${count}, not ${there}`)
      if (there > limits[state]) wrong.push(`too many: ${key}, ${there}`)
    }
  }
  for (const key of counted.keys()) wrong.push(`not counted: ${key}`)
  if (noted.toSorted().join() !== blocks.toSorted().join()) wrong.push('who has blocked whom')
  return wrong
}

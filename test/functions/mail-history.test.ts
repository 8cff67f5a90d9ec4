// Random histories of letters and blocks on a store that fails.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { letterKeptDays, lettersMax, lettersUnreadOfOneMax } from '#shared/limits.ts'
import { newId } from '#shared/runtime.ts'
import { seededFaults } from '#shared/store/faults.ts'
import { codeOf, faulty, settled } from './api.ts'
import type { TestApi } from './api.ts'
import { again, dayMs, fill, people, written } from './mail-people.ts'
import type { Person } from './mail-people.ts'

type ModelLetter = { subject: string; from: string; read: boolean; at: number }

/** What is so by the words of docs/social.md: a list of letters a character, and who has blocked whom. */
class Model {
  readonly inboxes = new Map<string, ModelLetter[]>()
  readonly lost: { from: string; to: string; at: number }[] = []
  readonly blocks = new Set<string>()
  now = 0

  inbox(who: string): ModelLetter[] {
    const kept = (this.inboxes.get(who) ?? []).filter(({ at }) => this.now - at < letterKeptDays)
    this.inboxes.set(who, kept)
    return kept
  }

  write(from: string, to: string, subject: string): string {
    if (from === to) return 'mail.self'
    if (this.blocks.has(`${from} ${to}`)) return 'mail.blocked'
    const blocked = this.blocks.has(`${to} ${from}`)
    const inbox = this.inbox(to)
    const unread = inbox.filter((letter) => letter.from === from && !letter.read).length
    const lost = this.lost.filter(
      (one) => one.from === from && one.to === to && this.now - one.at < letterKeptDays,
    ).length
    if (unread + (blocked ? lost : 0) >= lettersUnreadOfOneMax) return 'mail.unread'
    if (blocked) this.lost.push({ from, to, at: this.now })
    else inbox.push({ subject, from, read: false, at: this.now })
    return 'done'
  }

  find(who: string, subject: string | undefined): ModelLetter | undefined {
    return this.inbox(who).find((letter) => letter.subject === subject)
  }
}

const kinds = ['write', 'write', 'write', 'mark', 'remove', 'block', 'unblock', 'wait'] as const
const history = fc.array(
  fc.record({
    who: fc.nat(2),
    whom: fc.nat(2),
    what: fc.constantFrom(...kinds),
    which: fc.nat(9),
  }),
  { minLength: 20, maxLength: 80 },
)
describe('a random history on a store that conflicts, throttles and loses requests and answers', () => {
  it('of one act after the other ends as docs/social.md says', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), history, async (seed, list) => {
        const { test, all } = await people(3)
        let players: Person[] = all
        const model = new Model()
        /** The ids of letters by their subjects. */
        const ids = new Map<string, string>()
        const faults = seededFaults(seed, faulty)
        for (const [i, { who, whom, what, which }] of list.entries()) {
          const [a, b] = [players[who]!, players[whom]!]
          const id = newId(test.clock)
          test.faults.next = faults
          if (what === 'wait') {
            test.faults.next = undefined
            const days = which === 9 ? letterKeptDays : which
            model.now += days
            // A second more: rows expire by the second, and tries again take time.
            test.clock.advance(days * dayMs + 1000)
            players = await Promise.all(players.map((one) => again(test, one)))
          } else if (what === 'write') {
            const code = await settled(() => a.write(b.name, written(`n${i}`), id))
            expect(code, `${a.name} to ${b.name}`).toBe(model.write(a.name, b.name, `n${i}`))
            test.faults.next = undefined
            const head = (await b.list()).entries.find(({ subject }) => subject === `n${i}`)
            if (head !== undefined) ids.set(head.subject, head.letterId)
          } else if (what === 'block' || what === 'unblock') {
            if (a === b) continue
            const pair = `${a.name} ${b.name}`
            await settled(() => (what === 'block' ? a.block(b) : a.unblock(b)))
            if (what === 'block') model.blocks.add(pair)
            else model.blocks.delete(pair)
          } else {
            // One that he has, or had, or that another one has.
            const subjects = [...ids.keys()]
            const subject = subjects[subjects.length - 1 - which]
            const letterId = ids.get(subject ?? '') ?? newId(test.clock)
            const letter = model.find(a.name, subject)
            const code = await settled(() => a[what](letterId, id))
            expect(code, `${a.name} ${what}`).toBe(letter ? 'done' : 'mail.not_found')
            if (letter && what === 'mark') letter.read = true
            const inbox = model.inbox(a.name)
            if (letter && what === 'remove') inbox.splice(inbox.indexOf(letter), 1)
          }
        }
        test.faults.next = undefined
        for (const one of players) {
          const { entries, unread } = await one.list({ limit: 140 })
          const shown = entries.map(({ subject, read }) => `${subject} ${read}`).toSorted()
          const inbox = model.inbox(one.name)
          expect(shown).toEqual(inbox.map(({ subject, read }) => `${subject} ${read}`).toSorted())
          expect(unread).toBe(inbox.filter(({ read }) => !read).length)
        }
      }),
      { numRuns: 40 },
    )
  }, 120_000)

  it('of acts at once loses and doubles no letter, and keeps the bounds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), history, async (seed, list) => {
        const { test, all } = await people(3)
        // Little room is left in one of the inboxes.
        await fill(test, all[0].as, 4)
        const before = await all[0].subjects()
        const accepted = new Map<string, { to: Person; from: Person }>()
        const removed = new Set<string>()
        const everBlocked = new Set<string>()
        test.faults.next = seededFaults(seed, faulty)
        for (let i = 0; i < list.length; i += 16) {
          const heads = await Promise.all(
            all.slice(0, 3).map((one) => settledValue(() => one.list())),
          )
          const acts = list.slice(i, i + 16).map(async ({ who, whom, what, which }, j) => {
            const [a, b] = [all[who]!, all[whom]!]
            const id = newId(test.clock)
            if (what === 'write') {
              const code = await settled(() => a.write(b.name, written(`n${i + j}`), id))
              if (code === 'done') accepted.set(`n${i + j}`, { to: b, from: a })
              else expect(['mail.self', 'mail.blocked', 'mail.unread', 'mail.full']).toContain(code)
            } else if (what === 'block' || what === 'unblock') {
              if (a === b) return
              everBlocked.add(`${a.name} ${b.name}`)
              await settled(() => (what === 'block' ? a.block(b) : a.unblock(b)))
            } else if (what !== 'wait') {
              const mine = heads[who]!.entries.filter(({ subject }) => subject !== 'old')
              const head = mine[which]
              if (head === undefined) return
              const code = await settled(() => a[what](head.letterId, id))
              expect(['done', 'mail.not_found']).toContain(code)
              if (what === 'remove' && code === 'done') {
                expect(removed).not.toContain(head.subject)
                removed.add(head.subject)
              }
            }
          })
          await Promise.all(acts)
        }
        test.faults.next = undefined
        const there = await Promise.all(all.slice(0, 3).map((one) => one.list({ limit: 140 })))
        for (const [i, { entries, unread }] of there.entries()) {
          const one = all[i]!
          const own = entries.filter(({ subject }) => subject !== 'old')
          expect(entries.length - own.length).toBe(i === 0 ? before.length : 0)
          expect(entries.length).toBeLessThanOrEqual(lettersMax)
          expect(new Set(own.map(({ subject }) => subject)).size).toBe(own.length)
          expect(unread).toBe(entries.filter(({ read }) => !read).length)
          for (const { subject } of own) {
            expect(accepted.get(subject)?.to, subject).toBe(one)
            expect(removed).not.toContain(subject)
          }
          // All that was accepted is there or was deleted, unless there was a block on the way.
          for (const [subject, { to, from }] of accepted) {
            if (to !== one || everBlocked.has(`${to.name} ${from.name}`)) continue
            const kept = own.some((head) => head.subject === subject)
            expect(kept, subject).toBe(!removed.has(subject))
          }
          for (const other of all.slice(0, 3)) {
            const waiting = own.filter(
              ({ from, read }) => from.kind === 'player' && from.name === other.name && !read,
            )
            expect(waiting.length).toBeLessThanOrEqual(lettersUnreadOfOneMax)
          }
        }
        expect(placesOf(test)).toEqual(unreadOf(test))
      }),
      { numRuns: 40 },
    )
  }, 120_000)
})

/** Reads until the store answers. */
async function settledValue<T>(read: () => Promise<T>): Promise<T> {
  for (;;) {
    const answer = read()
    const code = await codeOf(answer)
    if (code === 'done') return await answer
    if (code !== 'store.unavailable' && code !== 'world.busy') throw new Error(code)
  }
}

/** The letters for which their writers have a place; not those that went nowhere. */
function placesOf(test: TestApi): unknown[] {
  const rows = test.memory.rows('core').filter(({ sk, lost }) => sk.startsWith('U#') && !lost)
  return rows.map(({ letterId }) => letterId).toSorted()
}

/** Unread letters, by their heads. */
function unreadOf(test: TestApi): unknown[] {
  const rows = test.memory
    .rows('core')
    .filter(({ sk, read }) => sk.startsWith('L#') && read === false)
  return rows.map(({ letterId }) => letterId).toSorted()
}

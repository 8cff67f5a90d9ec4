// The result of a match counts once, whatever happens on the way, and ratings go with it.
import { describe, expect, it } from 'vitest'
import { personal } from '#functions/matchmaking/personal.ts'
import type { PersonalParts } from '#functions/http/personal.ts'
import { resultKeptMs } from '#shared/limits.ts'
import { endLease } from '#shared/ownership/lease.ts'
import { firstRating, rateMatch, skillOf } from '#shared/results/rating.ts'
import { openResult, ratingOf, readRatings, readResult } from '#shared/results/rows.ts'
import type { EffectOutcome } from '#shared/rules/effects.ts'
import { resultKind } from '#shared/rules/played-match.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import type { Fault } from '#shared/store/faults.ts'
import { openRealm, realmId } from '../ownership/realm.ts'

type Who = { characterId: string; accountId: string }
const matchId = '01980000-0000-7000-8000-00000000000a'

/** A match of two against two; the first three are in play. */
async function start(rating: string | undefined = 'arena') {
  let faultAt: (number: number) => Fault | undefined = () => undefined
  let requests = 0
  const store = createMemoryStore({
    runtime: { now: () => realm.runtime.now(), sleep: async (ms) => await realm.runtime.sleep(ms) },
    faults: () => faultAt(requests++),
  })
  const realm = await openRealm({ store })
  const all: Who[] = []
  for (let i = 0; i < 4; i++) all.push(await realm.character())
  const player = ({ accountId, characterId }: Who) => ({ accountId, characterId })
  const open = async () =>
    await store.transact([
      openResult(realmId, matchId, {
        queue: 'arena',
        ...(rating === undefined ? {} : { rating }),
        teams: [
          { name: 'red', players: all.slice(0, 2).map(player) },
          { name: 'blue', players: all.slice(2).map(player) },
        ],
        openedAt: realm.runtime.now(),
      }),
    ])
  await open()

  let on = await realm.host('hub', true, { store })
  async function play(who: Who) {
    const { ticket } = await realm.enterAs(who)
    const claimed = await on.claim(await realm.open(ticket))
    if (claimed.outcome !== 'claimed') throw new Error(`the claim was ${claimed.outcome}`)
    const { epoch, name } = claimed.character
    return {
      say: async (places: number[], id = matchId) =>
        await on.effect({
          ...who,
          epoch,
          name,
          id,
          kind: resultKind,
          body: JSON.stringify({ places }),
        }),
    }
  }

  return {
    realm,
    /** The host of all dies, and another one takes them. */
    async crash() {
      await endLease(store, on.bootId)
      on = await realm.host('hub', true, { store })
    },
    store,
    all,
    play,
    arm(at: typeof faultAt) {
      requests = 0
      faultAt = at
    },
    async ratings() {
      const rows = await Promise.all(
        all.map(async ({ accountId }) => await readRatings(store, realmId, accountId)),
      )
      return rows.flat()
    },
    result: async () => await readResult(store, realm.runtime.now(), realmId, matchId),
  }
}

const after = rateMatch(
  [
    [firstRating, firstRating],
    [firstRating, firstRating],
  ],
  [1, 2],
)
const [won, lost] = [skillOf(after[0]![0]!), skillOf(after[1]![0]!)]
const answerOf = (place: number): EffectOutcome => ({
  outcome: 'done',
  answer: { place, teams: 2, rating: 'arena', before: 1500, after: place === 1 ? won : lost },
})

/** Each has played one match, and has its points. */
async function expectCountedOnce({ ratings, result, all }: Awaited<ReturnType<typeof start>>) {
  const rows = await ratings()
  expect(rows.map(({ matches }) => matches)).toEqual([1, 1, 1, 1])
  expect(rows.map((row) => skillOf(ratingOf(row)))).toEqual([won, won, lost, lost])
  expect(rows.map(({ characterId }) => characterId)).toEqual(all.map((one) => one.characterId))
  expect((await result())!.teams.map(({ place }) => place)).toEqual([1, 2])
}

describe('the result of a match', () => {
  it('counts once, for all members, whoever of them says it and how often', async () => {
    const on = await start()
    const [first, second, third] = [
      await on.play(on.all[0]!),
      await on.play(on.all[1]!),
      await on.play(on.all[2]!),
    ]
    const said = await Promise.all([first, second, third].map(({ say }) => say([1, 2])))
    expect(said).toEqual([answerOf(1), answerOf(1), answerOf(2)])
    expect(await second.say([1, 2])).toEqual(answerOf(1))
    // Another result of one who has said none yet changes nothing.
    const fourth = await on.play(on.all[3]!)
    expect(await fourth.say([2, 1])).toEqual(answerOf(2))
    await expectCountedOnce(on)
  })

  it('is taken from members alone, of a match that was opened, for as many teams as it has', async () => {
    const on = await start()
    const stranger = await on.play(await on.realm.character())
    const refused = (name: string) => ({ outcome: 'refused', refused: name })
    expect(await stranger.say([1, 2])).toEqual(refused('result.stranger'))
    const member = await on.play(on.all[0]!)
    expect(await member.say([1, 2], 'other')).toEqual(refused('result.over'))
    expect(await member.say([1])).toEqual(refused('result.unfit'))
    expect(await member.say([0, 1])).toEqual(refused('unknown'))
    expect(await on.ratings()).toEqual([])
    expect(await member.say([1, 2])).toMatchObject({ outcome: 'done' })
  })

  it('that comes after its row has expired counts no more, whether it had counted or not', async () => {
    for (const before of [true, false]) {
      const on = await start()
      if (before) await (await on.play(on.all[0]!)).say([1, 2])
      on.realm.runtime.advance(resultKeptMs + 1000)
      await on.crash()
      const late = await on.play(on.all[1]!)
      expect(await late.say([1, 2])).toEqual({ outcome: 'refused', refused: 'result.over' })
      expect((await on.ratings()).length).toBe(before ? 4 : 0)
    }
  })

  it('of a queue without a rating counts without one', async () => {
    const on = await start('')
    const { say } = await on.play(on.all[0]!)
    expect(await say([1, 1])).toMatchObject({ outcome: 'done', answer: { place: 1, teams: 2 } })
    expect((await on.result())!.endedAt).toBeDefined()
  })

  it('leaves a character alone that was deleted meanwhile, and counts for the others', async () => {
    const on = await start()
    const { say } = await on.play(on.all[0]!)
    const { characterId } = on.all[3]!
    const pk = `R#${realmId}#C#${characterId}`
    const gone = { update: 'SET deleted = :true', values: { ':true': true } }
    // It is deleted after the result was planned, and before it is written.
    const { transact } = on.store
    let planned = false
    on.store.transact = async (writes) => {
      if (!planned) {
        planned = true
        await on.store.update({ table: 'core', key: { pk, sk: '#GUARD' }, ...gone })
      }
      return await transact(writes)
    }
    expect(await say([1, 2])).toEqual(answerOf(1))
    const rows = await on.ratings()
    expect(rows.map((row) => row.characterId)).toEqual(
      on.all.slice(0, 3).map((one) => one.characterId),
    )
  })

  it('is exported and erased with its player', async () => {
    const on = await start()
    await (await on.play(on.all[0]!)).say([1, 2])
    const { accountId, characterId } = on.all[0]!
    const person = {
      accountId,
      players: [{ realmId, accountId, characters: [{ characterId, name: 'Mira' }] }],
    }
    // What it does not use is not there.
    const parts = { store: on.store, runtime: on.realm.runtime } as Partial<PersonalParts>
    const entries = []
    for await (const one of personal.export(parts as PersonalParts, person)) entries.push(one)
    expect(entries).toEqual([
      {
        section: 'ratings',
        entry: { realmId, rating: 'arena', characterId, matches: 1, points: won },
      },
    ])
    await personal.erase(parts as PersonalParts, person)
    expect((await on.ratings()).map((row) => row.characterId)).not.toContain(characterId)
    expect(await on.ratings()).toHaveLength(3)
  })

  const faults: Fault[] = [
    { kind: 'loseRequest' },
    { kind: 'loseAnswer' },
    { kind: 'conflict' },
    { kind: 'throttle' },
    { kind: 'outage' },
    { kind: 'applyLate', ms: 700 },
  ]
  it.each(faults)(
    'counts once with %o at any of its requests, said by two at once',
    async (fault) => {
      for (let at = 0; at < 24; at += 1) {
        const on = await start()
        const [one, two] = [await on.play(on.all[0]!), await on.play(on.all[2]!)]
        on.arm((number) => (number === at || number === at + 5 ? fault : undefined))
        const said = await Promise.all([one.say([1, 2]), two.say([1, 2])])
        on.arm(() => undefined)
        await on.store.settled()
        expect(said, `at ${at}`).toEqual([answerOf(1), answerOf(2)])
        await expectCountedOnce(on)
      }
    },
  )

  it('that waits with a member of a dead host counts once when he is back, and answers him', async () => {
    const on = await start()
    await on.play(on.all[0]!)
    // Another member has said it, and his answer was lost with the host.
    await (await on.play(on.all[1]!)).say([1, 2])
    await on.crash()
    const again = await on.play(on.all[0]!)
    expect(await again.say([1, 2])).toEqual(answerOf(1))
    await expectCountedOnce(on)
  })
})

import { describe, expect, it } from 'vitest'
import { createGuard } from '#client/page/guard.ts'
import { pageGame } from '#client/page/game.ts'
import { lookOf } from '#client/page/looks.ts'
import { createPresence } from '#client/page/presence.ts'
import { barsOf, castBar, panelRows } from '#client/page/shown.ts'
import { createTotals } from '#client/page/totals.ts'
import type { Drawn } from '#client/library/view.ts'
import { ApiError } from '#shared/api/client.ts'
import { component } from '#shared/components/component.ts'
import { Health } from '#shared/components/core.ts'
import { text, u8 } from '#shared/components/fields.ts'
import { tally } from '#shared/rules/tally.ts'

const Mana = component(
  'mana',
  { now: u8 },
  { audience: 'near', life: 'entity', first: { now: 40 } },
)
const Title = component(
  'title',
  { line: text(20) },
  { audience: 'near', life: 'entity', first: { line: '' } },
)

describe('bars', () => {
  it('stand over who has the component while it is not full', () => {
    const bars = (parts: Parameters<typeof barsOf>[0]) => barsOf(parts, [Health, Mana])
    expect(bars({ health: { now: 30, most: 120 } })).toEqual([{ index: 0, full: 0.25 }])
    expect(bars({ health: { now: 120, most: 120 } })).toEqual([])
    expect(bars({ health: { now: 0, most: 100 } })).toEqual([{ index: 0, full: 0 }])
    expect(bars({})).toEqual([])
  })

  it('are full at the first value where there is no `most`', () => {
    expect(barsOf({ mana: { now: 10 } }, [Health, Mana])).toEqual([{ index: 1, full: 0.25 }])
    expect(barsOf({ mana: { now: 40 } }, [Mana])).toEqual([])
  })

  it('fill while an ability is cast, in a colour of its own', () => {
    expect(castBar(1.5, 2000, [Health, Mana])).toEqual({ index: 2, full: 0.25 })
  })

  it('need a number `now`, and panels a field that is there', () => {
    // @ts-expect-error a title has no `now`
    pageGame({ title: 'T', bars: [Title] })
    // @ts-expect-error a misspelt field
    pageGame({ title: 'T', panel: (own) => ({ Mana: own.read(Mana)?.nwo }) })
    // @ts-expect-error without routes of its own there is no such call
    pageGame({ title: 'T', entered: ({ api }) => void api.game })
  })
})

it('the panel leaves out what has no value', () => {
  const rows = panelRows({ Health: 80, Score: 12_345.678, Guild: undefined, Ready: true, In: 'a' })
  expect(rows).toEqual([
    { label: 'Health', text: '80' },
    { label: 'Score', text: '12,345.68' },
    { label: 'Ready', text: 'yes' },
    { label: 'In', text: 'a' },
  ])
})

describe('the look of an entity', () => {
  const imp = { body: 'walker', archetype: 'creature', appearance: 'imp' } as const
  const content = { color: '#aa0000', radius: 0.7 }
  const shape = { length: 2, width: 1, head: 0.4, marks: ['ears'] } as const

  it('is what the game says, with colour and radius of the content where it says none', () => {
    const look = lookOf(imp, { imp: { paint: 'creature', ...shape } }, content)
    expect(look).toMatchObject({ paint: 'creature', color: '#aa0000', radius: 0.7, shape })
    const other = lookOf(imp, { imp: { paint: 'disc', color: '#00ff00', radius: 2 } }, content)
    expect(other).toMatchObject({ paint: 'disc', color: '#00ff00', radius: 2 })
  })

  it('is that of the appearance before that of the archetype', () => {
    const shapes = { creature: { paint: 'disc' }, imp: { paint: 'spark' } } as const
    expect(lookOf(imp, shapes, content).paint).toBe('spark')
    expect(lookOf({ ...imp, appearance: 'hen' }, shapes, content).paint).toBe('disc')
  })

  it('is never nothing', () => {
    const plain = (body: Drawn['body'], known: boolean) =>
      lookOf({ body, archetype: 'x', appearance: '' }, {}, known ? content : undefined)
    expect(plain('walker', true)).toMatchObject({ paint: 'creature', color: '#aa0000' })
    expect(plain('walker', false).paint).toBe('disc')
    expect(plain('sensor', false).paint).toBe('disc')
    expect(plain('projectile', false).paint).toBe('spark')
    expect(plain('player', false).paint).toBe('player')
  })
})

it('who comes into view and who leaves it is told once', () => {
  const told: string[] = []
  const update = createPresence({
    entered: ({ id }) => told.push(`+${id}`),
    left: ({ id, x }) => told.push(`-${id} at ${x}`),
  })
  const at = (id: number, x: number): Drawn => ({
    id,
    x,
    y: 0,
    heading: 0,
    speed: 0,
    name: '',
    appearance: '',
    parts: {},
    archetype: 'creature',
    body: 'walker',
  })
  update([at(1, 0), at(2, 0)])
  update([at(1, 5), at(2, 0)])
  update([at(2, 0), at(3, 0)])
  update([])
  expect(told).toEqual(['+1', '+2', '-1 at 5', '+3', '-2 at 0', '-3 at 0'])
})

describe('a fault of the game', () => {
  it('is told once, and what comes after goes on', async () => {
    const told: string[] = []
    const guard = createGuard((line) => told.push(line))
    const broken = () => {
      throw new Error('no such bear')
    }
    for (let frame = 0; frame < 3; frame++) expect(guard.run('draw', broken)).toBeUndefined()
    expect(guard.run('draw', () => 7)).toBe(7)
    guard.start(
      'bind.KeyB',
      () => Promise.reject(new Error('late')),
      () => expect.unreachable(),
    )
    await Promise.resolve()
    await Promise.resolve()
    expect(told).toEqual([
      "The game's page has a fault in draw: no such bear",
      "The game's page has a fault in bind.KeyB: late",
    ])
  })

  it('is not what the API refuses', async () => {
    const refused: string[] = []
    const guard = createGuard((line) => expect.unreachable(line))
    const refusal = new ApiError('game.refused', 'Refused')
    guard.start(
      'bind.KeyB',
      () => Promise.reject(refusal),
      ({ code }) => refused.push(code),
    )
    await Promise.resolve()
    await Promise.resolve()
    expect(refused).toEqual(['game.refused'])
  })
})

describe('totals', () => {
  const Score = tally('score', { per: 'character' })
  const realm = { realmId: 'local', characterId: '01900000-0000-7000-8000-000000000001' }
  const settle = () => new Promise((resolve) => setImmediate(resolve))

  function createRead() {
    const asked: string[] = []
    let answer = { tally: 'score', total: 5, changes: 1 }
    const read = (name: string) => async () => {
      asked.push(name)
      return { totals: [answer] }
    }
    const totals = createTotals({ of: read('of'), mine: read('mine') }, realm, () =>
      expect.unreachable(),
    )
    return { totals, asked, say: (next: typeof answer) => void (answer = next) }
  }

  it('are read when the game first asks, and again after each join', async () => {
    const { totals, asked, say } = createRead()
    totals.joined()
    expect(asked).toEqual([])
    expect(totals.total(Score)).toBeUndefined()
    await settle()
    expect(totals.total(Score)).toBe(5)
    say({ tally: 'score', total: 9, changes: 3 })
    totals.joined()
    await settle()
    expect(totals.total(Score)).toBe(9)
    expect(asked).toEqual(['of', 'of'])
  })

  it('follow what the zone tells, and an older answer does not undo it', async () => {
    const { totals } = createRead()
    totals.total(Score)
    totals.changed({ tally: 'score', total: 12, changes: 4 })
    await settle()
    expect(totals.total(Score)).toBe(12)
  })
})

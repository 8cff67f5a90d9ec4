import { expect, test } from 'vitest'
import type { Section, Snapshot, SnapshotRecord } from '#shared/protocol/snapshot.ts'
import { dxOf } from '#shared/rules/heading.ts'
import { addPiece, createCourse, drawnAt } from '#client/library/interpolation.ts'
import { createView } from '#client/library/view.ts'
import { coreSchema, looks } from '../parts.ts'

const own = 1
const still = { x: 0, y: 0, heading: 0, speed: 0 }

function frame(tick: number, sections: Section[], keyframe = false): Snapshot {
  const head = { tick, keyframe, timeScale: 256, waiting: 0, ack: 0, own: still }
  return { kind: 'snapshot', ...head, sections }
}
const entity = (id: number, x = 0, y = 0): SnapshotRecord => ({
  record: 'entity',
  id,
  archetype: 0,
  x,
  y,
  heading: 0,
  speed: 0,
  parts: looks('human/mage', `P${id}`),
})
const motion = (id: number, x: number, heading = 0, speed = 0): SnapshotRecord => ({
  record: 'motion',
  id,
  x,
  y: 0,
  heading,
  speed,
})
const gone = (id: number, left: boolean): SnapshotRecord => ({ record: 'gone', id, left })
const block = (cell: number, ...records: SnapshotRecord[]): Section => ({
  section: 'block',
  cell,
  records,
})
const cell = (at: number, ...records: SnapshotRecord[]): Section => ({
  section: 'cell',
  cell: at,
  records,
})
const ids = (view: ReturnType<typeof createView>) =>
  view
    .at(0)
    .map((each) => each.id)
    .sort()

test('a block introduces everybody but oneself', () => {
  const view = createView(own, 20, coreSchema)
  view.apply(frame(10, [block(5, entity(own), entity(2), entity(3))], true))
  expect(ids(view)).toEqual([2, 3])
  expect(view.size).toBe(2)
  expect(view.entity(own)?.name).toBe('P1')
})

const Health = { ...named('health', 'near'), fields: [u16Field('now'), u16Field('most')] }
const Mana = { ...named('mana', 'owner'), fields: [u16Field('now')] }

function named(name: string, audience: 'near' | 'owner') {
  return { name, audience }
}
function u16Field(name: string) {
  return { name, type: 'integer', wire: 'u16', min: 0, max: 65_535, first: 0 } as const
}

test('fields of a component are kept until they change or the entity is sent anew', () => {
  const schema = { ...coreSchema, components: [...coreSchema.components, Health, Mana] }
  const hurt = (id: number, values: Record<string, number>): SnapshotRecord => ({
    record: 'parts',
    id,
    parts: [{ component: 2, values }],
  })
  const partOf = (id: number) => view.at(0).find((each) => each.id === id)?.parts['health']
  const view = createView(own, 20, schema)
  const both = { now: 60, most: 100 }
  view.apply(frame(10, [block(5, entity(2), hurt(2, both), entity(3), hurt(4, both))], true))
  expect(partOf(2)).toEqual({ now: 60, most: 100 })
  expect(partOf(3)).toBeUndefined()
  const before = view.entity(2)!
  view.apply(frame(11, [cell(5, motion(2, 300), hurt(2, { now: 55 }))]))
  expect(partOf(2)).toEqual({ now: 55, most: 100 })
  expect(before.parts['health']).toEqual({ now: 60, most: 100 })
  view.apply(frame(12, [cell(6, entity(2))]))
  expect(partOf(2)).toBeUndefined()
})

test('what one alone is told of oneself stays over keyframes', () => {
  const schema = { ...coreSchema, components: [...coreSchema.components, Health, Mana] }
  const view = createView(own, 20, schema)
  const told: Section = { section: 'own', parts: [{ component: 3, values: { now: 7 } }] }
  view.apply(frame(10, [told, block(5, entity(own), entity(2))], true))
  expect(view.entity(own)?.parts['mana']).toEqual({ now: 7 })
  view.apply(frame(11, [], true))
  expect(view.entity(own)?.parts['mana']).toEqual({ now: 7 })
  expect(view.entity(2)).toBeUndefined()
})

test.each([
  ['old cell first', [cell(5, gone(2, false)), cell(6, motion(2, 900))]],
  ['new cell first', [cell(6, motion(2, 900)), cell(5, gone(2, false))]],
])('a crossing between subscribed cells keeps the entity: %s', (_, sections) => {
  const view = createView(own, 20, coreSchema)
  view.apply(frame(10, [block(5, entity(2)), block(6)], true))
  view.apply(frame(11, sections))
  expect(view.at(11)).toMatchObject([{ id: 2, x: 900 }])
  // It belongs to the new cell now: a drop of the old cell does not remove it, a drop of the new cell does.
  view.apply(frame(12, [{ section: 'drop', cells: [5] }]))
  expect(ids(view)).toEqual([2])
  view.apply(frame(13, [{ section: 'drop', cells: [6] }]))
  expect(ids(view)).toEqual([])
})

test('who moves to a cell out of view is gone; who left the zone is gone at once', () => {
  const view = createView(own, 20, coreSchema)
  view.apply(frame(10, [block(5, entity(2), entity(3), entity(4))], true))
  view.apply(frame(11, [cell(5, gone(2, false), gone(3, true))]))
  expect(ids(view)).toEqual([4])
})

test('a drop in the same frame spares who has crossed into a kept cell', () => {
  const view = createView(own, 20, coreSchema)
  view.apply(frame(10, [block(5, entity(2), entity(3)), block(6)], true))
  view.apply(frame(11, [{ section: 'drop', cells: [5] }, cell(6, entity(2, 700))]))
  expect(ids(view)).toEqual([2])
})

test('a motion of somebody never introduced is ignored, and appears with a full record', () => {
  const view = createView(own, 20, coreSchema)
  view.apply(frame(10, [block(5)], true))
  view.apply(frame(11, [cell(5, motion(2, 100))]))
  expect(ids(view)).toEqual([])
  view.apply(frame(12, [cell(5, entity(2, 100))]))
  expect(ids(view)).toEqual([2])
})

test('a keyframe forgets whom it does not name, and nobody it names jumps', () => {
  const view = createView(own, 20, coreSchema)
  view.apply(frame(10, [block(5, entity(own), entity(2), entity(3))], true))
  view.apply(frame(10, [cell(5, motion(2, 0, 0, 100))]))
  const before = view.draw(20, 0).find((each) => each.id === 2)!
  view.apply(frame(21, [block(5, entity(2, 11 * dxOf(0, 100, 20)))], true))
  expect(ids(view)).toEqual([2])
  const after = view.draw(20, 0)[0]!
  expect(after.x).toBeCloseTo(before.x, 6)
  expect(view.entity(own)).toBeDefined()
})

test('between records everybody goes on by whole ticks of heading and speed', () => {
  const view = createView(own, 20, coreSchema)
  view.apply(frame(10, [block(5, entity(2, 100))], true))
  view.apply(frame(11, [cell(5, motion(2, 130, 7 * 64, 90))]))
  const dx = dxOf(7 * 64, 90, 20)
  expect(view.at(11)[0]!.x).toBe(130)
  expect(view.at(60)[0]!.x).toBe(130 + 49 * dx)
})

test('a course is drawn exactly, through a turn, when its records are there in time', () => {
  const course = createCourse({ tick: 0, x: 0, y: 0, heading: 0, speed: 100 }, 20)
  const step = dxOf(0, 100, 20)
  // It turns back with tick 10: from the place of tick 9 one step back.
  addPiece(course, { tick: 10, x: 8 * step, y: 0, heading: 32_768, speed: 100 }, 5)
  expect(drawnAt(course, 9, 0).x).toBe(9 * step)
  expect(drawnAt(course, 9.5, 0).x).toBe(8.5 * step)
  expect(drawnAt(course, 12, 0).x).toBe(6 * step)
})

test('a record that comes late fades in instead of jumping', () => {
  const course = createCourse({ tick: 0, x: 0, y: 0, heading: 0, speed: 100 }, 20)
  const step = dxOf(0, 100, 20)
  const shown = drawnAt(course, 12, 16).x
  expect(shown).toBe(12 * step)
  addPiece(course, { tick: 10, x: 9 * step, y: 0, heading: 0, speed: 0 }, 12)
  expect(drawnAt(course, 12, 0).x).toBeCloseTo(shown, 6)
  const next = drawnAt(course, 12.2, 16).x
  expect(next).toBeLessThan(shown)
  expect(next).toBeGreaterThan(10 * step)
  expect(drawnAt(course, 30, 1000).x).toBeCloseTo(9 * step, 0)
  // A large error is a jump.
  addPiece(course, { tick: 31, x: 100_000, y: 0, heading: 0, speed: 0 }, 31)
  expect(drawnAt(course, 31, 0).x).toBe(100_000)
})

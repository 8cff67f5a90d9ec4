// What the page shows of components: bars over bodies and the rows of the panel.
import { read } from '../library/view.ts'
import type { SeenParts } from '../library/view.ts'
import type { BarComponent, Shown } from './game.ts'

/** How full a bar is, from 0 to 1, and which of the game's bars it is. */
export type Bar = { index: number; full: number }

/** The bars over an entity: of the components that it has and that are not full. */
export function barsOf(parts: SeenParts, components: readonly BarComponent[]): Bar[] {
  const bars: Bar[] = []
  for (const [index, component] of components.entries()) {
    const values: { now: number; most?: unknown } | undefined = read({ parts }, component)
    if (values === undefined) continue
    const most = typeof values.most === 'number' ? values.most : component.first.now
    if (most <= 0 || values.now >= most) continue
    bars.push({ index, full: Math.max(0, values.now / most) })
  }
  return bars
}

/** How far a cast is, of which so many seconds are left; with the colour after those of the game's bars. */
export function castBar(left: number, castMs: number, components: readonly BarComponent[]): Bar {
  return { index: components.length, full: castMs === 0 ? 1 : 1 - (left * 1000) / castMs }
}

export type Row = { label: string; text: string }

/** The rows of the panel, without those that have no value. */
export function panelRows(values: Readonly<Record<string, Shown>>): Row[] {
  const rows: Row[] = []
  for (const [label, value] of Object.entries(values)) {
    if (value === undefined) continue
    if (typeof value === 'boolean') rows.push({ label, text: value ? 'yes' : 'no' })
    else if (typeof value === 'number') rows.push({ label, text: number.format(value) })
    else rows.push({ label, text: value })
  }
  return rows
}

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 2 })

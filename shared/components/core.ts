// The components of the core.
import { component } from './component.ts'
import { text, u16 } from './fields.ts'

/** How an entity looks: `race/job` of a player, the content id of a creature. */
export const Appearance = component(
  'appearance',
  { id: text() },
  { audience: 'near', life: 'entity', first: { id: '' } },
)

/** What is written over an entity. */
export const Name = component(
  'name',
  { text: text() },
  { audience: 'near', life: 'entity', first: { text: '' } },
)

/**
 * Hit points, for games that want them. The page draws a bar for it. The core changes it nowhere.
 */
export const Health = component(
  'health',
  { now: u16, most: u16 },
  { audience: 'near', life: 'character', first: { now: 100, most: 100 } },
)

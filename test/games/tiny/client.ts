// The browser half.
import { flock, whistled } from './protocol.ts'

export const gameApi = { game: flock }
export const title = 'Tiny'
export const jobColors: Record<string, string> = { shepherd: '#8a6d3b' }

export const creatureShapes: Record<
  string,
  { length: number; width: number; head: number; marks: readonly string[] }
> = {}

export const actions = {
  Digit1: { label: 'whistle', message: { kind: 'game.whistle', loud: true } },
}

export function bubbleOf(message: { kind: string; [field: string]: unknown }) {
  const heard = whistled.safeParse(message)
  if (message.kind !== 'game.whistle' || !heard.success) return undefined
  return { entity: heard.data.from, text: `♪ ${heard.data.came}` }
}

// Faults of whole processes that follow from a seed: what happens when, and for how long.
import { createRandom } from '#client/bots/random.ts'

export const faultKinds = [
  'host killed',
  'host stopped',
  'store stopped',
  'store killed',
  'cache stopped',
  'sidecars killed',
] as const
export type FaultKind = (typeof faultKinds)[number]

/** Times in ms, `at` since the beginning of the story. */
export type Fault = { at: number; kind: FaultKind; lastsMs: number }

/** How long each lasts, ms: from what nobody notices to what a lease does not outlive. */
const lasts: Record<FaultKind, { min: number; max: number }> = {
  'host killed': { min: 0, max: 0 },
  'host stopped': { min: 1000, max: 22_000 },
  'store stopped': { min: 1000, max: 12_000 },
  'store killed': { min: 500, max: 12_000 },
  'cache stopped': { min: 2000, max: 20_000 },
  'sidecars killed': { min: 1000, max: 1000 },
}
/** Between the beginnings of two faults, ms: they overlap more often than not. */
const apart = { min: 2000, max: 11_000 }

/** Each kind at least once, in an order and at times drawn from the seed. */
export function faultStory(seed: number, count: number): Fault[] {
  const random = createRandom(`faults ${seed}`)
  const between = ({ min, max }: { min: number; max: number }) =>
    Math.round(min + random() * (max - min))
  const kinds = Array.from({ length: count }, (_, index) => {
    const drawn = Math.floor(random() * faultKinds.length)
    return faultKinds[index < faultKinds.length ? index : drawn]!
  })
  for (let left = kinds.length - 1; left > 0; left--) {
    const other = Math.floor(random() * (left + 1))
    const kind = kinds[left]!
    kinds[left] = kinds[other]!
    kinds[other] = kind
  }
  let at = 0
  return kinds.map((kind) => {
    at += between(apart)
    return { at, kind, lastsMs: between(lasts[kind]) }
  })
}

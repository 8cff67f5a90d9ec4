// Seeded randomness of a world: sfc32 (Chris Doty-Humphrey, PractRand), 128 bits of state, integers
// alone, the same on every engine. The state is part of the world, so a replay draws the same numbers.

/** Three words of state and a counter. */
export type Random = Uint32Array

/** Returns the stream of a seed. A seed is any number; only its low 32 bits count. */
export function createRandom(seed: number): Random {
  // Two words of the seed's place are constants, as the author's seeding does; 12 rounds mix them.
  const random = new Uint32Array([0, seed >>> 0, 0x9e3779b9, 1])
  for (let i = 0; i < 12; i++) nextU32(random)
  return random
}

/** The next 32 bits. */
export function nextU32(random: Random): number {
  const a = random[0]!
  const b = random[1]!
  const c = random[2]!
  const counter = random[3]!
  const result = (a + b + counter) >>> 0
  random[3] = counter + 1
  random[0] = b ^ (b >>> 9)
  random[1] = c + (c << 3)
  random[2] = ((c << 21) | (c >>> 11)) + result
  return result
}

/**
 * A whole number from 0 to `count` - 1; `count` is 1 to 2^32. One draw: the upper 32 bits of the product of
 * the drawn word and `count`. The word is taken in halves, so that each product is exact in a double.
 */
function below(random: Random, count: number): number {
  const word = nextU32(random)
  const low = Math.floor(((word & 0xffff) * count) / 0x1_0000)
  return Math.floor(((word >>> 16) * count + low) / 0x1_0000)
}

/**
 * A whole number from `low` to `high`, both included, by one draw. Throws a RangeError unless both are
 * whole numbers, `low` is not above `high`, and they span at most 2^32.
 */
export function between(random: Random, low: number, high: number): number {
  const whole = Number.isSafeInteger(low) && Number.isSafeInteger(high)
  if (!whole || low > high || high - low >= 0x1_0000_0000) {
    throw new RangeError(`no number can be drawn from ${low} to ${high}`)
  }
  return low + below(random, high - low + 1)
}

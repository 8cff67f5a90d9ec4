import type { CacheAnswer } from './cache.ts'

export type Reply = CacheAnswer

/** A command of the engine. `least` and `most`: how many arguments it takes, the name not counted. */
export type Command = { least: number; most: number; run: (args: readonly string[]) => Reply }

// The saved state of a character, declared once: for its state row, for checkpoints, and for the host.
//
// It carries a version. An older version is brought up to date when it is read. A newer version may only
// have added fields: those that this version does not know, parts of a game among them, are carried on
// as they are, under the newer version's number, so a host of this version loses nothing of them.
import * as z from 'zod'
import {
  effectBodyMaxBytes,
  effectIdMaxChars,
  effectKindMaxChars,
  effectsPerCharacterMax,
} from '../limits.ts'
import type { WaitingEffect } from '../rules/effects.ts'
import type { Value } from '../store/store.ts'

/** 1: four attributes of the state row. 2: a value of its own. 3: effects. 4: parts. 5: outside. 6: sentTo. */
const savedVersion = 6

/** In this order they are packed, for good. */
const packed = {
  zone: z.string(),
  /** Units. */
  x: z.int(),
  y: z.int(),
  heading: z.int().min(0).max(65_535),
}
export const packedFields = Object.keys(packed) as readonly (keyof typeof packed)[]

const waitingEffect: z.ZodType<WaitingEffect> = z.looseObject({
  id: z.string().max(effectIdMaxChars),
  kind: z.string().max(effectKindMaxChars),
  body: z.string().max(effectBodyMaxBytes),
})

const partValue = z.union([z.number(), z.string(), z.boolean()])
const part = z.object({ v: z.int().min(1) }).catchall(partValue)

/** A new field is optional, has a bound and comes with a new version. It is packed by its name. */
const fields = {
  ...packed,
  /** Effects whose outcome the zone does not know yet (shared/game/effect.ts). Absent: none. */
  effects: z.array(waitingEffect).min(1).max(effectsPerCharacterMax).optional(),
  /** Components of the character by name, each with its version (gameserver/sim/saved-parts.ts). */
  parts: z.record(z.string(), part).optional(),
  /** In a private instance: in which, and where outside it came from. There it comes back to. */
  outside: z.object({ instance: z.string(), zone: z.string(), x: z.int(), y: z.int() }).optional(),
  /** An operator has sent it to this instance, which the director tries first until then, Unix ms. */
  sentTo: z
    .object({ zone: z.string(), bootId: z.string(), instance: z.string(), until: z.int() })
    .optional(),
}

export type Saved = z.infer<z.ZodObject<typeof fields>>

const savedSchema = z.looseObject(fields)
const versioned = z.looseObject({ v: z.int().min(1) })

/** By version: the function that makes the next version of a saved state. */
const upgrades: Record<number, (older: Record<string, unknown>) => Record<string, unknown>> = {
  1: ({ zone, x, y, heading }) => ({ zone, x, y, heading }),
  2: (older) => older,
  3: (older) => older,
  4: (older) => older,
  5: (older) => older,
}

/** Reads the value of `toStored`, of this version, a newer or an older one. Throws on any other: a defect. */
export function readSaved(stored: unknown): Saved {
  const { v, ...rest } = versioned.parse(stored)
  let saved: Record<string, unknown> = rest
  for (let version = v; version < savedVersion; version++) saved = upgrades[version]!(saved)
  return savedSchema.parse(v > savedVersion ? { ...saved, v } : saved)
}

/** The stored form of a saved state: a map with its version. */
export function toStored(saved: Saved): { [field: string]: Value } {
  return { v: savedVersion, ...saved }
}

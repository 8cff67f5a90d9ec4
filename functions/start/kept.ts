// What all domains keep of players, for the function that exports and erases it: it carries their code.
import { domains } from '../domains.ts'
import { keptBy } from '../http/personal.ts'
import type { Kept } from '../http/personal.ts'

export async function openKept(): Promise<Kept> {
  return await Promise.resolve(keptBy(domains))
}

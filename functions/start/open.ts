// Opens what domains need beside what every one is given. An entry passes in the openers of its domains,
// so that its bundle carries no others.
import { createVerifier } from '#shared/keys/ring.ts'
import type { Verifier } from '#shared/keys/ring.ts'
import { needsOf } from '../http/record.ts'
import type { DomainRecord, GivenParts, Need, NeededParts } from '../http/record.ts'
import type { Wired } from './wire.ts'

export type Openers = { [N in Need]?: (wired: Wired) => Promise<NeededParts[N]> }

/** The parts that some domains are given. Throws what their openers throw. */
export async function openParts(
  records: readonly DomainRecord[],
  openers: Openers,
  wired: Wired,
): Promise<GivenParts> {
  const opened = await Promise.all(
    [...needsOf(records)].map(async (need) => {
      const open = openers[need]
      if (open === undefined) throw new Error(`a domain needs ${need}, which has no opener here`)
      return [need, await open(wired)] as const
    }),
  )
  const needed = Object.fromEntries(opened) as NeededParts
  const keys = needsOf(records).has('signing') ? needed.signing : await openVerifier(wired)
  return { ...wired, ...needed, keys }
}

/** For functions that sign nothing: they have no permission to open a private key. */
async function openVerifier({ store, runtime }: Wired): Promise<Verifier> {
  const verifier = createVerifier({ store, runtime })
  await verifier.refresh()
  return verifier
}

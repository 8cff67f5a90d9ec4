// What the host does with commands from its inbox. They come at least once and may be late: each names
// the epoch it was issued against, and a character of a later epoch is none of its business.
import type { Command } from '#shared/ownership/inbox.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { Persistence } from '../persistence/persistence.ts'
import type { Admission } from './admission.ts'
import type { Instance } from './instance.ts'

/** Answers what carries out one command. It never throws. */
export function createInbox(deps: {
  instances: ReadonlyMap<string, Instance>
  admission: Admission
  persistence: Persistence
  log: Log
}): (command: Command) => void {
  const { instances, admission, persistence, log } = deps
  const own = (work: Promise<unknown>): void => {
    work.catch((error: unknown) => log.error('a command failed', { error }))
  }

  return ({ kind, characterId, epoch }) => {
    log.info('command', { kind, characterId, epoch })
    let known = admission.claims(characterId)
    for (const instance of instances.values()) {
      known ||= instance.departures.has(characterId)
      const character = instance.find(characterId)
      if (character === undefined) continue
      known = true
      if (character.claimed.epoch > epoch) continue
      if (kind === 'fence') instance.drop(character, 'fenced')
      else own(instance.release(character, 'replaced'))
    }
    // The guard names us for a character that nobody here holds: a claim whose answer was lost. Not
    // while one is in flight, which would have the character a moment later.
    if (kind === 'letGo' && !known) own(persistence.letGo(characterId, epoch))
  }
}

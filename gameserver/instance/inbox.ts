// What the host does with commands from its inbox. They come at least once and may be late: each names
// the epoch it was issued against, and a character of a later epoch is none of its business.
import type { CharacterCommand, Command } from '#shared/ownership/inbox.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { Persistence } from '../persistence/persistence.ts'
import type { Admission } from './admission.ts'
import type { Instance } from './instance.ts'

/** Announcements remembered, so that one that comes twice is shown once. */
const announcementsKept = 64

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

  /** Announcements that were shown, oldest first. */
  const shown = new Set<string>()
  const announce = (id: string, text: string): void => {
    if (shown.has(id)) return
    shown.add(id)
    for (const oldest of shown) {
      if (shown.size <= announcementsKept) break
      shown.delete(oldest)
    }
    for (const instance of instances.values()) instance.announce(text)
  }

  const carryOut = ({ kind, characterId, epoch }: CharacterCommand): void => {
    let known = admission.claims(characterId)
    for (const instance of instances.values()) {
      known ||= instance.departures.has(characterId)
      const character = instance.find(characterId)
      if (character === undefined) continue
      known = true
      if (character.claimed.epoch > epoch) continue
      if (kind === 'fence') instance.drop(character, 'fenced')
      else own(instance.release(character, kind === 'kick' ? 'kicked' : 'replaced'))
    }
    if (kind === 'kick') admission.forbid(characterId, epoch)
    // The guard names us for a character that nobody here holds: a claim whose answer was lost. Not
    // while one is in flight, which would have the character a moment later.
    if (kind !== 'fence' && !known) own(persistence.letGo(characterId, epoch))
  }

  return (command) => {
    if (command.kind === 'announce') {
      log.info('command', { kind: command.kind, id: command.id })
      announce(command.id, command.text)
      return
    }
    const { kind, characterId, epoch } = command
    log.info('command', { kind, characterId, epoch })
    carryOut(command)
  }
}

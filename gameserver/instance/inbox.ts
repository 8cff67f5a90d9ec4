// Applies commands from the host's inbox. They come at least once and may be late: each names the epoch
// that it was issued against, and does not concern a character of a later epoch.
import { sentToMs } from '#shared/limits.ts'
import type {
  CharacterCommand,
  Command,
  MoveCommand,
  OpenCommand,
} from '#shared/ownership/inbox.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { Persistence } from '../persistence/persistence.ts'
import type { Admission } from './admission.ts'
import type { Character } from './character.ts'
import { broadcast } from './delivery.ts'
import type { Instance } from './instance.ts'
import { fence, startLeave, whereIs } from './leaving.ts'
import type { Voices } from './voices.ts'

/** Announcements remembered, so that none is shown twice. */
const announcementsKept = 64

/** Returns a function that applies one command. It never throws. */
export function createInbox(deps: {
  instances: ReadonlyMap<string, Instance>
  admission: Admission
  voices: Voices
  /** Opens a private instance. */
  open: (command: OpenCommand) => void
  /** Closes one instance. */
  close: (instance: string) => void
  persistence: Persistence
  log: Log
}): (command: Command) => void {
  const { instances, admission, voices, open, close, persistence, log } = deps

  /** Announcements that were shown, oldest first. */
  const shown = new Set<string>()
  const announce = (id: string, text: string, zone: string | undefined): void => {
    if (shown.has(id)) return
    shown.add(id)
    for (const oldest of shown) {
      if (shown.size <= announcementsKept) break
      shown.delete(oldest)
    }
    for (const instance of instances.values()) {
      if (zone !== undefined && instance.zone.id !== zone) continue
      broadcast(instance, { kind: 'announce', text })
    }
  }

  /** Starts its leave. Nobody is sent away while nothing can be saved: who sends him asks again. */
  const send = (instance: Instance, character: Character, { to }: MoveCommand): void => {
    if (instance.savingPaused) return
    const here = whereIs(instance, character)
    const sentTo = { ...to, until: instance.runtime.now() + sentToMs }
    startLeave(instance, character, 'redirected', here && { ...here, sentTo })
  }

  const apply = (command: CharacterCommand | MoveCommand): void => {
    const { kind, characterId, epoch } = command
    let known = admission.claims(characterId)
    for (const instance of instances.values()) {
      known ||= instance.leaves.has(characterId)
      const character = instance.roster.find(characterId)
      if (character === undefined) continue
      known = true
      if (character.claimed.epoch > epoch) continue
      if (kind === 'fence') fence(instance, character, 'fenced')
      else if (kind === 'move') send(instance, character, command)
      else startLeave(instance, character, kind === 'kick' ? 'kicked' : 'replaced')
    }
    if (kind === 'kick') admission.forbid(characterId, epoch)
    // The guard names us for a character that no instance here holds: the answer of a claim was lost. Not
    // while a claim is in flight: it would hold the character a moment later.
    if (kind !== 'fence' && !known) {
      persistence
        .letGo(characterId, epoch)
        .catch((error: unknown) => log.error('a command failed', { error }))
    }
  }

  return (command) => {
    if (command.kind === 'announce') {
      log.info('command', { kind: command.kind, id: command.id })
      announce(command.id, command.text, command.zone)
      return
    }
    if (command.kind === 'open') {
      log.info('command', { kind: command.kind, instance: command.instance })
      open(command)
      return
    }
    if (command.kind === 'close') {
      log.info('command', { kind: command.kind, instance: command.instance })
      close(command.instance)
      return
    }
    if (command.kind === 'mute') {
      const { kind, accountId, until, version } = command
      log.info('command', { kind, accountId, until })
      voices.take(accountId, { until, version })
      return
    }
    const { kind, characterId, epoch } = command
    log.info('command', { kind, characterId, epoch })
    apply(command)
  }
}

// What arrives while a client is joined: the zone itself, snapshots, control messages, new content.
import { asControl, serverControl, unpackControl } from '#shared/protocol/control.ts'
import type { ServerFrame, Welcome } from '#shared/protocol/server-frames.ts'
import { buildWalls } from '#shared/rules/walls.ts'
import type { Walls } from '#shared/rules/walls.ts'
import { countError } from './metrics.ts'
import type { UseRefusal } from './own-abilities.ts'
import type { ZoneClientCore } from './zone-client-state.ts'
import { joinZone } from './zone.ts'
import type { JoinedZone } from './zone.ts'

/** Looks for the content that the host has, with waits that grow: about 1.5 s in all. */
const reloadTriesMax = 4
const reloadWaitMs = 250

/** WELCOME and the first snapshot are here: the client is in the zone. */
export function arrive(
  core: ZoneClientCore,
  welcome: Welcome,
  first: Extract<ServerFrame, { kind: 'snapshot' }>,
  walls: Walls,
  resumed: boolean,
): void {
  const { options, emitter } = core
  const zone = joinZone(
    welcome,
    core.schemas.current,
    first,
    walls,
    options.monotonic(),
    core.metrics,
    (command) => answerUse(core, command, 'late'),
  )
  core.zone = zone
  const { instance } = welcome
  core.become({ phase: 'joined', zone: welcome.zone, instance })
  emitter.emit('zone', { content: core.content!, instance, resumed })
  emitter.emit('acknowledged', zone.acknowledged)
  const known = options.contentVersion?.()
  if (known !== undefined && known !== welcome.contentVersion) {
    void reload(core, welcome.contentVersion, zone)
  }
}

/** The host has other content: it is loaded once more, and walking goes on with its walls. */
async function reload(core: ZoneClientCore, version: string, inZone: JoinedZone): Promise<void> {
  const { options, stopping } = core
  const { zone, instance } = inZone.welcome
  try {
    let fresh = await options.loadZone(zone, true)
    // The file server may have the change a moment after the host.
    for (let tries = 1; tries < reloadTriesMax; tries++) {
      if (core.zone !== inZone || (options.contentVersion?.() ?? version) === version) break
      await options.runtime.sleep(reloadWaitMs * tries, stopping.signal)
      fresh = await options.loadZone(zone, true)
    }
    if (core.zone !== inZone) return
    core.content = fresh
    inZone.setWalls(buildWalls(fresh))
    core.emitter.emit('zone', { content: fresh, instance, resumed: true })
  } catch {
    // Play goes on with the content at hand: the server decides, corrections show the difference.
    countError(core.metrics, 'content.stale')
  }
}

/** Any frame that neither begins nor ends a connection. */
export function receive(core: ZoneClientCore, frame: ServerFrame): void {
  const { zone, emitter } = core
  if (frame.kind === 'snapshot') {
    if (zone !== undefined) {
      emitter.emit('acknowledged', zone.receive(frame, core.options.monotonic()))
    }
  } else if (frame.kind === 'control') {
    receiveControl(core, unpackControl(frame.body))
  }
}

/** Tells how the use of an ability ended, once. */
function answerUse(
  { zone, emitter }: ZoneClientCore,
  command: number,
  refused: UseRefusal | undefined,
): void {
  const ability = zone?.answered(command)
  if (ability !== undefined) emitter.emit('used', { ability, command, refused })
}

/** The connection of the zone has ended: no outcome comes any more. */
export function loseUses(core: ZoneClientCore): void {
  const lost = [...(core.zone?.unanswered().keys() ?? [])]
  for (const command of lost) answerUse(core, command, 'lost')
}

function receiveControl(core: ZoneClientCore, body: unknown): void {
  const { zone, emitter, requests } = core
  const value = asControl(body)
  if (value !== undefined && value.kind.startsWith('game.') && requests.answer(value)) return
  if (value?.kind.startsWith('game.')) emitter.emit('message', value)
  const message = serverControl.safeParse(value)
  // Kinds of later versions are skipped.
  if (!message.success) return
  const { data } = message
  switch (data.kind) {
    case 'chat.nearby':
      emitter.emit('chat', data)
      break
    case 'refused':
      if (!requests.refuse(data.re, data.code)) emitter.emit('refused', data)
      break
    case 'used':
      answerUse(core, data.command, data.refused)
      break
    case 'announce':
      emitter.emit('announce', data)
      break
    case 'said':
      emitter.emit('said', data)
      break
    case 'lost':
      emitter.emit('lost', data)
      break
    case 'maintenance':
      emitter.emit('maintenance', data)
      break
    case 'saving':
      core.savingPaused = data.paused
      emitter.emit('saving', data)
      break
    case 'notified':
      emitter.emit('notified', data)
      break
    case 'tally':
      if (data.changes <= (core.tallyChanges.get(data.tally) ?? 0)) break
      core.tallyChanges.set(data.tally, data.changes)
      emitter.emit('tally', data)
      break
    case 'result':
      emitter.emit('result', data)
      break
    case 'gate':
      emitter.emit('gate', data)
      break
    case 'content':
      if (zone !== undefined) void reload(core, data.version, zone)
      break
  }
}

// The frames of an instance besides snapshots (net/viewer.ts).
import { packControl, unpackControl } from '#shared/protocol/control.ts'
import type { ControlMessage, ServerControl } from '#shared/protocol/control.ts'
import { encodeServerFrame } from '#shared/protocol/server-frames.ts'
import { shownMaintenance } from '#shared/live/bulletin.ts'
import { realTime } from '../net/viewer.ts'
import type { ZoneRules } from '../sim/rules.ts'
import type { Entity, World, WorldEvent } from '../sim/world.ts'
import type { Instance } from './instance.ts'

export type WorldMessage = Extract<WorldEvent, { event: 'message' }>
type AbilityUsed = Extract<WorldEvent, { event: 'used' }>

export function welcomeFrame(
  world: World,
  entity: Entity,
  resume: { stay: number; secret: Uint8Array },
  place: { zone: string; instance: string; contentVersion: string },
): Uint8Array {
  return encodeServerFrame({
    kind: 'welcome',
    ...resume,
    entity: entity.id,
    tick: world.tick,
    tickUs: Math.round(1_000_000 / world.tickHz),
    timeScale: realTime,
    width: world.width,
    height: world.height,
    nextCommand: entity.commands!.expected,
    ...place,
  })
}

/** What a client must know to read snapshots. It comes before WELCOME. */
export function schemaFrame({ name, json }: { name: string; json: string }): Uint8Array {
  return encodeServerFrame({ kind: 'schema', name, json: new TextEncoder().encode(json) })
}

/** `passedMs`: since the latest tick was due. */
export function pongFrame({ tick, tickHz }: World, token: number, passedMs: number): Uint8Array {
  const passed = (passedMs * tickHz) / 1000
  const part = Math.max(0, Math.min(65_535, Math.floor(passed * 65_536)))
  return encodeServerFrame({ kind: 'pong', token, tick, part })
}

/** To a player who walked through a gate: the zone that the client asks `enter` for. */
export function redirectFrame(zone: string): Uint8Array {
  return encodeServerFrame({ kind: 'redirect', mode: 'go', zone, address: '', ticket: '' })
}

/**
 * The frame of a message from a tick. Throws when the message does not fit the schema of its kind, or holds
 * what no client can read (a date, an integer beyond 2^53).
 */
export function messageFrame(rules: ZoneRules, { kind, body, re }: WorldMessage): Uint8Array {
  const { toClient, answer } = rules.messages.get(kind)?.message ?? {}
  const parsed = (re === undefined ? toClient : answer)?.safeParse(body)
  if (parsed?.success !== true) {
    const [issue] = parsed?.error?.issues ?? []
    const why =
      issue === undefined ? '' : `: ${[...issue.path.map(String), issue.message].join(': ')}`
    throw new Error(`what is sent is not what the kind declares${why}`)
  }
  const packed = packControl({ ...(parsed.data as object), kind, re })
  if (unpackControl(packed) === undefined) throw new Error('what is sent fits no control message')
  return encodeServerFrame({ kind: 'control', body: packed })
}

/** To the player whose command used the ability. */
export function usedFrame({
  command,
  refused,
}: Pick<AbilityUsed, 'command' | 'refused'>): Uint8Array {
  return controlFrame({ kind: 'used', command, refused })
}

/** What players are told of a maintenance. */
export function maintenanceOf({ maintenance }: Pick<Instance, 'maintenance'>): ServerControl {
  return { kind: 'maintenance', ...shownMaintenance(maintenance) }
}

export function controlFrame(message: ServerControl | ControlMessage): Uint8Array {
  return encodeServerFrame({ kind: 'control', body: packControl(message) })
}

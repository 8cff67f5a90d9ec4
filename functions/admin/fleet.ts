// Shows zone hosts to operators, and sends them the commands of operators.
import type { FleetView } from '#shared/api/admin/fleet.ts'
import type { OperationId, OperatorCaller } from '#shared/api/endpoint.ts'
import { authority } from '#shared/authority.ts'
import type { FleetHost } from '#shared/fleet/fleet.ts'
import { answerOf } from '#shared/http/operation.ts'
import { announcementFreshMs } from '#shared/limits.ts'
import { commandPut } from '#shared/ownership/inbox.ts'
import { clockOff, judgeSuspect, readLease } from '#shared/ownership/lease.ts'
import type { Lease } from '#shared/ownership/lease.ts'
import { findCards } from '#shared/ownership/card.ts'
import type { Card } from '#shared/ownership/card.ts'
import { Problem } from '#shared/problem.ts'
import { birthOfId } from '#shared/runtime.ts'
import { commit, recall } from '#shared/store/commit.ts'
import type { AdminDeps } from './admin.ts'
import { auditWrite } from './audit.ts'

/** Rows written side by side. */
const atOnce = 25

/**
 * Hosts of the fleet, and those that the fleet does not know but whose instances are there. One trip a
 * zone and one a host, side by side; 2 s more when a clock seems to be behind.
 */
export async function listFleet(deps: AdminDeps): Promise<FleetView[]> {
  const [known, open] = await Promise.all([deps.fleet.list(), readInstances(deps)])
  const byBoot = Map.groupBy(open, ({ card }) => card.bootId)
  const listed = new Set(known.map(({ bootId }) => bootId))
  const strangers = [...byBoot.keys()].filter((bootId) => !listed.has(bootId))
  const views = await Promise.all([
    ...known.map(async (host) => await viewOf(deps, host, byBoot.get(host.bootId ?? '') ?? [])),
    ...strangers.map(async (bootId) => await viewOf(deps, bootId, byBoot.get(bootId)!)),
  ])
  return views.sort((a, b) => (a.name < b.name ? -1 : 1))
}

type Open = { realmId: string; card: Card }

export function leaseWord(bootId: string, lease: Lease): 'held' | 'suspect' | 'ended' {
  if (lease.ended) return 'ended'
  return judgeSuspect(bootId, lease).dead ? 'suspect' : 'held'
}

async function viewOf(deps: AdminDeps, host: FleetHost | string, open: Open[]): Promise<FleetView> {
  const bootId = typeof host === 'string' ? host : host.bootId
  const row = bootId === undefined ? undefined : await readLease(deps.store, bootId)
  const lease = row === undefined ? 'none' : leaseWord(bootId!, row)
  const off = row === undefined ? undefined : await clockOff(deps, bootId!, row)
  const slots = open.filter(({ card }) => card.kind === 'slots')
  const running = open.filter(({ card }) => card.kind !== 'slots')
  const instances = running.map(({ realmId, card }) => ({
    realmId,
    zone: card.zone,
    instance: card.instance,
    state: card.state,
    players: card.players,
    capacity: card.capacity,
  }))
  const clock = off === undefined ? {} : { clockOffMs: off }
  const room = slots.map(({ realmId, card: { zone, count, capacity } }) => {
    return { realmId, zone, used: count, free: Math.max(0, capacity - count) }
  })
  const more = { bootId: bootId ?? '', lease, ...clock, instances, slots: room } as const
  return typeof host === 'string'
    ? { name: '', address: open[0]!.card.address, state: 'unknown', ...more }
    : { name: host.name, address: authority(host.address, host.port), state: host.state, ...more }
}

async function readInstances({ store, realms, content }: AdminDeps): Promise<Open[]> {
  const pairs = [...realms.here].flatMap((realmId) =>
    [...content.zones.keys()].map((zone) => ({ realmId, zone })),
  )
  const found = await Promise.all(
    pairs.map(async ({ realmId, zone }) =>
      (await findCards(store, realmId, zone)).map((card) => ({ realmId, card })),
    ),
  )
  return found.flat()
}

/** Has a host drain. Throws admin.host_unknown, operation.mismatch. */
export async function stopHost(
  deps: AdminDeps,
  operator: OperatorCaller,
  name: string,
  reason: string,
  op: OperationId,
): Promise<void> {
  const there = (await deps.fleet.list()).some((host) => host.name === name)
  // The repeat of a stop may find no such host, because it has ended: names are never used twice.
  if (!there) {
    const before = await recall(deps, op)
    if (before === undefined) throw new Problem('admin.host_unknown')
    answerOf(before)
  }
  const action = { action: 'fleet.stop', target: name, what: '', reason } as const
  const { write } = auditWrite(deps.runtime, operator, op, action)
  answerOf(await commit(deps, op, { steps: [{ write }], answer: {} }))
  await deps.fleet.drain(name)
}

/**
 * Puts a line into the inbox of every host of the realm. A host shows it once, by its id; a repeat
 * reaches hosts that the first one missed, for a minute. Throws admin.zone_unknown, operation.mismatch.
 */
export async function announce(
  deps: AdminDeps,
  operator: OperatorCaller,
  realmId: string,
  request: { text: string; zone?: string | undefined; reason: string },
  op: OperationId,
): Promise<{ hosts: number }> {
  const { text, zone, reason } = request
  if (zone !== undefined && !deps.content.zones.has(zone)) throw new Problem('admin.zone_unknown')
  const action = { action: 'announce', target: realmId, what: text, reason } as const
  const { write, entryId } = auditWrite(deps.runtime, operator, op, action)
  const noted = await commit(deps, op, { steps: [{ write }], answer: { id: entryId } })
  const { id } = answerOf(noted)
  const now = deps.runtime.now()
  if (now - (birthOfId(id) ?? 0) > announcementFreshMs) return { hosts: 0 }
  const open = (await readInstances(deps)).filter(
    ({ realmId: at, card }) =>
      at === realmId && card.kind !== 'slots' && (zone === undefined || card.zone === zone),
  )
  const hosts = [...new Set(open.map(({ card }) => card.bootId))]
  for (let from = 0; from < hosts.length; from += atOnce) {
    await Promise.all(
      hosts.slice(from, from + atOnce).map(async (bootId) => {
        await deps.store.put(
          commandPut(now, bootId, {
            kind: 'announce',
            id,
            text,
            ...(zone === undefined ? {} : { zone }),
          }),
        )
        deps.hint(bootId)
      }),
    )
  }
  return { hosts: hosts.length }
}

// What operators do with instances: open one more, close one, send a player to another. Each is noted in the audit in
// the transaction of the act, or before it where the act is the fleet's.
import type { MoveTo } from '#shared/api/admin/instances.ts'
import type { OperationId, OperatorCaller } from '#shared/api/endpoint.ts'
import { FleetError, zoneLabel } from '#shared/fleet/fleet.ts'
import type { FleetHost } from '#shared/fleet/fleet.ts'
import { answerOf } from '#shared/http/operation.ts'
import { findInstances } from '#shared/ownership/card.ts'
import type { Card, InstanceRef } from '#shared/ownership/card.ts'
import { commandPut } from '#shared/ownership/inbox.ts'
import { findRoom } from '#shared/ownership/listing.ts'
import { isFresh } from '#shared/ownership/liveness.ts'
import { removeFromPlay } from '#shared/ownership/removal.ts'
import { Problem } from '#shared/problem.ts'
import type { ProblemCode } from '#shared/problem.ts'
import { commit, recall } from '#shared/store/commit.ts'
import { once } from '../http/once.ts'
import { standingCheck } from '../auth/auth.ts'
import { hostPollMs, hostWaitMs } from '../world/world.ts'
import { audited, effect, readCharacters } from './admin.ts'
import type { AdminDeps, PlayedCharacter } from './admin.ts'
import { findCard } from './instances.ts'
import { notAbove } from './rights.ts'
import { findAccount } from './who.ts'

type At = { bootId: string; instance: string }

/**
 * Asks the fleet for one more host of a zone, and waits up to 4 s for it. The id of the operation names the need, so a
 * repeat gets the same host. Throws admin.zone_unknown, admin.zone_private, world.full, auth.forbidden.
 */
export async function openInstance(
  deps: AdminDeps,
  operator: OperatorCaller,
  realmId: string,
  { zone, reason }: { zone: string; reason: string },
  op: OperationId,
): Promise<{ host: string; bootId: string; instance?: string }> {
  const of = deps.content.zones.get(zone)
  if (of === undefined) throw new Problem('admin.zone_unknown')
  if (of.private !== undefined) throw new Problem('admin.zone_private')
  const action = {
    action: 'instance.open',
    target: `${realmId} ${zone}`,
    what: '',
    reason,
  } as const
  answerOf(await commit(deps, op, { steps: audited(deps, operator, op, action), answer: {} }))
  const host = await allocate(deps, zone, `${realmId}/operator/${op.hash}`)
  const bootId = host?.bootId
  if (host === undefined || bootId === undefined) {
    const detail = 'The fleet has no host of this zone that is Ready.'
    throw new Problem('world.full', { retryAfterS: 2, detail })
  }
  for (let waitedMs = 0; waitedMs < hostWaitMs; waitedMs += hostPollMs.allocated) {
    const cards = await findInstances(deps.store, realmId, zone)
    const opened = cards.find((card) => card.bootId === bootId && card.state === 'open')
    if (opened !== undefined) return { host: host.name, bootId, instance: opened.instance }
    await deps.runtime.sleep(hostPollMs.allocated)
  }
  return { host: host.name, bootId }
}

/** One that is starting is waited for. */
async function allocate(
  { fleet, runtime }: AdminDeps,
  zone: string,
  requestId: string,
): Promise<FleetHost | undefined> {
  for (let waitedMs = 0; ; waitedMs += hostPollMs.starting) {
    const host = await fleet
      .allocate({ requestId, labels: { [zoneLabel]: zone } })
      .catch((cause: unknown) => {
        if (!(cause instanceof FleetError)) throw cause
        throw new Problem('world.full', { retryAfterS: 2, cause })
      })
    if (host !== undefined || waitedMs >= hostWaitMs) return host
    await runtime.sleep(hostPollMs.starting)
  }
}

/**
 * Has its host close an instance: the command is written with the audit entry. Throws admin.instance_unknown,
 * auth.forbidden, operation.mismatch.
 */
export async function closeInstance(
  deps: AdminDeps,
  operator: OperatorCaller,
  { realmId, bootId, instance }: At & { realmId: string },
  reason: string,
  op: OperationId,
): Promise<void> {
  await once(deps, op, async () => {
    const { zone } = await findCard(deps, realmId, { bootId, instance })
    const target = `${realmId} ${bootId}/${instance}`
    const action = { action: 'instance.close', target, what: zone, reason } as const
    const put = commandPut(deps.runtime.now(), bootId, { kind: 'close', realmId, instance })
    return { steps: [...audited(deps, operator, op, action), { write: { put } }], answer: {} }
  })
  deps.hint(bootId)
}

type Moved = { accountId: string; characterId: string; name: string; to: InstanceRef }

/**
 * Sends the character that a player plays to another instance. Its host saves it and tells its client to enter again;
 * the director leads it there (functions/world). The repeat of a move sends nobody who has gone on since. Takes up to
 * 4 s. Throws admin.* as the endpoint lists them, world.full, auth.forbidden, operation.mismatch.
 */
export async function movePlayer(
  deps: AdminDeps,
  operator: OperatorCaller,
  { realmId, who }: { realmId: string; who: string },
  { to, reason }: { to: MoveTo; reason: string },
  op: OperationId,
): Promise<Moved & { left: boolean }> {
  type Kept = Moved & { epoch: number }
  const known = await recall<Kept, ProblemCode>(deps, op)
  const { epoch, ...moved } =
    known === undefined
      ? await plan(deps, operator, { realmId, who, to, reason }, op)
      : answerOf(known)
  const removal = { realmId, characterId: moved.characterId, epoch, to: moved.to }
  return { ...moved, left: (await removeFromPlay(deps, removal)) === 'out' }
}

async function plan(
  deps: AdminDeps,
  operator: OperatorCaller,
  { realmId, who, to, reason }: { realmId: string; who: string; to: MoveTo; reason: string },
  op: OperationId,
): Promise<Moved & { epoch: number }> {
  const accountId = await findAccount(deps, who)
  const from = await inPlay(deps, realmId, accountId)
  const here = await findCard(deps, realmId, { bootId: from.host, instance: from.instance })
  const card = await targetOf(deps, realmId, here, to)
  const { zone, bootId, instance } = card
  const { characterId, name, epoch } = from
  const what = `${characterId} to ${bootId}/${instance}`
  const action = { action: 'player.move', target: accountId, what, reason } as const
  const must = { roles: notAbove(operator) }
  const noted = await commit(deps, op, {
    steps: [
      ...audited(deps, operator, op, action),
      // His own row is looked at already.
      ...(operator.account?.accountId === accountId
        ? []
        : [effect(must, standingCheck(accountId, must))]),
    ],
    answer: { accountId, characterId, name, epoch, to: { zone, bootId, instance } },
  })
  return answerOf(noted)
}

/** The character that plays. Throws admin.not_in_play. */
async function inPlay(
  deps: AdminDeps,
  realmId: string,
  accountId: string,
): Promise<PlayedCharacter> {
  const all = await readCharacters(deps, accountId)
  const one = all.find(({ realmId: at, state }) => at === realmId && state === 'active')
  if (one === undefined) throw new Problem('admin.not_in_play')
  return one
}

/** Throws admin.instance_closed, admin.already_there, world.full. */
async function targetOf(deps: AdminDeps, realmId: string, here: Card, to: MoveTo): Promise<Card> {
  const isHere = ({ bootId, instance }: Card) =>
    bootId === here.bootId && instance === here.instance
  if (to.kind === 'other') {
    if (here.kind === 'private') {
      throw new Problem('admin.instance_closed', { detail: 'He plays in a private instance.' })
    }
    const now = deps.runtime.now()
    const judge = {
      isLive: (card: Card) => deps.isLive(card, now),
      isFresh: (card: Card) => isFresh(card, now),
    }
    const room = await findRoom(deps.store, judge, realmId, here.zone, { consistent: true })
    const card = room.find((one) => !isHere(one) && one.count < one.capacity)
    if (card !== undefined) return card
    throw new Problem('world.full', {
      detail: 'The zone has no other instance with room: open one.',
    })
  }
  const card =
    to.kind === 'instance'
      ? await findCard(deps, realmId, to)
      : await cardOfPlayer(deps, realmId, to.who)
  if (isHere(card)) throw new Problem('admin.already_there')
  if (card.kind === 'private') {
    throw new Problem('admin.instance_closed', { detail: 'Only its members come into it.' })
  }
  if (card.state !== 'open' || !deps.isLive(card, deps.runtime.now())) {
    throw new Problem('admin.instance_closed', { detail: 'It is not open.' })
  }
  if (card.count >= card.capacity) {
    throw new Problem('admin.instance_closed', { detail: 'All its places are taken.' })
  }
  return card
}

async function cardOfPlayer(deps: AdminDeps, realmId: string, who: string): Promise<Card> {
  const { host, instance } = await inPlay(deps, realmId, await findAccount(deps, who))
  return await findCard(deps, realmId, { bootId: host, instance })
}

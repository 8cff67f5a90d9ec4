// Instances of zones, as operators see them: cards, with what the rows of their hosts and members say besides.
import type { OccupantView, ZoneInstanceView } from '#shared/api/admin/instances.ts'
import type { PageQuery } from '#shared/api/page.ts'
import { FleetError } from '#shared/fleet/fleet.ts'
import { findInstances, readCard } from '#shared/ownership/card.ts'
import type { Card, InstanceRef } from '#shared/ownership/card.ts'
import { parseCharacterRows, readCharacterRows } from '#shared/ownership/guard.ts'
import { readHost } from '#shared/ownership/lease.ts'
import { readPlaces } from '#shared/ownership/places.ts'
import { readPrivate } from '#shared/ownership/private.ts'
import { Problem } from '#shared/problem.ts'
import { birthOfId } from '#shared/runtime.ts'
import { readCursor, writeCursor } from '../http/page.ts'
import type { AdminDeps } from './admin.ts'
import { leaseWord } from './fleet.ts'

type Deps = Pick<AdminDeps, 'store' | 'runtime' | 'content' | 'fleet'>

const idOf = ({ zone, bootId, instance }: InstanceRef) => `${zone}/${bootId}/${instance}`

/**
 * A page of the instances of a realm, by zone and host. All cards of the zones are read for it, one trip a zone; then
 * a trip a host and a member of private ones. Throws admin.zone_unknown, request.cursor.
 */
export async function listInstances(
  deps: Deps,
  realmId: string,
  { zone, limit, after }: PageQuery & { zone?: string | undefined },
): Promise<{ entries: ZoneInstanceView[]; next?: string }> {
  const { store, content } = deps
  if (zone !== undefined && !content.zones.has(zone)) throw new Problem('admin.zone_unknown')
  const list = 'admin.instances'
  const from = after === undefined ? '' : readCursor(list, after).id
  const zones = zone === undefined ? [...content.zones.keys()] : [zone]
  const found = await Promise.all(zones.map((one) => findInstances(store, realmId, one)))
  const cards = found
    .flat()
    .filter((card) => idOf(card) > from)
    .toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1))
  const page = cards.slice(0, limit)
  const last = page.at(-1)
  const entries = await viewsOf(deps, realmId, page)
  if (last === undefined || cards.length === page.length) return { entries }
  return { entries, next: writeCursor(list, { at: 0, id: idOf(last) }) }
}

/** An instance, and a page of who has a place there. Throws admin.instance_unknown, request.cursor. */
export async function showInstance(
  deps: Deps,
  realmId: string,
  at: { bootId: string; instance: string },
  { limit, after }: PageQuery,
): Promise<{ instance: ZoneInstanceView; entries: OccupantView[]; next?: string }> {
  const list = 'admin.instance'
  const card = await findCard(deps, realmId, at)
  const from = after === undefined ? undefined : readCursor(list, after).id
  const [[instance], page] = await Promise.all([
    viewsOf(deps, realmId, [card]),
    readPlaces(deps.store, realmId, card, limit, from),
  ])
  const found = await Promise.all(
    page.places.map(({ characterId }) => occupantOf(deps, realmId, card, characterId)),
  )
  const entries = found.filter((one) => one !== undefined)
  const { last } = page
  if (!page.more || last === undefined) return { instance: instance!, entries }
  return { instance: instance!, entries, next: writeCursor(list, { at: 0, id: last }) }
}

/** The card of an instance of a host; not of its slots. Throws admin.instance_unknown. Two trips or three. */
export async function findCard(
  { store, runtime }: Pick<Deps, 'store' | 'runtime'>,
  realmId: string,
  { bootId, instance }: { bootId: string; instance: string },
): Promise<Card> {
  const host = await readHost(store, bootId)
  const shared = host?.instances.find((one) => one.realmId === realmId && one.instance === instance)
  const zone =
    shared?.zone ?? (await readPrivate(store, runtime.now(), realmId, instance))?.zone ?? ''
  const card = await readCard(store, realmId, { zone, bootId, instance })
  if (card === undefined || card.kind === 'slots') throw new Problem('admin.instance_unknown')
  return card
}

async function viewsOf(deps: Deps, realmId: string, cards: Card[]): Promise<ZoneInstanceView[]> {
  const { store } = deps
  const bootIds = [...new Set(cards.map(({ bootId }) => bootId))]
  const [known, rows, privates] = await Promise.all([
    // A list without names is better than none.
    deps.fleet.list().catch((error: unknown) => {
      if (!(error instanceof FleetError)) throw error
      return []
    }),
    Promise.all(bootIds.map(async (bootId) => [bootId, await readHost(store, bootId)] as const)),
    Promise.all(cards.map((card) => privateOf(deps, realmId, card))),
  ])
  const hosts = new Map(rows)
  const names = new Map(known.map(({ bootId, name }) => [bootId, name]))
  return cards.map((card, i): ZoneInstanceView => {
    const { zone, bootId, instance, address, state, players, capacity, protocol, seenAt } = card
    const row = hosts.get(bootId)
    const own = privates[i]
    return {
      zone,
      bootId,
      instance,
      host: names.get(bootId) ?? '',
      address,
      state,
      lease: row === undefined ? 'none' : leaseWord(bootId, row),
      players,
      places: card.count,
      capacity,
      protocol,
      content: row?.content ?? '',
      since: own?.openedAt ?? birthOfId(bootId) ?? 0,
      seenAt,
      ...(own && { private: { members: own.members, endsAt: own.endsAt } }),
    }
  })
}

async function privateOf({ store, runtime, content }: Deps, realmId: string, card: Card) {
  if (card.kind !== 'private') return undefined
  const row = await readPrivate(store, runtime.now(), realmId, card.instance)
  if (row === undefined) return undefined
  const members = await Promise.all(
    row.members.map(async (characterId) => {
      const rows = await readRows({ store }, realmId, characterId)
      return { characterId, name: nameIn(rows?.profile) }
    }),
  )
  const minutes = content.zones.get(card.zone)?.private?.minutes ?? 0
  return { members, openedAt: row.openedAt, endsAt: row.openedAt + minutes * 60_000 }
}

async function occupantOf(
  { store }: Deps,
  realmId: string,
  { bootId, instance }: Card,
  characterId: string,
): Promise<OccupantView | undefined> {
  const rows = await readRows({ store }, realmId, characterId)
  if (rows === undefined) return undefined
  const { accountId, owner, state, instance: at } = rows.guard
  const here = owner === bootId && at === instance
  const word = !here ? 'gone' : state === 'active' ? 'in' : 'coming'
  return { playerId: accountId, characterId, name: nameIn(rows.profile), state: word }
}

async function readRows({ store }: Pick<Deps, 'store'>, realmId: string, characterId: string) {
  const page = await store.query(readCharacterRows(realmId, characterId))
  return parseCharacterRows(realmId, characterId, page.items)
}

/** One that was erased since has none. */
function nameIn(profile: Record<string, unknown> | undefined): string {
  const name = profile?.['name']
  return typeof name === 'string' ? name : '?'
}

// The channels as a character finds them: where their lines are, who may speak and read, who hears.
import { chatKeptMs, chatOpenKeptMs, chatOpenSettlesMs, mailboxSettlesMs } from '#shared/limits.ts'
import type { Content } from '#shared/content/content.ts'
import type { Player } from '#shared/notifications/mailbox.ts'
import { parseCharacterRows, readCharacterRows } from '#shared/ownership/guard.ts'
import type { ProblemCode } from '#shared/problem.ts'
import type { SocialEvent } from '#shared/protocol/social-event.ts'
import type { Push } from '#shared/push/push.ts'
import type { Store, Write } from '#shared/store/store.ts'
import { guildIdOf, isInGuild, stillInGuild } from '../guilds/guilds.ts'
import type { Rosters } from '../guilds/guilds.ts'
import { accountsInParty, partyIdOf, stillInParty } from '../parties/parties.ts'
import type { ChannelKind } from './slow.ts'
import { roomOf, whispersOf } from './store.ts'
import type { Room } from './store.ts'

export type ChannelDeps = {
  store: Store
  content: Content
  push: Pick<Push, 'send' | 'broadcast'>
  rosters: Rosters
}

/** A character of a player. */
export type Owned = Player & { characterId: string }

type CharacterIn = { realmId: string; characterId: string }

/** Characters that have a channel of their own. */
type Group = {
  /** Of the one that a character is in; it may have ended. */
  idOf(store: Store, of: CharacterIn): Promise<string | undefined>
  /** Whether the character is in it now. */
  isIn(store: Store, of: CharacterIn, id: string): Promise<boolean>
  /** In a transaction, that the character is in it. */
  stillIn(of: CharacterIn, id: string): Write
  /** Who is in it now, for who is told. */
  accountsIn(
    deps: Pick<ChannelDeps, 'store' | 'rosters'>,
    realmId: string,
    id: string,
  ): Promise<readonly string[]>
}

const guild: Group = {
  idOf: guildIdOf,
  isIn: isInGuild,
  stillIn: ({ realmId, characterId }, guildId) => stillInGuild({ realmId, guildId }, characterId),
  accountsIn: ({ rosters }, realmId, guildId) => rosters.accountsIn({ realmId, guildId }),
}

const party: Group = {
  idOf: (store, { realmId, characterId }) => partyIdOf(store, realmId, characterId),
  isIn: async (store, of, id) => (await party.idOf(store, of)) === id,
  stillIn: ({ realmId, characterId }, id) => stillInParty(realmId, characterId, id),
  accountsIn: ({ store }, realmId, id) => accountsInParty(store, realmId, id),
}

const groups: { readonly [channel: string]: Group } = { guild, party }

/** A channel, for who speaks in it. */
export type Spoken = {
  kind: ChannelKind
  /** As its lines say. */
  channel: string
  room: Room
  keptMs: number
  /** What else must hold when a line is written. */
  checks: Write[]
  /** Tells those who hear it now. May fail with StoreError. */
  tell(event: SocialEvent): Promise<void>
}

/** The channel that a character may speak in, or why it may not. Two trips at most. */
export async function findSpoken(
  deps: ChannelDeps,
  of: Owned,
  name: string,
): Promise<Spoken | ProblemCode> {
  const { store, push } = deps
  const { realmId } = of
  const group = groups[name]
  if (group !== undefined) {
    const id = await group.idOf(store, of)
    if (id === undefined || !(await group.isIn(store, of, id))) return 'chat.not_found'
    const channel = `${name}:${id}`
    return {
      kind: name as 'guild' | 'party',
      channel,
      room: roomOf(realmId, channel),
      keptMs: chatKeptMs,
      checks: [group.stillIn(of, id)],
      // Those who are in it after the line was written: who was removed before that hears nothing.
      tell: async (event) => push.send(realmId, await group.accountsIn(deps, realmId, id), event),
    }
  }
  const zone = zoneIn(name)
  if (zone === undefined) {
    const tell = async (event: SocialEvent) => push.broadcast(realmId, {}, event)
    const room = roomOf(realmId, name)
    return { kind: 'global', channel: name, room, keptMs: chatOpenKeptMs, checks: [], tell }
  }
  if (!deps.content.zones.has(zone)) return 'chat.not_found'
  const at = await whereIs(deps, of, zone)
  if (at === undefined) return 'chat.elsewhere'
  const { channel, ...where } = at
  const tell = async (event: SocialEvent) => push.broadcast(realmId, where, event)
  const room = roomOf(realmId, channel)
  return { kind: 'zone', channel, room, keptMs: chatOpenKeptMs, checks: [], tell }
}

/** A channel, for who reads it. */
export type Read = {
  /** As its lines say, but for whispers. */
  channel: string
  room: Room
  /** See `Reading`. */
  fresh: boolean
  settlesMs: number
  /** Whether the character may read it. To be asked when the lines have been read: then all of them were for it. */
  mayRead(): Promise<boolean>
}

/** The channel that a character may read; undefined when there is none. One trip at most. */
export async function findRead(
  { store, content }: Pick<ChannelDeps, 'store' | 'content'>,
  of: Owned,
  name: string,
): Promise<Read | undefined> {
  const { realmId } = of
  const kept = { fresh: true, settlesMs: mailboxSettlesMs }
  if (name === 'whisper') {
    return { ...kept, channel: name, room: whispersOf(of), mayRead: async () => true }
  }
  const group = groups[name]
  if (group !== undefined) {
    const id = await group.idOf(store, of)
    if (id === undefined) return undefined
    const channel = `${name}:${id}`
    const mayRead = async () => await group.isIn(store, of, id)
    return { ...kept, channel, room: roomOf(realmId, channel), mayRead }
  }
  const zone = zoneIn(name)
  if (zone !== undefined && !content.zones.has(zone)) return undefined
  const open = { fresh: false, settlesMs: chatOpenSettlesMs }
  if (zone === undefined || content.zones.get(zone)?.private === undefined) {
    return { ...open, channel: name, room: roomOf(realmId, name), mayRead: async () => true }
  }
  const here = await whereIs({ store, content }, of, zone)
  if (here === undefined) return undefined
  const { channel } = here
  const mayRead = async () => (await whereIs({ store, content }, of, zone))?.channel === channel
  return { ...open, channel, room: roomOf(realmId, channel), mayRead }
}

function zoneIn(channel: string): string | undefined {
  return /^zone:(.+)$/.exec(channel)?.[1]
}

/** Ids of private instances; those of others follow from their zones. */
const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/

/**
 * The channel of a zone, for a character that is in it or goes to it when it enters. A private zone has one for each of
 * its instances, for who plays there now. Undefined: it is elsewhere. One trip.
 */
async function whereIs(
  { store, content }: Pick<ChannelDeps, 'store' | 'content'>,
  { realmId, characterId }: CharacterIn,
  zone: string,
): Promise<{ channel: string; zone: string; instance?: string } | undefined> {
  const { items } = await store.query(readCharacterRows(realmId, characterId))
  const rows = parseCharacterRows(realmId, characterId, items)
  if (content.zones.get(zone)?.private !== undefined) {
    const { state, instance } = rows?.guard ?? {}
    if (state !== 'active' || instance === undefined || !uuid.test(instance)) return undefined
    return { channel: `zone:${zone}:${instance}`, zone, instance }
  }
  const saved = rows?.state.saved.zone
  const at = saved !== undefined && content.zones.has(saved) ? saved : content.startZone
  return at === zone ? { channel: `zone:${zone}`, zone } : undefined
}

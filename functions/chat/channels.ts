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
  if (zone !== undefined) {
    if (!deps.content.zones.has(zone)) return 'chat.not_found'
    if ((await whereIs(deps, of)) !== zone) return 'chat.elsewhere'
  }
  return {
    kind: zone === undefined ? 'global' : 'zone',
    channel: name,
    room: roomOf(realmId, name),
    keptMs: chatOpenKeptMs,
    checks: [],
    tell: async (event) => push.broadcast(realmId, zone === undefined ? {} : { zone }, event),
  }
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
  return {
    channel: name,
    room: roomOf(realmId, name),
    fresh: false,
    settlesMs: chatOpenSettlesMs,
    mayRead: async () => true,
  }
}

function zoneIn(channel: string): string | undefined {
  return /^zone:(.+)$/.exec(channel)?.[1]
}

/** The zone that the character is in, or goes to when it enters. One trip. */
async function whereIs(
  { store, content }: Pick<ChannelDeps, 'store' | 'content'>,
  of: CharacterIn,
) {
  const { realmId, characterId } = of
  const { items } = await store.query(readCharacterRows(realmId, characterId))
  const zone = parseCharacterRows(realmId, characterId, items)?.state.saved.zone
  return zone !== undefined && content.zones.has(zone) ? zone : content.startZone
}

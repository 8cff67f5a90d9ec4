// Characters of an account in a realm: made, listed, marked deleted.
import type { Character } from '#shared/api/characters.ts'
import { characterName } from '#shared/api/names.ts'
import type { OperationId } from '#shared/api/endpoint.ts'
import type { Content, Zone } from '#shared/content/content.ts'
import { unrankSteps } from '#shared/game/tallying.ts'
import { answerOf } from '#shared/http/operation.ts'
import {
  newCharacterWrites,
  parseCharacterRows,
  readCharacterRows,
} from '#shared/ownership/guard.ts'
import type { Saved } from '#shared/ownership/saved.ts'
import { commandPut } from '#shared/ownership/inbox.ts'
import { judgeLease, readLease } from '#shared/ownership/lease.ts'
import { deleteCharacterWrites } from '#shared/ownership/transitions.ts'
import type { DeadOwner } from '#shared/ownership/transitions.ts'
import { Problem } from '#shared/problem.ts'
import { once } from '../http/once.ts'
import { isReserved } from '#shared/rules/reserved-names.ts'
import { metresToUnits } from '#shared/rules/units.ts'
import { newId } from '#shared/runtime.ts'
import { commit } from '#shared/store/commit.ts'
import type { OperationDeps, Step } from '#shared/store/commit.ts'
import type { Item, Store } from '#shared/store/store.ts'
import { leaveAsDeleted } from '../guilds/guilds.ts'
import { checkText } from '../moderation/moderation.ts'
import { unlistCharacter } from '../leaderboards/leaderboards.ts'
import type { BoardDeps } from '../leaderboards/leaderboards.ts'
import { leaveQueueAsDeleted } from '../matchmaking/matchmaking.ts'
import { leavePartyAsDeleted } from '../parties/parties.ts'
import { readOwner, takeName } from './names.ts'
import type { NameOwner } from './names.ts'
import {
  addToList,
  countDown,
  countUp,
  markDeleted,
  readCharacter,
  readCharacters,
} from './store.ts'
import type { KeptCharacter, Owner } from './store.ts'

export { notDeleted, readAllCharacters } from './store.ts'

export type CharacterDeps = BoardDeps & { content: Content }

export type NewCharacter = { name: string; race: string; job: string }

/** One trip. */
export async function listCharacters(
  deps: Pick<CharacterDeps, 'store'>,
  owner: Owner,
): Promise<Character[]> {
  return (await readCharacters(deps.store, owner)).map(characterShown)
}

/** A character as its player sees it. */
export function characterShown(kept: KeptCharacter): Character {
  const { characterId, name, race, job, zone, createdAt } = kept
  return { characterId, name, race, job, zone, createdAt }
}

/** A character that an account can play. One trip. Throws character.not_found. */
export async function characterOf(
  store: Store,
  owner: Owner,
  characterId: string,
): Promise<Character> {
  const found = await readCharacter(store, owner, characterId)
  if (found === undefined || found.deletedAt !== undefined) {
    throw new Problem('character.not_found')
  }
  return found
}

/** The caller's character, as parties and queues keep who is in them. One trip. Throws character.not_found. */
export async function memberOf(
  store: Store,
  { realmId, accountId }: Owner,
  characterId: string,
): Promise<{ characterId: string; accountId: string; name: string }> {
  const { name } = await characterOf(store, { realmId, accountId }, characterId)
  return { characterId, accountId, name }
}

/**
 * Whose character looks like the name, or did before it was deleted, and how it is spelled. Up to three
 * trips.
 */
export async function ownerOfName(
  store: Store,
  realmId: string,
  name: string,
): Promise<NameOwner | undefined> {
  return characterName.safeParse(name).success ? await readOwner(store, realmId, name) : undefined
}

/**
 * Makes a character with all its rows in one transaction. Two trips. Throws chat.muted, character.name_refused,
 * character.unknown_race, character.unknown_job, character.name_taken, character.limit, world.busy,
 * operation.mismatch.
 */
export async function createCharacter(
  deps: CharacterDeps,
  owner: Owner,
  wanted: NewCharacter,
  op: OperationId,
): Promise<Character> {
  return await once(deps, op, async () => {
    const refusal = refuse(deps.content, wanted)
    if (refusal !== undefined) throw refusal
    await checkText(deps, owner, wanted.name, 'characterName')
    const start = startZone(deps.content)
    const character: Character = {
      characterId: newId(deps.runtime),
      ...wanted,
      zone: start.id,
      createdAt: deps.runtime.now(),
    }
    const { characterId } = character
    const rows = newCharacterWrites({
      ...owner,
      characterId,
      profile: wanted,
      saved: atSpawn(start),
    })
    return {
      steps: [
        { write: countUp(owner), otherwise: 'character.limit' },
        ...takeName(owner, wanted.name, characterId, deps.runtime.now()).map(
          (write) => ({ write, otherwise: 'character.name_taken' }) as const,
        ),
        { write: addToList(owner, character) },
        ...rows.map((write) => ({ write })),
      ],
      answer: character,
    }
  })
}

/**
 * Marks a character deleted; its rows and its name stay, but no ranked list shows it, and it leaves guild and party. Three
 * trips in a row when it has none; four more for one whose host died with it in play, which is taken from it as
 * `enter` would. `as`: the name under which others hear of it, when its own is to be forgotten. Throws
 * character.not_found, character.in_play, world.busy, operation.mismatch.
 */
export async function deleteCharacter(
  deps: BoardDeps,
  owner: Owner,
  characterId: string,
  op: OperationId,
  as?: string,
): Promise<void> {
  const unrank = await unrankSteps(deps.store, owner.realmId, characterId)
  try {
    await commitDelete(deps, owner, characterId, op, unrank)
  } catch (error) {
    const code = error instanceof Problem ? error.code : undefined
    // A deletion that stopped here is ended by the next one, whatever its id is.
    if (code === 'character.not_found' && (await isDeleted(deps, owner, characterId))) {
      await leaveAll(deps, { ...owner, characterId }, as)
    }
    if (code !== 'character.in_play') throw error
    const dead = await readDeadOwner(deps, owner.realmId, characterId)
    if (dead === undefined) throw error
    await commitDelete(deps, owner, characterId, op, unrank, dead)
  }
  await leaveAll(deps, { ...owner, characterId }, as)
}

/** All that a character which is deleted is a member of. Each does nothing when it is not. */
async function leaveAll(
  deps: BoardDeps,
  of: Owner & { characterId: string },
  as: string | undefined,
): Promise<void> {
  await Promise.all([
    leaveAsDeleted(deps, of, as),
    leavePartyAsDeleted(deps, of),
    unlistCharacter(deps, of),
  ])
  await leaveQueueAsDeleted(deps, of)
}

async function isDeleted({ store }: OperationDeps, owner: Owner, characterId: string) {
  const found = await readCharacter(store, owner, characterId)
  return found?.deletedAt !== undefined
}

async function commitDelete(
  deps: OperationDeps,
  owner: Owner,
  characterId: string,
  op: OperationId,
  unrank: readonly Step<never>[],
  dead?: DeadOwner,
): Promise<void> {
  const now = deps.runtime.now()
  const { realmId, accountId } = owner
  const [guard, ...more] = deleteCharacterWrites(realmId, characterId, accountId, dead)
  const deleted = await commit(deps, op, {
    steps: [
      {
        write: guard!,
        otherwise: (row) => (isInPlay(row, owner) ? 'character.in_play' : 'character.not_found'),
      },
      ...[...more, markDeleted(owner, characterId, now), countDown(owner)].map(
        (write) => ({ write, otherwise: 'character.not_found' }) as const,
      ),
      ...unrank,
    ],
    answer: {},
  })
  answerOf(deleted)
}

/** The host that has the character in play, if its lease row says that it has ended. Two trips. */
async function readDeadOwner(
  { store, runtime }: OperationDeps,
  realmId: string,
  characterId: string,
): Promise<DeadOwner | undefined> {
  const page = await store.query(readCharacterRows(realmId, characterId))
  const guard = parseCharacterRows(realmId, characterId, page.items)?.guard
  if (guard?.state !== 'active') return undefined
  const { owner: bootId, epoch } = guard
  const judged = judgeLease(bootId, await readLease(store, bootId))
  if (!judged.dead) return undefined
  const fence = { kind: 'fence' as const, realmId, characterId, epoch }
  const put = commandPut(runtime.now(), bootId, fence)
  return { bootId, check: judged.check, fence: { put } }
}

/** False for the character of another account: its state must not show in an answer. */
function isInPlay(guard: Item | undefined, owner: Owner): boolean {
  return (
    guard !== undefined &&
    guard['accountId'] === owner.accountId &&
    guard['deleted'] !== true &&
    guard['state'] !== 'offline'
  )
}

/** Why nobody may be called so. */
export function refuseName(name: string): void {
  if (isReserved(name)) throw new Problem('character.name_refused')
}

function refuse(content: Content, wanted: NewCharacter): Problem | undefined {
  refuseName(wanted.name)
  const race = content.races.get(wanted.race)
  if (race === undefined) return new Problem('character.unknown_race')
  if (!race.jobs.includes(wanted.job)) return new Problem('character.unknown_job')
  return undefined
}

function startZone(content: Content): Zone {
  const zone = content.zones.get(content.startZone)
  if (zone === undefined)
    throw new Error(`the start zone ${content.startZone} is not in the content`)
  return zone
}

function atSpawn(zone: Zone): Saved {
  // 16384 of 65536: looking along +y, down the screen.
  return {
    zone: zone.id,
    x: metresToUnits(zone.spawn.x),
    y: metresToUnits(zone.spawn.y),
    heading: 16_384,
  }
}

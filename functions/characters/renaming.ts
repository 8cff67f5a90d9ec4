// Another name for a character, and the way back of one that was deleted.
//
// The name changes in one transaction: the list, the profile, and whose name it is. Others keep copies of it (friends,
// guild, party, ranked lists). They take the new one over after that. The entry of the list says what they do not know
// yet (`untold`), so whoever stops is followed by the next one who reads the list. A request that read the old name
// before the rename may write it after they took the new one over. So they do it once more, when such requests have
// ended. What expires within 30 days keeps the name under which it was written.
import type { Character } from '#shared/api/characters.ts'
import type { OperationId } from '#shared/api/endpoint.ts'
import { followName as followNameInRanks } from '#shared/game/tallying.ts'
import { nameHeldMs, renameEveryMs, restoreMs } from '#shared/limits.ts'
import { renameWrites, restoreCharacterWrites } from '#shared/ownership/transitions.ts'
import { Problem } from '#shared/problem.ts'
import type { ProblemCode } from '#shared/problem.ts'
import type { Step } from '#shared/store/commit.ts'
import { followName } from '../friends/friends.ts'
import { followNameInGuild } from '../guilds/guilds.ts'
import { relistCharacter, renameOnBoards } from '../leaderboards/leaderboards.ts'
import { once } from '../http/once.ts'
import type { Found } from '../http/once.ts'
import { checkText } from '../moderation/moderation.ts'
import { followNameInParty } from '../parties/parties.ts'
import { characterShown, refuseName } from './characters.ts'
import type { CharacterDeps } from './characters.ts'
import { holdName, keepName, readNameKeys, takeName } from './names.ts'
import {
  countRestored,
  markRestored,
  markTold,
  readAllCharacters,
  readCharacter,
  readCharacters,
  renameInList,
} from './store.ts'
import type { KeptCharacter, Owner } from './store.ts'

/** A request that began before a rename has ended after that. */
const requestsEndMs = 60_000

/** What is done with it in the same transaction, and whether the player's limit holds. */
export type Renamer = { steps: readonly Step<ProblemCode>[]; limited: boolean }

const byPlayer: Renamer = { steps: [], limited: true }

/**
 * Another name for a character that is not in play. Four trips in a row, and those of who copy its name. Throws
 * character.not_found, character.in_play, character.name_taken, character.name_refused, character.renamed_lately,
 * chat.muted, world.busy, operation.mismatch.
 */
export async function renameCharacter(
  deps: CharacterDeps,
  owner: Owner,
  characterId: string,
  name: string,
  op: OperationId,
  by: Renamer = byPlayer,
): Promise<Character> {
  const renamed = await once(deps, op, () => findRename(deps, owner, characterId, name, by))
  await tellName(deps, owner, characterId)
  return renamed
}

async function findRename(
  deps: CharacterDeps,
  owner: Owner,
  characterId: string,
  name: string,
  { steps, limited }: Renamer,
): Promise<Found<Character>> {
  const now = deps.runtime.now()
  const kept = await ownCharacter(deps, owner, characterId)
  if (kept.deletedAt !== undefined) throw new Problem('character.not_found')
  const answer = { ...characterShown(kept), name }
  if (kept.name === name) return { steps, answer }
  // The rename before this one first.
  if (kept.untold !== undefined) {
    await tell(deps, owner, kept, kept.untold.name)
    await deps.store.transact([markTold(owner, kept)])
  }
  if (limited && kept.renamedAt !== undefined && now < kept.renamedAt + renameEveryMs) {
    throw new Problem('character.renamed_lately')
  }
  refuseName(name)
  if (limited) await checkText(deps, owner, name, 'characterName')
  const [mine, before] = await Promise.all([
    readNameKeys(deps.store, owner, name, characterId),
    readNameKeys(deps.store, owner, kept.name, characterId),
  ])
  // `Mira` and `MIRA` are one name.
  const same = before.some(({ pk }) => mine.some((one) => one.pk === pk))
  const until = now + nameHeldMs
  const held = kept.held.filter((one) => one.until > now && one.name !== name)
  const to = {
    name,
    at: now,
    held: same ? held : [...held, { name: kept.name, until }],
    ...(limited ? { renamedAt: now } : {}),
  }
  const [guard, ...world] = renameWrites(owner.realmId, characterId, owner.accountId, name)
  return {
    steps: [
      {
        write: guard!,
        otherwise: (row) =>
          row?.['deleted'] === true ? 'character.not_found' : 'character.in_play',
      },
      ...world.map((write) => ({ write })),
      { write: renameInList(owner, kept, to) },
      ...(same ? [] : takeName(owner, name, characterId, now)).map((write) => ({
        write,
        otherwise: 'character.name_taken' as const,
      })),
      ...(same ? [] : before).map((key) => ({ write: holdName(key, characterId, until) })),
      ...steps,
    ],
    answer,
  }
}

/** Who copies the name of a character takes it over. Does nothing when all know it. Throws StoreError, world.busy. */
async function tellName(deps: CharacterDeps, owner: Owner, characterId: string): Promise<void> {
  const kept = await readCharacter(deps.store, owner, characterId)
  if (kept?.untold !== undefined) await tell(deps, owner, kept, kept.untold.name)
}

async function tell(
  deps: CharacterDeps,
  owner: Owner,
  kept: KeptCharacter,
  from: string,
): Promise<void> {
  const { characterId, name: to } = kept
  const renamed = { ...owner, characterId, from, to }
  await Promise.all([
    followName(deps.store, renamed),
    followNameInGuild(deps, renamed),
    followNameInParty(deps, renamed),
    followNameInRanks(deps.store, renamed),
    renameOnBoards(deps, renamed, to),
  ])
}

/**
 * The characters of a player, oldest first. What a rename has begun ends here, a minute later. One trip when there is
 * nothing of that.
 */
export async function listOwn(deps: CharacterDeps, owner: Owner): Promise<Character[]> {
  const listed = await readCharacters(deps.store, owner)
  for (const kept of listed) {
    if (kept.untold === undefined) continue
    await tell(deps, owner, kept, kept.untold.name)
    if (deps.runtime.now() < kept.untold.at + requestsEndMs) continue
    await deps.store.transact([markTold(owner, kept)])
  }
  return listed.map(characterShown)
}

/** Those that are deleted and can be restored, the latest first. One trip. */
export async function listDeleted(
  { store, runtime }: CharacterDeps,
  owner: Owner,
): Promise<(Character & { deletedAt: number; until: number })[]> {
  const now = runtime.now()
  return (await readAllCharacters(store, owner))
    .flatMap((kept) => {
      const { deletedAt } = kept
      if (deletedAt === undefined || now >= deletedAt + restoreMs) return []
      return [{ ...characterShown(kept), deletedAt, until: deletedAt + restoreMs }]
    })
    .toSorted((a, b) => b.deletedAt - a.deletedAt)
}

/**
 * A deleted character is there again, as it was; guild and party are not. Two trips. Throws character.not_found,
 * character.not_deleted, character.restore_late, character.name_taken, character.limit, world.busy,
 * operation.mismatch.
 */
export async function restoreCharacter(
  deps: CharacterDeps,
  owner: Owner,
  characterId: string,
  op: OperationId,
  steps: readonly Step<ProblemCode>[] = [],
): Promise<Character> {
  const restored = await once<Character>(deps, op, async () => {
    const now = deps.runtime.now()
    const kept = await ownCharacter(deps, owner, characterId)
    const { deletedAt } = kept
    if (deletedAt === undefined) throw new Problem('character.not_deleted')
    if (now >= deletedAt + restoreMs) throw new Problem('character.restore_late')
    const world = restoreCharacterWrites(owner.realmId, characterId, owner.accountId)
    return {
      steps: [
        { write: markRestored(owner, characterId, deletedAt) },
        { write: countRestored(owner), otherwise: 'character.limit' },
        { write: keepName(owner, kept.name, characterId, now), otherwise: 'character.name_taken' },
        ...world.map((write) => ({ write })),
        ...steps,
      ],
      answer: characterShown(kept),
    }
  })
  await relistCharacter(deps, { ...owner, characterId })
  return restored
}

/** Deleted or not. Throws character.not_found. */
async function ownCharacter(
  { store }: CharacterDeps,
  owner: Owner,
  characterId: string,
): Promise<KeptCharacter> {
  const kept = await readCharacter(store, owner, characterId)
  if (kept === undefined) throw new Problem('character.not_found')
  return kept
}

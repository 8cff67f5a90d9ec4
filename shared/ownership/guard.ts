// The rows of a character: its guard, its profile and its state, read in one trip.
//
// The guard says who owns the character and changes by transitions alone (transitions.ts). The state row
// is the world state that its owner saves from time to time. It carries the epoch that may write it, so a
// late save of an earlier owner fails its condition. Code here does not look into the profile: only the game
// does (shared/content/profile.ts).
import * as z from 'zod'
import { readRow, RowError } from '../store/row.ts'
import type { Item, Key, Value, Write } from '../store/store.ts'
import { readSaved, toStored } from './saved.ts'
import type { Saved } from './saved.ts'

const guardRow = z.object({
  accountId: z.string(),
  /** Boot id of the host that owns the character; empty while offline. */
  owner: z.string(),
  instance: z.string(),
  epoch: z.int(),
  state: z.enum(['offline', 'reserved', 'active', 'moving']),
  ticketId: z.string(),
  /** Unix ms. */
  ticketExpires: z.number(),
  deleted: z.boolean().default(false),
  /** When the character left the world last, Unix ms by the host's clock. Hosts of before do not say it. */
  leftAt: z.int().optional(),
})

const stateRow = z.object({ epoch: z.int(), saveNumber: z.int() })

export type Guard = { realmId: string; characterId: string } & z.infer<typeof guardRow>

/** The profile of a character, read with the guard. Only its name changes. */
export type StoredProfile = { [field: string]: Value }

/** The state row: the saved state, the epoch that may write it, and the number of its last save. */
export type SavedState = z.infer<typeof stateRow> & { saved: Saved }

export type CharacterRows = { guard: Guard; profile: StoredProfile; state: SavedState }

// Sort keys begin with '#', so that one query reads these rows and no other row of the character.
const GUARD = '#GUARD'
const PROFILE = '#PROFILE'
const STATE = '#STATE'

/** All rows of a character in the world. */
export function characterPartition(realmId: string, characterId: string): string {
  return `R#${realmId}#C#${characterId}`
}

export function guardKey(realmId: string, characterId: string): Key {
  return { pk: characterPartition(realmId, characterId), sk: GUARD }
}

export function stateKey(realmId: string, characterId: string): Key {
  return { pk: characterPartition(realmId, characterId), sk: STATE }
}

export function profileKey(realmId: string, characterId: string): Key {
  return { pk: characterPartition(realmId, characterId), sk: PROFILE }
}

/** Reads guard, profile and state in one trip, strongly. Pass to `store.query`. */
export function readCharacterRows(realmId: string, characterId: string) {
  return {
    table: 'core' as const,
    keyCondition: 'pk = :pk AND begins_with(sk, :rows)',
    values: { ':pk': characterPartition(realmId, characterId), ':rows': '#' },
    consistent: true,
  }
}

/**
 * The rows of one character; undefined when there is none. Throws RowError for a guard or a state that this
 * version cannot read. The character then stays where it is, and its rows stay as they are.
 */
export function parseCharacterRows(
  realmId: string,
  characterId: string,
  items: Item[],
): CharacterRows | undefined {
  const guard = items.find((item) => item.sk === GUARD)
  const profile = items.find((item) => item.sk === PROFILE)
  const state = items.find((item) => item.sk === STATE)
  if (guard === undefined || profile === undefined || state === undefined) return undefined
  return {
    guard: { realmId, characterId, ...readRow(guardRow, guard) },
    profile: ownFields(profile),
    state: { ...readRow(stateRow, state), saved: savedIn(state) },
  }
}

function savedIn(state: Item): Saved {
  try {
    // Before version 2 the row itself held it.
    return readSaved(state['saved'] ?? state)
  } catch (error) {
    throw error instanceof z.ZodError ? new RowError(state, error.issues) : error
  }
}

/** The fields of a row without its keys and version. */
function ownFields({ pk: _pk, sk: _sk, v: _v, ...fields }: Item): StoredProfile {
  return fields
}

/** The three rows of a new character, which must not exist. */
export function newCharacterWrites(character: {
  realmId: string
  characterId: string
  accountId: string
  profile: StoredProfile
  saved: Saved
}): Write[] {
  const pk = characterPartition(character.realmId, character.characterId)
  const absent = 'attribute_not_exists(pk)'
  const guard = {
    pk,
    sk: GUARD,
    v: 1,
    accountId: character.accountId,
    owner: '',
    instance: '',
    epoch: 0,
    state: 'offline',
    ticketId: '',
    ticketExpires: 0,
    wallet: 0,
    bagCount: 0,
    version: 0,
  }
  return [
    { put: { table: 'core', condition: absent, item: guard } },
    {
      put: {
        table: 'core',
        condition: absent,
        item: { pk, sk: PROFILE, v: 1, ...character.profile },
      },
    },
    {
      put: {
        table: 'core',
        condition: absent,
        item: { pk, sk: STATE, v: 2, epoch: 0, saveNumber: 0, saved: toStored(character.saved) },
      },
    },
  ]
}

export type Save = {
  realmId: string
  characterId: string
  bootId: string
  epoch: number
  saveNumber: number
  saved: Saved
}

/** Saves the state row; refused when another owner came or a later save is already there. */
export function saveUpdate(save: Omit<Save, 'bootId'>, nextEpoch = save.epoch) {
  return {
    table: 'core' as const,
    key: stateKey(save.realmId, save.characterId),
    update: 'SET epoch = :next, saveNumber = :save, saved = :saved, v = :version',
    // The same number is the same state: who leaves stays in the checkpoints, which may have saved it.
    condition: 'epoch = :epoch AND saveNumber <= :save',
    values: {
      ':next': nextEpoch,
      ':epoch': save.epoch,
      ':save': save.saveNumber,
      ':saved': toStored(save.saved),
      ':version': 2,
    },
  }
}

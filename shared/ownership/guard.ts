// The guard row says who owns a character, and every change of owner goes through one of the
// transitions below: one transaction over guard and state row, both to epoch + 1.
//
// Why it holds: a transition is conditioned on owner, epoch, state and ticket id exactly as they were
// read, so of any number of requests that read the same guard at most one succeeds. The state row
// carries the epoch too, so a late save of an earlier owner fails its condition. Conditions never name
// a version (a busy wallet would starve log-in) and only named attributes are set (a whole-row write
// would lose wallet changes). A claim does not change the epoch: the reservation already did.
import { placeGraceMs } from '../limits.ts'
import type { Item, Key, Write } from '../store/store.ts'

export type GuardState = 'offline' | 'reserved' | 'active' | 'moving'

export type Guard = {
  realmId: string
  characterId: string
  accountId: string
  /** Boot id of the host that owns the character; empty while offline. */
  owner: string
  instance: string
  epoch: number
  state: GuardState
  ticketId: string
  /** Unix ms. */
  ticketExpires: number
  deleted: boolean
}

/** Who a character is: written once, read with the guard. */
export type Profile = { name: string; race: string; job: string }

/** The world state that is saved behind. Places in units, heading 0..65535. */
export type SoftState = { zone: string; x: number; y: number; heading: number }

/** The state row: the soft state, the epoch that may write it, and the number of its last save. */
export type SavedState = { epoch: number; saveNumber: number; soft: SoftState }

export type CharacterRows = { guard: Guard; profile: Profile; state: SavedState }

// Sort keys begin with '#', so that one query reads these rows and none of what else a character has.
const GUARD = '#GUARD'
const PROFILE = '#PROFILE'
const STATE = '#STATE'

function characterPartition(realmId: string, characterId: string): string {
  return `R#${realmId}#C#${characterId}`
}

export function guardKey(realmId: string, characterId: string): Key {
  return { pk: characterPartition(realmId, characterId), sk: GUARD }
}

function stateKey(realmId: string, characterId: string): Key {
  return { pk: characterPartition(realmId, characterId), sk: STATE }
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

/** The rows of one character; undefined when there is none. */
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
    guard: {
      realmId,
      characterId,
      accountId: guard['accountId'] as string,
      owner: guard['owner'] as string,
      instance: guard['instance'] as string,
      epoch: guard['epoch'] as number,
      state: guard['state'] as GuardState,
      ticketId: guard['ticketId'] as string,
      ticketExpires: guard['ticketExpires'] as number,
      deleted: guard['deleted'] === true,
    },
    profile: {
      name: profile['name'] as string,
      race: profile['race'] as string,
      job: profile['job'] as string,
    },
    state: {
      epoch: state['epoch'] as number,
      saveNumber: state['saveNumber'] as number,
      soft: {
        zone: state['zone'] as string,
        x: state['x'] as number,
        y: state['y'] as number,
        heading: state['heading'] as number,
      },
    },
  }
}

/** The three rows of a new character, which must not exist. */
export function newCharacterWrites(character: {
  realmId: string
  characterId: string
  accountId: string
  profile: Profile
  soft: SoftState
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
        item: { pk, sk: STATE, v: 1, epoch: 0, saveNumber: 0, ...character.soft },
      },
    },
  ]
}

/**
 * Marks a character deleted, first in its guard, which fails the condition while it is in play. One
 * whose ticket nobody can use any more (its claim is refused, its place is given up) is not: a player
 * who never came would keep it for ever. Nor is one whose host `dead` is. The epoch goes on in both rows,
 * so that a late claim or save of a former owner finds another one.
 */
export function deleteCharacterWrites(
  now: number,
  realmId: string,
  characterId: string,
  accountId: string,
  dead?: DeadOwner,
): Write[] {
  const ofDead = dead === undefined ? '' : ' OR (#state = :active AND #owner = :dead)'
  const told: Write[] = dead === undefined ? [] : [dead.check, dead.fence]
  return [
    {
      update: {
        table: 'core',
        key: guardKey(realmId, characterId),
        update:
          'SET deleted = :true, epoch = epoch + :one, #owner = :none, #instance = :none, ' +
          '#state = :offline, ticketId = :none',
        condition:
          '(#state = :offline OR (#state IN (:reserved, :moving) AND ticketExpires < :lapsed)' +
          `${ofDead}) AND ` +
          'accountId = :account AND attribute_not_exists(deleted)',
        names: { '#owner': 'owner', '#instance': 'instance', '#state': 'state' },
        values: {
          ':true': true,
          ':one': 1,
          ':none': '',
          ':offline': 'offline',
          ':reserved': 'reserved',
          ':moving': 'moving',
          ':lapsed': now - placeGraceMs,
          ':account': accountId,
          ...(dead === undefined ? {} : { ':active': 'active', ':dead': dead.bootId }),
        },
      },
    },
    {
      update: {
        table: 'core',
        key: stateKey(realmId, characterId),
        update: 'SET epoch = epoch + :one',
        condition: 'attribute_exists(pk)',
        values: { ':one': 1 },
      },
    },
    ...told,
  ]
}

/** An owner that was read as dead: that it still is, and the command that tells it should it wake. */
export type DeadOwner = { bootId: string; check: Write; fence: Write }

/** The condition "the guard is as it was read", for every transition. */
function asRead(guard: Guard) {
  return {
    condition:
      '#owner = :owner AND epoch = :epoch AND #state = :state AND ticketId = :ticketId AND ' +
      'attribute_not_exists(deleted)',
    names: { '#owner': 'owner', '#state': 'state' },
    values: {
      ':owner': guard.owner,
      ':epoch': guard.epoch,
      ':state': guard.state,
      ':ticketId': guard.ticketId,
    },
  }
}

export type Reservation = {
  /** The host that may claim, and the instance in it. */
  owner: string
  instance: string
  ticketId: string
  ticketExpires: number
}

function toReserved(guard: Guard, to: Reservation): Write {
  const { condition, names, values } = asRead(guard)
  return {
    update: {
      table: 'core',
      key: guardKey(guard.realmId, guard.characterId),
      update:
        'SET #owner = :toOwner, #instance = :toInstance, epoch = :next, #state = :reserved, ' +
        'ticketId = :toTicket, ticketExpires = :toExpires',
      condition,
      names: { ...names, '#instance': 'instance' },
      values: {
        ...values,
        ':toOwner': to.owner,
        ':toInstance': to.instance,
        ':next': guard.epoch + 1,
        ':reserved': 'reserved',
        ':toTicket': to.ticketId,
        ':toExpires': to.ticketExpires,
      },
    },
  }
}

/**
 * offline -> reserved, and reserved or moving -> reserved by the player's next `enter`, expired or not:
 * a lost answer must not lock him out, and of two tickets only the newest works.
 */
export function reserveWrites(rows: CharacterRows, to: Reservation): Write[] {
  const { guard, state } = rows
  return [
    toReserved(guard, to),
    {
      update: {
        table: 'core',
        key: stateKey(guard.realmId, guard.characterId),
        update: 'SET epoch = :next',
        condition: 'epoch = :read',
        values: { ':next': guard.epoch + 1, ':read': state.epoch },
      },
    },
  ]
}

/**
 * active -> reserved, away from an owner that is dead as observed. `leaseCheck` repeats the observation
 * as a condition; `recovered` is what the new owner goes on with; `fence` tells a host that wakes up.
 */
export function takeOverWrites(
  rows: CharacterRows,
  to: Reservation,
  recovered: { soft: SoftState; saveNumber: number },
  leaseCheck: Write,
  fence: Write,
): Write[] {
  const { guard, state } = rows
  return [
    toReserved(guard, to),
    {
      update: {
        table: 'core',
        key: stateKey(guard.realmId, guard.characterId),
        update:
          'SET epoch = :next, saveNumber = :save, #zone = :zone, x = :x, y = :y, heading = :heading',
        condition: 'epoch = :read AND saveNumber <= :save',
        names: { '#zone': 'zone' },
        values: {
          ':next': guard.epoch + 1,
          ':read': state.epoch,
          ':save': recovered.saveNumber,
          ...softValues(recovered.soft),
        },
      },
    },
    leaseCheck,
    fence,
  ]
}

function softValues(soft: SoftState) {
  return { ':zone': soft.zone, ':x': soft.x, ':y': soft.y, ':heading': soft.heading }
}

/**
 * reserved or moving -> offline, by an operator: the ticket that was given for it is void. Its place
 * lapses by itself a little after the ticket would have.
 */
export function voidWrites(rows: CharacterRows): Write[] {
  const { guard, state } = rows
  const { condition, names, values } = asRead(guard)
  return [
    {
      update: {
        table: 'core',
        key: guardKey(guard.realmId, guard.characterId),
        update:
          'SET #owner = :none, #instance = :none, epoch = :next, #state = :offline, ticketId = :none',
        condition,
        names: { ...names, '#instance': 'instance' },
        values: { ...values, ':none': '', ':next': guard.epoch + 1, ':offline': 'offline' },
      },
    },
    {
      update: {
        table: 'core',
        key: stateKey(guard.realmId, guard.characterId),
        update: 'SET epoch = :next',
        condition: 'epoch = :read',
        values: { ':next': guard.epoch + 1, ':read': state.epoch },
      },
    },
  ]
}

/** reserved or moving -> active, by the host that the ticket names. The epoch stays. */
export function claimUpdate(claim: {
  realmId: string
  characterId: string
  bootId: string
  ticketId: string
}) {
  return {
    table: 'core' as const,
    key: guardKey(claim.realmId, claim.characterId),
    update: 'SET #state = :active',
    condition:
      '#owner = :me AND ticketId = :ticket AND #state IN (:reserved, :moving) AND ' +
      'attribute_not_exists(deleted)',
    names: { '#owner': 'owner', '#state': 'state' },
    values: {
      ':active': 'active',
      ':me': claim.bootId,
      ':ticket': claim.ticketId,
      ':reserved': 'reserved',
      ':moving': 'moving',
    },
  }
}

export type Save = {
  realmId: string
  characterId: string
  bootId: string
  epoch: number
  saveNumber: number
  soft: SoftState
}

/** active -> offline, with the last state. */
export function leaveWrites(leave: Save): Write[] {
  return [toOffline(leave), { update: saveUpdate(leave, leave.epoch + 1) }]
}

function toOffline(owned: {
  realmId: string
  characterId: string
  bootId: string
  epoch: number
}): Write {
  return {
    update: {
      table: 'core',
      key: guardKey(owned.realmId, owned.characterId),
      update:
        'SET #owner = :none, #instance = :none, epoch = :next, #state = :offline, ticketId = :none',
      condition: '#owner = :me AND epoch = :epoch AND #state = :active',
      names: { '#owner': 'owner', '#instance': 'instance', '#state': 'state' },
      values: {
        ':none': '',
        ':next': owned.epoch + 1,
        ':offline': 'offline',
        ':me': owned.bootId,
        ':epoch': owned.epoch,
        ':active': 'active',
      },
    },
  }
}

/**
 * active -> offline without a save: a host gives up a character that it does not hold (its claim was
 * never answered, or was void). Without this the player would be locked out while the host lives.
 */
export function letGoWrites(owned: {
  realmId: string
  characterId: string
  bootId: string
  epoch: number
}): Write[] {
  return [
    toOffline(owned),
    {
      update: {
        table: 'core',
        key: stateKey(owned.realmId, owned.characterId),
        update: 'SET epoch = :next',
        condition: 'epoch = :epoch',
        values: { ':next': owned.epoch + 1, ':epoch': owned.epoch },
      },
    },
  ]
}

/** Saves the state row; refused when another owner came or a later save is already there. */
export function saveUpdate(save: Omit<Save, 'bootId'>, nextEpoch = save.epoch) {
  return {
    table: 'core' as const,
    key: stateKey(save.realmId, save.characterId),
    update:
      'SET epoch = :next, saveNumber = :save, #zone = :zone, x = :x, y = :y, heading = :heading',
    // The same number is the same state: who leaves stays in the checkpoints, which may have saved it.
    condition: 'epoch = :epoch AND saveNumber <= :save',
    names: { '#zone': 'zone' },
    values: {
      ':next': nextEpoch,
      ':epoch': save.epoch,
      ':save': save.saveNumber,
      ...softValues(save.soft),
    },
  }
}

// Every change of owner of a character: one transaction over guard and state row, both to epoch + 1.
//
// Why it holds: a transition is conditioned on owner, epoch, state and ticket id exactly as they were
// read, so of any number of requests that read the same guard at most one succeeds. The state row
// carries the epoch too, so a late save of an earlier owner fails its condition. Conditions never name
// a version (a busy wallet would starve log-in) and only named attributes are set (a whole-row write
// would lose wallet changes). A claim does not change the epoch: the reservation already did.
import type { Write } from '../store/store.ts'
import { guardKey, profileKey, saveUpdate, stateKey } from './guard.ts'
import type { CharacterRows, Guard, Save } from './guard.ts'
import type { Saved } from './saved.ts'

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

/** The state row's half of a transition that saves nothing. */
function stateToEpoch(
  of: { realmId: string; characterId: string },
  read: number,
  next: number,
): Write {
  return {
    update: {
      table: 'core',
      key: stateKey(of.realmId, of.characterId),
      update: 'SET epoch = :next',
      condition: 'epoch = :read',
      values: { ':next': next, ':read': read },
    },
  }
}

/** The condition that a host still owns a character: for writes beside its own rows. */
export function ownedCheck(owned: {
  realmId: string
  characterId: string
  bootId: string
  epoch: number
}): Write {
  return {
    check: {
      table: 'core',
      key: guardKey(owned.realmId, owned.characterId),
      condition: '#owner = :me AND epoch = :epoch AND #state = :active',
      names: { '#owner': 'owner', '#state': 'state' },
      values: { ':me': owned.bootId, ':epoch': owned.epoch, ':active': 'active' },
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
  return [toReserved(guard, to), stateToEpoch(guard, state.epoch, guard.epoch + 1)]
}

/**
 * active -> reserved, away from an owner that is dead as observed. `leaseCheck` repeats the observation
 * as a condition. `recovered` is the saved state for the new owner. `fence` is for a host that wakes up.
 */
export function takeOverWrites(
  rows: CharacterRows,
  to: Reservation,
  recovered: { saved: Saved; saveNumber: number },
  leaseCheck: Write,
  fence: Write,
): Write[] {
  const { guard, state } = rows
  return [
    toReserved(guard, to),
    {
      update: saveUpdate(
        {
          realmId: guard.realmId,
          characterId: guard.characterId,
          epoch: state.epoch,
          saveNumber: recovered.saveNumber,
          saved: recovered.saved,
        },
        guard.epoch + 1,
      ),
    },
    leaseCheck,
    fence,
  ]
}

/**
 * reserved or moving -> offline, by an operator: the ticket of the reservation is void. Its place lapses a
 * little after the ticket would have expired.
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
    stateToEpoch(guard, state.epoch, guard.epoch + 1),
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

/** active -> offline, with the last state. `leftAt`: Unix ms; who comes back soon does not wait (functions/world). */
export function leaveWrites(leave: Save & { leftAt?: number }): Write[] {
  return [toOffline(leave), { update: saveUpdate(leave, leave.epoch + 1) }]
}

function toOffline(owned: {
  realmId: string
  characterId: string
  bootId: string
  epoch: number
  leftAt?: number
}): Write {
  const { leftAt } = owned
  return {
    update: {
      table: 'core',
      key: guardKey(owned.realmId, owned.characterId),
      update:
        'SET #owner = :none, #instance = :none, epoch = :next, #state = :offline, ticketId = :none' +
        (leftAt === undefined ? '' : ', leftAt = :leftAt'),
      condition: '#owner = :me AND epoch = :epoch AND #state = :active',
      names: { '#owner': 'owner', '#instance': 'instance', '#state': 'state' },
      values: {
        ':none': '',
        ':next': owned.epoch + 1,
        ':offline': 'offline',
        ...(leftAt === undefined ? {} : { ':leftAt': Math.floor(leftAt) }),
        ':me': owned.bootId,
        ':epoch': owned.epoch,
        ':active': 'active',
      },
    },
  }
}

/**
 * active -> offline without a save: the guard names this host, but the host does not hold the character (its
 * claim was never answered, or was void). Without this the player would be locked out while the host lives.
 */
export function letGoWrites(owned: {
  realmId: string
  characterId: string
  bootId: string
  epoch: number
}): Write[] {
  return [toOffline(owned), stateToEpoch(owned, owned.epoch, owned.epoch + 1)]
}

/** An owner that was read as dead: the condition that it still is, and the command for when it wakes. */
export type DeadOwner = { bootId: string; check: Write; fence: Write }

/**
 * Gives a character that is not in play another name in its profile. A reservation is void with it, as by a deletion:
 * of the rename and the claim of its ticket the first one wins.
 */
export function renameWrites(
  realmId: string,
  characterId: string,
  accountId: string,
  name: string,
): Write[] {
  return [
    ...outOfPlay(realmId, characterId, accountId),
    {
      update: {
        table: 'core',
        key: profileKey(realmId, characterId),
        update: 'SET #name = :name',
        condition: 'attribute_exists(pk)',
        names: { '#name': 'name' },
        values: { ':name': name },
      },
    },
  ]
}

/** A deleted character is there again, offline. The epoch rises once more, as at each change of its guard. */
export function restoreCharacterWrites(
  realmId: string,
  characterId: string,
  accountId: string,
): Write[] {
  const one = { ':one': 1 }
  return [
    {
      update: {
        table: 'core',
        key: guardKey(realmId, characterId),
        update: 'SET epoch = epoch + :one REMOVE deleted',
        condition: 'accountId = :account AND deleted = :true',
        values: { ...one, ':account': accountId, ':true': true },
      },
    },
    {
      update: {
        table: 'core',
        key: stateKey(realmId, characterId),
        update: 'SET epoch = epoch + :one',
        condition: 'attribute_exists(pk)',
        values: one,
      },
    },
  ]
}

/**
 * Marks a character deleted, first in its guard. The condition fails while the character is in play, unless
 * its owner is `dead`. A reservation is void with it, at any time: of the delete and the claim of its ticket
 * the first one wins, and the other one finds another guard. So no clock is asked whether the ticket has
 * expired. Its place lapses. The epoch rises in both rows, so a late save of a former owner fails.
 */
export function deleteCharacterWrites(
  realmId: string,
  characterId: string,
  accountId: string,
  dead?: DeadOwner,
): Write[] {
  const ofOwner: Write[] = dead === undefined ? [] : [dead.check, dead.fence]
  return [...outOfPlay(realmId, characterId, accountId, { deleted: true, dead }), ...ofOwner]
}

/** Offline and at the next epoch, of a character that is not deleted. */
function outOfPlay(
  realmId: string,
  characterId: string,
  accountId: string,
  { deleted = false, dead }: { deleted?: boolean; dead?: DeadOwner | undefined } = {},
): Write[] {
  const ofDead = dead === undefined ? '' : ' OR (#state = :active AND #owner = :dead)'
  return [
    {
      update: {
        table: 'core',
        key: guardKey(realmId, characterId),
        update:
          `SET ${deleted ? 'deleted = :true, ' : ''}epoch = epoch + :one, #owner = :none, #instance = :none, ` +
          '#state = :offline, ticketId = :none',
        condition:
          `(#state IN (:offline, :reserved, :moving)${ofDead}) AND ` +
          'accountId = :account AND attribute_not_exists(deleted)',
        names: { '#owner': 'owner', '#instance': 'instance', '#state': 'state' },
        values: {
          ...(deleted ? { ':true': true } : {}),
          ':one': 1,
          ':none': '',
          ':offline': 'offline',
          ':reserved': 'reserved',
          ':moving': 'moving',
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
  ]
}

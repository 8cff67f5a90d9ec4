// Takes each rule of the protocol of ownership away (test/mutants/hunt.ts). What catches it is a seed.
import { huntAll, huntOne } from '../mutants/hunt.ts'
import type { Hunt, Mutant } from '../mutants/hunt.ts'

const guard = 'shared/ownership/guard.ts'
const transitions = 'shared/ownership/transitions.ts'
const lease = 'shared/ownership/lease.ts'
const inbox = 'gameserver/instance/inbox.ts'
const checkpoint = 'shared/ownership/checkpoint.ts'
const checkpointRows = 'shared/ownership/checkpoint-rows.ts'
const places = 'shared/ownership/places.ts'
const claiming = 'gameserver/persistence/claiming.ts'
const checkpointing = 'gameserver/persistence/checkpointing.ts'
const leaving = 'gameserver/persistence/leaving.ts'
const keeper = 'gameserver/persistence/lease-keeper.ts'
const world = 'functions/world/world.ts'
const owner = 'functions/world/owner.ts'
const placeKeeper = 'gameserver/persistence/place-keeper.ts'
const placeRound = 'gameserver/persistence/place-round.ts'
const leaseGate = 'gameserver/host/lease-gate.ts'
const admission = 'gameserver/instance/admission.ts'
const leaves = 'gameserver/instance/leaves.ts'

export const mutants: Mutant[] = [
  {
    name: 'effect-by-epoch',
    rule: 'Effects: the next owner asks under the same operation id',
    file: 'gameserver/persistence/effecting.ts',
    find: "operationOf(['effect', realmId, characterId, kind, id], body)",
    replace: "operationOf(['effect', realmId, characterId, kind, id, String(epoch)], body)",
  },
  {
    name: 'effect-not-asked-again',
    rule: 'Effects: the next owner asks for what waits in the saved state',
    file: 'gameserver/instance/entry.ts',
    find: '  resendEffects(instance, character)\n',
    replace: '  void [resendEffects, instance, character]\n',
  },
  {
    name: 'save-without-epoch',
    rule: 'State row: conditioned on epoch and save number',
    file: guard,
    find: "condition: 'epoch = :epoch AND saveNumber <= :save',",
    replace: "condition: 'saveNumber <= :save AND :epoch = :epoch',",
  },
  {
    name: 'save-without-number',
    rule: 'State row: conditioned on epoch and save number',
    file: guard,
    find: "condition: 'epoch = :epoch AND saveNumber <= :save',",
    replace: "condition: 'epoch = :epoch',",
  },
  {
    name: 'leave-keeps-state-epoch',
    rule: 'Every change of owner writes epoch + 1 to guard and state row',
    file: transitions,
    find: 'saveUpdate(leave, leave.epoch + 1)',
    replace: 'saveUpdate(leave)',
  },
  {
    name: 'take-over-without-lease',
    rule: 'Take-over: boot and renewal number as observed are a condition',
    file: transitions,
    find: '    leaseCheck,\n    fence,',
    replace: '    fence,',
  },
  {
    name: 'take-over-without-a-word',
    rule: 'Take-over: a fence row in the old inbox (which has the let-go before it as well)',
    file: transitions,
    find: '    leaseCheck,\n    fence,',
    replace: '    leaseCheck,',
    also: {
      file: owner,
      find: 'await deps.store.put(commandPut(now, owner, command))',
      replace: 'commandPut(now, owner, command)',
    },
  },
  {
    name: 'renew-ended-lease',
    rule: 'Lease: one that has ended is lost to its holder',
    file: lease,
    find: 'attribute_exists(pk) AND attribute_not_exists(ended) AND renewal < :n',
    replace: 'attribute_exists(pk) AND renewal < :n',
  },
  {
    name: 'renewal-creates-row',
    rule: 'Lease: a renewal never creates a row; numbers rise',
    file: lease,
    find: 'attribute_exists(pk) AND attribute_not_exists(ended) AND renewal < :n',
    replace: 'attribute_not_exists(ended)',
  },
  {
    name: 'dead-after-2s',
    rule: 'Dead: the same renewal number for longer than the deadline',
    file: 'shared/limits.ts',
    find: 'export const leaseDeadAfterMs = 6000',
    replace: 'export const leaseDeadAfterMs = 2000',
  },
  {
    name: 'suspect-after-2s',
    rule: 'Dead: hosts watch each other and mark a lease with their observation',
    file: 'shared/limits.ts',
    find: 'export const leaseSuspectAfterMs = 6000',
    replace: 'export const leaseSuspectAfterMs = 2000',
  },
  {
    name: 'reads-far-apart',
    rule: 'Dead: successful reads at most 1.5 s apart, a gap restarts',
    file: lease,
    find: 'Math.abs(now - last) <= leaseReadGapMs',
    replace: 'Math.abs(now - last) <= 60_000',
  },
  {
    name: 'checkpoint-number',
    rule: 'Checkpoint: conditioned on its number rising',
    file: checkpointRows,
    find: "condition: 'attribute_not_exists(pk) OR #number < :number',",
    replace: "condition: 'attribute_not_exists(pk) OR #number <> :number',",
  },
  {
    name: 'recover-by-new-epoch',
    rule: "Take-over: the entry whose epoch is the guard's before the take-over",
    file: checkpoint,
    find: 'one.epoch === guard.epoch,',
    replace: 'one.epoch === guard.epoch + 1,',
  },
  {
    name: 'recover-any-epoch',
    rule: "Take-over: the entry whose epoch is the guard's before the take-over",
    file: checkpoint,
    find: 'one.characterId === guard.characterId && one.epoch === guard.epoch,',
    replace: 'one.characterId === guard.characterId,',
  },
  {
    name: 'recover-nothing',
    rule: 'Take-over: the recovered saved state is written to the state row',
    file: checkpoint,
    find: 'return entry !== undefined && entry.saveNumber > state.saveNumber',
    replace: 'return entry !== undefined && entry.saveNumber < 0',
  },
  {
    name: 'claim-without-ticket',
    rule: 'Claim: conditional on the ticket id',
    file: transitions,
    find: "'#owner = :me AND ticketId = :ticket AND #state IN (:reserved, :moving) AND ' +",
    replace: "'#owner = :me AND :ticket = :ticket AND #state IN (:reserved, :moving) AND ' +",
  },
  {
    name: 'claim-active',
    rule: 'Claim: only what is reserved or moving',
    file: transitions,
    find: "ticketId = :ticket AND #state IN (:reserved, :moving) AND ' +",
    replace: "ticketId = :ticket AND #state IN (:reserved, :moving, :active) AND ' +",
  },
  {
    name: 'claim-refusal-may-be-ours',
    rule: 'Claim: a refusal counts as ours only after an unclear attempt',
    file: claiming,
    find: 'if (!isMine(deps, rows, ticket) || !progress.maybeMine)',
    replace: 'if (!isMine(deps, rows, ticket))',
  },
  {
    name: 'forget-tickets',
    rule: 'Claim: the host remembers ticket ids from before it claims',
    file: admission,
    find: "if (used.has(ticket.ticketId)) return 'ticket.refused'",
    replace: '',
  },
  {
    name: 'claim-across-a-lapse',
    rule: 'Claim: one that was in flight across a lapse is void (worker)',
    file: claiming,
    find: 'if (!deps.lease().held || deps.proof().lapses !== proofBefore.lapses) break',
    replace: '',
  },
  {
    name: 'join-across-a-lapse',
    rule: 'Claim: a join that was in flight across a lapse is void (tick thread)',
    file: admission,
    find: 'lapses !== lapsesBefore || !mayAdmit() || ',
    replace: '',
  },
  {
    name: 'claim-not-undone',
    rule: 'Claim: one that nobody uses is undone',
    file: claiming,
    find: "  void undoClaim(deps, ticket)\n  return { outcome: 'unavailable' }",
    replace: "  return { outcome: 'unavailable' }",
  },
  {
    name: 'save-past-the-deadline',
    rule: 'Past the deadline: nothing is saved',
    file: checkpointing,
    find: 'const isHeld = () => lease().held',
    replace: 'const isHeld = () => true',
  },
  {
    name: 'leave-once',
    rule: 'Leave: repeated until it is clear',
    file: leaving,
    find: 'unclear ||= error.unclear\n      }\n      await runtime.sleep(backoff.next())',
    replace: "return 'left'\n      }\n      await runtime.sleep(backoff.next())",
  },
  {
    name: 'leaving-not-in-checkpoint',
    rule: 'Who is leaving stays in the checkpoint until that is clear',
    file: leaves,
    find: 'entries: () => [...leaving.keys()],',
    replace: 'entries: () => [],',
  },
  {
    name: 'enter-while-leaving',
    rule: 'A character on its way out is not let in until that is clear',
    file: admission,
    find: "if (instance.leaves.has(ticket.characterId)) return 'host.unavailable'",
    replace: '',
  },
  {
    name: 'place-released-blindly',
    rule: 'Places: released only while the reservation is the one that is known',
    file: places,
    find: "condition: '#until = :until', names",
    replace: "condition: 'attribute_exists(pk) AND (#until = :until OR #until <> :until)', names",
  },
  {
    name: 'places-never-lapse',
    rule: 'Places: reservations that expired are released by their host',
    file: placeRound,
    find: 'now - since > placeLapsesMs',
    replace: '0 * (now - since) > placeLapsesMs',
  },
  {
    name: 'places-of-players-lapse',
    rule: 'Places: the host keeps the places of those who play there',
    file: placeRound,
    find: '!members.has(id)',
    replace: 'members.size >= 0',
  },
  {
    name: 'place-released-twice',
    rule: 'Places: an enter releases only the place that it took itself',
    file: 'functions/world/reservation.ts',
    find: "outcome === 'refused' && !renewed",
    replace: "outcome === 'refused'",
  },
  {
    name: 'places-over-capacity',
    rule: 'Places: taken only while the count is below the limit',
    file: places,
    find: "'#state <> :draining AND #count < :limit'",
    replace: "'#state <> :draining AND (#count < :limit OR #count >= :limit)'",
  },
  {
    name: 'places-not-counted',
    rule: 'Places: row and count change in one transaction (take)',
    file: places,
    find: "const room = count(realmId, ref, 1, '#state",
    replace: "const room = count(realmId, ref, 0, '#state",
  },
  {
    name: 'releases-not-counted',
    rule: 'Places: row and count change in one transaction (release)',
    file: places,
    find: 'count(realmId, ref, -left.length,',
    replace: 'count(realmId, ref, 0 * left.length,',
  },
  {
    name: 'place-not-restored',
    rule: 'Places: a player who has none gets one again',
    file: placeKeeper,
    find: 'await restorePlace(store, realmId, ref, place, card.capacity)',
    replace: 'await Promise.resolve([restorePlace, place])',
  },
  {
    name: 'deadline-from-the-answer',
    rule: 'Lease: the deadline counts from before the last acknowledged renewal was sent',
    file: keeper,
    find: 'wall: latest.wall, monotonic: latest.monotonic,',
    replace: 'wall: clocks.now(), monotonic: clocks.monotonic(),',
  },
  {
    name: 'monotonic-alone',
    rule: 'Lease: elapsed time is the larger of monotonic and wall clock',
    file: keeper,
    find: 'const elapsed = Math.max(clocks.now() - proof.wall, clocks.monotonic() - proof.monotonic)',
    replace: 'const elapsed = clocks.monotonic() - proof.monotonic',
  },
  {
    name: 'renew-for-a-hung-thread',
    rule: 'Lease: renewed only for a tick thread that has answered',
    file: keeper,
    find: 'if (alive) {',
    replace: 'if (alive || !alive) {',
  },
  {
    name: 'inbox-not-read',
    rule: 'Inbox: read strongly after each renewal',
    file: keeper,
    find: 'await deps.readInbox().catch(',
    replace: 'await Promise.resolve().catch(',
  },
  {
    name: 'inbox-after-the-proof',
    rule: 'After a gap: renew, then read the inbox, then tick',
    file: keeper,
    find: 'if (lapsed() || !(error instanceof StoreError)) throw error',
    replace: 'if (!(error instanceof StoreError)) throw error',
  },
  {
    name: 'tick-before-proof',
    rule: 'After a gap longer than the lease: prove before a tick',
    file: leaseGate,
    find: 'if (gapMs > leaseDeadlineMs) {',
    replace: 'if (gapMs > 1e9) {',
  },
  {
    name: 'command-for-any-epoch',
    rule: 'Inbox: let-go and fence ignore later owners',
    file: inbox,
    find: 'if (character.claimed.epoch > epoch) continue',
    replace: '',
  },
  {
    name: 'let-go-ignored',
    rule: 'Log-in elsewhere: a living owner lets go',
    file: inbox,
    find: "else startLeave(instance, character, kind === 'kick' ? 'kicked' : 'replaced')",
    replace: '',
  },
  {
    name: 'let-go-of-nobody',
    rule: 'Let go: of a character that is not held the guard is written offline',
    file: inbox,
    find: "if (kind !== 'fence' && !known)",
    replace: "if (kind !== 'fence' && known && !known)",
  },
  {
    name: 'let-go-with-a-claim-in-flight',
    rule: 'Let go: not with a claim in flight',
    file: inbox,
    find: 'let known = admission.claims(characterId)',
    replace: 'let known = false',
  },
  {
    name: 'enter-waits-for-expiry',
    rule: "Reserve: the player's own next enter replaces a reservation at once",
    file: world,
    find: '  const around = await readAround(deps, situation, progress)',
    replace:
      "  const { guard } = situation.rows\n  if (guard.state === 'reserved' && guard.ticketExpires > deps.runtime.now()) return 'again'\n  const around = await readAround(deps, situation, progress)",
  },
  {
    name: 'transition-ignores-state',
    rule: 'Transitions name owner, epoch, state and ticket id as read',
    file: transitions,
    find: "'#owner = :owner AND epoch = :epoch AND #state = :state AND ticketId = :ticketId AND ' +",
    replace:
      "'#owner = :owner AND epoch = :epoch AND :state = :state AND ticketId = :ticketId AND ' +",
  },
  {
    name: 'transition-ignores-epoch',
    rule: 'Transitions name owner, epoch, state and ticket id as read',
    file: transitions,
    find: "'#owner = :owner AND epoch = :epoch AND #state = :state AND ticketId = :ticketId AND ' +",
    replace:
      "':owner = :owner AND :epoch = :epoch AND #state = :state AND :ticketId = :ticketId AND ' +",
  },
  {
    name: 'places-of-one-name',
    rule: 'Places: a renewed one expires later than it did, so that each enter knows its own',
    file: places,
    find: "condition: 'attribute_exists(pk) AND #until < :until',",
    replace: "condition: 'attribute_exists(pk) AND #until <= :until',",
    also: {
      file: places,
      find: 'Math.max(until, outcome.until + 1)',
      replace: 'Math.max(until, outcome.until)',
    },
  },
  {
    name: 'place-released-unclear',
    rule: 'Places: kept while it is not clear whether the reservation stands',
    file: 'functions/world/reservation.ts',
    find: "return 'unclear'",
    replace: "return 'refused'",
  },
  {
    name: 'enter-ignores-ban',
    rule: 'Ban: the row of the account comes first, and enter reads it',
    file: 'functions/auth/ban.ts',
    find: 'if (ban === undefined || ban.until <= now) return',
    replace: 'if (ban === undefined || ban.until > 0) return',
  },
  {
    name: 'claim-ignores-ban',
    rule: 'Ban: the host reads the copy after its claim',
    file: claiming,
    find: 'if (banned) {',
    replace: 'if (banned && !banned) {',
  },
  {
    name: 'ban-read-before-the-claim',
    rule: 'Ban: the host reads the copy after its claim',
    file: claiming,
    find: '  try {\n    await store.update(claimUpdate(',
    replace:
      '  const before = await isBanned(store, host.realmId, ticket.accountId, clocks.now())\n  try {\n    await store.update(claimUpdate(',
    also: {
      file: claiming,
      find: 'isBanned(store, realmId, ticket.accountId, clocks.now()),',
      replace: 'Promise.resolve(before),',
    },
  },
  {
    name: 'ban-not-copied',
    rule: 'Ban: copied to the realm before the guards are looked at',
    file: 'functions/admin/admin.ts',
    find: 'copyBan(deps.store, realmId, accountId, { until, version }),',
    replace: 'Promise.resolve([realmId, version, copyBan]),',
  },
  {
    name: 'ban-copy-unordered',
    rule: 'Ban: of a ban and its lifting the later one stands in each realm',
    file: 'shared/ownership/ban.ts',
    find: "condition: 'attribute_not_exists(pk) OR banVersion < :version',",
    replace: "condition: 'attribute_not_exists(pk) OR banVersion <> :version',",
  },
  {
    name: 'ban-without-voiding',
    rule: 'Ban: what is reserved or moving is voided in the guard',
    file: 'shared/ownership/removal.ts',
    find: "if (await voidTicket(store, rows)) return 'out'",
    replace: "return [voidTicket, rows].length > 0 ? 'out' : 'inPlay'",
  },
  {
    name: 'kick-without-a-read',
    rule: 'Ban: who is active is kicked and read again until gone',
    file: 'shared/ownership/removal.ts',
    find: 'asked = { owner: guard.owner, epoch: guard.epoch, at: now }',
    replace: "asked = { owner: guard.owner, epoch: guard.epoch, at: now }\n      return 'out'",
  },
  {
    name: 'kick-misses-a-claim',
    rule: 'Inbox: a kick meets a claim that is in flight',
    file: inbox,
    find: "if (kind === 'kick') admission.forbid(characterId, epoch)",
    replace: '',
    also: {
      file: 'shared/ownership/removal.ts',
      find: 'now - asked.at >= leaseRenewMs',
      replace: 'now - asked.at >= 1e9 + leaseRenewMs',
    },
  },
  {
    name: 'seat-ignored',
    rule: "Seat: the account's other character is taken out of play first",
    file: world,
    find: 'await vacate(deps, realmId, seat)',
    replace: 'await Promise.resolve([vacate, deps, realmId])',
  },
  {
    name: 'seat-unconditional',
    rule: 'Seat: taken only as it was read, in the transaction of the reservation',
    file: 'functions/world/seat.ts',
    find: ', ...asRead(read) }',
    replace: ', ...(read === undefined ? asRead(read) : {}) }',
  },
  {
    name: 'action-twice',
    rule: 'Operators: an action happens once under its operation id',
    file: 'shared/store/commit.ts',
    find: "    condition: 'attribute_not_exists(pk) OR expires <= :now',",
    replace:
      "    condition: 'attribute_not_exists(pk) OR expires <= :now OR :now > expires OR expires > :now',",
  },
]

/**
 * Mutants that hundreds of seeds did not catch, and the rule that seems to cover each. Remove one when a seed
 * catches it. A new survivor fails the run.
 */
const survivors: Record<string, string> = {
  'save-without-number':
    'state saves are 60 s apart; only one repeated after a lost answer could land late',
  'take-over-without-lease':
    'the owner got the command to let go before, so a host that wakes leaves first',
  'reads-far-apart': 'a living host applies the let-go, or renews, before the next read',
  'recover-any-epoch': 'a leave saves a higher number than any checkpoint before it',
  'claim-active': 'the ticket id is remembered by the host',
  'claim-refusal-may-be-ours': 'the ticket id is remembered by the host',
  'claim-not-undone': 'the next enter has it let go',
  'join-across-a-lapse': 'the worker refuses the claim first',
  'enter-while-leaving': 'the claim is refused until the leave has landed',
  'ban-read-before-the-claim':
    'a ban that the early read misses kicks the claim; test/ownership/ban.test.ts has it directly',
  'ban-copy-unordered':
    'the copy must land late, behind the lifting; test/ownership/ban.test.ts has it directly',
  'places-of-one-name':
    'two enters in the same millisecond, two seeds in a thousand; test/ownership/places.test.ts has it directly',
  'places-of-players-lapse':
    'the next round restores them; test/ownership/places.test.ts has it directly',
  'place-not-restored': 'nothing here loses one; test/ownership/places.test.ts has it directly',
  'deadline-from-the-answer':
    'an answer takes 2 s at most, and observers wait 2 s longer than the deadline',
  'inbox-after-the-proof': 'the next renewal reads the inbox within a second',
  'command-for-any-epoch': 'commands are removed before the next stay at the same host begins',
  'let-go-of-nobody': 'a claim that nobody uses is undone',
  'let-go-with-a-claim-in-flight': 'a claim that lost its guard is refused by its read',
  'transition-ignores-epoch':
    'state and owner change with every transition but one, which has the epoch of the state row',
}

const parts = ['shared', 'functions', 'gameserver', 'test/simulation']
/** A mutant whose run never ends is caught as well. */
const seedMaxMs = 2000

/** Runs seeds on a copy of the source without that rule, until one fails. */
export async function hunt(mutant: Mutant, seeds: number): Promise<Hunt> {
  return await huntOne(mutant, {
    parts,
    script: 'test/simulation/main.ts',
    args: ['--hunt', '--seeds', `${seeds}`],
    timeoutMs: 10_000 + seeds * seedMaxMs,
  })
}

/** Runs all mutants, or those named, and prints their table. Returns whether each was caught that should be. */
export async function runMutants(
  names: readonly string[],
  seeds: number,
  print: (line: string) => void,
): Promise<boolean> {
  return await huntAll(mutants, {
    names,
    survivors,
    hunt: async (mutant) => await hunt(mutant, seeds),
    after: 'first failing seed of 1, 2, 3, …',
    print,
  })
}

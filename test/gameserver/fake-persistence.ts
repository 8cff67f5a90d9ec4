// The store's side of a zone host, in memory: guards on which tickets are claimed, and switches for the
// faults of a store.
import type { CheckpointEntry } from '#shared/ownership/checkpoint.ts'
import type { Saved } from '#shared/ownership/saved.ts'
import type { Command } from '#shared/ownership/inbox.ts'
import type { Ticket } from '#shared/ownership/ticket.ts'
import type {
  ClaimedCharacter,
  Leaving,
  OpenPrivate,
  Persistence,
  RenewOutcome,
} from '#gameserver/persistence/persistence.ts'

type Guard = {
  state: 'reserved' | 'active' | 'offline'
  ticketId: string
  epoch: number
  saveNumber: number
  saved: Saved
  name: string
}

export type FakePersistence = Persistence & {
  readonly guards: Map<string, Guard>
  readonly calls: { claim: number; leave: number; checkpoint: number; prove: number }
  /** Private instances that members find. */
  readonly privates: Map<string, OpenPrivate>
  /** Those in which a place is taken. */
  readonly taken: Set<string>
  /** `<instance> <state>` of each step of a close. */
  readonly closes: string[]
  readonly checkpoints: Map<string, CheckpointEntry[]>
  readonly left: Leaving[]
  /** `<character> <epoch>` of each let-go that was asked of the store. */
  readonly letGoes: string[]
  /** `<character> <epoch>` of each stay that was fenced. */
  readonly forgotten: string[]
  /** Sends a command as the inbox does. */
  command: (command: Command) => void
  /** Tells players as the worker does. */
  /** Plans a maintenance as the worker does. */
  plan: Parameters<Persistence['onMaintenance']>[0]
  told: Parameters<Persistence['onTold']>[0]
  blocks: Parameters<Persistence['onBlocks']>[0]
  held: boolean
  lost: boolean
  proof: RenewOutcome
  /** What a claim waits for before it is answered. */
  claimGate: Promise<void>
  /** What a leave waits for before it is answered. */
  leaveGate: Promise<void>
  /** Reserves a character for a ticket id. */
  reserve(characterId: string, ticketId: string, saved: Saved, name?: string): Guard
}

export function createFakePersistence(): FakePersistence {
  const guards = new Map<string, Guard>()
  const claimed = (ticket: Ticket, guard: Guard): ClaimedCharacter => ({
    characterId: ticket.characterId,
    accountId: ticket.accountId,
    name: guard.name,
    race: 'human',
    job: 'mage',
    epoch: guard.epoch,
    saveNumber: guard.saveNumber,
    saved: guard.saved,
    ...(ticket.synthetic === true ? { synthetic: true } : {}),
    ...(ticket.role === undefined ? {} : { role: ticket.role }),
  })
  const fake: FakePersistence = {
    guards,
    calls: { claim: 0, leave: 0, checkpoint: 0, prove: 0 },
    privates: new Map(),
    taken: new Set(),
    closes: [],
    checkpoints: new Map(),
    left: [],
    letGoes: [],
    forgotten: [],
    command: () => undefined,
    plan: () => undefined,
    told: () => undefined,
    blocks: () => undefined,
    held: true,
    lost: false,
    proof: 'held',
    claimGate: Promise.resolve(),
    leaveGate: Promise.resolve(),
    reserve(characterId, ticketId, saved, name = characterId) {
      const before = guards.get(characterId)
      const guard: Guard = {
        state: 'reserved',
        ticketId,
        epoch: (before?.epoch ?? 0) + 1,
        saveNumber: before?.saveNumber ?? 0,
        saved: before?.saved ?? saved,
        name,
      }
      guards.set(characterId, guard)
      return guard
    },
    async claim(ticket) {
      fake.calls.claim++
      await fake.claimGate
      const guard = guards.get(ticket.characterId)
      if (guard?.state !== 'reserved' || guard.ticketId !== ticket.ticketId) {
        return { outcome: 'refused' }
      }
      guard.state = 'active'
      return { outcome: 'claimed', character: claimed(ticket, guard) }
    },
    async leave(leaving) {
      fake.calls.leave++
      await fake.leaveGate
      const guard = guards.get(leaving.characterId)
      if (guard?.state !== 'active' || guard.epoch !== leaving.epoch) return 'fenced'
      if (leaving.saveNumber <= guard.saveNumber) throw new Error('save numbers rise')
      Object.assign(guard, {
        state: 'offline',
        epoch: guard.epoch + 1,
        saveNumber: leaving.saveNumber,
        saved: leaving.saved,
      })
      fake.left.push(leaving)
      return 'left'
    },
    async checkpoint(instance, entries) {
      fake.calls.checkpoint++
      fake.checkpoints.set(instance, entries)
      return 'saved'
    },
    async letGo(characterId, epoch) {
      fake.letGoes.push(`${characterId} ${epoch}`)
      return 'left'
    },
    async forget(characterId, epoch) {
      fake.forgotten.push(`${characterId} ${epoch}`)
    },
    effect: async () => await Promise.resolve({ outcome: 'done' }),
    async openPrivate(opened) {
      fake.privates.set(opened.instance, opened)
      return true
    },
    async endPrivate(instance, { always }) {
      if (fake.taken.has(instance) && !always) return 'taken'
      fake.privates.delete(instance)
      return 'ended'
    },
    async closeInstance(instance, state) {
      fake.closes.push(`${instance} ${state}`)
      return await Promise.resolve(fake.held ? 'done' : 'unavailable')
    },
    reportSlots: async () => await Promise.resolve('done'),
    onCommand(apply) {
      fake.command = apply
    },
    onMaintenance(apply) {
      fake.plan = apply
    },
    onTold(apply) {
      fake.told = apply
    },
    onBlocks(apply) {
      fake.blocks = apply
    },
    heartbeat() {},
    lease: () => ({ held: fake.held && !fake.lost, lost: fake.lost }),
    async prove() {
      fake.calls.prove++
      return fake.proof
    },
  }
  return fake
}

// The store behind a test zone: what is saved of its characters, and the rows of the game. It outlives hosts.
import { createEffecting } from '#gameserver/persistence/effecting.ts'
import type { ClaimedCharacter, Persistence } from '#gameserver/persistence/persistence.ts'
import type { Content } from '#shared/content/content.ts'
import type { Game } from '#shared/game/game.ts'
import { effectKindsOf } from '#shared/game/tallying.ts'
import { createBoardEffects } from '#shared/leaderboards/effect.ts'
import type { CheckpointEntry } from '#shared/ownership/checkpoint.ts'
import { guardKey } from '#shared/ownership/guard.ts'
import { createResultEffect } from '#shared/results/effect.ts'
import { openResult, ratingOfQueue } from '#shared/results/rows.ts'
import type { PlayedMatch } from '#shared/rules/played-match.ts'
import type { Runtime } from '#shared/runtime.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import type { Store } from '#shared/store/store.ts'
import type { Log } from '#shared/telemetry/log.ts'

export type TestCharacter = Omit<ClaimedCharacter, 'epoch' | 'synthetic'>

export type ZoneStore = {
  /** The rows of the game lie in it. */
  readonly rows: Store
  add(character: TestCharacter): void
  /** A match is played from now on: the members of its teams may end it. */
  play(matchId: string, match: PlayedMatch, members: ReadonlyMap<string, string>): Promise<void>
  /** Gives a character to a host, as it was saved last. */
  claim(characterId: string, bootId: string): Promise<ClaimedCharacter>
  /** What a host sees of the store. */
  persistence(bootId: string): Persistence
}

export const testRealm = 'test'

export function createZoneStore(
  game: Game,
  content: Pick<Content, 'leaderboards' | 'queues'>,
  runtime: Runtime,
  log: Log,
): ZoneStore {
  const rows = createMemoryStore()
  const boards = createBoardEffects({ store: rows, runtime, log })
  boards.take([...content.leaderboards.values()])
  const results = createResultEffect(rows)
  const characters = new Map<string, ClaimedCharacter & { owner: string }>()

  /** Saves what the owner says, and nobody else; an older save than the last changes nothing. */
  const save = (bootId: string, { characterId, epoch, saveNumber, saved }: CheckpointEntry) => {
    const kept = characters.get(characterId)
    if (kept?.owner !== bootId || kept.epoch !== epoch) return false
    if (saveNumber > kept.saveNumber) Object.assign(kept, { saveNumber, saved })
    return true
  }

  return {
    rows,
    add(character) {
      characters.set(character.characterId, { ...character, epoch: 0, owner: '' })
    },
    async play(matchId, { queue, teams }, accounts) {
      const rating = ratingOfQueue(content, queue)
      const row = {
        queue,
        ...(rating === undefined ? {} : { rating }),
        teams: teams.map(({ name, members }) => ({
          name,
          players: members.map((characterId) => ({
            characterId,
            accountId: accounts.get(characterId)!,
          })),
        })),
        openedAt: runtime.now(),
      }
      await rows.transact([openResult(testRealm, matchId, row)])
    },
    async claim(characterId, bootId) {
      const kept = characters.get(characterId)!
      kept.epoch++
      kept.owner = bootId
      const { epoch } = kept
      const key = guardKey(testRealm, characterId)
      const item = { ...key, v: 1, owner: bootId, epoch, state: 'active' }
      await rows.put({ table: 'core', item })
      const { owner: _, ...claimed } = kept
      return claimed
    },
    persistence(bootId) {
      const owns = ({ characterId, epoch }: { characterId: string; epoch: number }) => {
        const kept = characters.get(characterId)
        return kept?.owner === bootId && kept.epoch === epoch
      }
      const leaver = {
        ownership: async (stay: { characterId: string; epoch: number }) =>
          await Promise.resolve(owns(stay) ? ('ours' as const) : ('lost' as const)),
      }
      const host = { realmId: testRealm, bootId }
      const effects = effectKindsOf(game)
      return {
        effect: createEffecting({
          store: rows,
          runtime,
          host,
          leaver,
          effects,
          coreEffect: (kind) => boards.find(kind) ?? results.find(kind),
          log,
        }),
        claim: async () => await Promise.resolve({ outcome: 'refused' }),
        async leave(leaving) {
          if (!save(bootId, leaving)) return await Promise.resolve('fenced')
          characters.get(leaving.characterId)!.owner = ''
          return 'left'
        },
        async checkpoint(_, entries) {
          for (const entry of entries) save(bootId, entry)
          return await Promise.resolve('saved')
        },
        letGo: async () => await Promise.resolve('left'),
        forget: async () => {},
        closeInstance: async () => await Promise.resolve('done'),
        openPrivate: async () => await Promise.resolve(true),
        endPrivate: async () => await Promise.resolve('ended'),
        reportSlots: async () => await Promise.resolve('done'),
        onCommand: () => undefined,
        onMaintenance: () => undefined,
        onTold: () => undefined,
        onBlocks: () => undefined,
        heartbeat: () => undefined,
        lease: () => ({ held: true, lost: false }),
        prove: async () => await Promise.resolve('held'),
      }
    },
  }
}

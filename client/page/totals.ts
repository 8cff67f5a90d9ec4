// The totals of the player's tallies: read when the page first asks for one and after each join, then as the
// zone tells of changes.
import type { Api } from '#shared/api/api.ts'
import type { ApiClient } from '#shared/api/client.ts'
import type { Tally, TallyTotal } from '#shared/rules/tally.ts'

type Told = TallyTotal & { tally: string }

export type Totals = {
  /** Undefined until the server has said it. */
  total(tally: Tally): number | undefined
  /** A change was told. */
  changed(told: Told): void
  /** The player has joined: what was told meanwhile may be lost. */
  joined(): void
}

export function createTotals(
  tallies: Pick<ApiClient<Api>['tallies'], 'of' | 'mine'>,
  realm: { realmId: string; characterId: string },
  failed: (error: unknown) => void,
): Totals {
  const { realmId, characterId } = realm
  const known = new Map<string, TallyTotal>()
  /** What the game asks for: only that is read. */
  const asked = new Set<Tally['per']>()
  const take = (told: Told) => {
    // Of two totals, the one with more changes is newer.
    if ((known.get(told.tally)?.changes ?? -1) <= told.changes) known.set(told.tally, told)
  }
  const readAll = async (per: Tally['per']) => {
    try {
      const { totals } =
        per === 'character'
          ? await tallies.of({ params: { realmId, characterId } })
          : await tallies.mine({ params: { realmId } })
      for (const each of totals) take(each)
    } catch (error) {
      failed(error)
    }
  }
  return {
    total({ name, per }) {
      if (!asked.has(per)) {
        asked.add(per)
        void readAll(per)
      }
      return known.get(name)?.total
    },
    changed: take,
    joined() {
      for (const per of asked) void readAll(per)
    },
  }
}

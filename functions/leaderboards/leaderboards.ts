// What other domains ask of leaderboards: a character goes, comes back or has another name; a guild goes. Each may be
// called again, and goes on where it stopped. The copies in Redis follow.
import { createBackoff } from '#shared/backoff.ts'
import type { Cache } from '#shared/cache/cache.ts'
import { readBusy } from '#shared/leaderboards/busy.ts'
import { createLeaderboards } from '#shared/leaderboards/copier.ts'
import { boardChangesAtOnce } from '#shared/limits.ts'
import { deleteScore, putScore, readScores } from '#shared/leaderboards/rows.ts'
import type { ScoreRow, Subject } from '#shared/leaderboards/rows.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store, Write } from '#shared/store/store.ts'
import type { Log } from '#shared/telemetry/log.ts'

export type BoardDeps = { store: Store; cache: Cache; runtime: Runtime; log: Pick<Log, 'error'> }

type Character = { realmId: string; accountId: string; characterId: string }

/** Rows that others change again and again. */
const triesMax = 20

/** A character that is deleted: no board shows it, in no season. Its scores stay. One trip when it has none. */
export async function unlistCharacter(deps: BoardDeps, of: Character): Promise<void> {
  await changeAll(deps, subjectOf(of), (subject, row) =>
    row.listed ? putScore(of.realmId, subject, row, { ...row, listed: false }) : [],
  )
}

/** A character that is there again stands where it stood. */
export async function relistCharacter(deps: BoardDeps, of: Character): Promise<void> {
  await changeAll(deps, subjectOf(of), (subject, row) =>
    row.listed ? [] : putScore(of.realmId, subject, row, { ...row, listed: true }),
  )
}

/**
 * All boards show its new name, seasons that are over as well. The copies follow again when it is called again: Redis
 * may not have answered the first time.
 */
export async function renameOnBoards(deps: BoardDeps, of: Character, name: string): Promise<void> {
  await rename(deps, subjectOf(of), name)
}

/** The same for a guild. */
export async function renameGuildOnBoards(
  deps: BoardDeps,
  { realmId, guildId }: { realmId: string; guildId: string },
  name: string,
): Promise<void> {
  await rename(deps, { realmId, owner: guildId }, name)
}

async function rename(deps: BoardDeps, whose: Whose, name: string): Promise<void> {
  await changeAll(
    deps,
    whose,
    (subject, row) =>
      row.name === name ? [] : putScore(whose.realmId, subject, row, { ...row, name }),
    { again: true },
  )
}

/** A guild that is gone, or a player whose data is erased: nothing of it stays, in no season. */
export async function eraseFromBoards(
  deps: BoardDeps,
  realmId: string,
  owner: string,
): Promise<void> {
  await changeAll(deps, { realmId, owner }, (subject, row) => deleteScore(realmId, subject, row))
}

type Whose = { realmId: string; owner: string; subjectId?: string }

const subjectOf = ({ realmId, accountId, characterId }: Character): Whose => ({
  realmId,
  owner: accountId,
  subjectId: characterId,
})

/**
 * One transaction for each row that is not yet as it is to be, some of them at once. `again`: copies follow rows that
 * are so already. Throws StoreError.
 */
async function changeAll(
  deps: BoardDeps,
  { realmId, owner, subjectId }: Whose,
  writesFor: (subject: Subject, row: ScoreRow) => Write[],
  { again = false }: { again?: boolean } = {},
): Promise<void> {
  const { store, runtime } = deps
  const boards = createLeaderboards(deps)
  const backoff = createBackoff(runtime, { baseMs: 20, maxMs: 500 })
  /** False when others were faster. */
  const change = async (row: ScoreRow): Promise<boolean> => {
    const subject = { subjectId: row.subjectId, owner }
    const writes = writesFor(subject, row)
    if (writes.length > 0 && !(await readBusy(store.transact(writes)))) return false
    if (writes.length > 0 || again) {
      await boards.follow({ realmId, board: row.board, season: row.season }, subject)
    }
    return true
  }
  for (let tries = 1; ; tries++) {
    const rows = (await readScores(store, realmId, owner)).filter(
      (row) => subjectId === undefined || row.subjectId === subjectId,
    )
    let busy = false
    for (let i = 0; i < rows.length; i += boardChangesAtOnce) {
      const done = await Promise.all(rows.slice(i, i + boardChangesAtOnce).map(change))
      busy ||= done.includes(false)
    }
    if (!busy) return
    if (tries === triesMax) throw new Error(`the scores of ${owner} change all the time`)
    await runtime.sleep(backoff.next())
  }
}

// What moderation keeps of a player: his sanctions, reports that he made and reports about him.
import { deletedPlayer } from '#shared/rules/reserved-names.ts'
import { clear, rowsIn } from '#shared/store/partition.ts'
import type { Personal } from '../http/personal.ts'
import {
  dropAppeal,
  dropReport,
  forgetReporter,
  readReport,
  reportIdOf,
  recordOf,
  sanctionsIn,
} from './store.ts'

export const personal: Personal = {
  rows: [
    {
      table: 'core',
      partition: 'R#{realm}#MOD#*',
      actions: ['Query', 'DeleteItem'],
    },
    {
      table: 'core',
      partition: 'R#{realm}#REPORTS#*',
      actions: ['GetItem', 'UpdateItem', 'DeleteItem'],
    },
    { table: 'core', partition: 'R#{realm}#APPEALS#*', actions: ['DeleteItem'] },
  ],
  stays: [
    {
      table: 'core',
      partition: 'R#{realm}#REPORTS#*',
      why: 'Lines of chat around a reported one name their speakers. They go half a year after the decision.',
    },
  ],
  // Reports about him are not in it: they name who made them.
  async *export({ store, runtime }, { players }) {
    for (const { realmId, accountId } of players) {
      const of = { realmId, accountId }
      for await (const sanction of sanctionsIn(store, of)) {
        const entry = JSON.parse(JSON.stringify({ realmId, ...sanction })) as { realmId: string }
        yield { section: 'sanctions', entry }
      }
      for await (const item of rowsIn(store, { table: 'core', pk: recordOf(of), begins: 'M#' })) {
        const reportId = reportIdOf(item)
        const found = await readReport(store, realmId, reportId, runtime.now())
        if (found === undefined) continue
        const { at, what, rule, note, evidence } = found
        yield {
          section: 'reports',
          entry: { realmId, reportId, at, what, rule, text: evidence.text, ...(note && { note }) },
        }
      }
    }
  },
  // His record goes last: by it a repeat finds the rest.
  async erase({ store }, { players }) {
    for (const { realmId, accountId } of players) {
      const pk = recordOf({ realmId, accountId })
      for await (const { sk } of rowsIn(store, { table: 'core', pk, begins: 'R#' })) {
        await store.transact(dropReport(realmId, sk.slice('R#'.length)))
      }
      for await (const { sk } of rowsIn(store, { table: 'core', pk, begins: 'S#' })) {
        await store.transact(dropAppeal(realmId, sk.slice('S#'.length)))
      }
      for await (const item of rowsIn(store, { table: 'core', pk, begins: 'M#' })) {
        await forgetReporter(store, realmId, reportIdOf(item), deletedPlayer)
      }
      await clear(store, { table: 'core', pk })
    }
  },
}

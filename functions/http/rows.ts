// Which rows of the store a domain may touch. The role of its function allows these and no others.
import type { TableName } from '#shared/store/store.ts'

export type RowAction =
  | 'GetItem'
  | 'Query'
  | 'PutItem'
  | 'UpdateItem'
  | 'DeleteItem'
  | 'ConditionCheckItem'

export type RowPermission = {
  table: TableName
  /** Partition keys. `*` stands for any rest, `{realm}` for the realm's id. */
  partition: string
  actions: readonly RowAction[]
  /** Why it is here although no test uses it. */
  unused?: string
}

/** What `commit` remembers, so that a repeat gets the same answer (shared/store/commit.ts). */
export const operationRows: RowPermission = {
  table: 'core',
  partition: 'OP#*',
  actions: ['GetItem', 'PutItem'],
}

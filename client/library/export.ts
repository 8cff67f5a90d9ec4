// All that is kept of a player, part after part.
import type { Api } from '#shared/api/api.ts'
import type { ApiClient } from '#shared/api/client.ts'
import type { AnswerOf } from '#shared/api/endpoint.ts'

type Entry = AnswerOf<Api['personal']['endpoints']['export']>['entries'][number]

/** Fails with ApiError. */
export async function collectExport(api: Pick<ApiClient<Api>, 'personal'>): Promise<Entry[]> {
  const all: Entry[] = []
  let after: string | undefined
  do {
    const body = after === undefined ? {} : { after }
    const part = await api.personal.export({ body })
    all.push(...part.entries)
    after = part.next
  } while (after !== undefined)
  return all
}

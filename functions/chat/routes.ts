import type { chat } from '#shared/api/chat.ts'
import type { Handlers, PlayerCaller } from '#shared/api/endpoint.ts'
import type { LoadedContent } from '#shared/content-files/load.ts'
import type { Push } from '#shared/push/push.ts'
import type { OperationDeps } from '#shared/store/commit.ts'
import { createRosters } from '../guilds/guilds.ts'
import { openWhispers, readLines, say, whisper } from './chat.ts'

export function chatRoutes(
  parts: OperationDeps & { content: LoadedContent; push: Push },
): Handlers<typeof chat> {
  const { store, runtime, push } = parts
  const deps = {
    store,
    runtime,
    push,
    content: parts.content.content,
    rosters: createRosters(store),
  }
  return {
    say: async ({ params, body, caller, operation }) =>
      await say(deps, as(body, params, caller), params.channel, body.text, operation),
    lines: async ({ params, query, caller }) =>
      await readLines(deps, as(query, params, caller), params.channel, query),
    whisper: async ({ params, body, caller, operation }) =>
      await whisper(deps, as(body, params, caller), body.to, body.text, operation),
    whispers: async ({ params, caller }) => ({
      entries: await openWhispers(deps, { ...params, accountId: caller.accountId }),
    }),
  }
}

function as(
  { as: characterId }: { as: string },
  { realmId }: { realmId: string },
  { accountId }: PlayerCaller,
) {
  return { realmId, accountId, characterId }
}

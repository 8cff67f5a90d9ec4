// The account that the synthetic player plays with, and what a visit keeps for the next one.
import { ApiError, createApiClient } from '#shared/api/client.ts'
import type { ApiClientOptions } from '#shared/api/client.ts'
import { api } from '#shared/api/api.ts'
import type { Api } from '#shared/api/api.ts'
import { PROTOCOL_VERSION } from '#shared/protocol/version.ts'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { ContentSource } from '../library/content.ts'

export type SyntheticAccountOptions = {
  /** Of the API, without a slash at its end. */
  baseUrl: string
  realmId: string
  deviceSecret: string
  content: ContentSource
  fetch: ApiClientOptions<Api>['fetch']
  runtime: Runtime
}

/** No other character may have these names. The first free one is taken. */
const names = ['Synthia', 'Synthia Prime', 'Synthia Second', 'Synthia Third']

export function createSyntheticAccount(options: SyntheticAccountOptions) {
  const { runtime, realmId, content, deviceSecret } = options
  const params = { realmId }
  let accessToken: string | undefined
  let refreshToken: string | undefined
  let characterId: string | undefined
  let observed: string | undefined
  const client = createApiClient({
    api,
    baseUrl: options.baseUrl,
    fetch: options.fetch,
    token: () => accessToken,
    newId: () => newId(runtime),
  })

  /**
   * Renews the session of the last visit, so that no visit leaves rows. Opens a new one only when there is
   * none.
   */
  async function openSession(signal: AbortSignal): Promise<void> {
    const opened = await (
      refreshToken === undefined
        ? client.auth.guest({ body: { deviceSecret } }, { signal })
        : client.auth.refresh({ body: { refreshToken } }, { signal })
    ).catch((error: unknown) => {
      const code = error instanceof ApiError ? error.code : undefined
      // The next visit opens a new session. After any other failure it sends this token again.
      if (code === 'auth.refresh_refused' || code === 'auth.session_revoked')
        refreshToken = undefined
      throw error
    })
    accessToken = opened.accessToken
    refreshToken = opened.refreshToken
  }

  async function findCharacter(signal: AbortSignal): Promise<string> {
    const { characters } = await client.characters.list({ params }, { signal })
    if (characters[0] !== undefined) return characters[0].characterId
    const race = (await content.races())[0]!
    for (let i = 0; ; i++) {
      try {
        const body = { name: names[i]!, race: race.id, job: race.jobs[0]! }
        return (await client.characters.create({ params, body }, { signal })).characterId
      } catch (error) {
        const taken = error instanceof ApiError && error.code === 'character.name_taken'
        if (!taken || i === names.length - 1) throw error
      }
    }
  }

  return {
    /** Makes sure of a session and a character. */
    async logIn(signal: AbortSignal): Promise<void> {
      await openSession(signal)
      characterId ??= await findCharacter(signal)
    },
    async enter(signal: AbortSignal) {
      const body = { characterId: characterId!, protocol: PROTOCOL_VERSION, observed }
      observed = undefined
      try {
        const entered = await client.world.enter({ params, body }, { signal })
        // It takes no place, so no login queue keeps it out.
        if ('waiting' in entered) throw new ApiError('world.full', 'The synthetic player waits')
        return entered
      } catch (error) {
        const said = error instanceof ApiError ? error.document?.['observed'] : undefined
        if (typeof said === 'string') observed = said
        throw error
      }
    },
    /** The next log-in finds or makes one. */
    forgetCharacter() {
      characterId = undefined
    },
  }
}

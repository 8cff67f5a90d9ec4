// Gates into private zones. The zone says that the player stands in one; which instance is open for him, or who may
// open one, the API knows. So he goes when there is one, and stays where he is when not.
import type { Api } from '#shared/api/api.ts'
import type { ApiClient } from '#shared/api/client.ts'
import type { ZoneClient } from './zone-client.ts'

/**
 * Leads through gates into private zones: to the instance that is open for the character, or to a new one for its party.
 * `refused`: why it does not, mostly an ApiError (party.not_leader: no instance is open yet, and the leader opens it).
 */
export function followGates(deps: {
  client: Pick<ZoneClient, 'on' | 'goTo'>
  api: Pick<ApiClient<Api>, 'world'>
  realmId: string
  characterId: string
  refused: (error: unknown) => void
}): void {
  const { client, api, realmId, characterId: as, refused } = deps
  let isOpening = false
  client.on('gate', ({ zone, difficulty }) => {
    // Who walks out and in while it opens goes there all the same.
    if (isOpening) return
    isOpening = true
    api.world
      .open({ params: { realmId }, body: { as, zone, difficulty, running: true } })
      .then(({ instance }) => void client.goTo(instance.instanceId), refused)
      .finally(() => {
        isOpening = false
      })
  })
}

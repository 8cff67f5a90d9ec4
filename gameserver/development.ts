// While a game is developed, its content and its code are taken over when they change, and players stay in. The
// content is watched here. That code is sound is found out by the start (local/dev-game.ts), which says so with
// an annotation of the game server.
import type { ContentKind } from '#shared/content/kind.ts'
import { watchContent } from '#shared/content-files/watch.ts'
import type { ContentWatch } from '#shared/content-files/watch.ts'
import type { LoadedContent } from '#shared/content-files/load.ts'
import { gameAnnotation } from '#shared/fleet/fleet.ts'
import { gameFolder } from '#shared/game/folder.ts'
import { reloadGame } from '#shared/game/load.ts'
import { systemRuntime } from '#shared/system.ts'
import { faultMessage, hostReplacedMessage } from '#shared/telemetry/fault.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { GameServer } from './agones/game-server.ts'
import type { Host } from './host.ts'
import type { PersistenceThread } from './persistence/thread.ts'
import type { ZoneRules } from './sim/rules.ts'

/** Content that changes reaches players at once. `loaded`: what is in use. */
export function takeNewContent(options: {
  host: Host
  persistence: Pick<PersistenceThread, 'takeBoards'>
  dir: string
  kinds: readonly ContentKind[]
  loaded: LoadedContent
  log: Log
}): ContentWatch {
  const { host, persistence, dir, kinds, loaded, log } = options
  return watchContent({
    dir,
    kinds,
    loaded,
    runtime: systemRuntime,
    taken: (next) => {
      host.takeContent(next.content)
      void persistence.takeBoards([...next.content.leaderboards.values()])
      log.info('content taken over', { version: next.content.version })
    },
    refused: (problems) => log.info('content not taken over', { problems }),
    mended: () => log.info('content mended'),
  })
}

/**
 * `replace` ends this host, which the fleet replaces. Returns what is to be called with the game server whenever it may have changed.
 */
export function takeNewGame(
  host: Host,
  content: Pick<ContentWatch, 'useKinds'>,
  persistence: PersistenceThread,
  log: Log,
  replace: (why: string) => void,
): (gameServer: Pick<GameServer, 'annotations'>) => void {
  let asked: string | undefined
  let turn = Promise.resolve()
  const take = async (): Promise<void> => {
    try {
      const { zone, contentKinds = [] } = await reloadGame(gameFolder(process.env))
      // The start has taken it over as well, so it fits. It reaches the next step, as the rules do.
      await content.useKinds(contentKinds)
      if (!host.takeRules(zone as ZoneRules)) {
        log.warn(hostReplacedMessage)
        return replace(hostReplacedMessage)
      }
      await persistence.takeGame()
      log.info('game taken over')
    } catch (error) {
      const { instances } = host.stats()
      const instance = instances.map(({ id }) => id).join(', ')
      log.error(faultMessage, { instance, what: 'taking the game over', times: 1, error })
    }
  }
  return ({ annotations }) => {
    const now = annotations[gameAnnotation]
    if (now === undefined || now === asked) return
    asked = now
    // One after the other: the last one is the newest.
    turn = turn.then(take)
  }
}

// The HTTP API and the page, and the watch of changes in development.
import { join, resolve } from 'node:path'
import type { Hono } from 'hono'
import { game } from '#game'
import { partsOf } from '#functions/app.ts'
import { domains } from '#functions/domains.ts'
import { socketsOf, timersOf } from '#functions/http/record.ts'
import { createSocketServer } from '#functions/start/sockets.ts'
import { signInOf } from '#functions/start/sign-in.ts'
import { isWildcard } from '#shared/authority.ts'
import { playerLimitsOf } from '#shared/config.ts'
import { gameFolder } from '#shared/game/folder.ts'
import type { Game } from '#shared/game/game.ts'
import { socialPath } from '#shared/protocol/social-socket.ts'
import { createSockets } from '#shared/push/sockets.ts'
import { startDev } from '../dev-reload.ts'
import { createFolderSender, serveEmails } from '../email-folder.ts'
import type { LocalFleet } from '../fleet/local-fleet.ts'
import { createFunctions, givenParts, listen, recordsWith } from '../functions.ts'
import type { FunctionsOptions } from '../functions.ts'
import type { HealthProbe } from '../health.ts'
import { followHostFaults } from '../host-faults.ts'
import { servePage } from '../page.ts'
import type { Page } from '../page.ts'
import { writeRunFile } from '../run-file.ts'
import type { Ground } from './ground.ts'
import type { Stores } from './stores.ts'

/** The functions as they run. */
export type Api = {
  /** Goes on with other code of the game, in zone hosts too. */
  takeGame: (game: Game) => void
  /** What the domains do by the clock. */
  timers: () => ReturnType<typeof timersOf>
}

/** Serves API and page. */
export async function startApi(
  ground: Ground,
  stores: Stores,
  fleet: LocalFleet,
  health: HealthProbe,
  served: { page: Page },
): Promise<Api> {
  const { config, loaded, port, url, runtime, log, print, onStop } = ground
  const emailFolder = join(ground.dataDir, 'email')
  const { store, cache, keys } = stores
  const parts: Omit<FunctionsOptions, 'game'> = {
    store,
    cache,
    keys,
    loaded,
    fleet,
    email: {
      sender: createFolderSender(emailFolder, runtime, print),
      links: config.WAYSTONE_EMAIL_LINKS ?? (isWildcard(config.HOST) ? ground.apiHere : url),
    },
    signIn: signInOf(config),
    scaling: { hashes: config.WAYSTONE_SCALING_HASH ?? [] },
    realm: {
      realmId: config.WAYSTONE_REALM,
      name: config.WAYSTONE_REALM_NAME,
      address: url,
      state: 'open',
    },
    playerLimits: playerLimitsOf(config),
    port,
    corsOrigins: config.WAYSTONE_CORS,
    profile: config.WAYSTONE_LIMITS,
    health: () => health.last(),
    sockets: createSockets({
      secret: ground.socketsSecret,
      address: config.WAYSTONE_SOCKETS_URL ?? `${url.replace(/^http/, 'ws')}${socialPath}`,
    }),
    runtime,
    log,
  }
  const sockets = createSocketServer({
    handlers: socketsOf(domains, partsOf(givenParts(parts, domains)))!,
    secret: ground.socketsSecret,
    own: ground.apiHere,
    runtime,
    log,
  })
  let timers: Api['timers']
  const makeApp = (of: Game) => {
    const records = recordsWith(of)
    timers = () => timersOf(records, partsOf(givenParts(parts, records)))
    const app = createFunctions({ ...parts, game: of })
    servePage(app, () => served.page)
    serveEmails(app, emailFolder)
    return app
  }
  let app = makeApp(game)
  /** Clients take the time from the Date of an answer. Node's own server has that of the machine. */
  const fastFetch: Hono['fetch'] = async (...request) => {
    const answer = await app.fetch(...request)
    answer.headers.set('date', new Date(runtime.now()).toUTCString())
    return answer
  }
  const current: Pick<Hono, 'fetch'> = {
    fetch: config.WAYSTONE_SPEED === 1 ? (...request) => app.fetch(...request) : fastFetch,
  }
  const server = await listen(current, config.HOST, port, sockets)
  onStop('functions', () => server.stop())
  const removeRunFile = writeRunFile(ground.dataDir, {
    url: ground.apiHere,
    database: stores.database,
    tablePrefix: config.WAYSTONE_TABLES,
    keyFile: resolve(stores.keyFile),
    realmId: config.WAYSTONE_REALM,
  })
  onStop('run file', removeRunFile)
  let version = 0
  const takeGame = (next: Game) => {
    app = makeApp(next)
    fleet.takeGame(String(++version))
  }
  return { takeGame, timers: () => timers() }
}

/** Faults of hosts are shown. With WAYSTONE_DEV code and content are taken over when they change. */
export function startDevelopment(
  { config, loaded, dataDir, runtime, log, print, onStop }: Ground,
  fleet: LocalFleet,
  served: { page: Page },
  takeGame: (game: Game) => void,
  signal: AbortSignal,
): void {
  const folder = join(dataDir, 'logs')
  void followHostFaults({ folder, game: gameFolder(process.env), print, runtime, log, signal })
  if (config.WAYSTONE_DEV === '0') return
  const dev = startDev({
    watchesCode: config.WAYSTONE_DEV === '1',
    contentDir: game.content,
    contentKinds: game.contentKinds ?? [],
    dataDir,
    loaded,
    served,
    fleet,
    takeGame,
    runtime,
    print,
  })
  onStop('dev', () => dev.stop())
}

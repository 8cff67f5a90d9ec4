// What `npm run dev` adds to a running start: content and the code of the game are taken over while players stay
// in, zone hosts are replaced when the core's code of them changes, the page is built anew. Zone hosts watch the
// content themselves; the core's code of this process is watched by the process that started it (dev.ts).
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ContentKind } from '#shared/content/kind.ts'
import { replaceContent } from '#shared/content-files/change.ts'
import type { LoadedContent } from '#shared/content-files/load.ts'
import { watchContent } from '#shared/content-files/watch.ts'
import { gameFolder } from '#shared/game/folder.ts'
import type { Game } from '#shared/game/game.ts'
import type { Runtime } from '#shared/runtime.ts'
import { watchGame } from './dev-game.ts'
import { buildPage } from './page.ts'
import type { Page } from './page.ts'
import { watchCode } from './watch-code.ts'

const top = (folder: string) => fileURLToPath(new URL(`../${folder}/`, import.meta.url))
const isCode = (file: string) => /\.(?:ts|css|html)$/.test(file)

export function startDev(options: {
  /** Without it the content alone is watched. */
  watchesCode: boolean
  contentDir: string
  contentKinds: readonly ContentKind[]
  dataDir: string
  loaded: LoadedContent
  served: { page: Page }
  fleet: { renew(): Promise<void> }
  /** Goes on with the code of this game, here and in the zone hosts. */
  takeGame: (game: Game) => void
  runtime: Runtime
  print: (line: string) => void
}): { stop(): void } {
  const { contentDir: dir, contentKinds: kinds, loaded, served, fleet, runtime, print } = options
  const { takeGame: taken } = options
  const renewPage = async () => {
    try {
      const page = await buildPage()
      if (page.every(({ etag }, i) => etag === served.page[i]?.etag)) return
      served.page = page
      print('page: built anew, reload it')
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      print(`page: not built anew, the old one stays.\n  ${text}`)
    }
  }
  /** Its kinds of content are those by which the content is read, and the content did not fit them. */
  let waiting: Game | undefined
  const takeWaiting = () => {
    if (waiting === undefined) return
    taken(waiting)
    waiting = undefined
    print('game: taken over, the content fits its kinds now')
  }
  const content = watchContent({
    dir,
    kinds,
    loaded,
    runtime,
    taken(next) {
      replaceContent(loaded, next)
      print(`content: taken over, now version ${next.content.version}`)
      takeWaiting()
    },
    refused: (problems) =>
      print(`content: not taken over, the old one stays.\n  ${problems.join('\n  ')}`),
    mended() {
      print(`content: mended, still version ${loaded.content.version}`)
      takeWaiting()
    },
  })
  const misfits = async (game: Game) => {
    waiting = undefined
    const problems = await content.useKinds(game.contentKinds ?? [])
    if (problems.length > 0) waiting = game
    return problems
  }
  const watchesOfCode = () => [
    watchGame({
      folder: gameFolder(process.env),
      memory: join(options.dataDir, 'types.tsbuildinfo'),
      runtime,
      print,
      misfits,
      taken,
      renewPage,
    }),
    watchCode([top('gameserver')], isCode, runtime, async () => {
      print('gameserver: changed, zone hosts are replaced')
      await fleet.renew()
    }),
    watchCode([top('client')], isCode, runtime, renewPage),
  ]
  const stops = [content.stop, ...(options.watchesCode ? watchesOfCode() : [])]
  return {
    stop: () => {
      for (const stop of stops) stop()
    },
  }
}

// What `npm run dev` adds to a running start: content is taken over while players stay in, zone hosts are
// replaced when their code changes, the page is built anew. Zone hosts watch the content themselves; code
// of this process is watched by the process that started it (dev.ts).
import { fileURLToPath } from 'node:url'
import { replaceContent } from '#shared/content-files/change.ts'
import type { LoadedContent } from '#shared/content-files/load.ts'
import { watchContent } from '#shared/content-files/watch.ts'
import type { Runtime } from '#shared/runtime.ts'
import { buildPage } from './page.ts'
import type { Page } from './page.ts'
import { watchCode } from './watch-code.ts'

const top = (folder: string) => fileURLToPath(new URL(`../${folder}/`, import.meta.url))
const isCode = (file: string) => /\.(?:ts|css|html)$/.test(file)

export function startDev(options: {
  contentDir: string
  loaded: LoadedContent
  served: { page: Page }
  fleet: { renew(): Promise<void> }
  runtime: Runtime
  print: (line: string) => void
}): { stop(): void } {
  const { contentDir: dir, loaded, served, fleet, runtime, print } = options
  const stops = [
    watchContent({
      dir,
      loaded,
      runtime,
      taken(next) {
        replaceContent(loaded, next)
        print(`content: taken over, now version ${next.content.version}`)
      },
      refused: (problems) =>
        print(`content: not taken over, the old one stays.\n  ${problems.join('\n  ')}`),
    }),
    watchCode([top('gameserver')], isCode, runtime, async () => {
      print('gameserver: changed, zone hosts are replaced')
      await fleet.renew()
    }),
    watchCode([top('client')], isCode, runtime, async () => {
      try {
        served.page = await buildPage()
        print('client: the page is built anew, reload it')
      } catch (error) {
        print(
          `client: the old page stays. ${error instanceof Error ? error.message : String(error)}`,
        )
      }
    }),
  ]
  return {
    stop: () => {
      for (const stop of stops) stop()
    },
  }
}

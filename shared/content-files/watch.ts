// Watches a content folder and offers changed content, checked as at the start. Content that is wrong, or
// that a running world cannot take, is reported once, and the old content stays.
import { isDeepStrictEqual } from 'node:util'
import type { Content } from '../content/content.ts'
import type { ContentKind } from '../content/kind.ts'
import type { Runtime } from '../runtime.ts'
import { watchFolder } from '../watch-folder.ts'
import { needsRestart } from './change.ts'
import { ContentError, loadContent } from './load.ts'
import type { LoadedContent } from './load.ts'

export type WatchContent = {
  dir: string
  /** Of the game. */
  kinds?: readonly ContentKind[]
  /** What is in use at the start. */
  loaded: LoadedContent
  runtime: Pick<Runtime, 'sleep'>
  taken: (next: LoadedContent) => void
  refused: (problems: string[]) => void
  /** After a refusal the content is again what is in use. */
  mended: () => void
}

/** Editors write a file in several goes, and designers save several files. */
const quietMs = 100

export type ContentWatch = {
  stop(): void
  /**
   * From now on the content is read by these kinds: it is offered if it is another by them. Returns what does not
   * fit them; what was in use stays then, until the files are changed.
   */
  useKinds(kinds: readonly ContentKind[]): Promise<string[]>
}

/** A watch keeps no process alive. */
export function watchContent(options: WatchContent): ContentWatch {
  const { dir, loaded, runtime, taken, refused, mended } = options
  let { kinds = [] } = options
  let { content } = snapshot(loaded)
  let reported = ''
  let changed = false
  let loading = false
  // One look at the files after the other: the last one is the newest.
  let turn: Promise<unknown> = Promise.resolve()

  const inTurn = <T>(look: () => Promise<T>): Promise<T> => {
    const mine = turn.then(look, look)
    turn = mine
    return mine
  }
  /** Takes what the files have, or says why not. */
  const look = async (): Promise<string[]> => {
    try {
      const next = await loadContent(dir, kinds)
      if (next.content.version === content.version && sameOfGame(next.content, content)) {
        if (reported !== '') mended()
        reported = ''
        return []
      }
      const reasons = needsRestart(content, next.content)
      if (reasons.length > 0) return [...reasons, 'This needs a restart.']
      ;({ content } = snapshot(next))
      reported = ''
      taken(next)
      return []
    } catch (error) {
      return error instanceof ContentError ? error.problems : [String(error)]
    }
  }
  const report = (problems: string[]) => {
    const text = problems.join('\n')
    if (text === reported) return
    reported = text
    if (problems.length > 0) refused(problems)
  }
  const load = async () => {
    loading = true
    while (changed) {
      changed = false
      await runtime.sleep(quietMs)
      if (!changed) await inTurn(async () => report(await look()))
    }
    loading = false
  }
  // The folder was moved away during the watch. The content in use stays.
  const failed = ({ message }: Error) => report([`the content is not watched any more: ${message}`])
  const stop = watchFolder(dir, { persistent: false, failed }, () => {
    changed = true
    if (!loading) void load()
  })
  return {
    stop,
    async useKinds(next) {
      return await inTurn(async () => {
        kinds = next
        const problems = await look()
        // The caller says it.
        reported = problems.join('\n')
        return problems
      })
    },
  }
}

/** Whether the schemas of the game's kinds give the same entries. */
function sameOfGame(one: Content, other: Content): boolean {
  return isDeepStrictEqual(one.ofGame, other.ofGame)
}

/** A copy to compare with later: it does not change when the holder takes new content. */
function snapshot({ content }: LoadedContent): { content: Content } {
  const { zones, ofGame } = content
  return { content: { ...content, zones: new Map(zones), ofGame: new Map(ofGame) } }
}

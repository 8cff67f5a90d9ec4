// Watches a content folder and offers changed content, checked as at the start. Content that is wrong, or
// that a running world cannot take, is reported once, and the old content stays.
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

/** Returns a function that stops the watch. A watch keeps no process alive. */
export function watchContent({
  dir,
  kinds,
  loaded,
  runtime,
  taken,
  refused,
  mended,
}: WatchContent): () => void {
  let version = loaded.content.version
  let { content } = snapshot(loaded)
  let reported = ''
  let changed = false
  let loading = false

  const loadOnce = async () => {
    try {
      const next = await loadContent(dir, kinds)
      if (next.content.version === version) {
        if (reported !== '') mended()
        reported = ''
        return
      }
      const reasons = needsRestart(content, next.content)
      if (reasons.length > 0) return report([...reasons, 'This needs a restart.'])
      version = next.content.version
      ;({ content } = snapshot(next))
      reported = ''
      taken(next)
    } catch (error) {
      report(error instanceof ContentError ? error.problems : [String(error)])
    }
  }
  const report = (problems: string[]) => {
    const text = problems.join('\n')
    if (text === reported) return
    reported = text
    refused(problems)
  }
  const load = async () => {
    loading = true
    while (changed) {
      changed = false
      await runtime.sleep(quietMs)
      if (!changed) await loadOnce()
    }
    loading = false
  }
  // The folder was moved away during the watch. The content in use stays.
  const failed = ({ message }: Error) => report([`the content is not watched any more: ${message}`])
  return watchFolder(dir, { persistent: false, failed }, () => {
    changed = true
    if (!loading) void load()
  })
}

/** A copy to compare with later: it does not change when the holder takes new content. */
function snapshot({ content }: LoadedContent): Pick<LoadedContent, 'content'> {
  return { content: { ...content, zones: new Map(content.zones) } }
}

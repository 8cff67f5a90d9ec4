// Watches code in some folders for changes.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Runtime } from '#shared/runtime.ts'
import { watchFolder } from '#shared/watch-folder.ts'

/** Editors and version control write in several goes. */
const quietMs = 150

/**
 * Calls `changed`, one call at a time, when files of these folders have other content than when they
 * were last seen. `counts` picks by name. Returns a function that stops the watch.
 */
export function watchCode(
  folders: string[],
  counts: (file: string) => boolean,
  runtime: Pick<Runtime, 'sleep'>,
  changed: (files: string[]) => Promise<void> | void,
): () => void {
  const touched = new Set<string>()
  const seen = new Map<string, string | undefined>()
  let busy = false

  const run = async () => {
    busy = true
    while (touched.size > 0) {
      const count = touched.size
      await runtime.sleep(quietMs)
      if (touched.size !== count) continue
      const files: string[] = []
      for (const file of touched) {
        const text = await readFile(file, 'utf8').catch(() => undefined)
        // A file that was only read, or saved as it was, is reported as well: that is no change.
        if (seen.has(file) && seen.get(file) === text) continue
        seen.set(file, text)
        files.push(file)
      }
      touched.clear()
      if (files.length > 0) await changed(files)
    }
    busy = false
  }
  const stops = folders.map((folder) =>
    watchFolder(folder, { persistent: true }, (name) => {
      if (!counts(name)) return
      touched.add(join(folder, name))
      if (!busy) void run()
    }),
  )
  return () => {
    for (const stop of stops) stop()
  }
}

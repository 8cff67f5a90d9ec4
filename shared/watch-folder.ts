// Watches a folder and all folders in it, one watch for each folder. `fs.watch` with `recursive` watches each
// file on Linux, and hears no more of one when another is renamed over it: that is how many editors save.
import { readdirSync, watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { join, relative } from 'node:path'

/**
 * Calls `changed` with the path of what may have changed, from the folder on. Folders that begin with a dot, and
 * those named node_modules, are left out. `failed`: the folder itself is not watched any more. Returns a function
 * that ends the watch. `persistent: false` keeps no process alive. Throws when the folder is not there.
 */
export function watchFolder(
  folder: string,
  options: { persistent: boolean; failed?: (error: Error) => void },
  changed: (path: string) => void,
): () => void {
  const { persistent, failed } = options
  const watchers = new Map<string, FSWatcher>()

  const add = (path: string) => {
    const watcher = watch(path, { persistent }, (_, name) => {
      if (name === null) return changed(relative(folder, path))
      const of = join(path, name)
      // What has the name may be a folder, or have been one, or be another than before.
      if (remove(of) || isFolder(path, name)) enter(of)
      changed(relative(folder, of))
    })
    watcher.on('error', (error) => {
      watcher.close()
      watchers.delete(path)
      if (path === folder) failed?.(error)
    })
    watchers.set(path, watcher)
    for (const name of foldersIn(path)) enter(join(path, name))
  }
  /** Watches a folder that is inside; what lies in it already may be new. */
  const enter = (path: string) => {
    try {
      add(path)
      for (const entry of readdirSync(path)) changed(relative(folder, join(path, entry)))
    } catch {
      // It is gone again.
    }
  }
  const remove = (path: string): boolean => {
    let was = false
    for (const [watched, watcher] of watchers) {
      if (watched !== path && !watched.startsWith(join(path, '/'))) continue
      watcher.close()
      watchers.delete(watched)
      was = true
    }
    return was
  }
  add(folder)
  return () => void remove(folder)
}

function isFolder(path: string, name: string): boolean {
  return foldersIn(path).includes(name)
}

function foldersIn(path: string): string[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true })
    const names = entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
    return names.filter((name) => name !== 'node_modules' && !name.startsWith('.'))
  } catch {
    return []
  }
}

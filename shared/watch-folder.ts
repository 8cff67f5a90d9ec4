// Watches a folder and all folders in it, one watch for each folder. `fs.watch` with `recursive` watches each
// file on Linux, and hears no more of one when another is renamed over it: that is how many editors save.
import { readdirSync, statSync, watch } from 'node:fs'
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
  /** `file`: another folder with the same path has another number. */
  const watchers = new Map<string, { watcher: FSWatcher; file: number | undefined }>()

  const add = (path: string) => {
    const watcher = watch(path, { persistent }, (_, name) => {
      if (name === null) return changed(relative(folder, path))
      const of = join(path, name)
      // What has the name may be a folder, or have been one, or be another than before.
      if (watchers.get(of)?.file !== fileNumber(of)) {
        remove(of)
        if (foldersIn(path).includes(name)) enter(of)
      }
      changed(relative(folder, of))
    })
    watcher.on('error', (error) => {
      watcher.close()
      watchers.delete(path)
      if (path === folder) failed?.(error)
    })
    watchers.set(path, { watcher, file: fileNumber(path) })
    for (const name of foldersIn(path)) addInside(join(path, name))
  }
  const addInside = (path: string) => {
    try {
      add(path)
    } catch {
      // It is gone again.
    }
  }
  /** A folder that has come while its parent was watched: all that lies in it is new. */
  const enter = (path: string) => {
    addInside(path)
    for (const file of filesIn(path)) changed(relative(folder, file))
  }
  const remove = (path: string) => {
    for (const [watched, { watcher }] of watchers) {
      if (watched !== path && !watched.startsWith(join(path, '/'))) continue
      watcher.close()
      watchers.delete(watched)
    }
  }
  add(folder)
  return () => remove(folder)
}

function fileNumber(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino
}

function filesIn(path: string): string[] {
  try {
    return readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name))
  } catch {
    return []
  }
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

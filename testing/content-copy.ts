// The content of a world under test: files in a copy, which its processes watch.
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { needsRestart } from '#shared/content-files/change.ts'
import { loadContent } from '#shared/content-files/load.ts'
import type { Content } from '#shared/content/content.ts'
import type { ContentKind } from '#shared/content/kind.ts'
import { readLine } from './fault.ts'
import type { Stack } from './stack.ts'

/**
 * Writes what has changed, and returns the new content when all processes have taken it over. Fails with the reasons
 * when they cannot.
 */
export async function changeContent(options: {
  dir: string
  /** Those of the game. */
  kinds: readonly ContentKind[]
  /** What is in the files. */
  content: Content
  change: (content: Content) => Content
  stack: Stack
  until: (holds: () => boolean) => Promise<void>
}): Promise<Content> {
  const { dir, kinds, content, stack } = options
  const next = options.change(content)
  const reasons = needsRestart(content, next)
  if (reasons.length > 0) throw new Error(`a world that runs cannot: ${reasons.join(', ')}`)
  const printed = stack.output().length
  const hosts = [...next.zones.keys()].flatMap((zone) => stack.hosts(zone))
  writeChanges(dir, content, next)
  const { content: written } = await loadContent(dir, kinds)
  const { version } = written
  if (version === content.version) return written
  const said = () => stack.output().slice(printed)
  const inForce = () =>
    said().includes(`content: taken over, now version ${version}`) &&
    hosts.every((host) => stack.logged(host).some((line) => tookOver(line, version)))
  try {
    await options.until(inForce)
  } catch (error) {
    // Of several files a process may see the first ones alone, and refuse them. So only the end counts.
    throw new Error(`the content was not taken over: ${said()}`, { cause: error })
  }
  return written
}

/** Writes the files of entries that are new or changed, and removes those of entries that are gone. */
function writeChanges(dir: string, before: Content, next: Content): void {
  const was = entriesOf(before)
  const now = entriesOf(next)
  const aside = `${dir}.next`
  for (const [file, text] of now) {
    if (was.get(file) === text) continue
    // Nobody reads half a file.
    writeFileSync(aside, text)
    renameSync(aside, join(dir, file))
  }
  for (const file of was.keys()) if (!now.has(file)) rmSync(join(dir, file))
}

function entriesOf({ zones, creatures, races, jobs, ofGame }: Content): Map<string, string> {
  const kinds = { zones, creatures, races, jobs, ...Object.fromEntries(ofGame) }
  return new Map(
    Object.entries(kinds).flatMap(([kind, entries]) =>
      [...entries].map(([id, entry]) => [`${kind}/${id}.json`, JSON.stringify(entry)] as const),
    ),
  )
}

function tookOver(line: string, version: string): boolean {
  const logged = readLine(line)
  return logged?.['message'] === 'content taken over' && logged['version'] === version
}

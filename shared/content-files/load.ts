// Reads a game's content folder, checks every file and the references between files, and finds all
// mistakes at once: with one mistake at a time a designer would start the server twenty times.
//
//   game.json                       { "startZone": "hub" }
//   zones/ creatures/ races/ jobs/  one entry a file, named after its id
//   events/                         what happens at a time; a game need not have any
//   words/                          lists of words that players may not write, if the game has its own
//   leaderboards/ queues/           if there are any
//   and a folder for each kind that the game declares (shared/content/kind.ts)
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import {
  creatureSchema,
  eventSchema,
  jobSchema,
  leaderboardSchema,
  queueSchema,
  raceSchema,
  wordsSchema,
  zoneSchema,
} from '../content/content.ts'
import type { Content } from '../content/content.ts'
import type { ContentKind, Entry } from '../content/kind.ts'
import { checkReferences } from './references.ts'

const core = {
  zones: zoneSchema,
  creatures: creatureSchema,
  races: raceSchema,
  jobs: jobSchema,
  words: wordsSchema,
  events: eventSchema,
  leaderboards: leaderboardSchema,
  queues: queueSchema,
}
const coreKinds = [
  'zones',
  'creatures',
  'races',
  'jobs',
  'words',
  'events',
  'leaderboards',
  'queues',
] as const
/** A game without them is a game: its folder may be missing. */
const optionalKinds = new Set<string>(['words', 'events', 'leaderboards', 'queues'])

/** A kind to be read: its folder, the schema of its files, and where its entries go. */
type Reading = { kind: string; schema: z.ZodType<Entry>; into: Map<string, unknown> }

/** One file as it is served: `json` is what was read, `etag` the hash over `JSON.stringify(json)`. */
export type ContentFile = {
  kind: string
  name: string
  /** `zones/hub.json` */
  file: string
  json: Record<string, unknown>
  /** Hash in base64url, without quotes. */
  etag: string
  bytes: number
}

export type LoadedContent = { content: Content; files: ContentFile[] }

/** The content cannot be used. Each problem names file, path in it, and reason. */
export class ContentError extends Error {
  readonly problems: string[]

  constructor(problems: string[]) {
    super(problems.join('\n'))
    this.name = 'ContentError'
    this.problems = problems
  }
}

const gameSchema = z.strictObject({ startZone: z.string() })

/** Largest content file, bytes: a zone with all the walls it may have is under 300 KB. */
const fileMaxBytes = 1024 * 1024

/**
 * Throws ContentError with every mistake in the folder. `kinds`: those of the game. Without it their files are there
 * to be served, and `ofGame` has no entries: for a program without the game's code (`withKinds`).
 */
export async function loadContent(
  dir: string,
  kinds?: readonly ContentKind[],
): Promise<LoadedContent> {
  const problems: string[] = []
  const files: ContentFile[] = []
  const content: Content = {
    races: new Map(),
    leaderboards: new Map(),
    queues: new Map(),
    jobs: new Map(),
    creatures: new Map(),
    zones: new Map(),
    words: new Map(),
    events: new Map(),
    ofGame: new Map(),
    startZone: '',
    version: '',
  }
  const game = parse(gameSchema, 'game.json', await readJson(dir, 'game.json', problems), problems)
  for (const kind of coreKinds) {
    // Each map takes the values that the schema of its kind parsed; `core` pairs schema and map.
    const reading = { kind, schema: core[kind], into: content[kind] }
    await loadKind(dir, reading, files, problems)
  }
  const others = await otherKinds(dir)
  for (const kind of others) {
    // The version would hang on whether a program knows the game's kinds.
    if (kinds === undefined || kinds.some((known) => known.kind === kind)) continue
    problems.push(`${kind}/: the game declares no such kind of content (contentKinds)`)
  }
  const ofGame = kinds ?? others.map((kind) => ({ kind, schema: unread }))
  // In one order, whoever reads them: the version hangs on it.
  for (const { kind, schema } of ofGame.toSorted((a, b) => (a.kind < b.kind ? -1 : 1))) {
    const into = new Map<string, Entry>()
    await loadKind(dir, { kind, schema, into }, files, problems)
    if (kinds !== undefined) content.ofGame.set(kind, into)
  }
  content.startZone = game?.startZone ?? ''
  // This checks references among the files that could be read. So the report names a missing entry beside
  // its cause.
  problems.push(...checkReferences(content, game !== undefined))
  if (problems.length > 0) throw new ContentError(problems)
  content.version = versionOf(files, content.startZone)
  return { content, files }
}

/**
 * Content with the entries of the game's kinds, read from its files by their schemas; the content itself when it has
 * them. Throws ContentError.
 */
export function withKinds(
  { content, files }: LoadedContent,
  kinds: readonly ContentKind[],
): Content {
  if (kinds.every(({ kind }) => content.ofGame.has(kind))) return content
  const problems: string[] = []
  const read = ({ kind, schema }: ContentKind): [string, Map<string, Entry>] => {
    const entries = files.flatMap((file): [string, Entry][] => {
      if (file.kind !== kind) return []
      const value = parse(schema, file.file, file.json, problems)
      return value === undefined ? [] : [[value.id, value]]
    })
    return [kind, new Map(entries)]
  }
  const ofGame = new Map(kinds.map(read))
  if (problems.length > 0) throw new ContentError(problems)
  return { ...content, ofGame }
}

/** Of a kind whose schema is not here: its entries are served, and no code uses them. */
const unread = z.looseObject({ id: z.string() })

/** The folders besides those of the core. */
async function otherKinds(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => [])
  const names = entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
  return names.filter((name) => !name.startsWith('.') && !(name in core))
}

async function loadKind(
  dir: string,
  { kind, schema, into }: Reading,
  files: ContentFile[],
  problems: string[],
): Promise<void> {
  for (const entry of await list(join(dir, kind), kind, problems)) {
    const file = `${kind}/${entry}`
    const json = await readJson(dir, file, problems)
    const value = parse(schema, file, json, problems)
    if (value === undefined) continue
    if (`${value.id}.json` !== entry) {
      problems.push(`${file}: id: must be the file's name without .json`)
      continue
    }
    into.set(value.id, value)
    files.push(fileOf(kind, value.id, file, json as Record<string, unknown>))
  }
}

function fileOf(
  kind: string,
  name: string,
  file: string,
  json: Record<string, unknown>,
): ContentFile {
  const text = JSON.stringify(json)
  const etag = createHash('sha256').update(text).digest('base64url')
  return { kind, name, file, json, etag, bytes: Buffer.byteLength(text) }
}

/** The names of a folder's .json files, in order; so the version does not hang on the file system. */
async function list(path: string, kind: string, problems: string[]): Promise<string[]> {
  // A kind of the game has no folder before it has its first entry.
  if ((!(kind in core) || optionalKinds.has(kind)) && !existsSync(path)) return []
  try {
    const names = (await readdir(path)).filter((name) => !name.startsWith('.'))
    for (const name of names) {
      if (!name.endsWith('.json')) problems.push(`${kind}/${name}: is not a .json file`)
    }
    return names.filter((name) => name.endsWith('.json')).sort()
  } catch (error) {
    problems.push(`${kind}/: cannot be read (${reasonOf(error)})`)
    return []
  }
}

/** The JSON of a file; undefined, and a problem noted, when there is none. */
async function readJson(dir: string, file: string, problems: string[]): Promise<unknown> {
  try {
    const bytes = await readFile(join(dir, file))
    if (bytes.length > fileMaxBytes) throw new Error(`larger than ${fileMaxBytes} bytes`)
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    problems.push(`${file}: cannot be read (${reasonOf(error)})`)
    return undefined
  }
}

function parse<S extends z.ZodType>(
  schema: S,
  file: string,
  json: unknown,
  problems: string[],
): z.output<S> | undefined {
  if (json === undefined) return undefined
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  for (const issue of parsed.error.issues) {
    const path = issue.path.map(String).join('.') || '(whole file)'
    problems.push(`${file}: ${path}: ${issue.message}`)
  }
  return undefined
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Hash over all files and the start: clients and hosts compare it. */
function versionOf(files: ContentFile[], startZone: string): string {
  const hash = createHash('sha256').update(`start ${startZone}\n`)
  for (const { file, etag } of files) hash.update(`${file} ${etag}\n`)
  return hash.digest('base64url').slice(0, 22)
}

// The manifests of agones/ as documents, and ways to walk them.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'

export type Json = Record<string, unknown>
export type Manifest = { file: string; doc: Json }

const folder = join(import.meta.dirname, '..', '..', 'agones')

/** Fails on YAML that is not clean: a key that stands twice, a tab, an anchor that is not there. */
export function readManifests(): Manifest[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  // The folder before what is in it.
  const depth = (file: string) => file.split('/').length
  return files
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.yaml'))
    .sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1))
    .flatMap((file) =>
      parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map((document) => {
        const problem = document.errors[0] ?? document.warnings[0]
        if (problem) throw new Error(`${file}: ${problem.message}`)
        return { file, doc: document.toJS() as Json }
      }),
    )
}

/** The value under a path like `spec.template`; undefined where it ends early. */
export function at(value: unknown, path: string): unknown {
  let here = value
  for (const key of path.split('.')) {
    if (typeof here !== 'object' || here === null) return undefined
    here = (here as Json)[key]
  }
  return here
}

export function objectAt(value: unknown, path: string): Json {
  const found = at(value, path)
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Json) : {}
}

export function listAt(value: unknown, path: string): Json[] {
  const found = at(value, path)
  return Array.isArray(found) ? (found as Json[]) : []
}

export function textAt(value: unknown, path: string): string {
  const found = at(value, path)
  return typeof found === 'string' ? found : ''
}

export function numberAt(value: unknown, path: string): number | undefined {
  const found = at(value, path)
  return typeof found === 'number' ? found : undefined
}

export function ofKind(manifests: Manifest[], kind: string): Manifest[] {
  return manifests.filter(({ doc }) => doc['kind'] === kind)
}

export function nameOf({ doc }: Manifest): string {
  return textAt(doc, 'metadata.name')
}

export function namespaceOf({ doc }: Manifest): string {
  return textAt(doc, 'metadata.namespace')
}

/** Where a manifest is, for a person: `fleets.yaml Fleet hub`. */
export function titleOf(manifest: Manifest): string {
  return [manifest.file, manifest.doc['kind'], nameOf(manifest)].filter(Boolean).join(' ')
}

/** Problems of a manifest, each with the title of the one it stands in. */
export function problemsOf(manifest: Manifest, problems: string[]): string[] {
  return problems.map((problem) => `${titleOf(manifest)}: ${problem}`)
}

// What is packed beside the program: the game's content and, for whom serves it, the API reference
// (cdk/bundles.ts, local/bundle.ts).
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { loadContent } from '#shared/content-files/load.ts'
import type { LoadedContent } from '#shared/content-files/load.ts'
import type { Reference } from '../http/reference.ts'

/** The folder of the bundle. The working directory may be any other. */
const packed = import.meta.dirname

/** Throws ContentError. Kinds of the game are read where its code is (functions/game/domain.ts). */
export async function openContent(): Promise<LoadedContent> {
  return await loadContent(path.join(packed, 'content'))
}

/** The OpenAPI document and its page. Undefined where they are not packed. */
export async function readReference(): Promise<Reference | undefined> {
  const text = await readFile(path.join(packed, 'reference.json'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as Reference)
}

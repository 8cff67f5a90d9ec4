// Content files as they are served: read once, the same for every caller.
import type { ContentFile, LoadedContent } from '#shared/content-files/load.ts'

export type ContentManifest = {
  version: string
  files: { file: string; etag: string; bytes: number }[]
}

/** All files, each with the ETag that its route answers with. */
export function manifestOf({ content, files }: LoadedContent): ContentManifest {
  return {
    version: content.version,
    files: files.map(({ file, etag, bytes }) => ({ file, etag: `"${etag}"`, bytes })),
  }
}

export function findFile(
  { files }: LoadedContent,
  kind: string,
  name: string,
): ContentFile | undefined {
  return files.find((file) => file.kind === kind && file.name === name)
}

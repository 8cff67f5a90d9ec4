import type { ContentFileJson, content } from '#shared/api/content.ts'
import type { Handlers } from '#shared/api/endpoint.ts'
import type { LoadedContent } from '#shared/content-files/load.ts'
import { Problem } from '#shared/problem.ts'
import { findFile, manifestOf } from './content.ts'

export function contentRoutes(loaded: LoadedContent): Handlers<typeof content> {
  return {
    // Made anew each time: in development the content changes while it is served.
    manifest: async () => manifestOf(loaded),
    async file({ params }) {
      const file = findFile(loaded, params.kind, params.name)
      if (file === undefined) throw new Problem('content.not_found')
      // Checked by the schema of its kind when it was read.
      return file.json as ContentFileJson
    },
  }
}

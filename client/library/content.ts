// The game's content as the client needs it, fetched once. The server has validated every file; a newer
// one may say more than this client knows, so it is not parsed again.
import { api } from '#shared/api/api.ts'
import type { Api } from '#shared/api/api.ts'
import { createApiClient } from '#shared/api/client.ts'
import type { ApiClientOptions } from '#shared/api/client.ts'
import type { Creature, Job, Race, Zone } from '#shared/content/content.ts'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import { retrying } from './retry.ts'

export type ContentSource = {
  /** A zone; `fresh` asks the server again. */
  zone(id: string, fresh: boolean): Promise<Zone>
  races(): Promise<Race[]>
  jobs(): Promise<Job[]>
  creatures(): Promise<Creature[]>
  /** The version of what was fetched; undefined before the first. */
  version(): string | undefined
}

type Kind = 'zones' | 'creatures' | 'races' | 'jobs'

export function createContent(options: {
  baseUrl: string
  fetch: ApiClientOptions<Api>['fetch']
  runtime: Runtime
}): ContentSource {
  const { runtime, baseUrl } = options
  /** The server has newer content: the browser must not answer from its cache. */
  let stale = false
  const fetch: typeof options.fetch = (url, init) =>
    options.fetch(url, stale ? { ...init, cache: 'no-cache' } : init)
  const client = createApiClient({ api, baseUrl, fetch, newId: () => newId(runtime) })
  let manifest: ReturnType<typeof client.content.manifest> | undefined
  let version: string | undefined
  const files = new Map<string, Promise<Record<string, unknown>>>()

  const readManifest = async () => {
    manifest ??= retrying(runtime, (more) => client.content.manifest(undefined, more))
    try {
      const read = await manifest
      version = read.version
      return read
    } catch (error) {
      manifest = undefined
      throw error
    }
  }
  const file = async (kind: Kind, name: string) => {
    const key = `${kind}/${name}`
    const reading =
      files.get(key) ??
      retrying(runtime, (more) => client.content.file({ params: { kind, name } }, more))
    files.set(key, reading)
    try {
      return await reading
    } catch (error) {
      // A failure is not kept: the next call tries again.
      files.delete(key)
      throw error
    }
  }
  const all = async (kind: Kind) => {
    const names = (await readManifest()).files
      .map((each) => /^(\w+)\/(\w+)\.json$/.exec(each.file))
      .filter((match) => match?.[1] === kind)
    return await Promise.all(names.map((match) => file(kind, match![2]!)))
  }

  return {
    async zone(id, fresh) {
      if (fresh) {
        stale = true
        manifest = undefined
        files.clear()
      }
      const [, zone] = await Promise.all([readManifest(), file('zones', id)])
      return zone as Zone
    },
    races: async () => (await all('races')) as Race[],
    jobs: async () => (await all('jobs')) as Job[],
    creatures: async () => (await all('creatures')) as Creature[],
    version: () => version,
  }
}

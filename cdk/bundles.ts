// What a Lambda carries: one file of code with everything in it, the game's content, and for one of them
// the API reference.
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'
import type { BuildOptions, Plugin } from 'esbuild'
import { gameDomains } from '#functions/game/routes.ts'
import { buildReference } from '#functions/http/reference.ts'
import { game } from '#game'
import { api } from '#shared/api/api.ts'
import type { Domain, Endpoint } from '#shared/api/endpoint.ts'
import type { Part } from '#shared/api/health.ts'

const top = path.join(import.meta.dirname, '..')

type Served = {
  serves: readonly Domain[]
  signs: boolean
  /** Asks the cluster for zone hosts. */
  fleet: boolean
}

/** A folder of functions/ that is a domain, with what it serves. */
export const DOMAINS = {
  auth: { serves: [api.auth], signs: true, fleet: false },
  characters: { serves: [api.characters], signs: false, fleet: false },
  world: { serves: [api.world], signs: true, fleet: true },
  content: { serves: [api.content, api.health], signs: false, fleet: false },
  admin: { serves: [api.admin], signs: false, fleet: true },
  internal: { serves: [api.internal], signs: false, fleet: false },
  game: { serves: gameDomains, signs: false, fleet: false },
} satisfies Record<Part, Served>

export type DomainName = keyof typeof DOMAINS

/**
 * Which domains share a function. One each: the least permission, the most cold starts. All in one: the
 * fewest cold starts, and every route with the permissions of all.
 */
export const BUNDLINGS = {
  domains: Object.fromEntries(Object.keys(DOMAINS).map((name) => [name, [name as DomainName]])),
  three: {
    player: ['auth', 'characters'],
    play: ['world', 'game'],
    utility: ['content', 'admin', 'internal'],
  },
  one: { all: Object.keys(DOMAINS) as DomainName[] },
} as const satisfies Record<string, Record<string, readonly DomainName[]>>

export type Bundling = keyof typeof BUNDLINGS

/** Serves /openapi.json, /docs and whatever no route knows. */
export const referenceDomain: DomainName = 'content'

/** Paths that lead to a function which serves these. Of its health each is asked under its own name. */
export function pathsOf(domains: readonly DomainName[]): string[] {
  const declared = domains.flatMap((name) =>
    DOMAINS[name].serves.flatMap(({ endpoints }) => Object.values<Endpoint>(endpoints)),
  )
  const ofParts = api.health.endpoints.part.path
  const paths = declared.map(({ path: each }) => each).filter((each) => each !== ofParts)
  const reference = domains.includes(referenceDomain) ? ['/openapi.json', '/docs'] : []
  return [...new Set([...paths, ...domains.map(healthPathOf), ...reference])]
}

export function healthPathOf(name: DomainName): string {
  return api.health.endpoints.part.path.replace('{part}', name)
}

export function signs(domains: readonly DomainName[]): boolean {
  return domains.some((name) => DOMAINS[name].signs)
}

/**
 * Writes a folder for each function, with its `index.mjs` and what goes with it; the handler is
 * `index.handler`. Answers the folders by name. All at once, so that what they share is parsed once.
 */
export async function buildBundles(bundling: Bundling, into: string): Promise<Map<string, string>> {
  const functions = Object.entries<readonly DomainName[]>(BUNDLINGS[bundling])
  rmSync(into, { recursive: true, force: true })
  await build({
    ...bundleOptions,
    plugins: [entries(new Map(functions)), nothingFor('bowser')],
    entryPoints: functions.map(([name]) => ({ in: `function:${name}`, out: `${name}/index` })),
    outdir: into,
  })
  const folders = new Map<string, string>()
  for (const [name, domains] of functions) {
    const folder = path.join(into, name)
    cpSync(game.content, path.join(folder, 'content'), { recursive: true })
    if (domains.includes(referenceDomain)) {
      writeFileSync(path.join(folder, 'reference.json'), JSON.stringify(reference()))
    }
    folders.set(name, folder)
  }
  return folders
}

/** How esbuild makes the code of a Lambda; the bench of load times takes the same. */
export const bundleOptions = {
  absWorkingDir: top,
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  // The default takes the CommonJS half of the SDK, of which nothing can be left out. Nothing is
  // external: the SDK of the runtime is another version, and slower to load than one that is bundled.
  mainFields: ['module', 'main'],
  alias: {
    '@aws-sdk/credential-provider-node': path.join(top, 'functions/start/lambda-credentials.ts'),
  },
  // For what is CommonJS within.
  banner: {
    js: `import{createRequire as _cr}from'node:module';const require=_cr(import.meta.url);`,
  },
  logLevel: 'warning',
} as const satisfies BuildOptions

/** Entries that are written here and lie in no file. */
function entries(functions: Map<string, readonly DomainName[]>): Plugin {
  return {
    name: 'entries of functions',
    setup(building) {
      building.onResolve({ filter: /^function:/ }, ({ path: name }) => ({
        path: name.slice('function:'.length),
        namespace: 'function',
      }))
      building.onLoad({ filter: /./, namespace: 'function' }, ({ path: name }) => ({
        contents: entryOf(functions.get(name) ?? []),
        resolveDir: top,
        loader: 'ts',
      }))
    },
  }
}

/** A package that is never run: bowser reads the names of browsers, which the SDK does in browsers. */
function nothingFor(name: string): Plugin {
  return {
    name: `nothing for ${name}`,
    setup(building) {
      building.onResolve({ filter: new RegExp(`^${name}$`) }, ({ path }) => ({
        path,
        namespace: 'nothing',
      }))
      building.onLoad({ filter: /./, namespace: 'nothing' }, () => ({ contents: '' }))
    },
  }
}

/** A module that serves all of them. */
function entryOf(domains: readonly DomainName[]): string {
  const open = signs(domains) ? 'signing' : 'verifying'
  const from = signs(domains) ? 'signing' : 'wire'
  return [
    `import { lambda } from './functions/start/wire.ts'`,
    `import { ${open} } from './functions/start/${from}.ts'`,
    ...domains.map((name) => `import { domains as ${name} } from './functions/${name}/lambda.ts'`),
    `export const handler = lambda(${JSON.stringify(domains)}, ${open}, async (wired) =>`,
    `  (await Promise.all([${domains.join(', ')}].map((of) => of(wired)))).flat())`,
  ].join('\n')
}

function reference() {
  return buildReference([...Object.values(api), ...gameDomains], {
    title: 'Waystone',
    version: '1',
    description: 'The backend of a world: accounts, characters, the way in.',
    // Where the document comes from; the address is not known before the API exists.
    serverUrl: '/',
  })
}

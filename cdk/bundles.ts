// What a Lambda carries: one file of code with everything in it, the game's content, and for one of them
// the API reference.
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'
import type { BuildOptions, Plugin } from 'esbuild'
import { declarationsOf, needsOf } from '#functions/http/record.ts'
import type { DomainRecord, Need } from '#functions/http/record.ts'
import { buildReference } from '#functions/http/reference.ts'
import { game } from '#game'
import { gameAlias } from '#shared/game/folder.ts'
import { healthApi } from '#shared/api/health.ts'

const top = path.join(import.meta.dirname, '..')

/**
 * Which domains share a function. One each: the least permission, the most cold starts. All in one: the
 * fewest cold starts, and every route with the permissions of all. Three: by the records' groups.
 */
export const BUNDLINGS = ['domains', 'three', 'one'] as const
export type Bundling = (typeof BUNDLINGS)[number]

/** The functions by name, each with the domains that it serves. */
export function functionsOf(
  bundling: Bundling,
  records: readonly DomainRecord[],
): Map<string, DomainRecord[]> {
  switch (bundling) {
    case 'domains':
      return Map.groupBy(records, ({ name }) => name)
    case 'three':
      return Map.groupBy(records, ({ group }) => group)
    case 'one':
      return new Map([['all', [...records]]])
  }
}

/** Paths that lead to a function which serves these. Each is asked for its health under its own name. */
export function pathsOf(records: readonly DomainRecord[]): string[] {
  const declared = declarationsOf(records).flatMap(({ endpoints }) => Object.values(endpoints))
  const reference = records.some(({ servesReference }) => servesReference)
    ? [healthApi.endpoints.whole.path, '/openapi.json', '/docs']
    : []
  const health = records.map(({ name }) => healthPathOf(name))
  return [...new Set([...declared.map(({ path: each }) => each), ...health, ...reference])]
}

export function healthPathOf(name: string): string {
  return healthApi.endpoints.part.path.replace('{part}', name)
}

/**
 * Writes a folder for each function, with its `index.mjs` and what goes with it; the handler is
 * `index.handler`. Returns the folders by name. All at once, so that what they share is parsed once.
 */
export async function buildBundles(
  functions: ReadonlyMap<string, readonly DomainRecord[]>,
  into: string,
): Promise<Map<string, string>> {
  rmSync(into, { recursive: true, force: true })
  await build({
    ...bundleOptions,
    plugins: [entries(functions), nothingFor('bowser')],
    entryPoints: [...functions.keys()].map((name) => ({
      in: `function:${name}`,
      out: `${name}/index`,
    })),
    outdir: into,
  })
  const all = [...functions.values()].flat()
  const folders = new Map<string, string>()
  for (const [name, records] of functions) {
    const folder = path.join(into, name)
    cpSync(game.content, path.join(folder, 'content'), { recursive: true })
    if (records.some(({ servesReference }) => servesReference)) {
      // Where the document comes from: the address is not known before the API exists.
      const reference = buildReference(declarationsOf(all), '/')
      writeFileSync(path.join(folder, 'reference.json'), JSON.stringify(reference))
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
    ...gameAlias(process.env),
    '@aws-sdk/credential-provider-node': path.join(top, 'functions/start/lambda-credentials.ts'),
  },
  // For what is CommonJS within.
  banner: {
    js: `import{createRequire as _cr}from'node:module';const require=_cr(import.meta.url);`,
  },
  logLevel: 'warning',
} as const satisfies BuildOptions

/** Entries that are written here and lie in no file. */
function entries(functions: ReadonlyMap<string, readonly DomainRecord[]>): Plugin {
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

/** What opens the parts that domains need, by module and name. */
const openers: Record<Need, { from: string; name: string }> = {
  signing: { from: './functions/start/signing.ts', name: 'openSigning' },
  content: { from: './functions/start/content.ts', name: 'openContent' },
  fleet: { from: './functions/start/fleet.ts', name: 'openFleet' },
  kept: { from: './functions/start/kept.ts', name: 'openKept' },
  email: { from: './functions/start/email.ts', name: 'openEmail' },
  signIn: { from: './functions/start/sign-in.ts', name: 'openSignIn' },
  scaling: { from: './functions/start/scaling.ts', name: 'openScaling' },
  flexMatch: { from: './functions/start/flexmatch.ts', name: 'openFlexMatch' },
}

/** A module that serves some domains, and carries what these need and nothing else. */
function entryOf(records: readonly DomainRecord[]): string {
  const needs = [...needsOf(records)]
  return [
    `import { lambda } from './functions/start/lambda.ts'`,
    ...needs.map((need) => `import { ${openers[need].name} } from '${openers[need].from}'`),
    ...records.map(
      ({ name, module }) => `import { domain as ${name} } from ${JSON.stringify(module)}`,
    ),
    `const openers = { ${needs.map((need) => `${need}: ${openers[need].name}`).join(', ')} }`,
    `export const handler = lambda([${records.map(({ name }) => name).join(', ')}], openers)`,
  ].join('\n')
}

// The playable page: bundled once in memory from client/page/, served from the API's own origin under
// a policy that lets it load nothing from elsewhere.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, stop } from 'esbuild'
import type { BuildFailure, Metafile } from 'esbuild'
import type { Hono } from 'hono'
import { gameAlias, gameFolder } from '#shared/game/folder.ts'
import { GameError } from '#shared/game/load.ts'

const folder = fileURLToPath(new URL('../client/page/', import.meta.url))
const zone = fileURLToPath(new URL('../waystone/zone.ts', import.meta.url))

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  // Zone hosts have other ports, known only when a player enters.
  "connect-src 'self' ws: wss: http: https:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "worker-src 'self' blob:",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export type Page = {
  path: string
  type: string
  body: Uint8Array<ArrayBuffer>
  etag: string
}[]

/** Bundles the page. Throws GameError, with files and lines, when the code cannot be bundled. */
export async function buildPage(): Promise<Page> {
  const { code: script } = await bundleScript()
  return [
    file('/', 'text/html; charset=utf-8', await readFile(`${folder}index.html`)),
    file('/style.css', 'text/css; charset=utf-8', await readFile(`${folder}style.css`)),
    file('/page.js', 'text/javascript; charset=utf-8', script),
  ]
}

type Script = {
  code: Uint8Array
  /** The files by whose imports, one by the other, it carries the simulation; empty when it does not. */
  zoneBy: string[]
}

/** The page's code with the game's half. Throws GameError. */
export async function bundleScript(): Promise<Script> {
  const game = gameFolder(process.env)
  const result = await build({
    absWorkingDir: game,
    metafile: true,
    entryPoints: [`${folder}main.ts`],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'esm',
    target: 'es2023',
    minify: true,
    legalComments: 'none',
    logLevel: 'silent',
    // The page has the same game as this process.
    alias: gameAlias(process.env),
  }).catch((error: BuildFailure) => error)
  // esbuild runs in a process of its own, which would run as long as this one.
  await stop()
  if (result instanceof Error) throw new GameError(explain(result), result)
  return { code: result.outputFiles[0]!.contents, zoneBy: importsOf(zone, game, result.metafile) }
}

/** How a file came into a bundle: from the game's page on, each file imports the next. */
function importsOf(wanted: string, game: string, { inputs }: Metafile): string[] {
  const chains = [['page.ts']]
  const known = new Set(chains[0])
  for (const chain of chains) {
    const last = chain.at(-1)!
    if (resolve(game, last) === wanted) return chain
    for (const { path: next } of inputs[last]?.imports ?? []) {
      if (known.has(next)) continue
      known.add(next)
      chains.push([...chain, next])
    }
  }
  return []
}

/** One line for each mistake, and one more when what servers alone can run is in the page. */
function explain({ errors }: BuildFailure): string {
  const folder = gameFolder(process.env)
  const found = errors.map(({ text, location }) => {
    const file = location === null ? undefined : resolve(folder, location.file)
    const isOwn = file?.startsWith(folder + sep) === true
    const at = file && `${isOwn ? relative(folder, file) : location!.file}:${location!.line}: `
    return { isOwn, line: `${at ?? ''}${text}` }
  })
  const own = found.filter(({ isOwn }) => isOwn)
  // What the core lacks in a browser follows from what the game has imported.
  const lines = (own.length > 0 ? own : found).map(({ line }) => line)
  if (errors.some(({ text }) => text.includes('"node:'))) {
    lines.push(
      'page.ts runs in a browser. It and the files that it imports may import `waystone/page`, `zone`, `api` ' +
        'and `zod`, but neither `waystone/game` nor anything of Node.',
    )
  }
  return lines.join('\n  ')
}

function file(path: string, type: string, content: Uint8Array): Page[number] {
  const body = new Uint8Array(content)
  return { path, type, body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` }
}

/** `current` is called at each request: in development the page is built again. */
export function servePage(app: Hono, current: () => Page): void {
  for (const { path } of current()) {
    app.get(path, (c) => {
      const { type, body, etag } = current().find((file) => file.path === path)!
      const headers = {
        etag,
        'cache-control': 'no-cache',
        'content-security-policy': policy,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
      }
      if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers)
      return c.body(body, 200, { ...headers, 'content-type': type })
    })
  }
}

// The playable page: bundled once in memory from client/page/, served from the API's own origin under
// a policy that lets it load nothing from elsewhere.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build, stop } from 'esbuild'
import type { Hono } from 'hono'
import { gameAlias } from '#shared/game/folder.ts'

const folder = fileURLToPath(new URL('../client/page/', import.meta.url))

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

/** Bundles the page. Fails with esbuild's message when the code cannot be bundled. */
export async function buildPage(): Promise<Page> {
  const script = await bundleScript()
  return [
    file('/', 'text/html; charset=utf-8', await readFile(`${folder}index.html`)),
    file('/style.css', 'text/css; charset=utf-8', await readFile(`${folder}style.css`)),
    file('/page.js', 'text/javascript; charset=utf-8', script),
  ]
}

/** The page's code with the game's half. */
export async function bundleScript(): Promise<Uint8Array> {
  const result = await build({
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
  })
  // esbuild runs in a process of its own, which would run as long as this one.
  await stop()
  return result.outputFiles[0]!.contents
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

// `npm run bundle [-- FOLDER]`: the zone host and the functions as a server, each a folder that needs nothing
// but Node: what the images carry (Dockerfile, Dockerfile.functions), default `dist/`.
//
//   zone-host/main.js worker.js content/ node_modules/   the Agones SDK and its gRPC, each in one file
//   functions/server.js content/ reference.json
import { cpSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { build } from 'esbuild'
import type { BuildOptions } from 'esbuild'
import { domains } from '#functions/domains.ts'
import { declarationsOf } from '#functions/http/record.ts'
import { buildReference } from '#functions/http/reference.ts'
import { game } from '#game'
import { gameAlias } from '#shared/game/folder.ts'

const top = path.join(import.meta.dirname, '..')
const sdk = '@google-cloud/agones-sdk'
const grpc = '@grpc/grpc-js'

const options = {
  absWorkingDir: top,
  bundle: true,
  alias: gameAlias(process.env),
  platform: 'node',
  target: 'node24',
  // Names stay, so that a stack in a log names the function.
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'warning',
} satisfies BuildOptions
const modules = {
  ...options,
  format: 'esm',
  mainFields: ['module', 'main'],
  // For packages in CommonJS.
  banner: {
    js: `import{createRequire as _cr}from'node:module';const require=_cr(import.meta.url);`,
  },
} satisfies BuildOptions

/** A folder of its own, with the game's content, whose JavaScript is modules. */
function folder(into: string, name: string): string {
  const made = path.join(into, name)
  rmSync(made, { recursive: true, force: true })
  mkdirSync(made, { recursive: true })
  writeFileSync(path.join(made, 'package.json'), '{"type":"module"}\n')
  cpSync(game.content, path.join(made, 'content'), { recursive: true })
  return made
}

async function bundleZoneHost(into: string): Promise<string> {
  const made = folder(into, 'zone-host')
  await build({
    ...modules,
    entryPoints: [
      { in: 'gameserver/main.ts', out: 'main' },
      { in: 'gameserver/persistence/worker.ts', out: 'worker' },
    ],
    outdir: made,
  })
  // gameserver/agones.ts takes the SDK with the gRPC that the SDK itself finds, so they stay two packages.
  const ofSdk = createRequire(createRequire(import.meta.url).resolve(sdk))
  const packages = [
    { name: sdk, entry: ofSdk.resolve(sdk), external: [grpc] },
    { name: grpc, entry: ofSdk.resolve(grpc), external: [] },
  ]
  for (const { name, entry, external } of packages) {
    const place = path.join(made, 'node_modules', name)
    mkdirSync(place, { recursive: true })
    writeFileSync(path.join(place, 'package.json'), '{"main":"index.js"}\n')
    const outfile = path.join(place, 'index.js')
    await build({ ...options, format: 'cjs', entryPoints: [entry], external, outfile })
  }
  return made
}

async function bundleFunctions(into: string): Promise<string> {
  const made = folder(into, 'functions')
  const entryPoints = [{ in: 'functions/server.ts', out: 'server' }]
  await build({ ...modules, entryPoints, outdir: made })
  const reference = buildReference(declarationsOf(domains), '/')
  writeFileSync(path.join(made, 'reference.json'), JSON.stringify(reference))
  return made
}

const kilobytes = (...parts: string[]) => Math.round(statSync(path.join(...parts)).size / 1024)

/** Writes both folders into this one, and prints how large they are. */
export async function bundle(into: string): Promise<void> {
  const host = await bundleZoneHost(into)
  const functions = await bundleFunctions(into)
  const packed = path.join(host, 'node_modules')
  console.log(
    `${host}: main.js ${kilobytes(host, 'main.js')} KB, worker.js ${kilobytes(host, 'worker.js')} KB, ` +
      `Agones SDK ${kilobytes(packed, sdk, 'index.js')} KB, gRPC ${kilobytes(packed, grpc, 'index.js')} KB`,
  )
  console.log(`${functions}: server.js ${kilobytes(functions, 'server.js')} KB`)
}

if (import.meta.main) await bundle(path.resolve(process.argv[2] ?? path.join(top, 'dist')))

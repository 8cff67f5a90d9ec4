// How long the bundles of Lambdas take to load, beside a bundle of the AWS SDK alone. Each load is a fresh
// process that reports how much processor time its import took, which a busy machine changes less than the
// clock on the wall; bundles take turns all the same.
//   npm run bench:lambda -- --rounds 21
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { BUNDLINGS, buildBundles, bundleOptions, functionsOf } from '#cdk/bundles.ts'
import { domains } from '#functions/domains.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '21' } } })

/** The parts of the SDK that our store uses: once as they come, once without those that a Lambda leaves out. */
const sdkAlone = `
  export { DynamoDBClient, GetItemCommand, QueryCommand, PutItemCommand, UpdateItemCommand,
    DeleteItemCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb'
  export { marshall, unmarshall } from '@aws-sdk/util-dynamodb'`

async function buildSdk(file: string, options: object): Promise<string> {
  const { outExtension: _, ...rest } = bundleOptions
  const stdin = { contents: sdkAlone, resolveDir: bundleOptions.absWorkingDir }
  await build({ ...rest, stdin, outfile: file, ...options })
  return file
}

function loadMs(file: string, env: Record<string, string>): number {
  const script = `const t=process.cpuUsage();import(${JSON.stringify(file)}).then(()=>{const{user,system}=process.cpuUsage(t);console.log((user+system)/1000)})`
  const output = execFileSync(process.execPath, ['-e', script], { encoding: 'utf8', env })
  return Number(output)
}

const median = (times: number[]) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!

const folder = mkdtempSync(path.join(tmpdir(), 'waystone-bench-'))
const files = new Map<string, string>()
files.set('SDK alone', await buildSdk(path.join(folder, 'sdk.mjs'), { alias: {} }))
files.set('SDK, stripped', await buildSdk(path.join(folder, 'stripped.mjs'), {}))
for (const bundling of BUNDLINGS) {
  const functions = functionsOf(bundling, domains)
  for (const [name, made] of await buildBundles(functions, path.join(folder, bundling))) {
    files.set(name, path.join(made, 'index.mjs'))
  }
}

const times = new Map([...files.keys()].map((name) => [name, [] as number[]]))
const cached = new Map([...files.keys()].map((name) => [name, [] as number[]]))
const cache = { NODE_COMPILE_CACHE: path.join(folder, 'cache') }
for (const file of files.values()) loadMs(file, cache)
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [name, file] of files) {
    times.get(name)!.push(loadMs(file, {}))
    cached.get(name)!.push(loadMs(file, cache))
  }
}

const sdk = median(times.get('SDK alone')!)
console.log(
  'bundle'.padEnd(18),
  'KB'.padStart(6),
  'ms'.padStart(7),
  'ratio'.padStart(6),
  'cached'.padStart(7),
)
for (const [name, file] of files) {
  const ms = median(times.get(name)!)
  console.log(
    name.padEnd(18),
    (statSync(file).size / 1000).toFixed(0).padStart(6),
    ms.toFixed(1).padStart(7),
    (ms / sdk).toFixed(2).padStart(6),
    median(cached.get(name)!).toFixed(1).padStart(7),
  )
}
rmSync(folder, { recursive: true, force: true })

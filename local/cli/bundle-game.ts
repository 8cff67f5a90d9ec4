// `waystone bundle`: what images carry, and a folder for each Lambda.
import { join, resolve } from 'node:path'
import { buildBundles, functionsOf } from '#cdk/bundles.ts'
import { domains } from '#functions/domains.ts'
import { bundle } from '../bundle.ts'

/** Writes zone-host/, functions/ and lambda/ into the folder. */
export async function bundleGame(folder: string): Promise<void> {
  const into = resolve(folder)
  await bundle(into)
  const lambdas = await buildBundles(functionsOf('domains', domains), join(into, 'lambda'))
  console.log(`${join(into, 'lambda')}: ${[...lambdas.keys()].join(', ')}`)
}

// `waystone image`: the images of zone host and functions with this game. What they carry is bundled here, and
// stands in for the stage `build` of the Dockerfiles: so the engine needs neither the game nor npm.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from '../bundle.ts'
import { StartError } from '../start-error.ts'

/** They take the same arguments. */
const engines = ['docker', 'podman', 'buildah']
const images = { 'zone-host': 'Dockerfile', functions: 'Dockerfile.functions' }

/** Throws StartError when there is no engine, or it fails. */
export async function buildImages(): Promise<void> {
  const engine = engines.find(
    (one) => spawnSync(one, ['version'], { stdio: 'ignore' }).status === 0,
  )
  if (engine === undefined) {
    throw new StartError(
      'No Docker (or podman, or buildah) runs on this machine. `npm run bundle` makes what the images ' +
        'carry; build them where Docker is, in CI for example.',
    )
  }
  const { name, version } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    name: string
    version: string
  }
  const folder = resolve('dist/image')
  mkdirSync(folder, { recursive: true })
  await bundle(join(folder, 'out'))
  for (const [image, dockerfile] of Object.entries(images)) {
    const file = fileURLToPath(new URL(`../../${dockerfile}`, import.meta.url))
    const tag = `${name}/${image}:${version}`
    const args = ['build', '-f', file, '--build-context', `build=${folder}`, '-t', tag, folder]
    if (spawnSync(engine, args, { stdio: 'inherit' }).status !== 0) {
      throw new StartError(`${engine} did not build ${tag}.`)
    }
    console.log(tag)
  }
}

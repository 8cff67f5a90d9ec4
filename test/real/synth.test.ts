// `npm run synth`, with all bundles: needs no real part, but more time than `npm test` has.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { compiledCode } from '#local/compiled-code.ts'

it('npm run synth needs no network, no credentials and under 30 s, bundles and all', () => {
  const top = path.join(import.meta.dirname, '..', '..')
  const out = path.join(top, 'dist', 'cdk-test')
  const started = performance.now()
  const synth = spawnSync(process.execPath, ['cdk/app.ts'], {
    cwd: top,
    // Nothing is requested over the network.
    env: {
      PATH: '',
      NODE_COMPILE_CACHE: compiledCode,
      CDK_OUTDIR: out,
      HTTPS_PROXY: 'http://127.0.0.1:1',
      NO_COLOR: '1',
    },
    encoding: 'utf8',
    timeout: 240_000,
  })
  expect(synth.stderr).not.toMatch(/error/i)
  expect(synth.status).toBe(0)
  expect(readdirSync(out).filter((file) => file.endsWith('.template.json'))).toHaveLength(3)
  console.log(`synth with bundles: ${((performance.now() - started) / 1000).toFixed(1)} s`)
}, 240_000)

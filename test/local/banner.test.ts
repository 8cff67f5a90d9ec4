import { expect, it } from 'vitest'
import { banner } from '#local/banner.ts'

const at = (url: string) => ({
  pid: 1,
  url,
  docs: `${url}/docs`,
  openapi: `${url}/openapi.json`,
  health: `${url}/health`,
  database: 'http://127.0.0.1:1',
  redis: 'http://127.0.0.1:2',
  dataDir: '/data',
  zones: [],
  bots: 0,
  startZone: 'content/zones/clearing.json',
})

it('names the address in the command for bots where they would not find it by themselves', () => {
  expect(banner(at('http://127.0.0.1:8080'))).toContain('npm run bots -- --count 50   lets')
  expect(banner(at('http://127.0.0.1:9090'))).toContain(
    'npm run bots -- --count 50 --url http://127.0.0.1:9090   lets',
  )
})

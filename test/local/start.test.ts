import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Visit } from '#client/bots/synthetic.ts'
import { newId } from '#shared/runtime.ts'
import { systemRuntime } from '#shared/system.ts'
import { descendants, stillRunning, startWaystone } from '../e2e/waystone.ts'
import { until } from './until.ts'

type Health = { ok: boolean; checks: Record<string, boolean>; visit?: Visit }

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'waystone-start-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test('it serves page and API, survives the death of its database, and SIGTERM leaves nothing', async () => {
  const env = { WAYSTONE_CORS: 'https://game.example' }
  const waystone = await startWaystone({ dataDir: join(dir, 'whole'), env })
  const { url } = waystone
  const elsewhere = async (origin: string) =>
    (await fetch(`${url}/v1/realms`, { headers: { origin } })).headers.get(
      'access-control-allow-origin',
    )
  expect(await elsewhere('https://game.example')).toBe('https://game.example')
  expect(await elsewhere('https://evil.example')).toBeNull()
  const page = await fetch(url)
  expect(page.headers.get('content-security-policy')).toMatch(
    /default-src 'none'; script-src 'self'/,
  )
  expect(await page.text()).toContain('page.js')
  const script = await fetch(`${url}/page.js`)
  expect(script.headers.get('content-type')).toMatch(/javascript/)
  const etag = script.headers.get('etag')!
  expect((await fetch(`${url}/page.js`, { headers: { 'if-none-match': etag } })).status).toBe(304)
  expect((await fetch(`${url}/openapi.json`)).status).toBe(200)
  expect((await fetch(`${url}/docs`)).status).toBe(200)

  const pids = waystone.pids()
  const { zones } = (await (await fetch(`${url}/v1/realms/local/status`)).json()) as {
    zones: { zone: string; players: number }[]
  }
  expect(zones.map(({ zone }) => zone).sort()).toEqual(['arena', 'crypt', 'forest', 'hub'])
  expect(zones.map(({ players }) => players)).toEqual([0, 0, 0, 0])
  const health = (await (await fetch(`${url}/health`)).json()) as Health
  expect(health).toMatchObject({ ok: true, checks: { player: true } })
  expect(Object.keys(health.visit!.ms)).toEqual(['login', 'enter', 'step', 'message', 'leave'])
  await expect(startWaystone({ dataDir: join(dir, 'whole') })).rejects.toThrow('in use by process')

  const database = databaseBelow(waystone.child.pid!)!
  process.kill(database, 'SIGKILL')
  await until(() => ![database, undefined].includes(databaseBelow(waystone.child.pid!)))
  // A request that reads the store: the status of a realm is remembered for some seconds.
  await until(async () => (await logInAsGuest(url)).ok)

  const all = [...pids, ...waystone.pids()]
  expect((await waystone.stop('SIGTERM')).code).toBe(0)
  expect(stillRunning(all)).toEqual([])
})

test('killed outright it leaves nothing running, and the next start comes up', async () => {
  const env = { WAYSTONE_BOTS: '2' }
  const first = await startWaystone({ dataDir: join(dir, 'killed'), env })
  const pids = first.pids()
  expect(pids.length).toBeGreaterThan(4)
  first.child.kill('SIGKILL')
  const second = await startWaystone({ dataDir: join(dir, 'killed') })
  await until(() => stillRunning(pids).length === 0)
  expect((await second.stop()).code).toBe(0)
})

/** The process of the embedded database among the children of a start. */
function databaseBelow(pid: number): number | undefined {
  return descendants(pid).find((each) => commandOf(each).includes('dynoxide'))
}

async function logInAsGuest(url: string): Promise<Response> {
  const body = JSON.stringify({ deviceSecret: randomBytes(32).toString('base64url') })
  const headers = { 'content-type': 'application/json', 'idempotency-key': newId(systemRuntime) }
  return await fetch(`${url}/v1/auth/guest`, { method: 'POST', headers, body })
}

function commandOf(pid: number): string {
  try {
    return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' })
  } catch {
    return ''
  }
}

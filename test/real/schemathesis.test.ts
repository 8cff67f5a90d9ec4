// schemathesis reads /openapi.json and sends valid and invalid requests to every endpoint: as a guest, as a
// player, as an operator and as a zone host. It also follows the links of answers, from register to a ticket.
// No answer may be an error of ours, and each must be in the document. Each run has a limit of time, so that
// all of them together take less than four minutes.
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findAccess } from '#local/cli/access.ts'
import { readRunFile } from '#local/run-file.ts'
import { api } from '#shared/api/api.ts'
import { createApiClient } from '#shared/api/client.ts'
import { createHostSigner } from '#shared/keys/host.ts'
import { createLease } from '#shared/ownership/lease.ts'
import { newId } from '#shared/runtime.ts'
import { createDynamoStore } from '#shared/store/dynamo.ts'
import { localOptions } from '#shared/store/options.ts'
import { systemRuntime } from '#shared/system.ts'
import { makeDataDir, startWaystone } from '../e2e/waystone.ts'
import type { Waystone } from '../e2e/waystone.ts'
import { findProgram, needPart, partsFolder } from './part.ts'
import { setStage } from './schemathesis-stage.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const program = needPart(
  'schemathesis',
  findProgram('SCHEMATHESIS', [join(partsFolder, 'schemathesis/bin/st'), 'st', 'schemathesis']),
  'SCHEMATHESIS names the program',
)

const who = ['guest', 'player', 'operator'] as const
type Who = (typeof who)[number] | 'zone host'

/** Requests and their answers. */
type Exchange = {
  request: {
    method: string
    url: string
    headers: { name: string; value: string }[]
    postData?: { text: string }
  }
  response: { status: number; content: { text?: string } }
}

describe.skipIf(program === undefined)('schemathesis', () => {
  let waystone: Waystone
  let folder: Awaited<ReturnType<typeof makeDataDir>>
  let reports: string
  const tokens: Partial<Record<Who, string>> = {}
  /** Of the character of each (schemathesis-stage.ts). */
  const names: Partial<Record<Who, string>> = {}
  /** Of all runs: how many answers of each status an endpoint gave, by `METHOD path`. */
  const answered = new Map<string, Map<number, number>>()

  beforeAll(async () => {
    folder = await makeDataDir()
    reports = await mkdtemp(join(tmpdir(), 'waystone-schemathesis-'))
    // Generous limits are the default here: 429 must not hide what lies behind it.
    waystone = await startWaystone({
      ...folder,
      env: { WAYSTONE_FLEET: 'hub:1,forest:1,crypt:1,arena:1' },
    })
    const clientOf = (token?: string) =>
      createApiClient({
        api,
        baseUrl: waystone.url,
        fetch,
        newId: () => newId(systemRuntime),
        token: () => token,
      })
    const { auth } = clientOf()
    const people: { client: ReturnType<typeof clientOf>; name: string; playerId: string }[] = []
    const add = (as: Who, name: string, session: { accessToken: string; accountId: string }) => {
      tokens[as] = session.accessToken
      names[as] = name
      people.push({ client: clientOf(session.accessToken), name, playerId: session.accountId })
    }
    const deviceSecret = randomBytes(32).toString('base64url')
    add('guest', 'Gwenda', await auth.guest({ body: { deviceSecret } }))
    const password = randomBytes(16).toString('hex')
    const player = { loginName: 'player@example.org', password }
    add('player', 'Petra', await auth.register({ body: player }))
    // The player that operators name (schemathesis.toml). A ban must not meet the caller.
    const named = { loginName: 'someone@example.org', password }
    const { accessToken, accountId: playerId } = await auth.register({ body: named })
    const operator = { loginName: 'operator@example.org', password }
    const { accountId } = await auth.register({ body: operator })
    const access = await findAccess(
      { url: undefined, token: undefined, dataDir: folder.dataDir },
      systemRuntime,
    )
    await clientOf(access.token).admin.setRole({
      params: { who: accountId },
      body: { role: 'operator', reason: 'to be tried out' },
    })
    add('operator', 'Otto', await auth.login({ body: operator }))
    const someone = { client: clientOf(accessToken), name: 'Selma', playerId }
    const ends = await setStage(someone, people)
    for (const [as, name] of Object.entries(names)) {
      const base = await readFile(join(here, 'schemathesis.toml'), 'utf8')
      await writeFile(join(reports, `${as}.toml`), `${base}\n${ends.get(name)!}`)
    }
  })
  afterAll(async () => {
    await waystone?.killAll()
    await folder?.remove()
    await rm(reports, { recursive: true, force: true })
  })

  /** A zone host that exists by its lease alone: a test that writes the store can make one. */
  async function hostToken(): Promise<string> {
    const { database, tablePrefix } = readRunFile(folder.dataDir)!
    const store = createDynamoStore(localOptions(database, tablePrefix))
    const { publicKey, sign } = await createHostSigner()
    const bootId = newId(systemRuntime)
    const now = systemRuntime.now()
    const about = { address: 'ws://host/zone', protocol: 2, content: 'test', instances: [] }
    await createLease(store, now, { bootId, publicKey, ...about })
    store.close()
    return await sign(bootId, now)
  }

  /** Runs schemathesis; fails with all that it found. */
  async function run(as: Who, name: string, args: string[]): Promise<Exchange[]> {
    const har = join(reports, `${as}-${name}.har`)
    // Links lead to what a request has made; all else knows what is there before.
    const config =
      name === 'everything' ? join(reports, `${as}.toml`) : join(here, 'schemathesis.toml')
    const all = ['--config-file', config, 'run', `${waystone.url}/openapi.json`, '--no-color']
    all.push('--output-sanitize', 'false', '--report', 'har', '--report-har-path', har, ...args)
    const env = {
      ...process.env,
      API_URL: waystone.url,
      API_TOKEN: tokens[as],
      PYTHONPATH: here,
      PYTHONDONTWRITEBYTECODE: '1',
      SCHEMATHESIS_HOOKS: 'schemathesis_hooks',
    }
    const said = await new Promise<{ failed: boolean; text: string }>((resolve) => {
      const options = { env, cwd: reports, maxBuffer: 64 * 1024 * 1024, timeout: 200_000 }
      execFile(program!, all, options, (error, stdout, stderr) =>
        resolve({ failed: error !== null, text: stdout + stderr }),
      )
    })
    if (said.failed) throw new Error(`schemathesis as ${as}, ${name}:\n${said.text}`)
    const { entries } = (
      JSON.parse(await readFile(har, 'utf8')) as { log: { entries: Exchange[] } }
    ).log
    for (const { request, response } of entries) {
      // There are few hosts here, and an operator may ask for one more.
      const isFull = response.status === 503 && response.content.text?.includes('"world.full"')
      if (isFull !== true) {
        expect(response.status, `${request.method} ${request.url}`).toBeLessThan(500)
      }
      count(request.method, new URL(request.url).pathname, response.status)
    }
    const cases = /Test cases:\s+(.*)/.exec(said.text)?.[1]
    console.log(`as ${as}, ${name}: ${entries.length} requests; ${cases ?? ''}`)
    return entries
  }

  const declared = Object.values(api).flatMap((domain) =>
    Object.values(domain.endpoints as Record<string, { method: string; path: string }>).map(
      ({ method, path }) => ({
        name: `${method} ${path}`,
        method,
        pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
      }),
    ),
  )

  function count(method: string, path: string, status: number) {
    const name = declared.find((e) => e.method === method && e.pattern.test(path))?.name
    if (name === undefined) return
    const statuses = answered.get(name) ?? new Map<number, number>()
    answered.set(name, statuses.set(status, (statuses.get(status) ?? 0) + 1))
  }

  // This test does not judge the health of a machine under this load.
  const noHealth = ['whole', 'part'].flatMap((name) => ['--exclude-operation-id', `health.${name}`])
  it.each(who)('asked as %s, answers everything as its document says', async (as) => {
    const phases = ['--phases', 'examples,coverage,fuzzing', '--max-time', '35']
    // Whose character is gone can do no more here.
    const kept = as === 'guest' ? [] : ['--exclude-operation-id', 'characters.delete']
    // So that the time is enough: operators do what only they may do, and what a guest is refused players are too.
    const part =
      as === 'player' ? [] : [`--${as === 'guest' ? 'ex' : 'in'}clude-path-regex`, '^/v1/admin/']
    await run(as, 'everything', [...phases, '--max-examples', '8', ...part, ...noHealth, ...kept])
  })

  // A host that is stopped is replaced, and until then the world may be full.
  const noStop = ['--exclude-operation-id', 'admin.stopHost']
  // It is no DELETE: what came after it would be called lost.
  const noDisband = ['--exclude-operation-id', 'guilds.disband']
  // Invalid requests are refused at once and lead nowhere.
  const links = ['--phases', 'stateful', '--mode', 'positive']
  it.each(who)('asked as %s along its links, answers as its document says', async (as) => {
    await run(as, 'links', [...links, '--max-time', '14', ...noStop, ...noDisband, ...noHealth])
  })

  it('asked as zone host for what hosts ask, answers as its document says', async () => {
    // Good for a minute, which is longer than this takes.
    tokens['zone host'] = await hostToken()
    const phases = ['--phases', 'examples,coverage,fuzzing', '--max-time', '8']
    const asked = await run('zone host', 'internal', [
      ...phases,
      '--include-path-regex',
      '^/internal/',
    ])
    expect(asked.some(({ response }) => response.status === 200)).toBe(true)
  })

  it('leads from register to a ticket of the world by its links alone', async () => {
    const way = ['auth.register', 'characters.create', 'world.enter']
    const only = way.flatMap((id) => ['--include-operation-id', id])
    const exchanges = await run('guest', 'way', [...links, '--max-time', '20', ...only])
    const sessions = new Map<string, string>()
    const characters = new Set<string>()
    let entered = 0
    for (const { request, response } of exchanges) {
      const path = new URL(request.url).pathname
      const token = request.headers.find(({ name }) => name === 'Authorization')?.value.slice(7)
      if (response.status !== 200 && response.status !== 201) continue
      const answer = JSON.parse(response.content.text!) as Record<string, string>
      if (path === '/v1/auth/register') sessions.set(answer['accessToken']!, answer['accountId']!)
      if (!sessions.has(token ?? '')) continue
      if (path.endsWith('/characters')) characters.add(answer['characterId']!)
      if (!path.endsWith('/enter')) continue
      expect(characters).toContain(answer['characterId'])
      expect(answer['ticket']).toBeTypeOf('string')
      entered += 1
    }
    console.log(`${sessions.size} registered, ${characters.size} characters, ${entered} tickets`)
    expect(entered).toBeGreaterThan(0)
  })

  it('has had nearly every endpoint do what it is for', () => {
    const never = declared
      .map(({ name }) => name)
      .filter((name) => ![...(answered.get(name)?.keys() ?? [])].some((status) => status < 300))
    const refusals = (name: string) =>
      [...(answered.get(name) ?? [])].map(([status, times]) => `${times} × ${status}`).join(', ')
    for (const name of never) console.log(`never more than refused: ${name} (${refusals(name)})`)
    // In a guild and a party one request takes away what the next one needs. Tests of these domains hold each act.
    const takesTwo = /\/(?:guilds\/\{guildId\}|party)/
    const alone = declared.filter(({ name }) => !takesTwo.test(name))
    expect(alone.length).toBeGreaterThan(40)
    // The choice is random.
    expect(never.filter((name) => !takesTwo.test(name)).length).toBeLessThan(alone.length / 3)
  })
})

// Least privilege, from use: calls every route on deployed bundles, with a cluster of EKS, while the roles of
// the stacks are enforced for each call. A handler without a permission that it needs fails its request. A
// permission that is never used must be explained in the record of the domain.
import * as z from 'zod'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { functionsOf } from '#cdk/bundles.ts'
import type { Bundling } from '#cdk/bundles.ts'
import { rowsOf, ZONE_PERMISSIONS } from '#cdk/permissions.ts'
import { domains } from '#functions/domains.ts'
import { declarationsOf, needsOf } from '#functions/http/record.ts'
import type { DomainRecord } from '#functions/http/record.ts'
import type { RowPermission } from '#functions/http/rows.ts'
import { createHostSigner } from '#shared/keys/host.ts'
import { createVerifier } from '#shared/keys/ring.ts'
import { api } from '#shared/api/api.ts'
import { ApiError, createApiClient } from '#shared/api/client.ts'
import type { Endpoint } from '#shared/api/endpoint.ts'
import { healthApi } from '#shared/api/health.ts'
import { createDynamoStore } from '#shared/store/dynamo.ts'
import { localOptions } from '#shared/store/options.ts'
import { openResult } from '#shared/results/rows.ts'
import { leaderboard } from '#shared/rules/leaderboard.ts'
import { resultKind } from '#shared/rules/played-match.ts'
import { systemRuntime } from '#shared/system.ts'
import { verifyTicket } from '#shared/ownership/ticket.ts'
import { eraseSettlesMs } from '#shared/limits.ts'
import { newId } from '#shared/runtime.ts'
import { bootLabel, protocolLabel, zoneLabel } from '#shared/fleet/fleet.ts'
import { book, requestOf } from '../calls/book.ts'
import { invitedToGuild, joined } from '../calls/guilds.ts'
import { two } from '../calls/friends.ts'
import { invitedToParty, together } from '../calls/parties.ts'
import { createStage } from '../calls/stage.ts'
import type { Player as Person, Stage } from '../calls/stage.ts'
import { peopleConformance } from './people.ts'
import { refusals } from '../fleet/eks-gate.ts'
import { startFakeKubernetes } from '../fleet/fake-kubernetes.ts'
import { selfSigned } from '../fleet/self-signed.ts'
import { goodPassword } from '../functions/api.ts'
import type { Use } from '../functions/lambda-aws.ts'
import { httpAnswer, httpEvent } from '../functions/lambda-event.ts'
import type { HttpAnswer } from '../functions/lambda-event.ts'
import {
  hostTally,
  kmsKey,
  openLambdaRealm,
  realmId,
  redisSecret,
  tablePrefix,
  zoneHost,
  emailFrom,
  signInSecret,
} from '../functions/lambda-realm.ts'
import type { LambdaRealm } from '../functions/lambda-realm.ts'
import { startProviders } from '../functions/providers-emulator.ts'
import type { ProvidersEmulator } from '../functions/providers-emulator.ts'
import { lambdaCredentialsEnv, startLambda } from '../functions/lambda-runtime.ts'
import { allowedBy, like, statementsOf } from '../cdk/iam.ts'
import type { Statement } from '../cdk/iam.ts'
import { synthRealm } from '../cdk/synth.ts'

let realm: LambdaRealm
let refused: Use[]
let asked: { method: string; path: string; status: number }[]
let stage: Stage
/** The account ids of its players. */
let came: string[]

/** Resources by the names that they have in the stack, not by ARN. */
function inStack(use: Use): Use {
  const names = new Map([
    [kmsKey, 'key'],
    [redisSecret, 'redis'],
    [signInSecret, 'signin'],
  ])
  return { ...use, resource: names.get(use.resource) ?? use.resource.replace(tablePrefix, '') }
}

const tls = selfSigned('the cluster')
let providers: ProvidersEmulator
let cluster: Awaited<ReturnType<typeof startFakeKubernetes>>

async function open(bundling: Bundling): Promise<void> {
  const gate = {
    cluster: 'worlds',
    region: lambdaCredentialsEnv.AWS_REGION,
    secrets: {
      [lambdaCredentialsEnv.AWS_ACCESS_KEY_ID]: lambdaCredentialsEnv.AWS_SECRET_ACCESS_KEY,
    },
    now: systemRuntime.now,
  }
  cluster = await startFakeKubernetes([], {
    tls,
    admits: (given) => refusals(gate, given).length === 0,
  })
  const certificate = Buffer.from(tls.cert).toString('base64')
  const context = {
    realm: realmId,
    bundling,
    clusterName: 'worlds',
    clusterEndpoint: cluster.url,
    clusterCa: certificate,
    emailFrom,
  }
  const { stacks } = synthRealm(context, domains, false)
  const functions = [...functionsOf(bundling, domains).keys()]
  const statements = new Map<string, Statement[]>(
    functions.map((name) => [name, statementsOf(stacks.api, `${name}-role`)]),
  )
  statements.set(zoneHost, statementsOf(stacks.zones, 'role'))
  realm = await openLambdaRealm(bundling, domains, {
    WAYSTONE_EKS_CLUSTER: 'worlds',
    WAYSTONE_AGONES_URL: cluster.url,
    WAYSTONE_AGONES_CA: certificate,
  })
  providers = await startProviders()
  realm.aws.secrets.set(signInSecret, JSON.stringify(providers.settings))
  refused = []
  asked = []
  stage = openStage()
  realm.aws.allow = (use) => {
    const allowed = allowedBy(statements.get(use.function) ?? [], inStack(use)) !== undefined
    if (!allowed) refused.push(inStack(use))
    return allowed
  }
}

async function close(): Promise<void> {
  await realm.stop()
  cluster.stop()
  await providers.stop()
}

/** Sends a request, notes it, and fails at a fault of ours. */
async function ask(
  method: string,
  path: string,
  more?: { token?: string; body?: unknown },
): Promise<HttpAnswer> {
  return await noted(method, path, () => realm.ask(method, path, more))
}

async function noted(
  method: string,
  path: string,
  send: () => Promise<HttpAnswer>,
): Promise<HttpAnswer> {
  let answer = await send()
  // On a busy machine the store may be late. Clients send such a request again too.
  for (let i = 0; i < 3 && answer.status === 503; i++) answer = await send()
  asked.push({ method, path: path.split('?', 1)[0]!, status: answer.status })
  const { code } = answer.status === 200 ? { code: undefined } : codeOf(answer)
  if (code === 'internal.error') throw new Error(`${method} ${path}: ${JSON.stringify(refused)}`)
  return answer
}

function codeOf(answer: HttpAnswer): { code?: unknown } {
  return answer.body.length === 0 ? {} : answer.json()
}

type Player = { token: string; accountId: string; characterId: string; refreshToken: string }

async function newPlayer(loginName: string, name: string): Promise<Player> {
  const body = { loginName, password: goodPassword }
  const { accessToken, accountId, refreshToken } = (
    await ask('POST', '/v1/auth/register', { body })
  ).json() as Record<string, string>
  const token = accessToken!
  const created = await ask('POST', `/v1/realms/${realmId}/characters`, {
    token,
    body: { name, race: 'human', job: 'mage' },
  })
  const { characterId } = created.json() as { characterId: string }
  return { token, accountId: accountId!, characterId, refreshToken: refreshToken! }
}

/** The same request sent again, as after a lost answer. */
async function twice(target: string, body: unknown, token?: string): Promise<void> {
  const request = {
    method: 'POST',
    target,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      'content-type': 'application/json',
      'idempotency-key': newId(systemRuntime),
    },
    body: JSON.stringify(body),
  }
  const first = await realm.send(request)
  const second = await realm.send(request)
  expect([first.status, second.status]).toEqual([second.status, first.status])
  expect(first.status).toBeLessThan(300)
}

const baseUrl = 'https://api.test.example'

/** As a client fetches; it is noted, and a fault of ours fails. */
async function fetchAsked(url: string, init: RequestInit): Promise<Response> {
  const { method = 'GET', body } = init
  const target = url.slice(baseUrl.length)
  const headers = Object.fromEntries(new Headers(init.headers))
  const request = { method, target, headers, ...(typeof body === 'string' && { body }) }
  const answer = await noted(method, target, () => realm.send(request))
  return new Response(answer.body.toString(), { status: answer.status, headers: answer.headers })
}

/** The functions as the book of calls asks them. */
function openStage(): Stage {
  const opened = createStage({
    realmId,
    store: realm.store,
    runtime: systemRuntime,
    client: (token) =>
      createApiClient({
        api,
        baseUrl,
        fetch: fetchAsked,
        newId: () => newId(systemRuntime),
        token: () => token,
      }),
    fleetHost: async () => 'hub-1',
    lastEmail: () => realm.aws.emails.at(-1) ?? '',
  })
  came = []
  const { player } = opened
  opened.player = async () => {
    const one = await player()
    came.push(one.playerId)
    return one
  }
  return opened
}

/** A day in a realm: every route, in its different cases. */
async function play(bundling: Bundling): Promise<void> {
  const inRealm = `/v1/realms/${realmId}`
  const reason = 'a test'

  // The first function that signs makes the key ring.
  await ask('GET', `${inRealm}/status`)
  const keys = { table: 'core', keyCondition: 'pk = :pk', values: { ':pk': 'KEYS' } } as const
  for (const { pk, sk } of (await realm.store.query(keys)).items) {
    await realm.store.delete({ table: 'core', key: { pk, sk } })
  }
  const signing = [...functionsOf(bundling, domains)].find(([, records]) =>
    records.some(({ name }) => name === 'world'),
  )!
  await realm.functions.get(signing[0])!.recycle()

  // What everybody may read.
  for (const path of [
    '/v1/realms',
    '/.well-known/jwks.json',
    '/v1/content',
    '/v1/content/zones/hub',
    '/openapi.json',
    '/docs',
    '/v1/nowhere',
    '/health',
    ...domains.map(({ name }) => `/health/${name}`),
    `${inRealm}/status`,
  ]) {
    await ask('GET', path)
  }

  // Accounts.
  const mira = await newPlayer('mira', 'Mira Vale')
  const bram = await newPlayer('bram', 'Bram Oak')
  const loginName = 'mira'
  await ask('POST', '/v1/auth/register', { body: { loginName, password: goodPassword } })
  await ask('POST', '/v1/auth/login', { body: { loginName: 'nobody', password: goodPassword } })
  await ask('POST', '/v1/auth/login', { body: { loginName, password: goodPassword } })
  const guest = { deviceSecret: 'A'.repeat(43) }
  for (let i = 0; i < 2; i++) await ask('POST', '/v1/auth/guest', { body: guest })
  await twice('/v1/auth/login', { loginName, password: goodPassword })
  const { refreshToken } = mira
  const refreshed = await ask('POST', '/v1/auth/refresh', { body: { refreshToken } })
  await ask('POST', '/v1/auth/logout', { token: refreshed.json()['accessToken'] as string })
  await ask('POST', '/v1/auth/logout-everywhere', { token: mira.token })
  await ask('POST', '/v1/auth/refresh', { body: { refreshToken } })
  const again = await ask('POST', '/v1/auth/login', { body: { loginName, password: goodPassword } })
  mira.token = again.json()['accessToken'] as string

  // Characters.
  const more = { name: 'Mira Oak', race: 'human', job: 'mage' }
  await ask('POST', `${inRealm}/characters`, {
    token: mira.token,
    body: { ...more, name: 'Bram Oak' },
  })
  const second = (
    await ask('POST', `${inRealm}/characters`, { token: mira.token, body: more })
  ).json()
  await ask('GET', `${inRealm}/characters`, { token: mira.token })
  const removed = `${inRealm}/characters/${second['characterId'] as string}`
  for (let i = 0; i < 2; i++) await ask('DELETE', removed, { token: mira.token })
  await twice(`${inRealm}/characters`, { ...more, name: 'Mira Elm' }, mira.token)

  // Two in a party, who enter together.
  const invite = { as: mira.characterId, name: 'Bram Oak' }
  const { party } = await stage
    .client(mira.token)
    .parties.invite({ params: { realmId }, body: invite })
  const ofParty = { realmId, partyId: party!.partyId }
  await stage.client(bram.token).parties.accept({ params: ofParty, body: { as: bram.characterId } })

  // Into the world: reserved, again, in play, held by a living host, taken over from a dead one.
  const enter = async ({ token, characterId }: Player, wish?: { friend: string }) =>
    await ask('POST', `${inRealm}/enter`, { token, body: { characterId, protocol: 2, wish } })
  const identity = await createHostSigner()
  // Nothing is open, and the cluster has no host to give; then it has one.
  const { token, characterId } = mira
  const none = await realm.ask('POST', `${inRealm}/enter`, {
    token,
    body: { characterId, protocol: 2 },
  })
  expect(none.json()).toMatchObject({ code: 'world.full' })
  const host = await realm.host('hub', identity.publicKey)
  await host.setState('ready')
  cluster.servers.set('hub-1', readyServer('hub-1', host.bootId))
  const entering = enter(mira)
  await vi.waitFor(() => expect(cluster.allocations()).toBe(1), { timeout: 8000 })
  await host.prove()
  await host.setState('open')
  await entering
  const admission = (await enter(mira)).json()
  await enter(bram, { friend: mira.accountId })
  const ticket = await claim(host, admission['ticket'] as string)
  // Its worker has read how she wants to be seen; a hint makes it look again.
  await systemRuntime.sleep(200)
  host.heard(JSON.stringify({ of: 'shown', accounts: [mira.accountId] }))
  const saved = { zone: 'hub', x: 60_000, y: 60_000, heading: 0 }
  const entry = { characterId: mira.characterId, epoch: 0, saveNumber: 1, saved }
  await host.prove()
  expect(await host.checkpoint('hub-1', [entry])).toBe('saved')
  expect((await enter(mira)).json()).toMatchObject({ code: 'play.session_active' })
  await ask('GET', `${inRealm}/status`)
  // Effects: the first one, one that goes by what it reads, one that has happened already, one that is refused.
  const outcomes: unknown[] = []
  for (const [id, n] of [
    ['a', 1],
    ['b', 1],
    ['a', 1],
    ['c', Number.MAX_SAFE_INTEGER],
  ] as const) {
    const { kind, body } = hostTally.add(n)
    const call = { ...mira, name: 'Mira Vale', epoch: ticket.epoch, id, kind }
    outcomes.push(await host.effect({ ...call, body: JSON.stringify(body) }))
  }
  expect(outcomes).toMatchObject([
    { outcome: 'done' },
    { outcome: 'done' },
    { outcome: 'done' },
    { refused: 'tally.full' },
  ])

  // Results: the first, a better one, and one of a guild.
  const lamps = await ask('POST', `${inRealm}/guilds`, {
    token: mira.token,
    body: { as: mira.characterId, name: 'The Lamps' },
  })
  for (const [id, board, score] of [
    ['d', 'of_characters', 1],
    ['e', 'of_characters', 2],
    ['f', 'of_guilds', 1],
  ] as const) {
    const { kind, body } = leaderboard(board).submit(score)
    const call = { ...mira, name: 'Mira Vale', epoch: ticket.epoch, id, kind }
    const ended = await host.effect({ ...call, body: JSON.stringify(body) })
    expect(ended, board).toMatchObject({ outcome: 'done' })
  }

  // The result of a match, said by one of its two members.
  const player = ({ accountId, characterId }: Player) => ({ accountId, characterId })
  const teams = [
    { name: 'red', players: [player(mira)] },
    { name: 'blue', players: [player(bram)] },
  ]
  const opened = { queue: 'arena', rating: 'arena', teams, openedAt: systemRuntime.now() }
  await realm.store.transact([openResult(realmId, 'a-match', opened)])
  const ended = { id: 'a-match', kind: resultKind, body: JSON.stringify({ places: [1, 2] }) }
  const said = { ...mira, name: 'Mira Vale', epoch: ticket.epoch, ...ended }
  expect(await host.effect(said)).toMatchObject({ outcome: 'done', answer: { place: 1 } })

  // Operators: the first one's role is written by hand.
  await realm.store.update({
    table: 'core',
    key: { pk: `ACCOUNT#${bram.accountId}`, sk: 'ACCOUNT' },
    update: 'SET #role = :role',
    names: { '#role': 'role' },
    values: { ':role': 'operator' },
  })
  const operator = await ask('POST', '/v1/auth/login', {
    body: { loginName: 'bram', password: goodPassword },
  })
  const asOperator = operator.json()['accessToken'] as string
  for (const who of [
    mira.accountId,
    mira.characterId,
    'login:mira',
    'character:Mira%20Vale',
    'mira',
  ]) {
    await ask('GET', `/v1/admin/players/${who}`, { token: asOperator })
  }
  await ask('POST', '/v1/admin/players/login:bram/kick', { token: asOperator, body: { reason } })
  await ask('POST', '/v1/admin/players/login:mira/kick', { token: asOperator, body: { reason } })
  await host.prove()
  await host.leave({ ...entry, instance: 'hub-1', epoch: ticket.epoch, saveNumber: 2 })
  await ask('POST', '/v1/admin/players/login:mira/ban', {
    token: asOperator,
    body: { reason, forS: 86_400 },
  })
  expect((await enter(mira)).json()).toMatchObject({ code: 'auth.banned' })
  await ask('POST', '/v1/admin/players/login:mira/unban', { token: asOperator, body: { reason } })
  const role = { role: 'operator', reason }
  await ask('PUT', '/v1/admin/players/login:mira/role', { token: asOperator, body: role })
  await ask('PUT', '/v1/admin/players/login:mira/role', {
    token: asOperator,
    body: { ...role, role: 'player' },
  })
  await ask('POST', `/v1/admin/realms/${realmId}/announce`, {
    token: asOperator,
    body: { text: 'Hello', reason },
  })
  const live = async (path: string, body: unknown) =>
    await ask('POST', `/v1/admin/realms/${realmId}${path}`, { token: asOperator, body })
  const kept = { text: 'Hello', inS: 0, forS: 600, reason }
  const { announcementId } = (await live('/announcements', kept)).json() as {
    announcementId: string
  }
  await live(`/announcements/${announcementId}/withdraw`, { reason })
  await live('/maintenance', { inS: 3600, forS: 600, reason })
  await live('/maintenance/extend', { forS: 600, reason })
  await ask('GET', `/v1/admin/realms/${realmId}/maintenance`, { token: asOperator })
  await ask('GET', '/v1/realms')
  await live('/maintenance/end', { reason })
  const result = { name: 'Mira Vale', score: 1, reason }
  await live('/leaderboards/lively_guilds/scores', result)
  await live('/leaderboards/gathering/scores/remove', { who: mira.characterId, reason })
  const { guildId } = lamps.json() as { guildId: string }
  await ask('POST', `${inRealm}/guilds/${guildId}/disband`, {
    token: mira.token,
    body: { as: mira.characterId },
  })
  const system = { subject: 'Hello', text: 'Hello', reason }
  const command = async (path: string, body: unknown) =>
    await ask('POST', `/v1/admin/realms/${realmId}${path}`, { token: asOperator, body })
  await command('/mail', { ...system, to: 'Mira Vale' })
  const { letterId } = (await command('/mail-all', system)).json() as { letterId: string }
  const inboxOfMira = `${inRealm}/characters/${mira.characterId}/mail`
  for (const path of [`${inboxOfMira}/${letterId}`, inboxOfMira]) {
    await ask('GET', path, { token: mira.token })
  }
  await ask('POST', `${inboxOfMira}/${letterId}/read`, { token: mira.token })
  await command(`/mail-all/${letterId}/withdraw`, { reason })
  await ask('POST', '/v1/admin/fleet/nobody/stop', { token: asOperator, body: { reason } })

  // A host: reads its inbox, proves its identity, leaves, ends.
  host.onCommand(() => undefined)
  await host.prove()
  await host.readInbox()
  await host.setState('open')
  const service = await identity.sign(host.bootId, Date.now())
  expect((await ask('GET', '/internal/v1/host', { token: service })).status).toBe(200)
  const back = await claim(host, (await enter(mira)).json()['ticket'] as string)
  await host.letGo(mira.characterId, back.epoch + 1)
  await host.release()
  const watcher = await realm.host()
  await realm.host()
  const watched = new AbortController()
  const watching = watcher.run(watched.signal)
  await systemRuntime.sleep(500)
  watched.abort()
  await watching
  expect((await enter(mira)).status).toBe(200)

  // She leaves the leaderboards, stands there again, and leaves them with a guild that ends with her.
  const characterOfMira = `${inRealm}/characters/${mira.characterId}`
  await ask('DELETE', characterOfMira, { token: mira.token })
  await ask('POST', `${characterOfMira}/restore`, { token: mira.token })
  await ask('POST', `${inRealm}/guilds`, {
    token: mira.token,
    body: { as: mira.characterId, name: 'The Moths' },
  })
  await live('/leaderboards/lively_guilds/scores', result)
  await ask('DELETE', characterOfMira, { token: mira.token })

  // Every call of the book; what is remembered is sent again.
  for (const { name, endpoint, example } of book) {
    const call = await example(stage)
    const request = requestOf(endpoint, call)
    const { target, ...init } = request
    const headers = { ...request.headers, 'idempotency-key': newId(systemRuntime) }
    const send = async () => {
      const answer = await fetchAsked(baseUrl + target, { ...init, headers })
      return [answer.status, await answer.text()]
    }
    const first = await send()
    // What the realm is just now may refuse it: a maintenance, say. That it is taken, test/functions/calls.test.ts holds.
    expect(first[0], `${name}: ${first[1]}`).toBeLessThan(500)
    if (endpoint.repeat === 'remembered') expect((await send())[0], name).toBe(first[0])
  }

  // Lines in each kind of channel, read by another one.
  const talk = async (channel: string, { first, second }: { first: Person; second: Person }) => {
    const params = { realmId, channel }
    await first.client.chat.say({ params, body: { as: first.as, text: 'Hello' } })
    const { channel: named, entries } = await second.client.chat.lines({
      params,
      query: { as: second.as },
    })
    const { lineId } = entries.at(-1)!
    const what = { kind: 'line', channel: named, lineId } as const
    const body = { as: second.as, what, rule: 'spam' } as const
    await second.client.moderation.report({ params: { realmId }, body })
  }
  await openSockets(bundling)
  await playMatch(bundling)
  // Characters that end while others count on them, and a party that ends with its last one.
  const remove = async ({ client, as }: Person) =>
    await client.characters.delete({ params: { realmId, characterId: as } })
  const guild = await joined(stage)
  const pair = await together(stage)
  await talk('guild', guild)
  for (const channel of ['party', 'global', 'zone:hub']) await talk(channel, pair)
  await moderated(stage, realmId, pair)
  for (const { first, second } of [guild, pair]) {
    await remove(second)
    await remove(first)
  }
  await remove((await joined(stage)).first)
  await remove((await invitedToGuild(stage)).second)
  const alone = (await invitedToParty(stage)).first
  await alone.client.parties.leave({ params: { realmId }, body: { as: alone.as } })
  await eraseAll()
}

/** Erases everybody who came. That their last tokens have ended is written into the rows: it takes a quarter of an hour. */
async function eraseAll(): Promise<void> {
  const { personal } = (await stage.operator()).client
  const body = { reason: 'a test' }
  for (const who of came) {
    // Some are closed by a call of the book.
    const asked = personal.eraseOf({ params: { who }, body: { ...body, days: 0 } })
    await asked.catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.code !== 'auth.erasing') throw error
    })
  }
  const run = async () => {
    while ((await personal.run({ body })).more);
  }
  await run()
  const list = { table: 'core', keyCondition: 'pk = :pk', values: { ':pk': 'ERASURES' } } as const
  const { items } = await realm.store.query(list)
  for (const { accountId, ...row } of items.map((item) => erasureRow.parse(item))) {
    const at = row.at - eraseSettlesMs
    const sk = row.sk.replace(String(row.at), String(at))
    await realm.store.delete({ table: 'core', key: { pk: row.pk, sk: row.sk } })
    await realm.store.put({ table: 'core', item: { ...row, accountId, sk, at } })
    await realm.store.update({
      table: 'core',
      key: { pk: `ACCOUNT#${accountId}`, sk: 'ACCOUNT' },
      update: 'SET eraseAt = :at',
      values: { ':at': at },
    })
  }
  await run()
  const left = (await realm.store.query(list)).items.filter((item) => erasureRow.parse(item).closed)
  expect(left, JSON.stringify(refused)).toEqual([])
}

const erasureRow = z.looseObject({
  pk: z.string(),
  sk: z.string(),
  accountId: z.string(),
  at: z.int(),
  closed: z.boolean(),
})

/** Without a Redis the limits count in the store; every function must be able to. */
async function playWithoutRedis(bundling: Bundling): Promise<void> {
  const { token } = await stage.operator()
  await realm.redis.stop()
  for (const [name, records] of functionsOf(bundling, domains)) {
    const limited = limitedOf(records)
    if (limited !== undefined) await countInStore(name, limited, token)
  }
}

/**
 * A party of three queues, a function that is called by the clock makes it a match, all accept, and their instance
 * opens. Whoever else waits since the calls of the book has a shield, and this one a second one: they stay apart.
 */
async function playMatch(bundling: Bundling): Promise<void> {
  const [name] = [...functionsOf(bundling, domains)].find(([, records]) =>
    records.some(({ timer }) => timer?.goesOn === true),
  )!
  await stage.openZone({ zone: 'crypt', kind: 'slots' })
  const { params, first, second } = await together(stage)
  const third = await stage.player()
  const invited = await first.client.parties.invite({
    params,
    body: { as: first.as, name: third.name },
  })
  await third.client.parties.accept({
    params: { realmId, partyId: invited.party!.partyId },
    body: { as: third.as },
  })
  const roles = [
    [first, 'shield'],
    [second, 'healer'],
    [third, 'blade'],
  ] as const
  const choices = Object.fromEntries(roles.map(([{ as }, role]) => [as, { role }]))
  const body = { as: first.as, choices }
  await first.client.matchmaking.join({ params: { realmId, queueId: 'crypt' }, body })

  // It goes on for a minute, which is not waited for.
  const folder = realm.folders.get(name)!
  const made = await startLambda({ name, folder, env: realm.env(name), timeoutMs: 70_000 })
  const goesOn = made.invoke({ timer: 'matchmaking' }).catch(() => undefined)
  const query = { as: first.as }
  const standing = async () => await first.client.matchmaking.standing({ params, query })
  await vi.waitFor(async () => expect((await standing()).match).toBeDefined(), {
    timeout: 20_000,
    interval: 500,
  })
  const { matchId } = (await standing()).match!
  for (const [{ as, client }] of roles) {
    const answer = { as, accept: true }
    await client.matchmaking.answer({ params: { realmId, matchId }, body: answer })
  }
  const { instance } = await first.client.world.instance({ params, query })
  expect(instance?.instanceId).toBe(matchId)
  await made.stop()
  await goesOn
  // An operator looks for it; one leaves the party whose match is played, one is deleted.
  const { admin } = (await stage.operator()).client
  const nowhere = { realmId, bootId: newId(systemRuntime), instance: matchId }
  await expect(admin.instance({ params: nowhere, query: {} })).rejects.toThrow(ApiError)
  await third.client.parties.leave({ params, body: { as: third.as } })
  await second.client.characters.delete({ params: { realmId, characterId: second.as } })
}

/** A player outside zones: says hello, listens, pings, is replaced, is told something, and goes. */
async function openSockets(bundling: Bundling): Promise<void> {
  const [name] = [...functionsOf(bundling, domains)].find(([, records]) =>
    records.some(({ sockets }) => sockets !== undefined),
  )!
  const hear = async (connectionId: string, eventType: string, frame?: unknown) => {
    const requestContext = { connectionId, eventType, connectedAt: Date.now() }
    const outcome = await realm.functions
      .get(name)!
      .invoke({ requestContext, ...(frame !== undefined && { body: JSON.stringify(frame) }) })
    if (!('answer' in outcome)) throw new Error(outcome.error.errorMessage)
  }
  const told = (connectionId: string) =>
    realm.aws.posted.filter((one) => one.connectionId === connectionId).map(({ text }) => text)
  const { first, second } = await two(stage)
  const [before, after] = ['L0SM9cOFvHcCIhw=', 'a/b+c==']
  for (const connectionId of [before, after]) {
    const { ticket } = await second.client.social.ticket({ params: { realmId } })
    await hear(connectionId, 'MESSAGE', { hello: ticket })
  }
  expect(told(before)).toEqual(['{"kind":"ready"}', '{"kind":"closed","reason":"replaced"}'])
  await hear(before, 'DISCONNECT')
  await hear(after, 'MESSAGE', { listen: ['global'] })
  await hear(after, 'MESSAGE', { ping: 1 })
  const body = { as: first.as, name: second.name }
  await first.client.friends.ask({ params: { realmId }, body })
  expect(told(after)).toEqual([
    '{"kind":"ready"}',
    '{"kind":"pong","ping":1}',
    '{"kind":"notified","of":"mailbox"}',
  ])
  await hear(after, 'DISCONNECT')
}

/**
 * Asks a function so often that cheap reads, too, are reported: each 20th part of a strict limit, which is 30.
 * Twice that, because a window may end in between.
 */
async function countInStore(
  name: string,
  limited: { method: string; target: string },
  token: string,
): Promise<void> {
  const env = { ...realm.env(name), WAYSTONE_LIMITS: 'strict' }
  const made = await startLambda({ name, folder: realm.folders.get(name)!, env })
  const event = httpEvent({
    ...limited,
    headers: { authorization: `Bearer ${token}` },
  })
  for (let i = 0; i < 62; i++) {
    const outcome = await made.invoke(event)
    if (!('answer' in outcome)) throw new Error(outcome.error.errorMessage)
    // After it has counted him: a host's route says 401 to an operator, what is made up is not found, a query
    // that is needed is missing, and all these functions together pass the limit of his account.
    expect([200, 400, 401, 404, 429]).toContain(httpAnswer(outcome.answer).status)
  }
  await made.stop()
}

function readyServer(name: string, bootId: string) {
  return {
    metadata: {
      name,
      labels: { [zoneLabel]: 'hub', [bootLabel]: bootId, [protocolLabel(2)]: '1' },
    },
    status: { state: 'Ready', address: '10.0.0.1', ports: [{ name: 'zone', port: 7000 }] },
  }
}

/** A request that is counted: a read, if there is one. Where its path names something, that is not there. */
function limitedOf(
  records: readonly DomainRecord[],
): { method: string; target: string } | undefined {
  const endpoints: Endpoint[] = declarationsOf(records).flatMap((each) =>
    Object.values(each.endpoints),
  )
  const counted = endpoints.filter(({ limits }) => limits.length > 0)
  const reads = counted.filter(({ method }) => method === 'GET')
  const found = (reads.length > 0 ? reads : counted)
    .map(({ method, path }) => ({ method, path: path.replace('{realmId}', realmId) }))
    .sort((a, b) => a.path.split('{').length - b.path.split('{').length)[0]
  if (found === undefined) return undefined
  return { method: found.method, target: found.path.replace(/\{\w+\}/g, newId(systemRuntime)) }
}

/** The claim of a host for a ticket. */
async function claim(host: Awaited<ReturnType<LambdaRealm['host']>>, text: string) {
  const endpoint = realm.aws.env(zoneHost)['AWS_ENDPOINT_URL_DYNAMODB']!
  const store = createDynamoStore(localOptions(endpoint, tablePrefix))
  const verifier = createVerifier({ store, runtime: systemRuntime })
  await verifier.refresh()
  store.close()
  const ticket = await verifyTicket(verifier.verify, Date.now(), text)
  if (ticket === undefined) throw new Error('the ticket does not verify')
  await host.prove()
  const { outcome } = await host.claim(ticket)
  if (outcome !== 'claimed') throw new Error(`the claim was ${outcome}`)
  return ticket
}

/** Compares the roles of one bundling with their use. */
/** A letter and a ban by a report of it; what is refused reads too. */
async function moderated(
  stage: Stage,
  realmId: string,
  { first, second }: { first: Person; second: Person },
): Promise<void> {
  const params = { realmId }
  const letter = { as: first.as, to: second.name, subject: 'Hello', text: 'Hello' }
  await first.client.mail.send({ params, body: letter })
  const inbox = { ...params, characterId: second.as }
  const { letterId } = (await second.client.mail.list({ params: inbox, query: {} })).entries[0]!
  const reported = async (
    what: { kind: 'letter'; letterId: string } | { kind: 'status'; playerId: string },
  ) =>
    await second.client.moderation.report({ params, body: { as: second.as, what, rule: 'spam' } })
  await reported({ kind: 'letter', letterId })
  await reported({ kind: 'status', playerId: first.playerId }).catch(() => undefined)
  const { moderation } = (await stage.operator()).client
  const nobody = { ...params, who: 'login:nobody' }
  await moderation.unmute({ params: nobody, body: { reason: 'test' } }).catch(() => undefined)
}

export function holdRoles(bundling: Bundling): void {
  describe(`the roles, bundled as ${bundling},`, () => {
    beforeAll(async () => {
      await open(bundling)
      await play(bundling)
    }, 300_000)
    afterAll(close)

    describe('let people do all that they do:', () => peopleConformance(() => stage))

    it('allow all that was done', async () => {
      await playWithoutRedis(bundling)
      // Without what differs from row to row.
      const kinds = refused.map(({ function: name, action, resource, partition = '' }) => {
        return `${name}: ${action} on ${resource} ${partition.replace(/[^#]{20,}/g, '*')}`
      })
      expect([...new Set(kinds)]).toEqual([])
    })

    it('were held against every route', () => {
      const routes = [...declarationsOf(domains), healthApi].flatMap(({ endpoints }) =>
        Object.values<Endpoint>(endpoints),
      )
      const missed = routes.filter(({ method, path }) => {
        const pattern = new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`)
        return !asked.some((one) => one.method === method && pattern.test(one.path))
      })
      expect(missed.map(({ method, path }) => `${method} ${path}`)).toEqual([])
    })

    const rows: [string, readonly RowPermission[]][] = [
      ...[...functionsOf(bundling, domains)].map(([name, records]): [string, RowPermission[]] => [
        name,
        rowsOf(records),
      ]),
      [zoneHost, ZONE_PERMISSIONS],
    ]
    it.each(rows)(
      'allow %s nothing that it never does, unless it is said why',
      (name, permissions) => {
        const uses = realm.aws.uses.map(inStack).filter((use) => use.function === name)
        const wrong: string[] = []
        for (const { table, partition, actions, unused } of permissions) {
          const pattern = like(partition.replace('{realm}', realmId))
          for (const action of actions) {
            const done = uses.filter(
              (use) =>
                use.resource === table &&
                use.action === `dynamodb:${action}` &&
                pattern.test(use.partition ?? ''),
            )
            const used = done.length > 0
            const where = `${action} on ${table} ${partition}`
            if (!used && unused === undefined) wrong.push(`never done: ${where}`)
            // Another domain of the same function may do it.
            const elsewhere = done.every((use) =>
              permissions.some(
                (each) =>
                  each.unused === undefined &&
                  each.table === table &&
                  each.actions.includes(action) &&
                  like(each.partition.replace('{realm}', realmId)).test(use.partition ?? ''),
              ),
            )
            if (used && unused !== undefined && !elsewhere)
              wrong.push(`done, though said to be unused: ${where}`)
          }
        }
        expect(wrong).toEqual([])
      },
    )

    it('let those who sign, and nobody else, ask KMS', () => {
      const asking = new Set(
        realm.aws.uses.filter(({ action }) => action.startsWith('kms:')).map((use) => use.function),
      )
      const signing = [...functionsOf(bundling, domains)].filter(([, records]) =>
        needsOf(records).has('signing'),
      )
      expect([...asking].sort()).toEqual(signing.map(([name]) => name).sort())
    })

    it('stop a function that asks for more: the test sees what it should', async () => {
      const before = realm.aws.allow
      const missing = { action: 'dynamodb:Query', partition: `R#${realmId}#A#` }
      realm.aws.allow = (use) =>
        before(use) &&
        !(use.action === missing.action && use.partition?.startsWith(missing.partition))
      const body = { loginName: 'bram', password: goodPassword }
      const { accessToken } = (await realm.ask('POST', '/v1/auth/login', { body })).json()
      const denied = await realm.ask('GET', `/v1/realms/${realmId}/characters`, {
        token: accessToken as string,
      })
      realm.aws.allow = before
      expect(denied.json()).toMatchObject({ status: 500, code: 'internal.error' })
    })
  })
}

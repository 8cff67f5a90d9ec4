// Operators: who has the role, what they see and do, and what the audit keeps.
import { describe, expect, it } from 'vitest'
import { signOperatorToken } from '#functions/http/token.ts'
import { ApiError } from '#shared/api/client.ts'
import { accessTokenMs, clockSlackMs, operatorTokenMs } from '#shared/limits.ts'
import { forGood, isBanned } from '#shared/ownership/ban.ts'
import { readInbox } from '#shared/ownership/inbox.ts'
import { createLease, leaseKey, suspectLease } from '#shared/ownership/lease.ts'
import { openInstance } from '#shared/ownership/listing.ts'
import { newId } from '#shared/runtime.ts'
import { codeOf, goodPassword, newAccount, openApi } from './api.ts'
import type { TestApi } from './api.ts'

const reason = 'Sold gold'
const day = 24 * 60 * 60 * 1000
const daySeconds = day / 1000

async function refusal(call: Promise<unknown>): Promise<{ code: string; detail?: unknown }> {
  try {
    await call
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const detail = error.document?.['detail']
    return { code: error.code, ...(detail === undefined ? {} : { detail }) }
  }
  return { code: 'done' }
}

/** An API with a player, his character, a host for him, and an operator at the command line. */
async function openStage() {
  const test = await openApi()
  const token = await signOperatorToken(test.keys.signing(), 'ann', test.clock.now())
  const operator = test.client({ token }).admin
  const session = await newAccount(test)
  const { accountId } = session
  const player = test.client({ token: session.accessToken })
  const inRealm = { params: { realmId: 'local' } }
  const { characterId } = await player.characters.create({
    ...inRealm,
    body: { name: 'Mira', race: 'human', job: 'mage' },
  })
  const bootId = newId(test.clock)
  const at = { realmId: 'local', zone: 'hub', instance: 'hub-1' }
  const shown = { bootId, address: 'ws://host/zone', protocol: 2 }
  await createLease(test.memory, test.clock.now(), {
    ...shown,
    content: 'test',
    publicKey: 'none',
    instances: [at],
  })
  await openInstance(test.memory, test.clock.now(), 'local', {
    ...shown,
    instance: at.instance,
    zone: at.zone,
    capacity: 10,
    state: 'open',
  })
  const enter = async () =>
    await player.world.enter({ ...inRealm, body: { characterId, protocol: 2 } })
  return { test, operator, accountId, characterId, player, session, bootId, enter }
}

const banned = async (test: TestApi, accountId: string) =>
  await isBanned(test.memory, 'local', accountId, test.clock.now())

describe('an operator', () => {
  it('is a player with the role from the next log-in on, and as long as he has it', async () => {
    const { test, operator, accountId } = await openStage()
    const login = async () =>
      await test.client().auth.login({
        body: { loginName: 'mira@example.org', password: goodPassword },
      })
    const before = test.client({ token: (await login()).accessToken }).admin
    expect((await refusal(before.fleet())).code).toBe('auth.forbidden')

    const body = { role: 'operator' as const, reason }
    await operator.setRole({ params: { who: accountId }, body })
    const session = await login()
    const mira = test.client({ token: session.accessToken }).admin
    expect(await mira.showPlayer({ params: { who: accountId } })).toMatchObject({
      role: 'operator',
    })
    // A refresh carries the role as well.
    const { refreshToken } = session
    const fresh = await test.client().auth.refresh({ body: { refreshToken } })
    await test.client({ token: fresh.accessToken }).admin.fleet()

    await operator.setRole({ params: { who: accountId }, body: { role: 'player', reason } })
    expect((await refusal(mira.fleet())).code).toBe('auth.forbidden')
  })

  it('who was logged out everywhere, or banned, is none', async () => {
    const { test, operator, accountId } = await openStage()
    await operator.setRole({ params: { who: accountId }, body: { role: 'operator', reason } })
    const credentials = { loginName: 'mira@example.org', password: goodPassword }
    const session = await test.client().auth.login({ body: credentials })
    const mira = test.client({ token: session.accessToken })
    await operator.ban({ params: { who: accountId }, body: { reason, forS: 1 * daySeconds } })
    expect((await refusal(mira.admin.fleet())).code).toBe('auth.forbidden')
    await operator.unban({ params: { who: accountId }, body: { reason } })
    await mira.admin.fleet()
    await mira.auth.logoutEverywhere()
    expect((await refusal(mira.admin.fleet())).code).toBe('auth.session_revoked')
  })

  it('at the command line has five minutes, for routes of operators alone', async () => {
    const { test } = await openStage()
    const token = await signOperatorToken(test.keys.signing(), 'ann', test.clock.now())
    const client = test.client({ token })
    expect((await refusal(client.auth.logout())).code).toBe('auth.required')
    test.clock.advance(operatorTokenMs - 1000)
    await client.admin.fleet()
    test.clock.advance(1000 + clockSlackMs)
    expect((await refusal(client.admin.fleet())).code).toBe('auth.expired')
  })

  it('finds a player by id, login name and character, and is asked when two are meant', async () => {
    const { test, operator, accountId, characterId } = await openStage()
    const found = async (who: string) => (await operator.showPlayer({ params: { who } })).accountId
    for (const who of [
      accountId,
      accountId.toUpperCase(),
      `account:${accountId}`,
      characterId,
      `character:${characterId}`,
      'MIRA@example.org',
      'Mira',
      'character:Mira',
      'login:mira@example.org',
    ]) {
      expect(await found(who), who).toBe(accountId)
    }
    const other = await newAccount(test, 'mira')
    expect((await refusal(found('Mira'))).code).toBe('admin.ambiguous')
    expect(await found('login:Mira')).toBe(other.accountId)
    expect(await found('character:Mira')).toBe(accountId)
    for (const who of ['nobody', newId(test.clock), `account:${characterId}`, 'account:mira']) {
      expect(await refusal(found(who)), who).toEqual({ code: 'admin.player_unknown' })
    }
  })

  it('learns how a name is spelled, and another spelling means nobody', async () => {
    const { operator } = await openStage()
    for (const who of ['mira', 'character:MIRA', 'M-ira', 'character:M I R A']) {
      expect(await refusal(operator.showPlayer({ params: { who } })), who).toEqual({
        code: 'admin.player_unknown',
        detail: 'A name that looks like it is spelled Mira.',
      })
    }
    for (const who of ['mira99', 'mi_ra2024', 'mira@1.2', 'character:mira7', 'login:mira']) {
      expect(await refusal(operator.showPlayer({ params: { who } })), who).toEqual({
        code: 'admin.player_unknown',
      })
    }
  })

  it('changes nothing by a name whose kind is not said', async () => {
    const { test, operator, accountId } = await openStage()
    await newAccount(test, 'vale')
    const body = { reason }
    for (const who of ['Mira', 'vale', 'mira@example.org', 'login:', 'account:vale']) {
      const params = { who }
      expect((await refusal(operator.ban({ params, body }))).code, who).toBe('request.invalid')
      expect((await refusal(operator.kick({ params, body }))).code).toBe('request.invalid')
      expect((await refusal(operator.unban({ params, body }))).code).toBe('request.invalid')
    }
    const params = { who: 'character:Mira' }
    expect(await operator.ban({ params, body })).toMatchObject({
      accountId,
      meant: { accountId, guest: false, characters: [{ realmId: 'local', name: 'Mira' }] },
    })
    const { meant } = await operator.unban({ params, body })
    expect(meant.accountId).toBe(accountId)
  })

  it('names every account by its id, which nobody can choose for a login name', async () => {
    const { test, operator, accountId, characterId } = await openStage()
    const bare = await test.client().auth.guest({ body: { deviceSecret: 'A'.repeat(43) } })
    for (const id of [accountId, characterId, bare.accountId, accountId.toUpperCase()]) {
      expect(await refusal(newAccount(test, id))).toEqual({
        code: 'auth.name_refused',
        detail: 'It looks like an id.',
      })
    }
    // A name from before the rule names its own account alone.
    const login = test.memory.rows('core').find((row) => row.sk === 'LOGIN')!
    const old = await newAccount(test, 'old')
    const taken = { ...login, pk: `LOGIN#${bare.accountId}`, accountId: old.accountId }
    await test.memory.put({ table: 'core', item: taken })
    const answer = await operator.ban({ params: { who: bare.accountId }, body: { reason } })
    expect(answer.accountId).toBe(bare.accountId)
    const named = { params: { who: `login:${bare.accountId}` } }
    expect((await operator.showPlayer(named)).accountId).toBe(old.accountId)
  })

  it('sees where the characters of a player are', async () => {
    const { operator, accountId, characterId, bootId, enter } = await openStage()
    await enter()
    expect(await operator.showPlayer({ params: { who: 'Mira' } })).toMatchObject({
      accountId,
      guest: false,
      role: 'player',
      characters: [
        { realmId: 'local', characterId, name: 'Mira', state: 'reserved', host: bootId, epoch: 1 },
      ],
    })
  })
})

describe('a ban', () => {
  it('keeps out of everything, says until when, and voids the ticket under way', async () => {
    const { test, operator, accountId, player, session, enter } = await openStage()
    await enter()
    const answer = await operator.ban({
      params: { who: 'character:Mira' },
      body: { reason, forS: 7 * daySeconds },
    })
    const until = answer.until
    expect(answer).toMatchObject({ accountId, forGood: false, stillInPlay: [] })
    expect(Math.abs(until - test.clock.now() - 7 * day)).toBeLessThan(1000)
    const shown = await operator.showPlayer({ params: { who: accountId } })
    expect(shown).toMatchObject({
      ban: { until, reason, forGood: false },
      characters: [{ state: 'offline', epoch: 2 }],
    })

    const bannedProblem = {
      code: 'auth.banned',
      detail: `The ban ends at ${new Date(until).toISOString()}.`,
    }
    expect(await refusal(enter())).toEqual(bannedProblem)
    const body = { loginName: 'mira@example.org', password: goodPassword }
    expect(await refusal(test.client().auth.login({ body }))).toEqual(bannedProblem)
    const { refreshToken } = session
    expect(await refusal(test.client().auth.refresh({ body: { refreshToken } }))).toEqual(
      bannedProblem,
    )
    // Without the password nobody learns of the ban.
    const wrong = { ...body, password: 'something else entirely' }
    expect((await refusal(test.client().auth.login({ body: wrong }))).code).toBe(
      'auth.invalid_credentials',
    )

    test.clock.advance(7 * day + 1000)
    await test.client().auth.login({ body })
    expect(await banned(test, accountId)).toBe(false)
    expect(player).toBeDefined()
  })

  it('of a guest refuses the device', async () => {
    const { test, operator } = await openStage()
    const body = { deviceSecret: `${'A'.repeat(42)}E` }
    const { accountId } = await test.client().auth.guest({ body })
    await operator.ban({ params: { who: accountId }, body: { reason } })
    expect(await refusal(test.client().auth.guest({ body }))).toEqual({
      code: 'auth.banned',
      detail: 'The ban has no end.',
    })
  })

  it('is lifted, and the player is in again at once', async () => {
    const { test, operator, accountId, enter } = await openStage()
    expect(await operator.ban({ params: { who: accountId }, body: { reason } })).toMatchObject({
      until: forGood,
      forGood: true,
    })
    expect(await banned(test, accountId)).toBe(true)
    await operator.unban({ params: { who: accountId }, body: { reason } })
    expect(await banned(test, accountId)).toBe(false)
    expect(await operator.showPlayer({ params: { who: accountId } })).not.toHaveProperty('ban')
    await enter()
  })

  it('that is repeated after it was lifted does not come back', async () => {
    const { test, operator, accountId, enter } = await openStage()
    const request = { params: { who: accountId }, body: { reason } }
    const operationId = newId(test.clock)
    const first = await operator.ban(request, { operationId })
    await operator.unban(request)
    expect(await operator.ban(request, { operationId })).toEqual(first)
    expect(await banned(test, accountId)).toBe(false)
    await enter()
  })

  it('is one of two at once, in the account and in the realm alike', async () => {
    const { test, operator, accountId } = await openStage()
    const params = { who: accountId }
    for (let round = 0; round < 10; round++) {
      await Promise.all([
        operator.ban({ params, body: { reason, forS: 1 * daySeconds } }),
        operator.ban({ params, body: { reason, forS: 2 * daySeconds } }),
        operator.unban({ params, body: { reason } }),
      ])
      const { ban } = await operator.showPlayer({ params })
      expect(await banned(test, accountId)).toBe(ban !== undefined)
    }
  })
})

describe('a kick', () => {
  it('names those who are still in play because their host does not answer', async () => {
    const { test, operator, characterId, bootId, enter } = await openStage()
    await enter()
    const guard = test.memory.rows('core').find((row) => row.sk === '#GUARD')!
    await test.memory.put({ table: 'core', item: { ...guard, state: 'active' } })
    const answer = await operator.kick({ params: { who: 'character:Mira' }, body: { reason } })
    expect(answer).toMatchObject({
      kicked: 1,
      stillInPlay: [{ realmId: 'local', characterId, name: 'Mira' }],
    })
    expect(await readInbox(test.memory, test.clock.now(), bootId)).toEqual([
      { kind: 'kick', realmId: 'local', characterId, epoch: 1 },
    ])
  })

  it('that is repeated lets alone who has come back', async () => {
    const { test, operator, enter } = await openStage()
    await enter()
    const operationId = newId(test.clock)
    const request = { params: { who: 'character:Mira' }, body: { reason } }
    expect(await operator.kick(request, { operationId })).toMatchObject({ kicked: 1 })
    await enter()
    expect(await operator.kick(request, { operationId })).toMatchObject({ kicked: 1 })
    const { characters } = await operator.showPlayer({ params: { who: 'Mira' } })
    expect(characters).toMatchObject([{ state: 'reserved', epoch: 3 }])
  })
})

describe('the fleet', () => {
  it('is listed with leases, instances and players, strangers too', async () => {
    const { test, operator, bootId } = await openStage()
    const stranger = await operator.fleet()
    expect(stranger.hosts).toMatchObject([{ name: '', state: 'unknown', lease: 'held' }])
    const row = (await test.memory.get({ table: 'volatile', key: leaseKey(bootId) }))!
    const renewal = row['renewal'] as number
    await suspectLease(test.memory, { bootId, renewal, since: 0, last: 6000 })
    expect((await operator.fleet()).hosts).toMatchObject([{ lease: 'suspect' }])
    await test.memory.put({
      table: 'volatile',
      item: { ...row, at: (row['at'] as number) + 70_000 },
    })
    expect((await operator.fleet()).hosts).toMatchObject([{ clockOffMs: 70_000 }])
    await test.memory.put({ table: 'volatile', item: row })
    test.fleet.hosts = [
      { name: 'hub-x', bootId, address: '127.0.0.1', port: 7000, state: 'allocated', labels: {} },
      { name: 'new', bootId: undefined, address: 'a', port: 1, state: 'starting', labels: {} },
    ]
    expect((await operator.fleet()).hosts).toMatchObject([
      {
        name: 'hub-x',
        bootId,
        address: '127.0.0.1:7000',
        state: 'allocated',
        lease: 'held',
        instances: [{ realmId: 'local', zone: 'hub', instance: 'hub-1', players: 0, capacity: 10 }],
      },
      { name: 'new', bootId: '', lease: 'none', instances: [] },
    ])
  })

  it('drains a host that it has', async () => {
    const { test, operator, bootId } = await openStage()
    test.fleet.hosts = [
      { name: 'hub-x', bootId, address: 'a', port: 1, state: 'allocated', labels: {} },
    ]
    const stop = async (name: string, operationId = newId(test.clock)) =>
      (await refusal(operator.stopHost({ params: { name }, body: { reason } }, { operationId })))
        .code
    expect(await stop('hub-y')).toBe('admin.host_unknown')
    const operationId = newId(test.clock)
    expect(await stop('hub-x', operationId)).toBe('done')
    test.fleet.hosts = []
    expect(await stop('hub-x', operationId)).toBe('done')
    expect(test.fleet.drained).toEqual(['hub-x', 'hub-x'])
  })

  it('gets an announcement once, however often it is sent', async () => {
    const { test, operator, bootId } = await openStage()
    const request = { params: { realmId: 'local' }, body: { text: 'Rain at ten.', reason } }
    const operationId = newId(test.clock)
    expect(await operator.announce(request, { operationId })).toEqual({ hosts: 1 })
    expect(await operator.announce(request, { operationId })).toEqual({ hosts: 1 })
    expect(await readInbox(test.memory, test.clock.now(), bootId)).toMatchObject([
      { kind: 'announce', text: 'Rain at ten.' },
    ])
    test.clock.advance(accessTokenMs / 10)
    expect(await operator.announce(request, { operationId })).toEqual({ hosts: 0 })
  })
})

describe('the audit', () => {
  it('holds who did what, when and why, once for each action, newest first', async () => {
    const { test, operator, accountId } = await openStage()
    const params = { who: accountId }
    const operationId = newId(test.clock)
    for (let i = 0; i < 3; i++) {
      await operator.ban({ params, body: { reason, forS: 3 * daySeconds } }, { operationId })
    }
    test.clock.advance(1000)
    await operator.unban({ params, body: { reason: 'A mistake' } })
    test.clock.advance(1000)
    await operator.kick({ params, body: { reason } })
    const { entries, next } = await operator.audit({ query: {} })
    expect(next).toBeUndefined()
    const common = { operatorId: 'cli:ann', target: accountId }
    expect(entries).toMatchObject([
      { ...common, action: 'kick', reason },
      { ...common, action: 'unban', reason: 'A mistake' },
      { ...common, action: 'ban', what: '3 days', reason },
    ])
    expect(entries[0]!.at - entries[1]!.at).toBe(1000)
  })

  it('comes in pages', async () => {
    const { test, operator, accountId } = await openStage()
    for (let i = 0; i < 5; i++) {
      test.clock.advance(1)
      await operator.kick({ params: { who: accountId }, body: { reason: `number ${i}` } })
    }
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = await operator.audit({ query: { limit: 2, after } })
      expect(page.entries.length).toBeLessThanOrEqual(2)
      seen.push(...page.entries.map((entry) => entry.reason))
      after = page.next
    } while (after !== undefined)
    expect(seen).toEqual([4, 3, 2, 1, 0].map((i) => `number ${i}`))
  })

  it('refuses a cursor that is not of this list', async () => {
    const { test, operator, accountId } = await openStage()
    for (let i = 0; i < 2; i++)
      await operator.kick({ params: { who: accountId }, body: { reason } })
    const { next } = await operator.audit({ query: { limit: 1 } })
    const [version, list, at, id] = JSON.parse(Buffer.from(next!, 'base64url').toString()) as [
      number,
      string,
      number,
      string,
    ]
    expect([version, list, at]).toEqual([1, 'admin.audit', test.clock.now()])
    const cursor = (of: unknown) => Buffer.from(JSON.stringify(of)).toString('base64url')
    for (const wrong of [
      'nonsense',
      cursor([2, list, at, id]),
      cursor([version, 'mail.list', at, id]),
      cursor([version, list, -1, id]),
      cursor([version, list, at, 'x'.repeat(129)]),
      cursor({ at, id }),
    ]) {
      expect(await codeOf(operator.audit({ query: { after: wrong } })), wrong).toBe(
        'request.cursor',
      )
    }
    for (const wrong of ['%', '', 'x'.repeat(513)]) {
      expect(await codeOf(operator.audit({ query: { after: wrong } }))).toBe('request.invalid')
    }
    expect((await operator.audit({ query: { after: next } })).entries).toHaveLength(1)
  })

  it('wants a reason of one line', async () => {
    const { operator, accountId } = await openStage()
    for (const wrong of [
      '',
      'no',
      '   x   ',
      'x'.repeat(201),
      'two\nlines',
      ' blank',
      'tag \u{E0041}',
    ]) {
      const call = operator.kick({ params: { who: accountId }, body: { reason: wrong } })
      expect((await refusal(call)).code, JSON.stringify(wrong)).toBe('request.invalid')
    }
    expect((await operator.audit({})).entries).toEqual([])
  })

  it('is not written when there is nobody to ban', async () => {
    const { test, operator } = await openStage()
    const who = newId(test.clock)
    const call = operator.ban({ params: { who }, body: { reason } })
    expect((await refusal(call)).code).toBe('admin.player_unknown')
    expect((await operator.audit({})).entries).toEqual([])
  })
})

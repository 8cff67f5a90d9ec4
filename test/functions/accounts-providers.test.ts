// Sign-in by providers: OpenID Connect against one that runs here, Steam against its recorded answers.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { signInFlowMs } from '#shared/limits.ts'
import { newId } from '#shared/runtime.ts'
import { again, clientOf, deviceSecret, guestOf, keptText, told } from './account-people.ts'
import { codeOf, goodPassword, newAccount, openApi } from './api.ts'
import type { TestApi } from './api.ts'
import { clientId, clientSecret, returnTo, startOidc } from './oidc-here.ts'
import type { OidcHere } from './oidc-here.ts'
import { startProviders, steamKey } from './providers-emulator.ts'
import type { ProvidersEmulator } from './providers-emulator.ts'

let oidc: OidcHere
let steam: ProvidersEmulator

beforeAll(async () => {
  ;[oidc, steam] = await Promise.all([startOidc(), startProviders()])
  steam.tickets.set('aa01', { steamid: '76561190000000001' })
  steam.tickets.set('aa02', { steamid: '76561190000000002' })
})
afterAll(async () => {
  await Promise.all([oidc.stop(), steam.stop()])
})
afterEach(() => {
  oidc.down = false
  steam.instead = undefined
  steam.asked.length = 0
})

/** The provider has the clock of this machine. */
async function open(options: Parameters<typeof openApi>[0] = {}): Promise<TestApi> {
  const acme = { name: 'acme', title: 'Acme', issuer: oidc.issuer, clientId, clientSecret }
  const test = await openApi({
    ...options,
    signIn: { ...steam.settings, oidc: [acme] },
  })
  test.clock.advance(Date.now() - test.clock.now())
  return test
}

const acme = { provider: 'acme' }
const onSteam = { provider: 'steam' }

async function proofOf(test: TestApi, login: string) {
  const { address, flow } = await test
    .client()
    .auth.beginSignIn({ params: acme, body: { returnTo } })
  return { flow, ...(await oidc.browse(address, login)) }
}

const signIn = async (
  test: TestApi,
  body: object,
  provider = acme,
  operationId = newId(test.clock),
) => await test.client().auth.signIn({ params: provider, body }, { operationId })

describe('sign-in by OpenID Connect', () => {
  it('makes an account at the first time, and opens it again at the next', async () => {
    const test = await open()
    expect(await test.client().auth.ways()).toEqual({
      email: true,
      providers: [
        { provider: 'acme', title: 'Acme', kind: 'redirect' },
        { provider: 'steam', title: 'Steam', kind: 'ticket' },
      ],
    })
    const first = await signIn(test, await proofOf(test, 'mira'))
    expect(first.guest).toBe(false)
    expect((await signIn(test, await proofOf(test, 'mira'))).accountId).toBe(first.accountId)
    expect((await signIn(test, await proofOf(test, 'vale'))).accountId).not.toBe(first.accountId)
    expect(await clientOf(test, first).auth.account()).toMatchObject({
      guest: false,
      device: false,
      identities: [{ provider: 'acme' }],
    })
    expect(keptText(test)).not.toContain(clientSecret)
  })

  it('gives the same session after a lost answer, and nothing to a copied proof', async () => {
    const test = await open()
    const proof = await proofOf(test, 'mira')
    const operationId = newId(test.clock)
    const first = await signIn(test, proof, acme, operationId)
    expect((await signIn(test, proof, acme, operationId)).refreshToken).toBe(first.refreshToken)
    // The provider has taken the code already.
    expect(await codeOf(signIn(test, proof))).toBe('auth.provider_refused')
    const other = signIn(test, { ...proof, code: 'another' }, acme, operationId)
    expect(await codeOf(other)).toBe('operation.mismatch')
  })

  it('refuses what another browser brings, and what comes late', async () => {
    const test = await open()
    const mine = await proofOf(test, 'mira')
    const theirs = await proofOf(test, 'vale')
    // A code that was planted: it belongs to another flow.
    const planted = { ...mine, code: theirs.code }
    expect(await codeOf(signIn(test, planted))).toBe('auth.provider_refused')
    expect(await codeOf(signIn(test, { ...mine, state: theirs.state }))).toBe(
      'auth.provider_refused',
    )
    expect(await codeOf(signIn(test, { ...mine, flow: `${mine.flow}A` }))).toBe(
      'auth.provider_refused',
    )
    expect(await codeOf(signIn(test, { code: mine.code }))).toBe('auth.provider_refused')
    const iss = 'https://evil.example'
    expect(await codeOf(signIn(test, { ...theirs, iss }))).toBe('auth.provider_refused')
    const late = await proofOf(test, 'mira')
    test.clock.advance(signInFlowMs)
    expect(await codeOf(signIn(test, late))).toBe('auth.provider_refused')
  })

  it('takes over a new key of the provider at once, and reads keys once an hour', async () => {
    const test = await open()
    const read = oidc.keysRead()
    await signIn(test, await proofOf(test, 'mira'))
    await signIn(test, await proofOf(test, 'mira'))
    expect(oidc.keysRead()).toBe(read + 1)
    await oidc.rotate()
    await signIn(test, await proofOf(test, 'mira'))
    expect(oidc.keysRead()).toBe(read + 2)
  })

  it('says when the provider does not answer, and which there are', async () => {
    const test = await open()
    const proof = await proofOf(test, 'mira')
    oidc.down = true
    expect(await codeOf(signIn(test, proof))).toBe('auth.provider_unavailable')
    const begin = (provider: string) =>
      test.client().auth.beginSignIn({ params: { provider }, body: { returnTo } })
    expect(await codeOf(begin('nobody'))).toBe('auth.provider_unknown')
    expect(await codeOf(begin('steam'))).toBe('auth.provider_refused')
    const fresh = await open()
    const call = fresh.client().auth.beginSignIn({ params: acme, body: { returnTo } })
    expect(await codeOf(call)).toBe('auth.provider_unavailable')
  })
})

describe('sign-in by Steam', () => {
  it("asks Steam whose ticket it is, with the publisher's key in a header", async () => {
    const test = await open()
    const first = await signIn(test, { ticket: 'aa01' }, onSteam)
    expect((await signIn(test, { ticket: 'aa01' }, onSteam)).accountId).toBe(first.accountId)
    expect((await signIn(test, { ticket: 'aa02' }, onSteam)).accountId).not.toBe(first.accountId)
    expect(steam.asked[0]).toEqual({
      path: '/ISteamUserAuth/AuthenticateUserTicket/v1/',
      query: { appid: '480', ticket: 'aa01', identity: 'waystone' },
      key: steamKey,
    })
    expect(test.logged).toEqual([])
  })

  it('refuses a ticket that Steam refuses, and a player whom the publisher has banned', async () => {
    const test = await open()
    steam.tickets.set('aa03', { steamid: '76561190000000003', publisherbanned: true })
    for (const body of [{ ticket: 'bb' }, { ticket: 'aa03' }, {}]) {
      expect(await codeOf(signIn(test, body, onSteam))).toBe('auth.provider_refused')
    }
  })

  it.each([
    { status: 403, body: '' },
    { status: 500, body: '{}' },
    { status: 200, body: 'no JSON' },
    { status: 200, body: '{"response":{"params":{"result":"OK","steamid":"1#2"}}}' },
    { status: 200, body: `"${'x'.repeat(300_000)}"` },
  ])('is unavailable while Steam answers $status', async (instead) => {
    const test = await open()
    steam.instead = instead
    const code = await codeOf(signIn(test, { ticket: 'aa01' }, onSteam))
    expect(code).toBe('auth.provider_unavailable')
  })

  it('makes one account for a player who signs in many times at once', async () => {
    const test = await open()
    const all = await Promise.all([1, 2, 3, 4].map(() => signIn(test, { ticket: 'aa01' }, onSteam)))
    expect(new Set(all.map(({ accountId }) => accountId)).size).toBe(1)
    expect(test.memory.rows('core').filter(({ sk }) => sk === 'ACCOUNT')).toHaveLength(1)
  })
})

describe('an identity', () => {
  const link = async (client: ReturnType<typeof clientOf>, ticket: string, more: object = {}) =>
    await client.auth.link({ params: onSteam, body: { ticket, ...more } })

  it('makes a guest an account that is the same', async () => {
    const test = await open()
    const guest = await guestOf(test)
    const client = clientOf(test, guest)
    await again(test, (more) =>
      client.auth.link({ params: onSteam, body: { ticket: 'aa01' } }, more),
    )
    expect(await client.auth.account()).toMatchObject({ guest: false, device: true })
    const session = await signIn(test, { ticket: 'aa01' }, onSteam)
    expect(session).toMatchObject({ accountId: guest.accountId, guest: false })
    expect(await told(test, session)).toEqual(['identityLinked'])
    // And may still get a name.
    await client.auth.upgrade({
      body: { loginName: 'mira', password: goodPassword, forgetDevice: true },
    })
  })

  it('of another account is refused by name, and one provider counts once', async () => {
    const test = await open()
    await signIn(test, { ticket: 'aa01' }, onSteam)
    const client = clientOf(test, await guestOf(test))
    expect(await codeOf(link(client, 'aa01'))).toBe('auth.identity_taken')
    await link(client, 'aa02')
    await link(client, 'aa02')
    steam.tickets.set('aa04', { steamid: '76561190000000004' })
    expect(await codeOf(link(client, 'aa04'))).toBe('auth.provider_linked')
    expect(await codeOf(link(client, 'bb'))).toBe('auth.provider_refused')
  })

  it('is linked to an account with a password only by who knows it', async () => {
    const test = await open()
    const client = clientOf(test, await newAccount(test, 'mira'))
    expect(await codeOf(link(client, 'aa01'))).toBe('auth.invalid_credentials')
    expect(await codeOf(link(client, 'aa01', { password: 'wrong' }))).toBe(
      'auth.invalid_credentials',
    )
    expect(steam.asked).toEqual([])
    await link(client, 'aa01', { password: goodPassword })
  })

  it('goes to one of two accounts that link it at once', async () => {
    const test = await open()
    const [one, two] = await Promise.all(
      ['B', 'C'].map((letter) =>
        test.client().auth.guest({ body: { deviceSecret: letter.repeat(42) + 'E' } }),
      ),
    )
    const codes = await Promise.all(
      [one!, two!].map((session) => codeOf(link(clientOf(test, session), 'aa01'))),
    )
    expect(codes.toSorted()).toEqual(['auth.identity_taken', 'done'])
  })

  it('is unlinked, but never the last way in', async () => {
    const test = await open()
    const session = await signIn(test, { ticket: 'aa01' }, onSteam)
    const client = clientOf(test, session)
    const unlink = (params = onSteam) => client.auth.unlink({ params })
    expect(await codeOf(unlink())).toBe('auth.last_way_in')
    expect(await codeOf(unlink(acme))).toBe('auth.identity_unknown')
    await client.auth.link({ params: acme, body: await proofOf(test, 'oak') })
    // Both at once: one of them stays.
    const codes = await Promise.all([codeOf(unlink()), codeOf(unlink(acme))])
    expect(codes.toSorted()).toEqual(['auth.last_way_in', 'done'])
    await client.auth.upgrade({ body: { loginName: 'oak', password: goodPassword } })
    const { identities } = await client.auth.account()
    await again(test, (more) =>
      client.auth.unlink({ params: { provider: identities[0]!.provider } }, more),
    )
    expect(await client.auth.account()).toMatchObject({ identities: [], loginName: 'oak' })
    expect(test.memory.rows('core').filter(({ sk }) => sk.startsWith('IDENTITY'))).toEqual([])
  })

  it('of a guest leaves him his device', async () => {
    const test = await open()
    const client = clientOf(test, await guestOf(test))
    await link(client, 'aa01')
    await client.auth.unlink({ params: onSteam })
    await test.client().auth.guest({ body: { deviceSecret } })
  })
})

// Accounts that last: a guest's upgrade, passwords, e-mail addresses, recovery, sessions.
import { describe, expect, it } from 'vitest'
import { accessTokenMs, emailLinkMs, recoveryAnswerMs, recoveryLinkMs } from '#shared/limits.ts'
import { newId } from '#shared/runtime.ts'
import { seededFaults } from '#shared/store/faults.ts'
import {
  again,
  clientOf,
  deviceSecret,
  guestOf,
  keptText,
  linked,
  otherPassword,
  told,
  withEmail,
} from './account-people.ts'
import { codeOf, faulty, goodPassword, newAccount, openApi, settled } from './api.ts'
import type { TestApi } from './api.ts'

const named = { loginName: 'mira', password: goodPassword }
const inRealm = { realmId: 'local' }

describe('a guest who becomes an account', () => {
  it('keeps the account, the characters and the session, and logs in by name from then on', async () => {
    const test = await openApi()
    const guest = await guestOf(test)
    const client = clientOf(test, guest)
    await client.characters.create({
      params: inRealm,
      body: { name: 'Mira', race: 'human', job: 'mage' },
    })
    expect(await client.auth.account()).toMatchObject({ guest: true, device: true, identities: [] })
    await client.auth.upgrade({ body: named })
    expect(await client.auth.account()).toMatchObject({
      guest: false,
      loginName: 'mira',
      device: true,
    })
    const renewed = await test.client().auth.refresh({ body: { refreshToken: guest.refreshToken } })
    expect(renewed).toMatchObject({ accountId: guest.accountId, guest: false })
    const session = await test.client().auth.login({ body: named })
    expect(session.accountId).toBe(guest.accountId)
    const { characters } = await clientOf(test, session).characters.list({ params: inRealm })
    expect(characters.map(({ name }) => name)).toEqual(['Mira'])
    expect(await told(test, session)).toEqual(['loginName'])
  })

  it('keeps the device as a way in, unless he does not want it', async () => {
    for (const forgetDevice of [false, true]) {
      const test = await openApi()
      const guest = await guestOf(test)
      await clientOf(test, guest).auth.upgrade({ body: { ...named, forgetDevice } })
      const call = test.client().auth.guest({ body: { deviceSecret } })
      if (forgetDevice) expect(await codeOf(call)).toBe('auth.device_refused')
      else expect(await call).toMatchObject({ accountId: guest.accountId, guest: false })
    }
  })

  it('is refused a name that is taken, and a second name', async () => {
    const test = await openApi()
    await newAccount(test, 'vale')
    const client = clientOf(test, await guestOf(test))
    expect(await codeOf(client.auth.upgrade({ body: { ...named, loginName: 'Vale' } }))).toBe(
      'auth.name_taken',
    )
    await client.auth.upgrade({ body: named })
    const second = client.auth.upgrade({ body: { ...named, loginName: 'oak' } })
    expect(await codeOf(second)).toBe('auth.has_login_name')
    const registered = clientOf(test, await newAccount(test, 'elm'))
    expect(await codeOf(registered.auth.upgrade({ body: { ...named, loginName: 'fir' } }))).toBe(
      'auth.has_login_name',
    )
    expect(test.memory.rows('core').filter(({ sk }) => sk === 'LOGIN')).toHaveLength(3)
  })

  it('gets one of two names that he asks for at once', async () => {
    const test = await openApi()
    const client = clientOf(test, await guestOf(test))
    const codes = await Promise.all(
      ['mira', 'vale'].map((loginName) =>
        codeOf(client.auth.upgrade({ body: { ...named, loginName } })),
      ),
    )
    expect(codes.toSorted()).toEqual(['auth.has_login_name', 'done'])
    expect(test.memory.rows('core').filter(({ sk }) => sk === 'LOGIN')).toHaveLength(1)
  })

  it('has one effect, however often it is sent; the repeat knows the password', async () => {
    const test = await openApi()
    const guest = await guestOf(test)
    const client = clientOf(test, guest)
    const operationId = newId(test.clock)
    await Promise.all(
      Array.from({ length: 5 }, () => client.auth.upgrade({ body: named }, { operationId })),
    )
    const guess = client.auth.upgrade(
      { body: { ...named, password: otherPassword } },
      { operationId },
    )
    expect(await codeOf(guess)).toBe('operation.mismatch')
    expect(await told(test, guest)).toEqual(['loginName'])
  })

  it('happens once on a store that conflicts, throttles and loses answers', async () => {
    const test = await openApi()
    const guest = await guestOf(test)
    const client = clientOf(test, guest)
    test.faults.next = seededFaults(7, faulty)
    const more = { operationId: newId(test.clock) }
    expect(await settled(() => client.auth.upgrade({ body: named }, more))).toBe('done')
    test.faults.next = undefined
    expect(await told(test, guest)).toEqual(['loginName'])
  })
})

describe('an account of before', () => {
  it('learns its log-in name when its player logs in by it', async () => {
    const test = await openApi()
    const { accountId, accessToken } = await newAccount(test, 'mira')
    await test.memory.update({
      table: 'core',
      key: { pk: `ACCOUNT#${accountId}`, sk: 'ACCOUNT' },
      update: 'REMOVE loginName',
    })
    const client = test.client({ token: accessToken })
    expect(await codeOf(client.auth.upgrade({ body: { ...named, loginName: 'other' } }))).toBe(
      'auth.has_login_name',
    )
    const change = { body: { present: goodPassword, password: otherPassword } }
    expect(await codeOf(client.auth.changePassword(change))).toBe('auth.no_login_name')
    await test.client().auth.login({ body: named })
    expect(await client.auth.account()).toMatchObject({ loginName: 'mira' })
  })
})

describe('a new password', () => {
  const body = { present: goodPassword, password: otherPassword }

  it('needs the present one, ends all other sessions and gives a new one', async () => {
    const test = await openApi()
    const old = await newAccount(test, 'mira')
    const other = await test.client().auth.login({ body: named })
    const client = clientOf(test, old)
    const wrong = client.auth.changePassword({ body: { ...body, present: otherPassword } })
    expect(await codeOf(wrong)).toBe('auth.invalid_credentials')
    const { first, second } = await again(test, (more) =>
      client.auth.changePassword({ body }, more),
    )
    expect(second.refreshToken).toBe(first.refreshToken)
    for (const { refreshToken } of [old, other]) {
      const call = test.client().auth.refresh({ body: { refreshToken } })
      expect(await codeOf(call)).toBe('auth.session_revoked')
    }
    // Access tokens of before open nothing that matters.
    expect(await codeOf(client.auth.account())).toBe('auth.session_revoked')
    const { sessions } = await clientOf(test, first).auth.sessions()
    expect(sessions).toMatchObject([{ current: true }])
    expect(await codeOf(test.client().auth.login({ body: named }))).toBe('auth.invalid_credentials')
    await test.client().auth.login({ body: { ...named, password: otherPassword } })
    expect(await told(test, first)).toEqual(['password'])
  })

  it('is given to one of two who change it at once', async () => {
    const test = await openApi()
    const client = clientOf(test, await newAccount(test, 'mira'))
    const codes = await Promise.all(
      [otherPassword, 'seven lamps in the long rain'].map((password) =>
        codeOf(client.auth.changePassword({ body: { ...body, password } })),
      ),
    )
    expect(codes.filter((code) => code === 'done')).toHaveLength(1)
  })

  it('opens nothing for who repeats it with another password', async () => {
    const test = await openApi()
    const client = clientOf(test, await newAccount(test, 'mira'))
    const operationId = newId(test.clock)
    await client.auth.changePassword({ body }, { operationId })
    const guess = client.auth.changePassword(
      { body: { ...body, password: goodPassword } },
      { operationId },
    )
    expect(await codeOf(guess)).toBe('operation.mismatch')
  })

  it('is refused when it is easy to guess, and after ten wrong tries in five minutes', async () => {
    const test = await openApi({ profile: 'strict' })
    const client = clientOf(test, await newAccount(test, 'mira'))
    const easy = client.auth.changePassword({ body: { ...body, password: 'passwordpassword' } })
    expect(await codeOf(easy)).toBe('auth.password_refused')
    const codes: string[] = []
    for (let i = 0; i < 10; i++) {
      // Ten a minute come from one address.
      test.clock.advance(10_000)
      codes.push(await codeOf(client.auth.changePassword({ body: { ...body, present: 'wrong' } })))
    }
    expect(codes.indexOf('request.rate_limited')).toBe(9)
  })
})

describe('an e-mail address', () => {
  it('counts when its link was opened, which works once', async () => {
    const test = await openApi()
    const session = await newAccount(test, 'mira')
    const client = clientOf(test, session)
    const body = { address: 'Mira@mail.example', password: goodPassword }
    await client.auth.setEmail({ body })
    expect(test.email.sent).toMatchObject([{ to: 'Mira@mail.example' }])
    expect(await client.auth.account()).toMatchObject({ email: { pending: 'Mira@mail.example' } })
    const secret = linked(test)
    expect(keptText(test)).not.toContain(secret)
    const { first, second } = await again(test, (more) =>
      test.client().auth.confirmEmail({ body: { secret } }, more),
    )
    expect([first, second]).toEqual([{}, {}])
    expect((await client.auth.account()).email).toEqual({ address: 'Mira@mail.example' })
    expect(await codeOf(test.client().auth.confirmEmail({ body: { secret } }))).toBe(
      'auth.secret_refused',
    )
    expect(await told(test, session)).toEqual(['email'])
  })

  it('expires, and only the latest link counts', async () => {
    const test = await openApi()
    const client = clientOf(test, await newAccount(test, 'mira'))
    const ask = async (address: string) => {
      await client.auth.setEmail({ body: { address, password: goodPassword } })
      return linked(test)
    }
    const confirm = async (secret: string) =>
      await codeOf(test.client().auth.confirmEmail({ body: { secret } }))
    const [older, newer] = [await ask('a@mail.example'), await ask('b@mail.example')]
    expect(await confirm(older)).toBe('auth.secret_refused')
    test.clock.advance(emailLinkMs)
    expect(await confirm(newer)).toBe('auth.secret_refused')
    expect(await confirm('1.nobody.knows')).toBe('auth.secret_refused')
  })

  it('sends the same link again when the request is sent again, and says when none goes out', async () => {
    const test = await openApi()
    const client = clientOf(test, await newAccount(test, 'mira'))
    const body = { address: 'a@mail.example', password: goodPassword }
    const more = { operationId: newId(test.clock) }
    test.email.fails = true
    expect(await codeOf(client.auth.setEmail({ body }, more))).toBe('auth.email_unavailable')
    test.email.fails = false
    await client.auth.setEmail({ body }, more)
    await client.auth.setEmail({ body }, more)
    expect(test.email.sent[1]).toEqual(test.email.sent[0])
  })

  it('needs the password and a log-in name', async () => {
    const test = await openApi()
    const client = clientOf(test, await newAccount(test, 'mira'))
    const body = { address: 'a@mail.example', password: otherPassword }
    expect(await codeOf(client.auth.setEmail({ body }))).toBe('auth.invalid_credentials')
    const guest = clientOf(test, await guestOf(test))
    expect(await codeOf(guest.auth.setEmail({ body }))).toBe('auth.no_login_name')
    expect(test.email.sent).toEqual([])
  })

  it('of another account is refused to who has its mailbox, and to nobody else', async () => {
    const test = await openApi()
    const { address } = await withEmail(test, 'mira')
    const vale = clientOf(test, await newAccount(test, 'vale'))
    await vale.auth.setEmail({ body: { address: address.toUpperCase(), password: goodPassword } })
    const secret = linked(test)
    expect(await codeOf(test.client().auth.confirmEmail({ body: { secret } }))).toBe(
      'auth.email_taken',
    )
    // One who asks first does not take it from one who verifies it.
    expect(await vale.auth.account()).not.toMatchObject({ email: { address } })
  })

  it('that is changed is free for others, and its mailbox hears of it', async () => {
    const test = await openApi()
    const { client, address } = await withEmail(test, 'mira')
    await client.auth.setEmail({ body: { address: 'new@mail.example', password: goodPassword } })
    expect((await client.auth.account()).email).toEqual({ address, pending: 'new@mail.example' })
    await test.client().auth.confirmEmail({ body: { secret: linked(test) } })
    expect(test.email.sent.at(-1)).toMatchObject({ to: address, subject: /changed/ })
    await withEmail(test, 'vale', address)
  })

  it('is off where no e-mail is sent, and says so', async () => {
    const test = await openApi({ emailOff: true })
    const client = clientOf(test, await newAccount(test, 'mira'))
    const body = { address: 'a@mail.example', password: goodPassword }
    expect(await codeOf(client.auth.setEmail({ body }))).toBe('auth.email_off')
    expect(await codeOf(client.auth.recover({ body: { address: body.address } }))).toBe(
      'auth.email_off',
    )
    expect(await client.auth.ways()).toEqual({ email: false, providers: [] })
  })

  it.each([
    ['verify two accounts at once', ['mira', 'vale']],
    ['verify one account twice at once', ['mira']],
  ])('belongs to one account when links of it %s', async (_, players) => {
    const test = await openApi()
    const secrets: string[] = []
    for (const name of players) {
      const client = clientOf(test, await newAccount(test, name))
      await client.auth.setEmail({ body: { address: 'a@mail.example', password: goodPassword } })
      secrets.push(linked(test), linked(test))
    }
    const codes = await Promise.all(
      secrets.map((secret) => codeOf(test.client().auth.confirmEmail({ body: { secret } }))),
    )
    expect(codes.filter((code) => code === 'done')).toHaveLength(1)
  })
})

describe('recovery', () => {
  const recover = async (test: TestApi, address: string) =>
    await test.client().auth.recover({ body: { address } })
  const finish = (
    test: TestApi,
    secret: string,
    operationId = newId(test.clock),
    password = otherPassword,
  ) => test.client().auth.finishRecovery({ body: { secret, password } }, { operationId })

  it('sets a new password by a link, which ends all sessions and tokens, and tells of it', async () => {
    const test = await openApi()
    const { session, client, address } = await withEmail(test)
    await recover(test, address.toUpperCase())
    const secret = linked(test)
    expect(keptText(test)).not.toContain(secret)
    expect(await finish(test, secret)).toEqual({ loginName: 'mira' })
    const call = test.client().auth.refresh({ body: { refreshToken: session.refreshToken } })
    expect(await codeOf(call)).toBe('auth.session_revoked')
    expect(await codeOf(client.auth.account())).toBe('auth.session_revoked')
    expect(await codeOf(test.client().auth.login({ body: named }))).toBe('auth.invalid_credentials')
    const again = await test.client().auth.login({ body: { ...named, password: otherPassword } })
    expect(await told(test, again)).toContain('recovered')
    expect(test.email.sent.at(-1)).toMatchObject({ to: address, subject: /changed/ })
  })

  it('says the same, as late and after the same counts, of an address that nobody has', async () => {
    const test = await openApi({ profile: 'strict' })
    const { address } = await withEmail(test)
    const seen: unknown[] = []
    for (const asked of [address, 'nobody@mail.example']) {
      const began = test.clock.now()
      const codes: string[] = []
      for (let i = 0; i < 6; i++) {
        const from = test.client({ address: `198.51.100.${i}` })
        codes.push(await codeOf(from.auth.recover({ body: { address: asked } })))
      }
      seen.push([codes, test.clock.now() - began])
    }
    const done = Array.from({ length: 5 }, () => 'done')
    expect(seen[0]).toEqual([[...done, 'request.rate_limited'], 5 * recoveryAnswerMs])
    expect(seen[1]).toEqual(seen[0])
    test.clock.advance(2 * 3_600_000)
    const operationId = newId(test.clock)
    for (const asked of [address, 'nobody@mail.example']) {
      const call = test.client().auth.recover({ body: { address: asked } }, { operationId })
      expect(await codeOf(call)).toBe('done')
    }
    test.email.fails = true
    expect(await codeOf(recover(test, address))).toBe('done')
    expect(test.logged.join()).not.toContain(address)
  })

  it('takes a link once, its repeat and nobody else under the same id', async () => {
    const test = await openApi()
    const { address } = await withEmail(test)
    await recover(test, address)
    const secret = linked(test)
    const operationId = newId(test.clock)
    expect(await finish(test, secret, operationId)).toEqual(await finish(test, secret, operationId))
    expect(await codeOf(finish(test, secret))).toBe('auth.secret_refused')
    const guess = finish(test, secret, operationId, 'nine owls at the old gate')
    expect(await codeOf(guess)).toBe('operation.mismatch')
  })

  it('gives the account to one of two who use the link at once', async () => {
    const test = await openApi()
    const { address } = await withEmail(test)
    await recover(test, address)
    const secret = linked(test)
    const codes = await Promise.all(Array.from({ length: 4 }, () => codeOf(finish(test, secret))))
    expect(codes.filter((code) => code === 'done')).toHaveLength(1)
  })

  it('is over after half an hour, after a newer link, and after a new address', async () => {
    const test = await openApi()
    const { client, address } = await withEmail(test)
    const links: string[] = []
    for (let i = 0; i < 2; i++) {
      await recover(test, address)
      links.push(linked(test))
    }
    expect(await codeOf(finish(test, links[0]!))).toBe('auth.secret_refused')
    test.clock.advance(recoveryLinkMs)
    expect(await codeOf(finish(test, links[1]!))).toBe('auth.secret_refused')
    await recover(test, address)
    const third = linked(test)
    const body = { address: 'new@mail.example', password: goodPassword }
    expect(accessTokenMs).toBeLessThan(recoveryLinkMs)
    const session = await test.client().auth.login({ body: named })
    await clientOf(test, session).auth.setEmail({ body })
    await test.client().auth.confirmEmail({ body: { secret: linked(test) } })
    expect(await codeOf(finish(test, third))).toBe('auth.secret_refused')
    expect(client).toBeDefined()
  })

  it('makes no link valid again that was used, when its request comes late', async () => {
    const test = await openApi()
    const { address } = await withEmail(test)
    const more = { operationId: newId(test.clock) }
    await test.client().auth.recover({ body: { address } }, more)
    const secret = linked(test)
    await finish(test, secret)
    await test.client().auth.recover({ body: { address } }, more)
    expect(await codeOf(finish(test, secret))).toBe('auth.secret_refused')
  })

  it('sends nothing to an address that is not verified', async () => {
    const test = await openApi()
    const client = clientOf(test, await newAccount(test, 'mira'))
    await client.auth.setEmail({ body: { address: 'a@mail.example', password: goodPassword } })
    test.email.sent.length = 0
    await recover(test, 'a@mail.example')
    expect(test.email.sent).toEqual([])
  })
})

describe('sessions', () => {
  const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

  it('are listed with the program in a few words, the one used last first', async () => {
    const test = await openApi()
    const session = await newAccount(test, 'mira')
    test.clock.advance(60_000)
    await test.send('POST', '/v1/auth/login', {
      headers: {
        'content-type': 'application/json',
        'idempotency-key': newId(test.clock),
        'user-agent': firefox,
      },
      body: JSON.stringify(named),
    })
    const { sessions } = await clientOf(test, session).auth.sessions()
    expect(sessions).toMatchObject([
      { agent: 'Firefox on Linux', current: false, createdAt: test.clock.now() },
      { current: true, usedAt: test.clock.now() - 60_000 },
    ])
    expect(keptText(test)).not.toContain('Gecko')
  })

  it('end one by one, and all others at once', async () => {
    const test = await openApi()
    const mine = await newAccount(test, 'mira')
    const others = [1, 2, 3].map(() => test.client().auth.login({ body: named }))
    const opened = await Promise.all(others)
    const client = clientOf(test, mine)
    const [first] = (await client.auth.sessions()).sessions.filter(({ current }) => !current)
    const { sessionId } = first!
    for (let i = 0; i < 2; i++) await client.auth.endSession({ params: { sessionId } })
    expect((await client.auth.sessions()).sessions).toHaveLength(3)
    expect(await codeOf(client.auth.endSession({ params: { sessionId: 'nobody' } }))).toBe(
      'auth.session_unknown',
    )
    await client.auth.endOtherSessions()
    expect((await client.auth.sessions()).sessions).toMatchObject([{ current: true }])
    for (const { refreshToken, accessToken } of opened) {
      expect(await codeOf(test.client().auth.refresh({ body: { refreshToken } }))).toBe(
        'auth.session_revoked',
      )
      expect(await codeOf(test.client({ token: accessToken }).auth.sessions())).toBe(
        'auth.session_revoked',
      )
    }
  })

  it('of another account cannot be ended', async () => {
    const test = await openApi()
    const mira = clientOf(test, await newAccount(test, 'mira'))
    const vale = clientOf(test, await newAccount(test, 'vale'))
    const { sessionId } = (await vale.auth.sessions()).sessions[0]!
    expect(await codeOf(mira.auth.endSession({ params: { sessionId } }))).toBe(
      'auth.session_unknown',
    )
    expect((await vale.auth.sessions()).sessions).toHaveLength(1)
  })
})

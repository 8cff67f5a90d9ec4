// The second factor of an account.
import { describe, expect, it } from 'vitest'
import { recoveryCodesShownMs, secondFactorTicketMs } from '#shared/limits.ts'
import { newId } from '#shared/runtime.ts'
import {
  again,
  codeOf as codeAt,
  clientOf,
  deviceSecret,
  guestOf,
  keptText,
  linked,
  otherPassword,
  ticketOf,
  told,
  withFactor,
} from './account-people.ts'
import { codeOf, goodPassword, newAccount, openApi } from './api.ts'
import type { TestApi } from './api.ts'

const named = { loginName: 'mira', password: goodPassword }
const ticket = async (test: TestApi) => await ticketOf(test.client().auth.login({ body: named }))

describe('a second factor', () => {
  it('is asked for after the password, and opens a session with a code', async () => {
    const test = await openApi()
    const { session, client, code } = await withFactor(test)
    expect(await client.auth.account()).toMatchObject({
      secondFactor: { on: true, recoveryCodes: 10 },
    })
    const body = { ticket: await ticket(test), code: code() }
    const { first, second } = await again(test, (more) =>
      test.client().auth.secondFactor({ body }, more),
    )
    expect(first.accountId).toBe(session.accountId)
    expect(second.refreshToken).toBe(first.refreshToken)
    // The device is known from then on, as after a log-in.
    expect(first.deviceToken).toMatch(/^1\./)
    expect(await told(test, session)).toEqual(['secondFactorOn'])
  })

  it('is not asked for before a code has confirmed it', async () => {
    const test = await openApi()
    const client = clientOf(test, await newAccount(test, 'mira'))
    const { secret } = await client.auth.enrolSecondFactor({ body: { password: goodPassword } })
    expect(keptText(test)).not.toContain(secret)
    await test.client().auth.login({ body: named })
    const wrong = client.auth.confirmSecondFactor({ body: { code: '000000' } })
    expect(await codeOf(wrong)).toBe('auth.code_refused')
    await test.client().auth.login({ body: named })
  })

  it('shows secret and recovery codes again after a lost answer, and to nobody later', async () => {
    const test = await openApi()
    const client = clientOf(test, await newAccount(test, 'mira'))
    const enrol = { body: { password: goodPassword } }
    const secrets = await again(test, (more) => client.auth.enrolSecondFactor(enrol, more))
    expect(secrets.second).toEqual(secrets.first)
    // Another one takes its place.
    const { uri } = await client.auth.enrolSecondFactor(enrol)
    const body = { code: codeAt(uri, test.clock.now()) }
    const more = { operationId: newId(test.clock) }
    const shown = await client.auth.confirmSecondFactor({ body }, more)
    expect(shown.recoveryCodes).toHaveLength(10)
    expect(await client.auth.confirmSecondFactor({ body }, more)).toEqual(shown)
    for (const one of shown.recoveryCodes)
      expect(keptText(test)).not.toContain(one.replaceAll('-', ''))
    test.clock.advance(recoveryCodesShownMs)
    expect(await codeOf(client.auth.confirmSecondFactor({ body }, more))).toBe(
      'operation.superseded',
    )
    expect(await codeOf(client.auth.enrolSecondFactor(enrol))).toBe('auth.second_factor_on')
    expect(await codeOf(client.auth.confirmSecondFactor({ body }))).toBe('auth.second_factor_on')
  })

  it('takes a code once, also within its half minute, and none of before', async () => {
    const test = await openApi()
    const { code } = await withFactor(test)
    const [earlier, now, next] = [code(-30_000), code(), code(30_000)]
    const answer = async (one: string) =>
      await codeOf(
        test.client().auth.secondFactor({ body: { ticket: await ticket(test), code: one } }),
      )
    expect(await answer(now)).toBe('done')
    expect(await answer(now)).toBe('auth.code_refused')
    expect(await answer(earlier)).toBe('auth.code_refused')
    expect(await answer(next)).toBe('done')
    test.clock.advance(90_000)
    expect(await answer(next)).toBe('auth.code_refused')
    expect(await answer(code(-30_000))).toBe('done')
    expect(await answer(code(60_000))).toBe('auth.code_refused')
  })

  it('gives one session to many who send the code at once', async () => {
    const test = await openApi()
    const { code } = await withFactor(test)
    const tickets = await Promise.all([1, 2, 3, 4].map(() => ticket(test)))
    const codes = await Promise.all(
      tickets.map((one) =>
        codeOf(test.client().auth.secondFactor({ body: { ticket: one, code: code() } })),
      ),
    )
    expect(codes.filter((one) => one === 'done')).toHaveLength(1)
  })

  it('takes a ticket once, for five minutes, and only until the password changes', async () => {
    const test = await openApi()
    const { client, code } = await withFactor(test)
    const send = async (one: string) =>
      await codeOf(test.client().auth.secondFactor({ body: { ticket: one, code: code() } }))
    const first = await ticket(test)
    expect(await send(first)).toBe('done')
    test.clock.advance(30_000)
    expect(await send(first)).toBe('auth.ticket_refused')
    const late = await ticket(test)
    test.clock.advance(secondFactorTicketMs)
    expect(await send(late)).toBe('auth.ticket_refused')
    expect(await send(`${late}x`)).toBe('auth.ticket_refused')
    const before = await ticket(test)
    await client.auth.changePassword({ body: { present: goodPassword, password: otherPassword } })
    expect(await send(before)).toBe('auth.ticket_refused')
  })

  it('takes each recovery code once', async () => {
    const test = await openApi()
    const { client, recoveryCodes } = await withFactor(test)
    const answer = async (code: string) =>
      await codeOf(test.client().auth.secondFactor({ body: { ticket: await ticket(test), code } }))
    expect(await answer(recoveryCodes[0]!.toLowerCase())).toBe('done')
    expect(await answer(recoveryCodes[0]!)).toBe('auth.code_refused')
    expect(await answer(recoveryCodes[1]!.replaceAll('-', ' '))).toBe('done')
    expect(await client.auth.account()).toMatchObject({ secondFactor: { recoveryCodes: 8 } })
  })

  it('is asked for by every way in', async () => {
    const test = await openApi()
    const guest = await guestOf(test)
    const client = clientOf(test, guest)
    await client.auth.upgrade({ body: named })
    const { uri } = await client.auth.enrolSecondFactor({ body: { password: goodPassword } })
    const code = codeAt(uri, test.clock.now())
    await client.auth.confirmSecondFactor({ body: { code } })
    await ticketOf(test.client().auth.guest({ body: { deviceSecret } }))
  })

  it('is switched off by a code or a recovery code, and by nothing else', async () => {
    for (const withRecovery of [false, true]) {
      const test = await openApi()
      const { session, client, code, recoveryCodes } = await withFactor(test)
      const wrong = client.auth.disableSecondFactor({ body: { code: '000000' } })
      expect(await codeOf(wrong)).toBe('auth.code_refused')
      const body = { code: withRecovery ? recoveryCodes[3]! : code() }
      await again(test, (more) => client.auth.disableSecondFactor({ body }, more))
      expect(await codeOf(client.auth.disableSecondFactor({ body }))).toBe('auth.second_factor_off')
      await test.client().auth.login({ body: named })
      expect(await told(test, session)).toEqual(['secondFactorOn', 'secondFactorOff'])
    }
  })

  it('stays on when the password is recovered', async () => {
    const test = await openApi()
    const { client } = await withFactor(test)
    const address = 'mira@mail.example'
    await client.auth.setEmail({ body: { address, password: goodPassword } })
    await test.client().auth.confirmEmail({ body: { secret: linked(test) } })
    await test.client().auth.recover({ body: { address } })
    await test
      .client()
      .auth.finishRecovery({ body: { secret: linked(test), password: otherPassword } })
    await ticketOf(test.client().auth.login({ body: { ...named, password: otherPassword } }))
  })

  it('needs a password to be set up, so that a stolen session locks nobody out', async () => {
    const test = await openApi()
    const client = clientOf(test, await newAccount(test, 'mira'))
    const wrong = client.auth.enrolSecondFactor({ body: { password: otherPassword } })
    expect(await codeOf(wrong)).toBe('auth.invalid_credentials')
    const guest = clientOf(test, await guestOf(test))
    expect(await codeOf(guest.auth.enrolSecondFactor({ body: { password: goodPassword } }))).toBe(
      'auth.no_login_name',
    )
    expect(await codeOf(guest.auth.confirmSecondFactor({ body: { code: '000000' } }))).toBe(
      'auth.second_factor_off',
    )
  })

  it('lets five codes be tried in five minutes, and thirty a day', async () => {
    const test = await openApi({ profile: 'strict' })
    await withFactor(test)
    test.clock.advance(2 * 86_400_000)
    let tried = 0
    const guess = async () => {
      const from = test.client({ address: `198.51.100.${tried++}` })
      const ticket = await ticketOf(from.auth.login({ body: named }))
      return await codeOf(from.auth.secondFactor({ body: { ticket, code: '000000' } }))
    }
    const inTurn = async (count: number, everyMs: number) => {
      const codes: string[] = []
      for (let i = 0; i < count; i++) {
        test.clock.advance(everyMs)
        codes.push(await guess())
      }
      return codes.filter((one) => one === 'auth.code_refused').length
    }
    expect(await inTurn(7, 10_000)).toBe(5)
    test.clock.advance(600_000)
    expect(await inTurn(30, 301_000)).toBe(25)
  })
})

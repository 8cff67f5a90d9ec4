// Players and their accounts over HTTP, for the tests of accounts.
import { TOTP, URI } from 'otpauth'
import type { Session } from '#shared/api/auth.ts'
import type { CallOptions } from '#shared/api/client.ts'
import { ApiError } from '#shared/api/client.ts'
import { newId } from '#shared/runtime.ts'
import { goodPassword } from './api.ts'
import type { TestApi } from './api.ts'

export const deviceSecret = 'A'.repeat(42) + 'E'
export const otherPassword = 'a green kettle hums at dusk'

export const clientOf = (test: TestApi, session: Session) =>
  test.client({ token: session.accessToken })

/** Makes a call of it that goes on after a lost answer, under one operation id. */
export async function again<T>(
  test: TestApi,
  call: (more: CallOptions) => Promise<T>,
): Promise<{ first: T; second: T }> {
  const more = { operationId: newId(test.clock) }
  return { first: await call(more), second: await call(more) }
}

/** The secret in the last e-mail. */
export function linked(test: TestApi): string {
  return /#\w+=(\S+)/.exec(test.email.sent.at(-1)?.text ?? '')?.[1] ?? 'none'
}

/** A player with a log-in name, and a verified address. */
export async function withEmail(test: TestApi, name = 'mira', address = `${name}@mail.example`) {
  const body = { loginName: name, password: goodPassword }
  const session = await test.client().auth.register({ body })
  await clientOf(test, session).auth.setEmail({ body: { address, password: goodPassword } })
  await test.client().auth.confirmEmail({ body: { secret: linked(test) } })
  return { session, client: clientOf(test, session), address }
}

/** The code of an authenticator that has read the address. */
export function codeOf(uri: string, timestamp: number): string {
  const totp = URI.parse(uri)
  if (!(totp instanceof TOTP)) throw new Error(uri)
  return totp.generate({ timestamp })
}

/** A player with a second factor; `code()` is that of now. */
export async function withFactor(test: TestApi, name = 'mira') {
  const body = { loginName: name, password: goodPassword }
  const session = await test.client().auth.register({ body })
  const client = clientOf(test, session)
  const { uri } = await client.auth.enrolSecondFactor({ body: { password: goodPassword } })
  const code = (offsetMs = 0) => codeOf(uri, test.clock.now() + offsetMs)
  const { recoveryCodes } = await client.auth.confirmSecondFactor({ body: { code: code() } })
  // The code that confirmed is used.
  test.clock.advance(30_000)
  return { session, client, code, recoveryCodes, body }
}

/** The ticket of a log-in that asks for a second factor. */
export async function ticketOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    if (error instanceof ApiError && error.code === 'auth.second_factor') {
      return String(error.document?.['observed'])
    }
    throw error
  }
  throw new Error('no second factor was asked for')
}

/** What the player was told of his account. */
export async function told(test: TestApi, session: Session): Promise<string[]> {
  const { entries } = await clientOf(test, session).notifications.list({
    params: { realmId: 'local' },
  })
  return entries.flatMap((one) => (one.kind === 'account.changed' ? [one.what] : []))
}

/** Everything that is kept, as text: no secret may be in it. */
export function keptText(test: TestApi): string {
  const rows = [...test.memory.rows('core'), ...test.memory.rows('volatile')]
  return JSON.stringify(rows) + test.logged.join('\n')
}

export async function guestOf(test: TestApi): Promise<Session> {
  return await test.client().auth.guest({ body: { deviceSecret } })
}

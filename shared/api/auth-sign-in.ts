// Ways in beside a password: the second factor after it, and providers.
import * as z from 'zod'
import { byAddress, passwordSession, session, withSession } from './auth-shapes.ts'
import { endpoint } from './endpoint.ts'

export const providerName = z
  .string()
  .regex(/^[a-z][a-z0-9]{1,15}$/)
  .meta({ description: 'Name of a provider', example: 'steam' })

export const code = z
  .string()
  .min(6)
  .max(40)
  .meta({ description: 'Six digits of the authenticator, or a recovery code' })

/** What a provider has given. Which fields it takes depends on its kind. */
export const proof = z.object({
  flow: z
    .string()
    .max(2048)
    .optional()
    .meta({ description: '`redirect`: from the beginning of the sign-in' }),
  code: z.string().max(2048).optional().meta({ description: '`redirect`: from the address' }),
  state: z.string().max(256).optional().meta({ description: '`redirect`: from the address' }),
  iss: z
    .string()
    .max(512)
    .optional()
    .meta({ description: '`redirect`: from the address, if there' }),
  ticket: z
    .string()
    .regex(/^([0-9a-fA-F]{2}){1,2048}$/)
    .optional()
    .meta({ description: "`ticket`: the session ticket of the provider's client, in hex" }),
})

const params = z.object({ provider: providerName })
const byProvider = [{ rate: 'provider.address', by: 'address' }] as const

/** A session of an account that may have a log-in name. */
const anySession = session
  .extend({ deviceToken: passwordSession.shape.deviceToken.optional() })
  .meta({ id: 'AnySession' })

export const signIn = {
  secondFactor: endpoint({
    method: 'POST',
    path: '/v1/auth/second-factor',
    summary: 'Go on with a log-in that was refused with auth.second_factor',
    description:
      'The refusal carries a ticket in `observed`. It is good for five minutes and one log-in.',
    identity: 'anyone',
    repeat: 'own',
    body: z.object({ ticket: z.string().max(1024), code }),
    answer: anySession,
    errors: [
      'auth.ticket_refused',
      'auth.code_refused',
      'auth.banned',
      'auth.erasing',
      'operation.superseded',
    ],
    limits: byAddress,
    links: withSession,
  }),
  ways: endpoint({
    method: 'GET',
    path: '/v1/auth/ways',
    summary: 'The ways to sign in here',
    identity: 'anyone',
    answer: z.object({
      email: z.boolean().meta({ description: 'Whether e-mail is sent, and so recovery works' }),
      providers: z.array(
        z.object({
          provider: providerName,
          title: z.string(),
          kind: z.enum(['redirect', 'ticket']),
        }),
      ),
    }),
    errors: [],
    limits: [{ rate: 'read.address', by: 'address' }],
  }),
  beginSignIn: endpoint({
    method: 'POST',
    path: '/v1/auth/providers/{provider}/begin',
    summary: 'Begin a sign-in at a provider, in a browser',
    description:
      'Send the player to `address`. Keep `flow` until he is back at `returnTo`, with code and state.',
    identity: 'anyone',
    repeat: 'natural',
    params,
    body: z.object({
      returnTo: z
        .url({ protocol: /^https?$/ })
        .max(300)
        .meta({ description: 'As it is registered with the provider' }),
    }),
    answer: z.object({ address: z.string(), flow: z.string() }),
    errors: ['auth.provider_unknown', 'auth.provider_refused', 'auth.provider_unavailable'],
    limits: byProvider,
  }),
  signIn: endpoint({
    method: 'POST',
    path: '/v1/auth/providers/{provider}/sign-in',
    summary: 'Sign in by a provider; the first time this makes an account',
    identity: 'anyone',
    repeat: 'own',
    params,
    body: proof,
    answer: session,
    errors: [
      'auth.provider_unknown',
      'auth.provider_refused',
      'auth.provider_unavailable',
      'auth.second_factor',
      'auth.banned',
      'auth.erasing',
      'operation.superseded',
    ],
    limits: byProvider,
    links: withSession,
  }),
}

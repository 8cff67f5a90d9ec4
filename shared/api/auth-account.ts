// What a player does with his own account.
import * as z from 'zod'
import { code, proof, providerName } from './auth-sign-in.ts'
import { byAddress, loginName, password, passwordSession } from './auth-shapes.ts'
import { endpoint } from './endpoint.ts'
import { passwordMaxLength } from '../limits.ts'
import { done, moment, uuid } from './names.ts'

const given = z
  .string()
  .min(1)
  .max(passwordMaxLength)
  .meta({ description: 'The password that holds now' })

const emailAddress = z
  .email()
  .max(254)
  // What stands before the @ is longer in no address (RFC 5321), as "format: email" says in the document.
  .refine((address) => address.indexOf('@') <= 64)
  .meta({ example: 'mira@example.org' })
const secret = z.string().max(128).meta({ description: 'From the link in the e-mail' })
const sessionId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)

const overview = z
  .object({
    accountId: uuid,
    createdAt: moment,
    guest: z.boolean().meta({ description: 'The device is the only way in' }),
    loginName: z.string().optional(),
    device: z.boolean().meta({ description: 'The secret of the device opens it' }),
    email: z
      .object({
        address: z.string().optional().meta({ description: 'Verified' }),
        pending: z.string().optional().meta({ description: 'Waits for its link' }),
      })
      .optional(),
    secondFactor: z.object({
      on: z.boolean(),
      recoveryCodes: z.int().meta({ description: 'How many are left' }),
    }),
    identities: z.array(z.object({ provider: providerName, linkedAt: moment })),
  })
  .meta({ id: 'AccountOverview' })

const write = { rate: 'write.account', by: 'account' } as const
const read = { rate: 'read.account', by: 'account' } as const
/** For requests that hash a password. */
const costly = [...byAddress, write] as const
const own = { identity: 'player', repeat: 'own' } as const
/** Of a request that asks for the present password. */
const needsPassword = ['auth.no_login_name', 'auth.invalid_credentials', 'auth.busy'] as const
const ended = ['auth.session_revoked', 'auth.banned'] as const

const self = {
  account: endpoint({
    method: 'GET',
    path: '/v1/auth/account',
    summary: 'What the account has',
    identity: 'player',
    answer: overview,
    errors: ended,
    limits: [read],
  }),
  upgrade: endpoint({
    method: 'POST',
    path: '/v1/auth/account/upgrade',
    summary: 'Add a log-in name and a password to an account that has none',
    description:
      'The account stays the same, with all that belongs to it. The secret of the device goes on opening it, unless ' +
      '`forgetDevice` is true. The session goes on; a refresh gives tokens that say that this is no guest.',
    ...own,
    body: z.object({ loginName, password, forgetDevice: z.boolean().optional() }),
    answer: z.object({ deviceToken: passwordSession.shape.deviceToken }),
    errors: [
      ...ended,
      'auth.has_login_name',
      'auth.name_taken',
      'auth.name_refused',
      'auth.password_refused',
      'auth.busy',
    ],
    limits: costly,
  }),
  changePassword: endpoint({
    method: 'POST',
    path: '/v1/auth/account/password',
    summary: 'Change the password; ends all other sessions',
    description: 'The answer is a new session. The old one is over, as all others are.',
    ...own,
    body: z.object({ present: given, password }),
    answer: passwordSession,
    errors: [...ended, ...needsPassword, 'auth.password_refused', 'operation.superseded'],
    limits: costly,
  }),
  sessions: endpoint({
    method: 'GET',
    path: '/v1/auth/sessions',
    summary: 'The log-in sessions of the account',
    identity: 'player',
    answer: z.object({
      sessions: z.array(
        z.object({
          sessionId,
          createdAt: moment,
          usedAt: moment.meta({ description: 'When its tokens were renewed last' }),
          agent: z.string().optional().meta({ description: 'The program, in a few words' }),
          current: z.boolean(),
        }),
      ),
    }),
    errors: ended,
    limits: [read],
  }),
  endSession: endpoint({
    method: 'DELETE',
    path: '/v1/auth/sessions/{sessionId}',
    summary: 'End one session of the account',
    identity: 'player',
    repeat: 'natural',
    params: z.object({ sessionId }),
    answer: done,
    errors: [...ended, 'auth.session_unknown'],
    limits: [write],
  }),
  endOtherSessions: endpoint({
    method: 'POST',
    path: '/v1/auth/end-other-sessions',
    summary: 'End all sessions of the account but this one',
    identity: 'player',
    repeat: 'natural',
    answer: done,
    errors: ended,
    limits: [write],
  }),
}

const byEmail = {
  setEmail: endpoint({
    method: 'PUT',
    path: '/v1/auth/account/email',
    summary: 'Send a link to an e-mail address; who opens it verifies the address',
    description: 'An address that was verified before stays until then.',
    ...own,
    body: z.object({ address: emailAddress, password: given }),
    answer: done,
    errors: [...ended, ...needsPassword, 'auth.email_off', 'auth.email_unavailable'],
    limits: costly,
  }),
  confirmEmail: endpoint({
    method: 'POST',
    path: '/v1/auth/email/confirm',
    summary: 'Verify an e-mail address with the secret of its link',
    identity: 'anyone',
    repeat: 'own',
    body: z.object({ secret }),
    answer: done,
    errors: ['auth.secret_refused', 'auth.email_taken'],
    limits: byAddress,
  }),
  recover: endpoint({
    method: 'POST',
    path: '/v1/auth/recovery',
    summary: 'Send a link for a new password to a verified address',
    description:
      'The answer is the same, and comes as late, whether an account has the address or not.',
    identity: 'anyone',
    repeat: 'own',
    body: z.object({ address: emailAddress }),
    answer: done,
    errors: ['auth.email_off'],
    limits: [{ rate: 'recovery.address', by: 'address' }],
  }),
  finishRecovery: endpoint({
    method: 'POST',
    path: '/v1/auth/recovery/finish',
    summary: 'Set a new password with the secret of the link; ends all sessions',
    description: 'The player then logs in with it. A second factor stays on.',
    identity: 'anyone',
    repeat: 'own',
    body: z.object({ secret, password }),
    answer: z.object({ loginName: z.string() }),
    errors: ['auth.secret_refused', 'auth.password_refused', 'auth.busy'],
    limits: byAddress,
  }),
}

const factor = {
  enrolSecondFactor: endpoint({
    method: 'POST',
    path: '/v1/auth/account/second-factor',
    summary: 'Get a secret for an authenticator; it holds once a code confirms it',
    ...own,
    body: z.object({ password: given }),
    answer: z.object({
      secret: z.string().meta({ description: 'Base32, to be typed' }),
      uri: z.string().meta({ description: 'otpauth:// for authenticators' }),
    }),
    errors: [...ended, ...needsPassword, 'auth.second_factor_on'],
    limits: costly,
  }),
  confirmSecondFactor: endpoint({
    method: 'POST',
    path: '/v1/auth/account/second-factor/confirm',
    summary: 'Switch the second factor on with a code of the authenticator',
    ...own,
    body: z.object({ code }),
    answer: z.object({
      recoveryCodes: z.array(z.string()).meta({ description: 'Shown once; each opens once' }),
    }),
    errors: [
      ...ended,
      'auth.second_factor_on',
      'auth.second_factor_off',
      'auth.code_refused',
      'operation.superseded',
    ],
    limits: [write],
  }),
  disableSecondFactor: endpoint({
    method: 'POST',
    path: '/v1/auth/account/second-factor/disable',
    summary: 'Switch the second factor off with a code or a recovery code',
    ...own,
    body: z.object({ code }),
    answer: done,
    errors: [...ended, 'auth.second_factor_off', 'auth.code_refused'],
    limits: [write],
  }),
}

const identities = {
  link: endpoint({
    method: 'POST',
    path: '/v1/auth/account/identities/{provider}',
    summary: 'Link an identity of a provider, as one more way in',
    description:
      'An account with a log-in name shows its password. A guest is no guest from then on.',
    ...own,
    params: z.object({ provider: providerName }),
    body: proof.extend({ password: given.optional() }),
    answer: done,
    errors: [
      ...ended,
      'auth.invalid_credentials',
      'auth.busy',
      'auth.provider_unknown',
      'auth.provider_refused',
      'auth.provider_unavailable',
      'auth.provider_linked',
      'auth.identity_taken',
    ],
    limits: [...costly, { rate: 'provider.address', by: 'address' }],
  }),
  unlink: endpoint({
    method: 'DELETE',
    path: '/v1/auth/account/identities/{provider}',
    summary: 'Unlink an identity, unless it is the last way in',
    identity: 'player',
    repeat: 'remembered',
    params: z.object({ provider: providerName }),
    answer: done,
    errors: [...ended, 'auth.identity_unknown', 'auth.last_way_in'],
    limits: [write],
  }),
}

export const account = { ...self, ...byEmail, ...factor, ...identities }

export type AccountOverview = z.infer<typeof overview>

import * as z from 'zod'
import { eraseGraceDays, passwordMaxLength } from '../limits.ts'
import { account } from './auth-account.ts'
import {
  byAddress,
  loginName,
  password,
  passwordSession,
  realm,
  session,
  withSession,
} from './auth-shapes.ts'
import { signIn } from './auth-sign-in.ts'
import { domain, endpoint } from './endpoint.ts'
import { done, moment } from './names.ts'

const credentials = z.object({ loginName, password })

/** A log-in takes a password of any length. So its refusal does not show the rules for new passwords. */
const loginAttempt = z.object({
  loginName: z.string().min(1).max(64),
  password: z.string().min(1).max(passwordMaxLength),
  deviceToken: z
    .string()
    .max(128)
    .optional()
    .meta({ description: 'From the last log-in to this name on this device, if there was one' }),
})

const deviceSecret = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/)
  .meta({ description: '32 random bytes, base64url' })

/** That it is the player, just now: what opened the account. */
const proof = z.object({
  password: z.string().min(1).max(passwordMaxLength).optional(),
  deviceSecret: deviceSecret.optional(),
})

const jwks = z
  .object({
    keys: z.array(
      z.object({
        kty: z.literal('OKP'),
        crv: z.literal('Ed25519'),
        x: z.string(),
        kid: z.string(),
        alg: z.literal('EdDSA'),
        use: z.literal('sig'),
      }),
    ),
  })
  .meta({ id: 'Jwks' })

export const auth = domain({
  name: 'auth',
  description: 'Accounts and sessions',
  endpoints: {
    register: endpoint({
      method: 'POST',
      path: '/v1/auth/register',
      summary: 'Make an account and log in',
      identity: 'anyone',
      repeat: 'own',
      body: credentials,
      answer: passwordSession,
      status: 201,
      errors: [
        'auth.name_taken',
        'auth.name_refused',
        'auth.password_refused',
        'auth.banned',
        'auth.busy',
        'operation.superseded',
      ],
      limits: byAddress,
      links: {
        ...withSession,
        login: {
          to: 'auth.login',
          body: {
            loginName: '$request.body#/loginName',
            password: '$request.body#/password',
          },
        },
      },
    }),
    login: endpoint({
      method: 'POST',
      path: '/v1/auth/login',
      summary: 'Log in with a password',
      identity: 'anyone',
      repeat: 'own',
      body: loginAttempt,
      answer: passwordSession,
      errors: [
        'auth.invalid_credentials',
        'auth.banned',
        'auth.erasing',
        'auth.busy',
        'auth.second_factor',
        'operation.superseded',
      ],
      limits: byAddress,
      links: withSession,
    }),
    guest: endpoint({
      method: 'POST',
      path: '/v1/auth/guest',
      summary: 'Play as a guest of this device',
      description:
        'The device makes a secret of 256 bits once and keeps it; the same secret is the same account. ' +
        'Only a new account counts as a registration of the address.',
      identity: 'anyone',
      repeat: 'own',
      body: z.object({
        deviceSecret,
      }),
      answer: session,
      errors: [
        'auth.banned',
        'auth.erasing',
        'auth.busy',
        'auth.device_refused',
        'auth.second_factor',
        'operation.superseded',
      ],
      limits: [{ rate: 'guest.address', by: 'address' }],
      links: withSession,
    }),
    refresh: endpoint({
      method: 'POST',
      path: '/v1/auth/refresh',
      summary: 'Exchange the refresh token for new tokens',
      description:
        'When the answer was lost, send the same token again: it is taken until its successor has been ' +
        'used. A token that is older than that ends the whole session.',
      identity: 'anyone',
      repeat: 'natural',
      body: z.object({ refreshToken: z.string().max(256) }),
      answer: session,
      errors: ['auth.refresh_refused', 'auth.banned', 'auth.session_revoked', 'world.busy'],
      limits: [{ rate: 'refresh.address', by: 'address' }],
      links: withSession,
    }),
    logout: endpoint({
      method: 'POST',
      path: '/v1/auth/logout',
      summary: 'End this session',
      identity: 'player',
      repeat: 'natural',
      answer: done,
      errors: [],
      limits: [{ rate: 'write.account', by: 'account' }],
    }),
    logoutEverywhere: endpoint({
      method: 'POST',
      path: '/v1/auth/logout-everywhere',
      summary: 'End every session of the account',
      identity: 'player',
      repeat: 'natural',
      answer: done,
      errors: [],
      limits: [{ rate: 'write.account', by: 'account' }],
    }),
    erase: endpoint({
      method: 'POST',
      path: '/v1/account/erase',
      summary: 'Ask for the erase of this account, with all its characters',
      description:
        `It is erased after ${eraseGraceDays} days; a log-in before then keeps it. All its sessions end now. ` +
        'Takes a proof that it is you: the password, or the secret of the device for a guest.',
      identity: 'player',
      repeat: 'own',
      body: proof,
      answer: z.object({ at: moment.meta({ description: 'When it is closed for good' }) }),
      errors: [
        'auth.proof_refused',
        'auth.erasing',
        'auth.busy',
        'auth.session_revoked',
        'world.busy',
      ],
      limits: [{ rate: 'write.account', by: 'account' }],
    }),
    realms: endpoint({
      method: 'GET',
      path: '/v1/realms',
      summary: 'The realms and where they are served',
      identity: 'anyone',
      answer: z.object({ realms: z.array(realm) }),
      errors: [],
      limits: [{ rate: 'read.address', by: 'address' }],
      links: {
        status: { to: 'world.status', params: { realmId: '$response.body#/realms/0/realmId' } },
      },
    }),
    jwks: endpoint({
      method: 'GET',
      path: '/.well-known/jwks.json',
      summary: 'Public keys of access tokens',
      identity: 'anyone',
      answer: jwks,
      // Half of the time for which a key is published before it signs.
      cache: { maxAgeS: 300 },
      errors: [],
      limits: [{ rate: 'read.address', by: 'address' }],
    }),
    ...signIn,
    ...account,
  },
})

export type { PasswordSession, Realm, Session } from './auth-shapes.ts'

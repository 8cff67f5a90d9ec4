// What the endpoints of accounts share.
import * as z from 'zod'
import { passwordMaxLength, passwordMinLength } from '../limits.ts'
import { maintenance } from './live.ts'
import { moment, realmId, uuid } from './names.ts'

export const loginName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@+-]{2,63}$/)
  .meta({
    description:
      'Login name or e-mail address; compared without case. One that looks like an id is refused',
    example: 'mira@example.org',
  })

/** Length is the only rule of composition (NIST SP 800-63B-4); a block list is applied by the service. */
export const password = z
  .string()
  .min(passwordMinLength)
  .max(passwordMaxLength)
  .meta({ description: 'At least 15 characters; a phrase is best' })

export const realm = z.object({
  realmId,
  name: z.string(),
  address: z.string().meta({ description: "Base URL of the realm's API" }),
  state: z.enum(['open', 'maintenance']),
  maintenance: maintenance
    .optional()
    .meta({ description: 'Planned or under way, of realms that are served here' }),
})

export const session = z
  .object({
    accountId: uuid,
    guest: z.boolean(),
    accessToken: z.string().meta({ description: 'Bearer token (JWT, EdDSA), 15 minutes' }),
    accessExpiresAt: moment,
    refreshToken: z.string().meta({ description: 'Rotates at each refresh' }),
    refreshExpiresAt: moment,
    realms: z.array(realm),
  })
  .meta({ id: 'Session' })

export const passwordSession = session
  .extend({
    deviceToken: z.string().meta({
      description:
        'Keep it, for this login name: tries from a known device are not refused because strangers guess',
    }),
  })
  .meta({ id: 'PasswordSession' })

/** With a session: look at one's characters, or make one, in the first realm; exchange the token. */
export const withSession = {
  characters: {
    to: 'characters.list',
    token: '$response.body#/accessToken',
    params: { realmId: '$response.body#/realms/0/realmId' },
  },
  createCharacter: {
    to: 'characters.create',
    token: '$response.body#/accessToken',
    params: { realmId: '$response.body#/realms/0/realmId' },
  },
  refresh: { to: 'auth.refresh', body: { refreshToken: '$response.body#/refreshToken' } },
  logout: { to: 'auth.logout', token: '$response.body#/accessToken' },
  showToOperator: {
    to: 'admin.showPlayer',
    params: { who: '$response.body#/accountId' },
  },
} as const

export const byAddress = [{ rate: 'password.address', by: 'address' }] as const

export type Session = z.infer<typeof session>
export type PasswordSession = z.infer<typeof passwordSession>
export type Realm = z.infer<typeof realm>

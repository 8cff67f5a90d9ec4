// Settings of the providers by which players may sign in. From the environment, or a secret in the cloud.
import * as z from 'zod'

/** Keys and tokens of players go there: only to this machine without TLS. */
const providerUrl = z
  .url({ protocol: /^https?$/ })
  .refine(
    (text) =>
      text.startsWith('https:') ||
      /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/.test(`${text}/`),
  )

export const oidcSettings = z.strictObject({
  /** Part of addresses and keys: never change it later. */
  name: z.string().regex(/^[a-z][a-z0-9]{1,15}$/),
  /** What players read. */
  title: z.string().min(1).max(40),
  issuer: providerUrl,
  clientId: z.string().min(1),
  /** Absent for a public client. */
  clientSecret: z.string().min(1).optional(),
})

export const steamSettings = z.strictObject({
  appId: z.int().min(1),
  /** The key of the publisher for Steam's web API. */
  key: z.string().min(1),
  /** What the game passes to `GetAuthTicketForWebApi`: a ticket for another service is not taken here. */
  identity: z.string().min(1).max(64),
  /** Default: Steam's. */
  url: providerUrl.optional(),
})

export const signInSettings = z
  .strictObject({
    oidc: z.array(oidcSettings).max(8).default([]),
    steam: steamSettings.optional(),
  })
  .refine(({ oidc, steam }) => {
    const names = [...oidc.map(({ name }) => name), ...(steam === undefined ? [] : ['steam'])]
    return new Set(names).size === names.length
  })

export type OidcSettings = z.infer<typeof oidcSettings>
export type SteamSettings = z.infer<typeof steamSettings>
export type SignInSettings = z.infer<typeof signInSettings>

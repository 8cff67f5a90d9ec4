// Steam: the game's client asks Steam for a ticket (`GetAuthTicketForWebApi`), and Steam's web API says whose it is.
// https://partner.steamgames.com/doc/webapi/ISteamUserAuth#AuthenticateUserTicket
import * as z from 'zod'
import type { SteamSettings } from '#shared/sign-in.ts'
import { askProvider } from './ask.ts'
import type { Fetch } from './ask.ts'
import { refused, unavailable } from './provider.ts'
import type { TicketProvider } from './provider.ts'

const steamUrl = 'https://partner.steam-api.com'

const answer = z.object({
  response: z.object({
    params: z
      .object({
        result: z.string(),
        /** A number of 64 bits, as text. */
        steamid: z.string().regex(/^\d{1,20}$/),
        publisherbanned: z.boolean().optional(),
      })
      .optional(),
    error: z.object({ errorcode: z.int() }).optional(),
  }),
})

export function createSteamProvider(
  { appId, key, identity, url = steamUrl }: SteamSettings,
  { fetch }: { fetch: Fetch },
): TicketProvider {
  return {
    kind: 'ticket',
    name: 'steam',
    title: 'Steam',
    async verify(ticket) {
      const query = new URLSearchParams({ appid: String(appId), ticket, identity })
      const where = `${url.replace(/\/$/, '')}/ISteamUserAuth/AuthenticateUserTicket/v1/?${query}`
      // In a header: addresses end up in logs.
      const { status, document } = await askProvider(fetch, where, {
        headers: { 'x-webapi-key': key, accept: 'application/json' },
      })
      // It says so when the key is wrong, which no player can help.
      if (status === 401 || status === 403) throw unavailable(`Steam answers ${status}.`)
      const parsed = answer.safeParse(document)
      if (!parsed.success) throw unavailable('The answer of Steam cannot be read.')
      const { params, error } = parsed.data.response
      if (params === undefined) throw refused(`Steam refuses the ticket: ${error?.errorcode ?? 0}.`)
      if (params.result !== 'OK') throw refused('Steam refuses the ticket.')
      if (params.publisherbanned === true) throw refused('The publisher has banned this player.')
      return params.steamid
    },
  }
}

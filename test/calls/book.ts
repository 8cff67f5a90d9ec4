// The book of calls: for each endpoint of the domain table one example that is taken, with all that it needs before
// it. Tests of repeats, of strangers, of roles and of costs go through it, so a new endpoint is in all of them when
// it is in here. The type checker lists what is missing.
import type { Api } from '#shared/api/api.ts'
import type { Endpoint } from '#shared/api/endpoint.ts'
import { domains } from '#functions/domains.ts'
import { declarationsOf } from '#functions/http/record.ts'
import { healthApi } from '#shared/api/health.ts'
import { adminCalls } from './admin.ts'
import { authCalls } from './auth.ts'
import type { CallsOf, Example } from './call.ts'
import { characterCalls } from './characters.ts'
import { chatCalls } from './chat.ts'
import { friendCalls } from './friends.ts'
import { gameCalls } from './game.ts'
import { guildCalls } from './guilds.ts'
import { leaderboardCalls } from './leaderboards.ts'
import { mailCalls } from './mail.ts'
import { matchmakingCalls } from './matchmaking.ts'
import { moderationCalls } from './moderation.ts'
import { notificationCalls } from './notifications.ts'
import { partyCalls } from './parties.ts'
import { personalCalls } from './personal.ts'
import { contentCalls, healthCalls, internalCalls, tallyCalls, zoneSchemaCalls } from './reads.ts'
import { scalingCalls } from './scaling.ts'
import { socialCalls } from './social.ts'
import type { Stage } from './stage.ts'
import { worldCalls } from './world.ts'

const calls: { [D in keyof Api]: CallsOf<Api[D]> } = {
  auth: authCalls,
  characters: characterCalls,
  world: worldCalls,
  matchmaking: matchmakingCalls,
  content: contentCalls,
  admin: adminCalls,
  internal: internalCalls,
  scaling: scalingCalls,
  tallies: tallyCalls,
  leaderboards: leaderboardCalls,
  friends: friendCalls,
  guilds: guildCalls,
  notifications: notificationCalls,
  mail: mailCalls,
  parties: partyCalls,
  personal: personalCalls,
  chat: chatCalls,
  social: socialCalls,
  moderation: moderationCalls,
  zoneSchema: zoneSchemaCalls,
  health: healthCalls,
}

export type Call = {
  /** `domain.endpoint`. */
  name: string
  domain: string
  endpoint: Endpoint
  example: (stage: Stage) => Promise<Example>
}

type Page = Record<string, (stage: Stage) => Promise<Example>>

/** Every endpoint of the domain table. One without an example fails by name when it is asked for it. */
export const book: readonly Call[] = [...declarationsOf(domains), healthApi].flatMap((domain) => {
  const pages: Record<string, Page> = { ...calls, ...gameCalls }
  return Object.entries(domain.endpoints).map(([name, endpoint]): Call => {
    const full = `${domain.name}.${name}`
    const missing = () => Promise.reject(new Error(`test/calls has no example of ${full}`))
    const example = pages[domain.name]?.[name] ?? missing
    return { name: full, domain: domain.name, endpoint, example }
  })
})

/** As it goes over the wire. */
export function requestOf({ method, path }: Endpoint, { params, query, body, by }: Example) {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(params?.[name])),
  )
  const asked = new URLSearchParams(
    Object.entries(query ?? {}).map(([name, value]): [string, string] => [name, String(value)]),
  )
  return {
    method,
    target: asked.size === 0 ? filled : `${filled}?${asked}`,
    headers: {
      ...(by && { authorization: `Bearer ${by.token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }
}

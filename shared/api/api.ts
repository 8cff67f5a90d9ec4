// Every domain of the HTTP API, by name.
import { admin } from './admin.ts'
import { auth } from './auth.ts'
import { characters } from './characters.ts'
import { chat } from './chat.ts'
import { content } from './content.ts'
import { friends } from './friends.ts'
import { guilds } from './guilds.ts'
import { healthApi as health } from './health.ts'
import { internal } from './internal.ts'
import { leaderboards } from './leaderboards.ts'
import { mail } from './mail.ts'
import { matchmaking } from './matchmaking.ts'
import { moderation } from './moderation.ts'
import { notifications } from './notifications.ts'
import { parties } from './parties.ts'
import { personal } from './personal.ts'
import { scaling } from './scaling.ts'
import { social } from './social.ts'
import { tallies } from './tallies.ts'
import { world } from './world.ts'
import { zoneSchemas as zoneSchema } from './zone-schema.ts'

export const api = {
  auth,
  characters,
  world,
  matchmaking,
  content,
  admin,
  internal,
  scaling,
  tallies,
  leaderboards,
  friends,
  guilds,
  notifications,
  mail,
  parties,
  personal,
  moderation,
  chat,
  social,
  zoneSchema,
  health,
}
export type Api = typeof api

// The table of domains. A new domain is a folder with its record (domain.ts), and a line here. What they keep of a
// player is erased from the last one to the first: the accounts and the characters say whose the rest is.
import { domain as admin } from './admin/domain.ts'
import { domain as auth } from './auth/domain.ts'
import { domain as characters } from './characters/domain.ts'
import { domain as chat } from './chat/domain.ts'
import { domain as content } from './content/domain.ts'
import { domain as friends } from './friends/domain.ts'
import { domain as game } from './game/domain.ts'
import { domain as guilds } from './guilds/domain.ts'
import type { DomainRecord } from './http/record.ts'
import { domain as internal } from './internal/domain.ts'
import { domain as leaderboards } from './leaderboards/domain.ts'
import { domain as mail } from './mail/domain.ts'
import { domain as matchmaking } from './matchmaking/domain.ts'
import { domain as moderation } from './moderation/domain.ts'
import { domain as notifications } from './notifications/domain.ts'
import { domain as parties } from './parties/domain.ts'
import { domain as personal } from './personal/domain.ts'
import { domain as scaling } from './scaling/domain.ts'
import { domain as social } from './social/domain.ts'
import { domain as world } from './world/domain.ts'

export const domains: readonly DomainRecord[] = [
  auth,
  characters,
  world,
  matchmaking,
  content,
  admin,
  internal,
  scaling,
  game,
  leaderboards,
  friends,
  guilds,
  notifications,
  mail,
  parties,
  moderation,
  personal,
  chat,
  social,
]

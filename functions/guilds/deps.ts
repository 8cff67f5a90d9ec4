import type { BoardDeps } from '../leaderboards/leaderboards.ts'

/** What acts of guilds are given. A guild that ends leaves the leaderboards. */
export type GuildDeps = BoardDeps

// The game that this process runs, reached as `#game`. WAYSTONE_GAME names its folder; bundles have its
// game.ts in place of this module (shared/game/folder.ts). Tests have a copy of the content, WAYSTONE_CONTENT.
import { gameFolder } from '#shared/game/folder.ts'
import type { Game } from '#shared/game/game.ts'
import { loadGame } from '#shared/game/load.ts'
import type { ZoneRules } from '#gameserver/sim/rules.ts'

const loaded = (await loadGame(gameFolder(process.env))) as Game<ZoneRules>

export const game: Game<ZoneRules> = {
  ...loaded,
  content: process.env['WAYSTONE_CONTENT'] || loaded.content,
}

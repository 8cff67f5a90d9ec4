// The game that this process runs, reached as `#game`. WAYSTONE_GAME names its folder; bundles have its
// game.ts in place of this module (shared/game/folder.ts).
import { gameFolder } from '#shared/game/folder.ts'
import type { Game } from '#shared/game/game.ts'
import { loadGame } from '#shared/game/load.ts'
import type { ZoneRules } from '#gameserver/sim/rules.ts'

export const game = (await loadGame(gameFolder(process.env))) as Game<ZoneRules>

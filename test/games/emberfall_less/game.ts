// A version of Emberfall that knows no hit points.
import { defineGame } from 'waystone/game'
import { zoneGame } from 'waystone/zone'
import { game as first } from '../emberfall/game.ts'

export const game = defineGame({ content: first.content, zone: zoneGame({}), routes: [] })

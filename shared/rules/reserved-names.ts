// Names of characters and guilds that are refused.
import { looksOf } from './looks.ts'

/** Who is erased goes under this name where others hear of it. Nobody can be called so. */
export const deletedPlayer = 'Deleted player'

/** Whether a name pretends to speak for the game, or would be read as a keyword by people or tools. */
export function isReserved(name: string): boolean {
  // `G M` and `Sys'tem` are read as one word, `Admln` as another one.
  const whole = looksOf(name)
  const words = name.split(/[^A-Za-z]+/).map(looksOf)
  return WORDS.has(whole) || words.some((word) => WORDS.has(word)) || PARTS.some(isIn(whole))
}

function isIn(text: string): (part: string) => boolean {
  return (part) => text.includes(part)
}

/** Refused as whole words only: `Systema` and `Gmork` are names. */
const WORDS = new Set(
  `
  gm dev mod mods bot npc system server service staff team owner operator root host support help
  info news official security everyone everybody all nobody anyone someone here you self me null
  undefined none true false nan unknown deleted
`
    .trim()
    .split(/\s+/)
    .map(looksOf),
)

/** Refused anywhere in a name, separators taken out. */
const PARTS = [
  'admin',
  'moderator',
  'gamemaster',
  'developer',
  'sysop',
  'waystone',
  'customerservice',
].map(looksOf)

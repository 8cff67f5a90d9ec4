// Character names: when two are the same, and which nobody gets.

/** The part of a name that must be unique: `Mira Vale`, `mira-vale` and `MiraVale` are one. */
export function nameKey(name: string): string {
  return name.toLowerCase().replace(/[^a-z]/g, '')
}

/** Whether a name pretends to speak for the game, or would be read as a keyword by people or tools. */
export function isReserved(name: string): boolean {
  // `G M` and `Sys'tem` are read as one word, `Admln` as another one.
  const whole = looksOf(nameKey(name))
  const words = name.split(/[^A-Za-z]+/).map((word) => looksOf(word.toLowerCase()))
  return WORDS.has(whole) || words.some((word) => WORDS.has(word)) || PARTS.some(isIn(whole))
}

/** Letters that are taken for each other in most fonts, as one of them. In lower case. */
function looksOf(text: string): string {
  return text.replace(/l/g, 'i').replace(/rn/g, 'm').replace(/vv/g, 'w')
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

// Character names: when two are the same, and which nobody gets.

/** The part of a name that must be unique: `Mira Vale`, `mira-vale` and `MiraVale` are one. */
export function nameKey(name: string): string {
  return name.toLowerCase().replace(/[^a-z]/g, '')
}

/** Whether a name pretends to speak for the game, or would be read as a keyword by people or tools. */
export function isReserved(name: string): boolean {
  const words = name.toLowerCase().split(/[^a-z]+/)
  return words.some((word) => WORDS.has(word)) || PARTS.some((part) => nameKey(name).includes(part))
}

/** Refused as whole words only: `Systema` and `Gmork` are names. */
const WORDS = new Set(
  `
  gm dev mod mods bot npc system server service staff team owner operator root host support help
  info news official security everyone everybody all nobody anyone someone here you self me null
  undefined none true false nan unknown deleted
`
    .trim()
    .split(/\s+/),
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
]

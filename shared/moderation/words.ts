// The word filter: where a text has a word that players may not write.
//
// Words are found by how a text looks, not by its letters. `fold` makes of a text what a reader sees: letters without
// marks, in lower case, Latin for those of other scripts that look so, digits and signs that stand for letters.
// Each folded character remembers where it came from, so what is found can be masked in the text as it was written.
// Then the patterns of obscenity are looked for, in the folded text and in readings of it: with letters that most fonts draw
// alike exchanged (rules/looks.ts), with blanks between single letters gone, with signs inside a word gone.
//
// What keeps harmless words whole: the boundaries and the allowed words of the patterns; digits count as letters only
// where a word has at least as many letters (455k gold); a word that is only found after signs in it were removed must
// begin where a written word begins (pass-hit).
import { englishDataset, parseRawPattern, resolveConfusablesTransformer } from 'obscenity'
import type { Node, ParsedPattern } from 'obscenity'
import type { Content, Words } from '../content/content.ts'
import { drawnAlike } from '../rules/looks.ts'
import { allowedEnglish, englishWords } from './english.ts'

/** Where a word is in a text: UTF-16 units, the end not included. */
export type Found = { start: number; end: number }

export type WordFilter = {
  /** The words in a text that is read as lines. In order, without overlaps. */
  find(text: string): Found[]
  /** Whether a name has such a word: also where blanks or signs part it in the middle. */
  inName(name: string): boolean
}

/** A folded text, and where each of its characters begins in the text that was written. */
type Folded = { text: string; at: readonly number[]; ends: readonly number[] }

/** The filter of a game by its content. Without words of its own, the English ones of the core. */
export function createWordFilter(lists: Iterable<Words>): WordFilter {
  const all = [...lists]
  const english = all.length === 0 || all.some((list) => list.english)
  const words = [...all.flatMap((list) => list.words), ...(english ? englishWords : [])].map(
    patternOf,
  )
  const { blacklistedTerms, whitelistedTerms = [] } = englishDataset.build()
  const allowed = [
    ...all.flatMap((list) => list.allowed ?? []),
    ...(english ? [...whitelistedTerms, ...allowedEnglish] : []),
  ].map((word) => fold(word).text)
  const patterns = [...words, ...(english ? blacklistedTerms.map(({ pattern }) => pattern) : [])]
  // One pattern for all: obscenity's own matcher looks for each in turn, which takes seven times as long.
  const any = new RegExp(patterns.map(sourceOf).join('|') || '(?!)', 'gs')
  const matchesIn = ({ text, at, ends }: Folded) =>
    [...text.matchAll(any)].map(({ 0: part, index }) => ({
      start: at[index]!,
      end: ends[index + part.length - 1]!,
    }))

  const find = (text: string) => {
    const folded = fold(text)
    const found = readings(folded).flatMap(matchesIn)
    const joined = withoutSigns(folded)
    if (joined.text !== folded.text) {
      const parted = readings(joined).flatMap(matchesIn)
      found.push(...parted.filter(({ start }) => beginsWord(text, start)))
    }
    if (found.length === 0) return []
    const harmless = allowed.flatMap((word) => occurrences(folded, word))
    return merge(
      found.filter(
        (one) => !harmless.some(({ start, end }) => start <= one.start && one.end <= end),
      ),
    )
  }
  return {
    find,
    inName(name) {
      if (find(name).length > 0) return true
      const joined = readings(rewritten(fold(name), /[^a-z]/g, '')).flatMap(matchesIn)
      return joined.some(({ start, end }) => beginsWord(name, start) && endsWord(name, end))
    },
  }
}

/** One filter for a content, made once; anew when the content was replaced (`npm run dev`). */
const filters = new WeakMap<Content, { version: string; filter: WordFilter }>()

export function filterOf(content: Content): WordFilter {
  const { version } = content
  let made = filters.get(content)
  if (made?.version !== version) {
    made = { version, filter: createWordFilter(content.words.values()) }
    filters.set(content, made)
  }
  return made.filter
}

/** A text as others may read it. */
export function maskWords(content: Content, text: string): string {
  return mask(text, filterOf(content).find(text))
}

/** The text with each character of a found word as a star; blanks stay. */
export function mask(text: string, found: readonly Found[]): string {
  let masked = ''
  let from = 0
  for (const { start, end } of found) {
    const shown = text.slice(start, end).replace(unseen, '')
    masked += text.slice(from, start) + shown.replace(/[^\p{Zs}\n]/gu, '*')
    from = end
  }
  return masked + text.slice(from)
}

/** Where an allowed word stands in a text, with repeats of its first and its last letter. */
function occurrences({ text, at, ends }: Folded, word: string): Found[] {
  const found: Found[] = []
  for (let i = text.indexOf(word); i >= 0; i = text.indexOf(word, i + 1)) {
    let [first, last] = [i, i + word.length - 1]
    while (first > 0 && text[first - 1] === text[first]) first--
    while (text[last + 1] === text[last]) last++
    found.push({ start: at[first]!, end: ends[last]! })
  }
  return found
}

/** Letters count once, however often they are repeated; those that the patterns have doubled, twice. */
const repeats = /([^beolsg])\1+|([beolsg])\2{2,}/g
const fewer = (run: string) => (/[beolsg]/.test(run) ? run.slice(0, 2) : run.slice(0, 1))

function sourceOf({ nodes, requireWordBoundaryAtStart, requireWordBoundaryAtEnd }: ParsedPattern) {
  const source = (node: Node): string => {
    if ('childNode' in node) return `(?:${source(node.childNode)})?`
    return 'chars' in node ? String.fromCodePoint(...node.chars).replace(special, '\\$&') : '.'
  }
  const edge = (required: boolean) => (required ? '\\b' : '')
  return `${edge(requireWordBoundaryAtStart)}${nodes.map(source).join('')}${edge(requireWordBoundaryAtEnd)}`
}

const special = /[[\](){}.*+?^$|\\]/g

/** `*` at an end of a word: it is also found inside a longer one there. */
function patternOf(word: string) {
  const core = fold(word.replaceAll('*', '')).text.replace(repeats, fewer)
  const start = word.startsWith('*') ? '' : '|'
  const end = word.endsWith('*') ? '' : '|'
  return parseRawPattern(`${start}${core.replace(/[[\]?|\\]/g, '\\$&')}${end}`)
}

const unseen = /[\p{M}\p{Default_Ignorable_Code_Point}]/gu
const confusable = resolveConfusablesTransformer()

/** What a reader sees, in small Latin letters as far as may be. */
function fold(text: string): Folded {
  let folded = ''
  const at: number[] = []
  const ends: number[] = []
  let position = 0
  for (const written of text) {
    const start = position
    position += written.length
    // Marks and what shows nothing belong to the letter before.
    const seen = written < '\u0080' ? written : written.normalize('NFKD').replace(unseen, '')
    for (const one of seen.trim() === '' && seen !== '' ? ' ' : seen) {
      const plain = (one < '\u0080' ? one : latin(one)).toLowerCase()
      // A blank more does not part a word more.
      if (plain === ' ' && folded.endsWith(' ')) continue
      folded += plain
      for (let i = 0; i < plain.length; i++) at.push(start)
    }
    while (ends.length < at.length) ends.push(position)
    if (seen === '' && ends.length > 0) ends[ends.length - 1] = position
  }
  return { text: asLetters(folded), at, ends }
}

function latin(character: string): string {
  if (!('transform' in confusable)) return character
  const code = confusable.transform(character.codePointAt(0)!)
  return code === undefined ? character : String.fromCodePoint(code)
}

const digits: Readonly<Record<string, string>> = {
  0: 'o',
  1: 'i',
  2: 'z',
  3: 'e',
  4: 'a',
  5: 's',
  6: 'g',
  7: 't',
}
const signs: Readonly<Record<string, string>> = { '@': 'a', $: 's' }
/** These end sentences and part words: they count as letters only between two. */
const inside: Readonly<Record<string, string>> = { '!': 'i', '|': 'i' }

/** Digits and signs that stand for letters, as these. The length stays. */
function asLetters(text: string): string {
  return text.replace(/[a-z0-9@$!|]*[0-9@$!|][a-z0-9@$!|]*/g, (word) => {
    const count = word.replace(/[^0-9]/g, '').length
    const letters = word.replace(/[^a-z@$!|]/g, '').length
    return word.replace(/[0-9@$!|]/g, (sign, i: number) => {
      if (sign in digits) return count > letters ? '#' : digits[sign]!
      if (sign in signs) return word.length > 1 ? signs[sign]! : sign
      const between = /[a-z0-9@$]/.test(word[i - 1] ?? '') && /[a-z0-9@$]/.test(word[i + 1] ?? '')
      return between ? inside[sign]! : sign
    })
  })
}

/** The text as it is, and as it may be read. */
function readings(folded: Folded): Folded[] {
  const once = rewritten(folded, repeats, fewer)
  // f u c k
  const spelled = rewritten(once, /(?<![a-z])[a-z](?:[^a-z]{1,3}[a-z](?![a-z])){2,}/g, (run) =>
    run.replace(/[^a-z]/g, ''),
  )
  const others = drawnAlike.flatMap(([one, other]) => {
    // Digits and signs are letters already.
    if (!/^[a-z]+$/.test(one)) return []
    if (one.length > 1) return [rewritten(rewritten(folded, one, other), repeats, fewer)]
    return [rewritten(spelled, one, other), rewritten(spelled, other, one)]
  })
  const seen = new Set<string>()
  return [once, spelled, ...others].filter(({ text }) => !seen.has(text) && seen.add(text))
}

/** Words without the signs inside them: fu.ck, fu-ck. */
function withoutSigns(folded: Folded): Folded {
  return rewritten(folded, /(?<=[a-z])[.\-_*'~,:;"+=^]{1,2}(?=[a-z])/g, '')
}

/** Replaces parts of a folded text by shorter ones, or as long; each character keeps where it came from. */
function rewritten(
  folded: Folded,
  what: RegExp | string,
  by: string | ((part: string) => string),
): Folded {
  const { text, at, ends } = folded
  if (typeof what === 'string' && what.length === 1 && typeof by === 'string') {
    return { text: text.replaceAll(what, by), at, ends }
  }
  if (text.search(what) < 0) return folded
  let changed = ''
  const [newAt, newEnds]: [number[], number[]] = [[], []]
  const keep = (from: number, to: number) => {
    changed += text.slice(from, to)
    newAt.push(...at.slice(from, to))
    newEnds.push(...ends.slice(from, to))
  }
  let from = 0
  const pattern = typeof what === 'string' ? new RegExp(what, 'g') : what
  for (const { 0: part, index } of text.matchAll(pattern)) {
    keep(from, index)
    from = index + part.length
    const shorter = typeof by === 'string' ? by : by(part)
    changed += shorter
    for (let i = 0; i < shorter.length; i++) {
      newAt.push(at[index + (i === 0 ? 0 : part.length - shorter.length + i)]!)
      newEnds.push(ends[index + part.length - shorter.length + i]!)
    }
  }
  keep(from, text.length)
  return { text: changed, at: newAt, ends: newEnds }
}

function beginsWord(text: string, start: number): boolean {
  return !/[\p{L}\p{N}]$/u.test(text.slice(0, start))
}

function endsWord(text: string, end: number): boolean {
  return !/^[\p{L}\p{N}]/u.test(text.slice(end))
}

function merge(found: Found[]): Found[] {
  const merged: Found[] = []
  for (const one of found.toSorted((a, b) => a.start - b.start)) {
    const last = merged.at(-1)
    if (last !== undefined && one.start < last.end) last.end = Math.max(last.end, one.end)
    else merged.push({ ...one })
  }
  return merged
}

// Checks what players write to others, grapheme by grapheme: a line of chat, and texts of several lines. A reader sees a grapheme as one character.
//
// Refused: characters that show nothing, piles of marks that cover the lines above, and characters that
// change the direction of the text behind them. Taken: Hebrew and Arabic with their direction marks, joiners
// (Persian, Hindi and many emoji need them), flags that are spelled in tag characters.
// The end of a grapheme depends on the engine's Unicode version. So this check runs when a message comes in,
// and never in the simulation.

/** UTS 39, 5.4: more than four marks in a row, which no language in use writes on one letter. */
const MARKS_PILED = /[\p{Mn}\p{Me}]{5}/u

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** The length of a text in code points, as other languages count them; JavaScript counts many an emoji twice. */
export function charactersOf(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

/**
 * Whether a text of several lines may be sent: each line, parted from the next by a line feed, is blank or may be
 * said, and one of them shows something.
 */
export function isLinesText(text: string, linesMax: number): boolean {
  const lines = text.split('\n', linesMax + 1)
  if (lines.length > linesMax) return false
  const written = lines.filter((line) => !/^\p{Zs}*$/u.test(line))
  return written.length > 0 && written.every(isChatText)
}

/** Whether the line, without blanks at its ends, may be said. */
export function isChatText(text: string): boolean {
  if (/^[ -~]+$/.test(text)) return true
  // A mark at the beginning would sit on the text before the line.
  if (/^\p{M}/u.test(text)) return false
  let shows = false
  for (const { segment } of graphemes.segment(text)) {
    if (isFlag(segment)) shows = true
    else if (isBlank(segment)) continue
    else if (FORBIDDEN.test(segment) || tooManyMarks(segment) || showsNothing(segment)) return false
    else shows = true
  }
  return shows
}

/** Blanks, and the marks LRM, RLM and ALM, which give a direction only to the characters beside them. */
function isBlank(grapheme: string): boolean {
  return /^(?:\p{Zs}|\p{Join_Control}|[\u200e\u200f\u061c])+$/u.test(grapheme)
}

/** Control and format characters but the joiners; line and paragraph separators; half pairs. */
const FORBIDDEN = /(?!\p{Join_Control})[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

/** A black flag, the letters of its region as tags, and the tag that ends them (UTS 51, ED-14a). */
function isFlag(grapheme: string): boolean {
  return /^\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{3,6}\u{e007f}$/u.test(grapheme)
}

function tooManyMarks(grapheme: string): boolean {
  return MARKS_PILED.test(grapheme.normalize('NFD'))
}

/** Nothing but fillers, selectors and the like: the blank of Braille too. */
function showsNothing(grapheme: string): boolean {
  return /^[\p{Default_Ignorable_Code_Point}\p{Zs}\u2800]+$/u.test(grapheme)
}

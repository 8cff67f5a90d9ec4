// When two names look the same (docs/decisions/0028-names.md). A player who reads a name in the world, in
// chat or in a list must know whose name it is. So a name is unique by its looks, not by its letters.

/**
 * Returns the looks of a name. It removes all differences that a reader does not see at a glance: case, marks
 * over and under letters, blanks and signs, and the difference between letters that most fonts draw alike
 * (I, l, 1; O, 0; rn, m; vv, w). Two names look the same if and only if their looks are equal. It knows only
 * Latin letters and digits: for it the Cyrillic a is not the Latin a.
 */
export function looksOf(name: string): string {
  let looks = name
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}|]/gu, '')
  for (const [one, other] of drawnAlike) looks = looks.replaceAll(one, other)
  return looks
}

/** Small letters and digits that most fonts draw alike; the second stands for both. */
export const drawnAlike = [
  ['l', 'i'],
  ['1', 'i'],
  ['|', 'i'],
  ['0', 'o'],
  ['rn', 'm'],
  ['vv', 'w'],
] as const

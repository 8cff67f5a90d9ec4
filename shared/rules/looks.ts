// When two names look the same (docs/decisions/0028-names.md). Whoever reads a name in the world, in chat or
// in a list must be able to tell whose it is, so a name is unique by its looks and not by its letters.

/**
 * What is left of a name when everything is taken away that does not tell names apart at a glance: case,
 * marks over and under letters, blanks and signs, and which of two letters it is that most fonts draw alike:
 * I, l, 1; O, 0; rn, m; vv, w. Two names look the same if and only if this is the same. Of Latin letters and
 * digits alone: it does not know that Cyrillic has an a as well.
 */
export function looksOf(name: string): string {
  return name
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}|]/gu, '')
    .replace(/[l1|]/g, 'i')
    .replaceAll('0', 'o')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w')
}

import { expect, test } from 'vitest'
import { charactersOf, isChatText, isLinesText } from '#shared/protocol/chat-text.ts'

test.each([
  'hello',
  'שלום, מה שלומך?',
  'בְּרֵאשִׁית בָּרָא',
  'abc\u200f!',
  'می\u200cخواهم',
  'हिन्दी क्ष',
  'Tiếng Việt',
  'ภาษาไทย น้ำ',
  'བོད་སྐད',
  '👩‍👩‍👧‍👦 👍🏽 ❤️ 🇩🇪',
  '\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}',
  'a\u0301\u0302',
])('takes %j', (text) => {
  expect(isChatText(text)).toBe(true)
})

test.each([
  ['nothing to see', '\u200b'],
  ['a filler', '\u3164'],
  ['fillers within a word', 'a\u3164b'],
  ['the blank of Braille', '\u2800'],
  ['joiners alone', '\u200d\u200c'],
  ['direction marks alone', '\u200f\u200e'],
  ['a selector alone', '\ufe0f'],
  ['stacked marks', `a${'\u0301'.repeat(5)}`],
  ['stacked marks on a composed letter', '\u1ec7\u0301\u0302\u0303'],
  ['an enclosing pile', `a${'\u20dd'.repeat(5)}`],
  ['a mark that has no letter', '\u0301a'],
  ['another direction', 'a\u202eb'],
  ['an isolate', 'a\u2067b'],
  ['two lines', 'a\nb'],
  ['a line separator', 'a\u2028b'],
  ['tags without a flag', 'a\u{e0067}\u{e007f}'],
  ['a flag whose tags do not end', '\u{1f3f4}\u{e0067}\u{e0062}'],
  ['half of a pair', 'a\ud800'],
])('refuses %s', (_, text) => {
  expect(isChatText(text)).toBe(false)
})

// What holds for a line holds for each line of a text.
test.each([
  'hello',
  'Dear Mira,\n\nI am well.\n  Yours\n',
  '\n\nhello',
  'שלום\nمی\u200cخواهم',
  '👩‍👩‍👧‍👦\n👍🏽 ❤️ 🇩🇪',
  '<script>alert(1)</script>\n{{x}} %s \\u202e &#x202e;',
  'pаypаl (Cyrillic а)',
  '\u3000\u00a0\nhello',
])('takes the text %j', (text) => {
  expect(isLinesText(text, 10)).toBe(true)
})

test.each([
  ['nothing', ''],
  ['blanks alone', ' \u00a0\n\u3000\n'],
  ['a line that shows nothing', 'hello\n\u200b\nhello'],
  ['a filler alone', '\u3164'],
  ['another direction, on the second line', 'hello\na\u202eb'],
  ['stacked marks, on the last line', `hello\na${'\u0301'.repeat(5)}`],
  ['a mark at the beginning of a line', 'hello\n\u0301a'],
  ['a null', 'a\0b'],
  ['a null at the end of a line', 'a\0\nb'],
  ['a tab', 'a\tb'],
  ['a carriage return', 'a\r\nb'],
  ['a line separator', 'a\u2028b'],
  ['a next line', 'a\u0085b'],
  ['half of a pair', 'a\nb\ud800'],
  ['an escape of terminals', 'a\u001b[31mb'],
  ['more lines than it may have', 'a\n'.repeat(10)],
])('refuses a text with %s', (_, text) => {
  expect(isLinesText(text, 10)).toBe(false)
})

test('takes as many lines as it may have, and no more', () => {
  expect(isLinesText('a', 1)).toBe(true)
  expect(isLinesText('a\nb', 1)).toBe(false)
  expect(isLinesText('a\nb\nc', 3)).toBe(true)
  expect(isLinesText('a\nb\nc\n', 3)).toBe(false)
})

test('counts code points', () => {
  expect(charactersOf('a😀\n')).toBe(3)
  expect(charactersOf('👩‍👩‍👧‍👦')).toBe(7)
})

// A pattern that goes back and forth would take hours.
test('takes a time that grows with the text alone, whatever it is of', () => {
  for (const part of ['a', ' ', '\n', ' \n', '\u00a0', 'ש', '😀', 'a\u0301', '\u0301', '\u200b']) {
    isLinesText(part.repeat(1_000_000 / part.length), 60)
  }
})

import { expect, test } from 'vitest'
import { isChatText } from '#shared/protocol/chat-text.ts'

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

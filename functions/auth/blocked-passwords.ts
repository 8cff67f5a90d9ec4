// Passwords that attackers guess first. With 15 characters at least, the usual lists hold common words side
// by side, one unit repeated, and walks over the keyboard. Rules also find such passwords that no list
// holds. There are no rules of composition: they make passwords worse, not better.

/** Why a password is refused; the text is shown to the player. */
type Refusal =
  | 'It is one of the passwords that are guessed first.'
  | 'It is mostly your login name.'
  | 'It repeats a short piece.'
  | 'It is a run of neighbouring keys, letters or digits.'

/** A password with fewer characters besides its known words is as easy to guess as those words. */
const ownLettersMin = 6

/** Returns the refusal, or undefined for a good password. `loginName` is as the player typed it. */
export function refusePassword(password: string, loginName: string): Refusal | undefined {
  const text = plain(password)
  const letters = text.replace(SIGNS, '')
  if (PHRASES.has(letters) || PHRASES.has(unleet(letters))) return guessed
  if (repeats(text) || repeats(letters)) return 'It repeats a short piece.'
  if (runs(letters)) return 'It is a run of neighbouring keys, letters or digits.'
  for (const name of namesIn(loginName)) {
    if (charactersIn(letters.split(name).join('')) < ownLettersMin)
      return 'It is mostly your login name.'
  }
  if (withoutWords(letters) < ownLettersMin || withoutWords(unleet(letters)) < ownLettersMin) {
    return guessed
  }
  return undefined
}

/** Blanks and ASCII signs, which stand between words and make none better. Emoji are not among them. */
const SIGNS = /[\s!-/:-@[-`{-~]/g

const guessed = 'It is one of the passwords that are guessed first.'

function plain(text: string): string {
  return text.normalize('NFKC').toLowerCase()
}

/** `p4ssw0rd` as it is meant. */
function unleet(text: string): string {
  return text.replace(/[0134578]/g, (digit) => LEET[digit] ?? digit)
}

const LEET: Record<string, string> = { 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't', 8: 'b' }

/** The parts of a log-in name to look for: all of it, the part before the @, and each word. */
function namesIn(loginName: string): string[] {
  const lower = plain(loginName)
  const local = lower.split('@', 1)[0]!
  const parts = [lower, local, ...lower.split(/[^a-z0-9]+/)]
  return [...new Set(parts.map((part) => part.replace(/[^a-z0-9]/g, '')))].filter(
    (part) => part.length >= 4,
  )
}

/** Whether the text is one piece of at most eight characters, again and again, or has four kinds. */
function repeats(text: string): boolean {
  if (new Set(text).size <= 4) return true
  for (let length = 1; length <= Math.min(text.length / 2, 8); length++) {
    let same = true
    for (let i = length; i < text.length && same; i++) same = text[i] === text[i - length]
    if (same) return true
  }
  return false
}

/** Whether three in four steps go to the neighbour, up or down, in a row of keys or the alphabet. */
function runs(text: string): boolean {
  let steps = 0
  for (let i = 1; i < text.length; i++) {
    const pair = text[i - 1]! + text[i]!
    const back = text[i]! + text[i - 1]!
    if (ROWS.some((row) => row.includes(pair) || row.includes(back))) steps++
  }
  return steps * 4 >= (text.length - 1) * 3
}

const ROWS = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'qwertzuiop',
  'yxcvbnm',
  'azertyuiop',
  'qsdfghjklm',
  'wxcvbn',
  // Columns of the keyboard, as in 1qaz2wsx.
  '1qaz',
  '2wsx',
  '3edc',
  '4rfv',
  '5tgb',
  '6yhn',
  '7ujm',
  '8ik',
  '9ol',
  '1q2w3e4r5t6y7u8i9o0p',
  'q1w2e3r4t5y6u7i8o9p0',
]

/** How many characters are left when common words, years and trailing digits are taken away. */
function withoutWords(letters: string): number {
  let rest = letters
  for (const word of WORDS) rest = rest.split(word).join(' ')
  rest = rest.replace(/(19|20)\d\d/g, ' ').replace(/\d{1,4}(?=\s|$)|(?<=\s|^)\d{1,4}/g, ' ')
  return charactersIn(rest.replace(/\s/g, ''))
}

/** Code points, as the schema counts them: an emoji is one, not a pair. */
function charactersIn(text: string): number {
  return Array.from(text).length
}

/** Longest first, so that `password` goes before `pass`. Words of passwords, not of language. */
const WORDS = list(`
  administrator motdepasse contrasena passphrase superuser letmein password passwort passwords
  waystone trustnoone trustno iloveyou football baseball basketball princess sunshine superman
  starwars computer internet welcome changeme default qwertyuiop asdfghjkl zxcvbnm qwertzuiop
  azerty qwertz qwerty asdfgh zxcvbn dragon monkey master shadow secret batman login admin guest
  hello root user test abc123 123qwe 1q2w3e qazwsx pass abcd game player gaming love
`).sort((a, b) => b.length - a.length)

/** Whole passwords of 15 characters and more from public leaks, without blanks and signs. */
const PHRASES = new Set(
  list(`
  correcthorsebatterystaple thequickbrownfox thequickbrownfoxjumps maytheforcebewithyou
  tobeornottobe tobeornottobethatisthequestion iloveyousomuch iloveyouforever jesusismysavior
  jesuslovesme ilovejesuschrist jesuschristsuperstar godisgoodallthetime youshallnotpass
  openthepodbaydoors winteriscoming onceuponatime allyourbasearebelongtous mypasswordissecure
  thisismypassword thisisapassword thisisaverylongpassword averylongpassword averysecurepassword
  supersecretpassword mysecretpassword thisisasecret dontforgetthis donotforgetthis
  iforgotmypassword idontknowmypassword enteryourpassword passwordpassword letmeinletmein
  iamthebestplayer helloworldhelloworld liverpoolfootballclub manchesterunited manchesterunited1
  liverpoolfc1892 ilovemanchesterunited realmadridcf unbelievable123 californication
  southsideforever harrypotterandthe supercalifragilisticexpialidocious
  pneumonoultramicroscopicsilicovolcanoconiosis antidisestablishmentarianism qweasdzxcqweasdzxc
  qazwsxedcrfvtgb qazwsxedcrfvtgbyhnujm zaq12wsxcde34rfv 1qaz2wsx3edc4rfv 1qazxsw23edcvfr4
  1q2w3e4r5t6y7u8i q1w2e3r4t5y6u7i8 qwertyuiopasdfghjklzxcvbnm zxcvbnmasdfghjklqwertyuiop
  123456789abcdef 0123456789abcdef abcdefghijklmno abcdefghijklmnopqrstuvwxyz 123456789qwerty
  qwerty123456789 abcdef123456789 123456789abcdefg a1b2c3d4e5f6g7h8 1a2b3c4d5e6f7g8h
  123456789123456 987654321987654 314159265358979 31415926535897932 271828182845904
`),
)

function list(text: string): string[] {
  return text.trim().split(/\s+/)
}

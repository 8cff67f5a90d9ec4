import { expect, test } from 'vitest'
import { createWordFilter, mask } from '#shared/moderation/words.ts'

const english = createWordFilter([])
const masked = (text: string, filter = english) => mask(text, filter.find(text))

/** Texts with a word that is not allowed, as players write them. */
const bad = `
fuck|Fuck you|you fucking noob|FUCK|fuuuuuck|f u c k|f.u.c.k|f-u-c-k you|f_u_c_k|fu.ck|fu-ck off|ffuck|fuсk|ｆｕｃｋ|𝓯𝓾𝓬𝓴|𝔽𝕌ℂ𝕂
fúck|fu\u0308ck|f\u200duck|fu\u200dck|fuk you|fck|motherfucker|mother fucker|sh1t|5h1t|$hit|sh!t|shlt|shIt|ѕһіt
shit!|(shit)|what a shit|bullshit|shiiiit|ѕhіt|s h i t|bitch|b1tch|BITCH|bіtch|βitch|bi.tch|biatch or bitch|asshole|a55hole
@sshole|assho1e|asshoIe|dumbass|nigger|n1gger|nigga|niggers|nlgger|NIGGER|n-i-g-g-e-r|n.igger|ηigger|faggot|f4ggot|fag|cunt|c-u-n-t
ｃunt|сunt|kys|kill yourself|go kill yourself now|hitler|Heil Hitler|H1tler|wh0re|whore|slut|sIut|s1ut|wank|vvank|vvanker|pussy
pu$$y|porn|p0rn|рorn|dick|d1ck|dlck|d i c k|rape|raped you|retard|r3tard|tits|tits!|tit5|cum|curn|blowjob|bl0wj0b|penis|pen1s|spic
`
  .trim()
  .split(/[\n|]/)

/** Harmless words that hold one of those, numbers, and other languages. */
const harmless = `
Scunthorpe|assassin|Assassin's Creed|classic|Essex|Sussex|Middlesex|Penistone|Clitheroe|Lightwater|Cockermouth|Hitchcock|Dickens|Dickinson
Arsenal|assess|assignment|assorted|bass|pass|grass|cockpit|cocktail|peacock|hancock|document|cucumber|cumin|circumstance|accumulate
analysis|analyst|canal|annals|banal|Uranus|Janus|shiitake|mishit|pass hit|class hit|pass-hit|class.hit|bass.hit|the pen is mightier
title|titles|titan|constitution|therapist|grape|grapes|scrape|drape|rapier|rapeseed|raspberry|wrapper|retardant|sextant|sextet
booby trap|a chink in the armour|Fukushima|Fukuoka|kung fu|kung-fu|trafficking|fickle|flick the switch|affiliate|lanai|snigger|niggardly
Montenegro|Niger|Nigeria|Nigel|Matsushita|swatch|wristwatch|swank|Titanic|Benedick|medick|Moby|hello|well played|gg wp
455 gold|4550|455k gold|717|7175 xp|at 7:15|8008|80085|1337|x455|level 45|5417|3.14159|+5 sword|(5+5)|10/10|50%|a/s/l|I|ill|lil|kill him
I will sell it|fill the mill|still illicit|Illinois|all is well|skill|will|billiards|like|look alike|inklike|corn|burn|turn|barn|horn|modern
привет, как дела|сок и хлеб|Κακό|καλημέρα|größe|Straße nach Füssen|naïve café|¡hola! ¿qué tal?|el título|mañana|こんにちは|你好|안녕하세요|مرحبا|שלום
x x|a b c d|o o o|t i t l e|h e l l o|go s to|is it|the s word|as salt|mass action|my assets|assume|brass|Massachusetts
shift|shirt|sheet|beach|batch|duck|luck|sock|clock|rocker|dock|deck|bunt|count|country|hunt|punt|funk|folk|fork|kick|pick|sick|tick
`
  .trim()
  .split(/[\n|]/)
test('words are found however they are written, and harmless ones are not', () => {
  const missed = bad.filter((text) => english.find(text).length === 0)
  const accidents = harmless.filter((text) => english.find(text).length > 0)
  expect({ missed, accidents }).toEqual({ missed: [], accidents: [] })
})

test('what is found is masked, character by character, and nothing else is', () => {
  expect(masked('What the fuck, Ｆｕｃｋ and f u c k!')).toBe('What the ****, **** and * * * *!')
  expect(masked('so fu\u0308ck\u200d off 🙂')).toBe('so **** off 🙂')
  expect(masked('a\nsh1t\n\nb')).toBe('a\n****\n\nb')
})

test('a name is also refused where signs or blanks part the word, not where a harmless one begins with it', () => {
  const refused = ['Fu Ck', "Fu'Ck", 'Sh-it', 'Fuckington', 'Shlt Lord', 'Di Ck', 'Hitler']
  const taken = [
    'Mira Vale',
    'Pen Island',
    'Dickinson',
    'Assassin',
    'Cassius',
    'Titania',
    'Essex',
    'Nigel',
    'Mary Ann',
  ]
  expect(refused.filter((name) => !english.inName(name))).toEqual([])
  expect(taken.filter((name) => english.inName(name))).toEqual([])
})

test('a game has words of its own: in place of the English ones, or beside them', () => {
  const own = {
    id: 'own',
    words: ['goldshop*', '*bot', 'Bösewicht', 'покер', 'buy now'],
    allowed: ['robot'],
  }
  const instead = createWordFilter([{ ...own, english: false }])
  expect(masked('G0ldsh0ps, farmbot, b0t, BOSEWICHT, ПОКЕР, buy  now', instead)).toBe(
    '********s, farm***, ***, *********, *****, ***  ***',
  )
  for (const text of ['robot', 'goldshoe', 'botany', 'fuck'])
    expect(masked(text, instead)).toBe(text)
  const beside = createWordFilter([{ ...own, english: true }])
  expect(masked('fuck the goldshop', beside)).toBe('**** the ********')
})

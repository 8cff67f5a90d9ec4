// What the core adds to the English words of obscenity: words that it lacks, and harmless ones that its patterns find.

/** In the form of a game's own words (content kind `words`). */
export const englishWords: readonly string[] = `
  beaner beaners bukkake* clit clits clitor* creampie* cumshot* cunnilingus dumbass* gook gooks hitler* jackoff* kys mofo mofos paki pakis
  raghead* shemale* spic spics towelhead* wetback*
`
  .trim()
  .split(/\s+/)
  .concat('kill yourself', 'kill urself', 'kill your self')

/** Wherever they stand, also inside of longer words. Found over 275,000 English words and lists of places and people. */
export const allowedEnglish: readonly string[] = `
  analcim analcit analect analemma analept analges analget analgia analit analphabet annal artisanal cryptanal
  disanalog epanalep fanal hosanna membranal metanaly misanaly olecranal overanaly reanaly tanalis tanaliz tartanalia
  tetanal tympanal uranaly
  antoninianus pandanus pannus parabolanus totanus
  assega assez asson assort assot asswag assyri assyth
  boobialla boobird booboisie booboo boobook booby haboob boongar
  chinkapin chinkara chinkerinchee pachinko
  cockpit cockscomb cocksfoot cockshy cockspur cocksure cockswain
  cuckold cumac cumar cumec cumin cummer cummingtonite cummin cumquat cumshaw
  caddick dickcissel dickerson dickey dickinson dickman dickson dickybird medick riddick roddick
  klondyke vandyke
  evagina invagina filat feckless fagaceous fagin fagott fukuda fukui fukuoka fukushima gasmen
  lanai mishit nebbich niggard penistone pissarro pissoir pollyanna porgies
  pussycat pussyfoot pussytoe rapeseed rappe retardant
  shiitake shittah shittim titles tittle wankel
`
  .trim()
  .split(/\s+/)
  .concat('chink in', 'chinks in', 'pussy willow', 'spic and span', 'tit for tat')

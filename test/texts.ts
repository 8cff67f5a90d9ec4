// Texts that break what does not expect them. `line`: whether a line of chat takes them, as they are.
export type Text = { what: string; text: string; line: boolean }

export const texts: readonly Text[] = [
  { what: 'markup', text: '<img src=x onerror=alert(1)><b>&amp;</b>', line: true },
  { what: 'a script', text: "<script>document.title='broken'</script>", line: true },
  { what: 'an attribute that ends', text: `" onfocus="alert(1)" autofocus='`, line: true },
  { what: 'a template', text: '${process.env.HOME} {{7*7}} %s %n', line: true },
  { what: 'a query', text: "'; DROP TABLE letters; --", line: true },
  { what: 'a key of an expression', text: '#name = :value AND pk', line: true },
  { what: 'a prototype', text: '__proto__', line: true },
  { what: 'Hebrew with direction marks', text: 'שלום \u200fעולם', line: true },
  { what: 'Arabic', text: 'مرحبا بالعالم', line: true },
  { what: 'Hindi with joiners', text: 'क्\u200dष नमस्ते', line: true },
  { what: 'Vietnamese, decomposed', text: 'Tie\u0302\u0301ng Vie\u0323\u0302t', line: true },
  { what: 'a family of joined emoji', text: '👨\u200d👩\u200d👧\u200d👦', line: true },
  { what: 'a flag in tags', text: '🏴󠁧󠁢󠁥󠁮󠁧󠁿', line: true },
  { what: 'four bytes each', text: '𝔘𝔫𝔦𝔠𝔬𝔡𝔢 🜂', line: true },
  { what: 'look-alikes', text: 'Аdmіn раураl', line: true },
  { what: 'a turn of direction', text: 'abc\u202edcba', line: false },
  { what: 'an isolate that does not end', text: 'abc\u2066def', line: false },
  { what: 'a pile of marks', text: `Z${'\u0300\u0301\u0302\u0303'.repeat(5)}`, line: false },
  { what: 'a mark before all', text: '\u0301a', line: false },
  { what: 'nothing that shows', text: '\u2800\u3164', line: false },
  { what: 'zero width', text: 'a\u200bb', line: false },
  { what: 'a null', text: 'a\0b', line: false },
  { what: 'a bell and an escape', text: '\u0007\u001b[2J', line: false },
  { what: 'two lines', text: 'a\r\nb', line: false },
  { what: 'a line separator', text: 'a\u2028b', line: false },
  { what: 'a byte order mark', text: 'a\ufeffb', line: false },
]

/** Not Unicode, in JSON and in UTF-8. */
export const malformed: readonly string[] = ['"\\ud800"', '"a\\udfff"']

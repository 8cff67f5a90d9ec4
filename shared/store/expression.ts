// The part that all DynamoDB expressions share: tokens, document paths, #names and :values.
//
// An expression is parsed once and kept by its text (texts are constants of our code, so the bounded
// caches hit). Names and values are looked up when it is evaluated, so a parsed one holds no data.
import { isReservedWord } from './reserved-words.ts'
import type { Bindings, Item, Value } from './store.ts'
import { invalid, isMap } from './value.ts'

/** DynamoDB's bound of one expression, in bytes. */
const expressionMaxBytes = 4096
/** Parsed expressions kept, per grammar. Ours are some hundreds. */
const cacheMax = 2000

/** Elements are attribute names, or `#names` still to be looked up. */
export type Path = readonly string[]

/** What is parsed, with the names and values that it speaks of. */
export type Parsed<T> = { ast: T; names: ReadonlySet<string>; values: ReadonlySet<string> }

export type Scope = { names: Record<string, string>; values: Record<string, Value> }

export type Token = { kind: 'name' | 'value' | 'word' | 'mark' | 'end'; text: string }

const tokenPattern =
  /\s*(?:(#[A-Za-z0-9_]+)|(:[A-Za-z0-9_]+)|([A-Za-z][A-Za-z0-9_]*)|(<>|<=|>=|[=<>(),.+\-[\]])|($))/y

/** Walks over the tokens of one expression and collects the names and values it meets. */
export class Reader {
  readonly names = new Set<string>()
  readonly values = new Set<string>()
  readonly #text: string
  readonly #tokens: Token[] = []
  #at = 0

  constructor(text: string) {
    this.#text = text
    if (text.length > expressionMaxBytes) throw invalid('an expression is longer than 4096 bytes')
    if (text.trim() === '') throw invalid('an expression is empty')
    tokenPattern.lastIndex = 0
    for (;;) {
      const match = tokenPattern.exec(text)
      if (match === null)
        throw invalid(`an expression has a character that is not allowed: ${text}`)
      const [, name, value, word, mark] = match
      if (name !== undefined) this.#tokens.push({ kind: 'name', text: name })
      else if (value !== undefined) this.#tokens.push({ kind: 'value', text: value })
      else if (word !== undefined) this.#tokens.push({ kind: 'word', text: word })
      else if (mark !== undefined) this.#tokens.push({ kind: 'mark', text: mark })
      else break
    }
  }

  peek(ahead = 0): Token {
    return this.#tokens[this.#at + ahead] ?? { kind: 'end', text: 'end' }
  }

  next(): Token {
    const token = this.peek()
    this.#at++
    return token
  }

  isMark(text: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'mark' && token.text === text
  }

  /** Keywords are written in either case. */
  isWord(word: string): boolean {
    const token = this.peek()
    return token.kind === 'word' && token.text.toUpperCase() === word
  }

  expectMark(text: string): void {
    if (!this.isMark(text)) throw this.fault(`expected ${text}`)
    this.#at++
  }

  expectWord(word: string): void {
    if (!this.isWord(word)) throw this.fault(`expected ${word}`)
    this.#at++
  }

  expectEnd(): void {
    if (this.peek().kind !== 'end') throw this.fault('expected the end')
  }

  fault(reason: string): Error {
    return invalid(`${reason} before "${this.peek().text}" in: ${this.#text}`)
  }

  value(): string {
    const token = this.next()
    if (token.kind !== 'value') throw this.fault('expected a :value')
    this.values.add(token.text)
    return token.text
  }

  path(): Path {
    const path = [this.#element()]
    for (;;) {
      if (this.isMark('[')) throw this.fault('list indexes are not used here')
      if (!this.isMark('.')) return path
      this.next()
      path.push(this.#element())
    }
  }

  #element(): string {
    const token = this.peek()
    if (token.kind === 'name') this.names.add(token.text)
    else if (token.kind !== 'word') throw this.fault('expected an attribute')
    else if (isReservedWord(token.text)) throw this.fault('a reserved word needs a #name')
    this.#at++
    return token.text
  }
}

/** A parser that remembers what it parsed, the newest `cacheMax` texts. */
export function cached<T>(parse: (reader: Reader) => T): (text: string) => Parsed<T> {
  const known = new Map<string, Parsed<T>>()
  return (text) => {
    let parsed = known.get(text)
    if (parsed === undefined) {
      const reader = new Reader(text)
      const ast = parse(reader)
      reader.expectEnd()
      parsed = { ast, names: reader.names, values: reader.values }
      if (known.size >= cacheMax) known.delete(known.keys().next().value!)
      known.set(text, parsed)
    }
    return parsed
  }
}

/**
 * Checks that a request's #names and :values are exactly those that its expressions use, as DynamoDB
 * demands, and gives them for evaluation. Throws StoreError `invalid`.
 */
export function scopeOf(bindings: Bindings, expressions: Parsed<unknown>[]): Scope {
  const names = bindings.names ?? {}
  const values = bindings.values ?? {}
  if (expressions.length === 0 && (bindings.names !== undefined || bindings.values !== undefined)) {
    throw invalid('#names or :values are given without an expression')
  }
  checkUse('name', names, expressions, (parsed) => parsed.names)
  checkUse('value', values, expressions, (parsed) => parsed.values)
  for (const name of Object.values(names)) {
    if (typeof name !== 'string' || name === '') throw invalid('a #name stands for nothing')
  }
  return { names, values }
}

function checkUse(
  what: string,
  given: Record<string, unknown>,
  expressions: Parsed<unknown>[],
  usedIn: (parsed: Parsed<unknown>) => ReadonlySet<string>,
): void {
  for (const parsed of expressions) {
    for (const used of usedIn(parsed)) {
      if (!Object.hasOwn(given, used)) throw invalid(`the ${what} ${used} is not given`)
    }
  }
  for (const key of Object.keys(given)) {
    if (!expressions.some((parsed) => usedIn(parsed).has(key))) {
      throw invalid(`the ${what} ${key} is given but not used`)
    }
  }
}

/** The attribute names that a path stands for. */
export function resolvePath(path: Path, scope: Scope): string[] {
  return path.map((element) => (element.startsWith('#') ? scope.names[element]! : element))
}

export function readPath(item: Item | undefined, names: string[]): Value | undefined {
  let at: Value | undefined = item
  for (const name of names) {
    if (!isMap(at) || !Object.hasOwn(at, name)) return undefined
    at = at[name]
  }
  return at
}

export function samePath(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i])
}

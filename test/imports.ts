// Reads every import of a tree and compares it with a table of what may import what.
import { builtinModules } from 'node:module'
import path from 'node:path'
import { parseSync, Visitor } from 'oxc-parser'

/** A part of the tree. A file belongs to the first part whose pattern fits its path. */
export type Part = {
  name: string
  /**
   * A group in the pattern divides the part into modules, which do not see each other; what fits
   * the same group in another part belongs to the same module.
   */
  files: RegExp
  /** Names of parts that it may import. A module, or a part without any, may import from itself. */
  may: string[] | 'all'
  /** Packages it may import; by default all. */
  packages?: string[]
  /** Its imports may name their module by a value: it loads what others have written. */
  computes?: boolean
  /** It runs in a browser, or must do no I/O: no `node:` modules. */
  pure?: boolean
}

export type Import = { line: number; specifier: string | undefined }

/** All imports of a file: static, re-export, type-only, `import()`, `import('…').Type`, `require()`. */
export function readImports(file: string, source: string): Import[] {
  const { program, errors } = parseSync(file, source)
  if (errors.length > 0) throw new Error(`${file} cannot be parsed: ${errors[0]!.message}`)
  const imports: Import[] = []
  const add = (node: { start: number }, from: { type: string; value?: unknown } | null) => {
    if (from === null) return
    imports.push({
      line: source.slice(0, node.start).split('\n').length,
      specifier: typeof from.value === 'string' ? from.value : undefined,
    })
  }
  new Visitor({
    ImportDeclaration: (node) => add(node, node.source),
    ExportNamedDeclaration: (node) => add(node, node.source),
    ExportAllDeclaration: (node) => add(node, node.source),
    ImportExpression: (node) => add(node, node.source),
    TSImportType: (node) => add(node, node.source),
    CallExpression: (node) => {
      if (node.callee.type === 'Identifier' && node.callee.name === 'require') {
        add(node, node.arguments[0] ?? node)
      }
    },
  }).visit(program)
  return imports
}

/** One sentence for each import that the table does not allow; `files` maps paths to sources. */
export function findViolations(files: ReadonlyMap<string, string>, parts: Part[]): string[] {
  const violations: string[] = []
  const edges = new Map<string, string[]>()
  for (const [file, source] of files) {
    const targets: string[] = []
    edges.set(file, targets)
    const owner = partOf(file, parts)
    if (owner === undefined) {
      violations.push(`${file}: belongs to no part of the table`)
      continue
    }
    for (const { line, specifier } of readImports(file, source)) {
      if (specifier === undefined && owner.part.computes) continue
      const refused =
        specifier === undefined
          ? 'an import must name its module as a plain text'
          : judge({ file, owner, specifier, files, parts, targets })
      if (refused !== undefined) violations.push(`${file}:${line}: ${refused}`)
    }
  }
  return [...violations, ...findCycles(edges)]
}

type Owner = { part: Part; module: string }

function partOf(file: string, parts: Part[]): Owner | undefined {
  for (const part of parts) {
    const match = part.files.exec(file)
    if (match) return { part, module: match[1] ? `module ${match[1]}` : part.name }
  }
  return undefined
}

type Judged = {
  file: string
  owner: Owner
  specifier: string
  files: ReadonlyMap<string, string>
  parts: Part[]
  /** Takes the path of the file, when it is one of ours. */
  targets: string[]
}

function judge({ file, owner, specifier, files, parts, targets }: Judged): string | undefined {
  const { part } = owner
  if (specifier.startsWith('node:')) {
    return part.pure ? `${part.name} may not import ${specifier}: it does no I/O` : undefined
  }
  if (builtinModules.includes(specifier)) return `write node:${specifier}`
  if (!/^[#./]/.test(specifier) && !specifier.startsWith('waystone/')) {
    const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
    return part.packages && !part.packages.includes(name)
      ? `${part.name} may not import the package ${name}`
      : undefined
  }
  const target = resolve(file, specifier)
  const top = (of: string) => of.split('/', 1)[0]
  if (!target.endsWith('.ts')) return `${specifier} must end in .ts`
  // The sample game has no alias: `#game` is whichever game runs.
  if (specifier.startsWith('.') && ![top(file), 'game'].includes(top(target))) {
    return `${specifier} leaves the top folder: write #${target}`
  }
  if (/^#[a-z]+\/.*\.ts$/.test(specifier) && top(target) === top(file)) {
    return `${specifier} stays in the top folder: write a relative path`
  }
  if (!files.has(target)) return `${specifier} does not exist`
  targets.push(target)
  const other = partOf(target, parts)
  // A target outside the table is reported as a file of its own.
  if (other === undefined || part.may === 'all' || other.module === owner.module) return undefined
  return part.may.includes(other.part.name)
    ? undefined
    : `${part.name} may not import ${other.part.name} (${target})`
}

/** Path of one of our files, from the top. The aliases are those of package.json. */
function resolve(file: string, specifier: string): string {
  if (specifier === '#game') return 'waystone/chosen-game.ts'
  if (specifier === '#game/page') return 'game/page.ts'
  if (specifier.startsWith('waystone/')) return `${specifier}.ts`
  if (specifier.startsWith('#')) return specifier.slice(1)
  return path.posix.join(path.posix.dirname(file), specifier)
}

/** Each cycle once, by depth-first search: a file met again on the way to itself. */
function findCycles(edges: ReadonlyMap<string, string[]>): string[] {
  const cycles: string[] = []
  const done = new Set<string>()
  const way: string[] = []
  function visit(file: string): void {
    const met = way.indexOf(file)
    if (met !== -1) cycles.push(`cycle: ${[...way.slice(met), file].join(' -> ')}`)
    if (met !== -1 || done.has(file)) return
    way.push(file)
    for (const target of edges.get(file) ?? []) visit(target)
    way.pop()
    done.add(file)
  }
  for (const file of edges.keys()) visit(file)
  return cycles
}

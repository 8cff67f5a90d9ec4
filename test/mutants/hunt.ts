// Mutants: a rule is taken away by a text patch to a copy of the source, never to the tree, and a run on the copy must
// fail. A patch must apply exactly once. Else the hunt fails: the source has changed, and the table must change too.
// A mutant that nothing catches is a rule that is not needed, or a run that is too kind.
import { spawn } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as z from 'zod'

type Patch = { file: string; find: string; replace: string }

export type Mutant = Patch & {
  name: string
  /** The rule that this takes away. */
  rule: string
  /** Another rule may cover this one. Then both are taken away. */
  also?: Patch
}

/** `after`: so many seeds or histories. `found`: as what. */
const answer = z.object({ caught: z.boolean(), after: z.int(), found: z.string() })
export type Hunt = z.infer<typeof answer>

type Run = {
  /** Files and folders of the tree that the run needs, beside its settings. */
  parts: readonly string[]
  /** Its last line is a Hunt as JSON. */
  script: string
  args: readonly string[]
  timeoutMs: number
}

const top = path.join(import.meta.dirname, '..', '..')

/** Runs a script on a copy of the source without that rule. */
export async function huntOne(mutant: Mutant, run: Run): Promise<Hunt> {
  const folder = await mkdtemp(path.join(tmpdir(), 'mutant-'))
  try {
    for (const part of [...run.parts, 'test/mutants', 'package.json', 'tsconfig.json']) {
      await cp(path.join(top, part), path.join(folder, part), { recursive: true })
    }
    await symlink(path.join(top, 'node_modules'), path.join(folder, 'node_modules'))
    for (const patch of mutant.also === undefined ? [mutant] : [mutant, mutant.also]) {
      const file = path.join(folder, patch.file)
      const before = await readFile(file, 'utf8')
      const times = before.split(patch.find).length - 1
      if (times !== 1) {
        const found = `the patch applies ${times} times to ${patch.file}, expected once`
        return { caught: false, after: 0, found }
      }
      await writeFile(
        file,
        before.replace(patch.find, () => patch.replace),
      )
    }
    return await search(folder, run)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function search(folder: string, { script, args, timeoutMs }: Run): Promise<Hunt> {
  const child = spawn(process.execPath, [path.join(folder, script), ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
  })
  let out = ''
  let errors = ''
  child.stdout.on('data', (data: Buffer) => (out += data.toString()))
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()))
  const signal = await new Promise((resolve) => child.on('close', (_code, ended) => resolve(ended)))
  if (signal !== null) return { caught: true, after: 0, found: 'a run does not end' }
  const line = out.trim().split('\n').at(-1) ?? ''
  if (!line.startsWith('{')) throw new Error(`a mutant did not run: ${errors.slice(0, 2000)}`)
  return answer.parse(JSON.parse(line))
}

/** Hunts all mutants, or those named, and prints their table. Returns whether each was caught that should be. */
export async function huntAll<M extends Mutant>(
  mutants: readonly M[],
  options: {
    names: readonly string[]
    hunt: (mutant: M) => Promise<Hunt>
    /** Those that are not caught, and why. */
    survivors?: Readonly<Record<string, string>>
    /** What `after` counts. */
    after: string
    print: (line: string) => void
  },
): Promise<boolean> {
  const { names, hunt, survivors = {}, print } = options
  const chosen = mutants.filter(({ name }) => names.length === 0 || names.includes(name))
  const table: { after: number; row: string }[] = []
  let failures = 0
  for (const mutant of chosen) {
    const { name, rule } = mutant
    const { caught, after, found } = await hunt(mutant)
    const known = after > 0 ? survivors[name] : undefined
    if (caught) {
      print(`${name.padEnd(30)} caught after ${after}: ${found}`)
      table.push({ after, row: `| ${rule} | \`${name}\` | ${after} | ${found} |` })
    } else if (known === undefined) {
      failures++
      print(`${name.padEnd(30)} SURVIVED ${after} ${found}`)
    } else print(`${name.padEnd(30)} survives ${after}, as known: ${known}`)
  }
  table.sort((a, b) => a.after - b.after)
  print(`\n| rule | mutant | ${options.after} | found as |\n|---|---|---|---|`)
  for (const { row } of table) print(row)
  print(`\n${table.length} of ${chosen.length} caught; ${failures} that should have been were not.`)
  return failures === 0
}

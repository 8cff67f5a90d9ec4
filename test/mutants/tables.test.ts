// The hunts for mutants are run by hand. That their patches still fit the source is seen here.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { mutants as people } from '../histories/mutants.ts'
import { mutants as matching } from '../matching/mutants.ts'
import { mutants as placement } from '../placement/mutants.ts'
import { mutants as ownership } from '../simulation/mutants.ts'

const top = path.join(import.meta.dirname, '..', '..')

it.each(Object.entries({ people, matching, ownership, placement }))(
  'each mutant of %s is a patch that applies exactly once, and has a name of its own',
  (_, mutants) => {
    const wrong = mutants.flatMap(({ name, also, ...patch }) =>
      [patch, ...(also === undefined ? [] : [also])].flatMap(({ file, find }) => {
        const times = readFileSync(path.join(top, file), 'utf8').split(find).length - 1
        return times === 1 ? [] : [`${name}: ${times} times in ${file}`]
      }),
    )
    expect(wrong).toEqual([])
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
  },
)

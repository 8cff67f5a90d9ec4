import { describe, expect, it } from 'vitest'
import { words } from '#client/page/words.ts'
import { auth } from '#shared/api/auth.ts'
import { characters } from '#shared/api/characters.ts'
import { content } from '#shared/api/content.ts'
import { personal } from '#shared/api/personal.ts'
import { world } from '#shared/api/world.ts'

describe('words of the page', () => {
  it('has words of its own for everything that its endpoints refuse', () => {
    const codes = [auth, characters, content, world]
      .flatMap((domain) => Object.values(domain.endpoints))
      .concat(personal.endpoints.export)
      .flatMap((endpoint) => endpoint.errors)
    expect(codes).toContain('play.session_active')
    expect([...new Set(codes)].filter((code) => words(code).includes(code))).toEqual([])
  })
  it('names the code for which it has no words', () => {
    expect(words('new.code')).toBe('Something went wrong (new.code).')
  })
})

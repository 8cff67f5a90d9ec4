// The guides quote real files: a block under the name of a file has the content of that file. Files of one's own
// are typed by who follows a guide (test/real/guides.test.ts).
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { isOwnFile } from './own-files.ts'

const top = path.join(import.meta.dirname, '../..')
const guides = path.join(top, 'docs/guides')
const pages = readdirSync(guides).filter((file) => file.endsWith('.md'))

describe.each(pages)('the guide %s', (page) => {
  const text = readFileSync(path.join(guides, page), 'utf8')
  const blocks = [...text.matchAll(/^`([\w/.-]+)`\n\n```\w+\n([\s\S]*?)\n```$/gm)]
  const quotes = blocks.filter(([, file]) => !isOwnFile(file!))

  it.runIf(quotes.length > 0).each(quotes.map(([, file, code]) => ({ file, code })))(
    'quotes $file as it is',
    ({ file, code }) => {
      expect(`${code}\n`).toBe(readFileSync(path.join(top, file!), 'utf8'))
    },
  )

  it('links to files that are there', () => {
    for (const [, link] of text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)) {
      expect(existsSync(path.join(guides, link!)), link).toBe(true)
    }
  })

  it('names only files that are there', () => {
    const name = /`((?:game|shared|client|test|gameserver|local)\/[\w/.-]+\.(?:ts|json))`/g
    for (const [, file] of text.matchAll(name)) {
      if (isOwnFile(file!)) continue
      expect(existsSync(path.join(top, file!)), file).toBe(true)
    }
  })
})

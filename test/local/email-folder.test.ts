// E-mail as files on this machine, and the page that shows them.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import type { Server } from 'node:http'
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFolderSender, serveEmails } from '#local/email-folder.ts'
import { EmailError } from '#shared/email/email.ts'

let top: string
let stop: (() => Promise<void>) | undefined
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'waystone-email-'))
})
afterEach(async () => {
  await stop?.()
  stop = undefined
  rmSync(top, { recursive: true, force: true })
})

/** A clock that stands. */
const clock = {
  now: () => 1_790_000_000_000,
  randomBytes: (count: number) => new Uint8Array(randomBytes(count)),
}

function open(folder = join(top, 'data', 'email')) {
  const printed: string[] = []
  const sender = createFolderSender(folder, clock, (line) => printed.push(line))
  const files = () => readdirSync(folder).sort()
  const send = async (subject: string, to = 'mira@play.example') =>
    await sender.send({ to, subject, text: `Open https://play.example/#${subject}` })
  return { folder, printed, sender, send, files }
}

async function serve(folder: string) {
  const app = new Hono()
  serveEmails(app, folder)
  const server = createAdaptorServer({ fetch: app.fetch }) as Server
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  stop = async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
  const { port } = server.address() as AddressInfo
  return async () => await fetch(`http://127.0.0.1:${port}/local/email`)
}

/** Subjects as the page lists them. */
async function shown(answer: Response): Promise<string[]> {
  const text = await answer.text()
  return [...text.matchAll(/^Subject: (.*)$/gm)].map(([, subject]) => subject!)
}

describe('e-mail of this machine', () => {
  it('is a file each, for its owner alone, and the newest comes first, also within a millisecond', async () => {
    const { folder, send, files, printed } = open()
    const ask = await serve(folder)
    expect(await (await ask()).text()).toContain('No e-mail was sent yet.')
    const subjects = Array.from({ length: 30 }, (_, i) => `number ${i}`)
    for (const subject of subjects) await send(subject)
    await Promise.all(['a', 'b'].map((subject) => send(subject)))
    expect(files()).toHaveLength(32)
    expect(await shown(await ask())).toEqual(['b', 'a', ...subjects.toReversed()])
    if (process.platform !== 'win32') {
      expect(statSync(join(folder, files()[0]!)).mode & 0o077).toBe(0)
      expect(statSync(folder).mode & 0o077).toBe(0)
    }
    // The terminal shows where it is, and nothing of what it says.
    expect(printed[0]).toContain(folder)
    expect(printed.join()).not.toContain('play.example')
  })

  it('keeps the latest hundred, and no half of one', async () => {
    const { send, files } = open()
    for (let i = 0; i < 105; i++) await send(`number ${i}`)
    expect(files()).toHaveLength(100)
    expect(files().every((name) => name.endsWith('.txt'))).toBe(true)
  })

  it.each([
    '../../../outside@play.example',
    'a/b\\c:d*?"<>|@play.example',
    '<img src=x onerror=alert(1)>@play.example',
    `${'x'.repeat(300)}@play.example`,
    'Ü🦋\u202e@play.example',
  ])('of an address like %s lies in its folder and is shown as text', async (to) => {
    const { folder, send, files } = open()
    const ask = await serve(folder)
    await send('hello', to)
    expect(readdirSync(top)).toEqual(['data'])
    expect(files()).toHaveLength(1)
    expect(readFileSync(join(folder, files()[0]!), 'utf8')).toContain(`To: ${to}\n`)
    const text = await (await ask()).text()
    expect(text).not.toContain('<img')
    expect(text.match(/<pre>/g)).toHaveLength(1)
  })

  it('is written again when its folder was deleted meanwhile', async () => {
    const { folder, send, files } = open()
    await send('one')
    rmSync(folder, { recursive: true })
    await send('two')
    expect(files()).toHaveLength(1)
  })

  it('that cannot be written fails as an e-mail does, and what was there is still shown', async () => {
    const file = join(top, 'file')
    writeFileSync(file, '')
    const { send, printed } = open(join(file, 'email'))
    const failed = await send('one').catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(EmailError)
    expect(String(failed)).not.toContain('mira')
    expect(printed).toEqual([])
    const ask = await serve(join(file, 'email'))
    expect((await ask()).status).toBe(200)
  })

  it('fails as an e-mail does when its folder cannot be made', async () => {
    const { send } = open(join(top, 'x'.repeat(300)))
    expect(await send('one').catch((error: unknown) => error)).toBeInstanceOf(EmailError)
  })

  it('is shown to browsers of this machine under its name, and to no other', async () => {
    const { folder, send } = open()
    await send('secret')
    const ask = await serve(folder)
    const { status, headers } = await ask()
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    const app = new Hono()
    serveEmails(app, folder)
    const asFrom = async (address: string, host: string) => {
      const env = { incoming: { socket: { remoteAddress: address } } }
      const request = new Request('http://any/local/email', { headers: { host } })
      return (await app.fetch(request, env)).status
    }
    expect(await asFrom('127.0.0.1', 'localhost:8080')).toBe(200)
    expect(await asFrom('::1', '[::1]:8080')).toBe(200)
    expect(await asFrom('192.0.2.7', 'localhost:8080')).toBe(403)
    expect(await asFrom('127.0.0.1', 'evil.example')).toBe(403)
  })

  it('that goes while the page is made is left out', async () => {
    const { folder, send, files } = open()
    await send('one')
    await send('two')
    // A link to nowhere: it is listed, and cannot be read.
    rmSync(join(folder, files()[0]!))
    writeFileSync(join(folder, 'zzz.txt.tmp'), 'half')
    const ask = await serve(folder)
    expect(await shown(await ask())).toEqual(['two'])
  })
})

// E-mail on this machine: a file each in the data folder, and a page that lists the latest. Nothing leaves here.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context, Hono } from 'hono'
import { EmailError } from '#shared/email/email.ts'
import type { EmailSender } from '#shared/email/email.ts'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import { writeFileAtomic } from './write-file.ts'

/** Older ones are deleted. */
const keptMax = 100

const emailPath = '/local/email'

/** `print`: for the terminal. */
export function createFolderSender(
  folder: string,
  runtime: Pick<Runtime, 'now' | 'randomBytes'>,
  print: (line: string) => void,
): EmailSender {
  let last = 0
  return {
    async send({ to, subject, text }) {
      // Names are in the order of time, also of two in one millisecond.
      last = Math.max(runtime.now(), last + 1)
      const file = join(folder, `${newId({ ...runtime, now: () => last })}.txt`)
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 })
        writeFileAtomic(file, `To: ${to}\nSubject: ${subject}\n\n${text}`)
        for (const old of listEmails(folder).slice(keptMax)) {
          rmSync(join(folder, old), { force: true })
        }
      } catch (cause) {
        throw new EmailError('an e-mail could not be written', cause)
      }
      print(`An e-mail was written: ${file}, shown at ${emailPath}`)
    },
  }
}

/** The newest first. */
function listEmails(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.txt'))
      .sort()
      .reverse()
  } catch {
    return []
  }
}

/** Nothing for one that has just been deleted. */
function readEmail(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Serves the page. Their secrets open accounts, so it is for browsers on this machine alone. */
export function serveEmails(app: Hono, folder: string): void {
  app.get(emailPath, (c) => {
    if (!isFromHere(c)) return c.text('Only for this machine.\n', 403)
    const emails = listEmails(folder).flatMap((name) => {
      const found = readEmail(join(folder, name))
      if (found === undefined) return []
      const text = escaped(found)
      return `<pre>${text.replace(/https?:\/\/[^\s<]+/g, (url) => `<a href="${url}">${url}</a>`)}</pre>`
    })
    const body = emails.length === 0 ? '<p>No e-mail was sent yet.</p>' : emails.join('\n')
    return c.html(page(body), 200, {
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    })
  })
}

/** By its address, and by the name that it asked for: a name of somebody else may lead here (DNS rebinding). */
function isFromHere(c: Context): boolean {
  const { address = '' } = getConnInfo(c).remote
  const asked = new URL(`http://${c.req.header('host') ?? 'nobody'}`).hostname
  return (
    /^(127\.|::1$|::ffff:127\.)/.test(address) && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(asked)
  )
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

function page(body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>E-mail of this machine</title>
<meta name="viewport" content="width=device-width">
<style>body{font:16px/1.5 system-ui;margin:2rem auto;max-width:46rem;padding:0 1rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;border-top:1px solid #999;padding-top:1rem}</style></head>
<body><h1>E-mail of this machine</h1>${body}</body></html>`
}

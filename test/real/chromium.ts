// A headless Chromium, found on the machine. In CI a missing one is a failure; elsewhere the tests that
// need it are skipped with a line that says so.
import { accessSync, constants } from 'node:fs'
import { chromium } from 'playwright-core'
import type { Browser } from 'playwright-core'

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Path of a Chromium, or undefined where there is none. Throws in CI. */
export function findChromium(): string | undefined {
  const found = places.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
  if (found === undefined && process.env['CI'] === 'true') {
    throw new Error(`Chromium is missing; looked at ${places.join(', ')}`)
  }
  if (found === undefined) console.log('skipped: no Chromium on this machine')
  return found
}

export async function launch(executablePath: string): Promise<Browser> {
  return await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      // WebGL by software: no GPU is asked for.
      '--use-angle=swiftshader',
      '--enable-unsafe-swiftshader',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Two pages side by side: neither may be slowed down for being behind the other.
      '--disable-background-timer-throttling',
      '--disable-renderer-backgrounding',
      '--disable-backgrounding-occluded-windows',
    ],
  })
}

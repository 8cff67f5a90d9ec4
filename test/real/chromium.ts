// A headless Chromium, found on the machine.
import { chromium } from 'playwright-core'
import type { Browser } from 'playwright-core'
import { findProgram, needPart } from './part.ts'

const places = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Path of a Chromium, or undefined where there is none. Throws in CI. */
export function findChromium(): string | undefined {
  return needPart('Chromium', findProgram('CHROMIUM', places), 'CHROMIUM names the program')
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

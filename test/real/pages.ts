// Browsers with pages of the game, for tests: each page is a person of his own.
import type { Browser, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Hook } from '#client/page/hook.ts'

declare global {
  interface Window {
    waystone?: Hook
  }
}

/** A page that shares nothing with others. `complaints`: errors on it, and requests to elsewhere, are added there. */
export async function openPage(browser: Browser, url: string, complaints: string[]): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 } })
  const page = await context.newPage()
  // Another service may do on its own page what it likes.
  const isOurs = () => page.url().startsWith(url)
  page.on('console', (message) => {
    if (message.type() === 'error' && isOurs()) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    if (isOurs() && !request.url().startsWith(url)) complaints.push(`asked ${request.url()}`)
  })
  await page.goto(url)
  return page
}

export async function createAndEnter(page: Page, name: string): Promise<void> {
  await page.fill('input[name=character]', name)
  await page.click('#create')
  await page.waitForFunction(() => window.waystone?.state?.phase === 'joined')
}

/** Own place as predicted and as the server confirmed it last, metres. */
export const self = async (page: Page) => (await page.evaluate(() => window.waystone!.self()))!

export const sees = async (page: Page, name: string) =>
  await page.evaluate((who) => window.waystone!.others().find((one) => one.name === who), name)

/** Where the character is; undefined while it is nowhere. */
export const placeOf = async (page: Page) =>
  await page.evaluate(() => {
    const state = window.waystone?.state
    return state?.phase === 'joined' ? { zone: state.zone, instance: state.instance } : undefined
  })

/** Holds a key until the condition holds on a page. */
export async function hold(
  page: Page,
  key: string,
  condition: () => Promise<boolean>,
): Promise<void> {
  await page.keyboard.down(key)
  try {
    await expect.poll(condition, { timeout: 40_000, interval: 50 }).toBe(true)
  } finally {
    await page.keyboard.up(key)
  }
}

/** Chooses a tab of the panel of people, which it opens. */
export async function openTab(page: Page, title: string): Promise<void> {
  if (!(await page.locator('dialog.people').isVisible())) {
    await page.click('.corner >> text=/^People/')
  }
  await page.click(`dialog.people .choices >> text=/^${title}/`)
}

export const press = async (page: Page, label: string) =>
  await page.click(`dialog.people button:text-is("${label}"):visible`)

export const shown = async (page: Page, text: string) =>
  await page.locator(`dialog.people >> text=${text} >> visible=true`).first().waitFor()

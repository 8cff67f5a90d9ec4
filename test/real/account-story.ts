// What a player does with his account on the page: from a guest to an account that lasts.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { codeOf } from '../functions/account-people.ts'

const password = 'seven slow rivers to the sea'
const newerPassword = 'eight slow rivers to the sea'
const stepMs = 30_000

/** The link in the newest e-mail of the folder that has a link of this kind. */
async function linkOf(dataDir: string, kind: 'verify' | 'recover'): Promise<string> {
  const folder = join(dataDir, 'email')
  const link = async () => {
    const names = (await readdir(folder).catch(() => [])).sort().reverse()
    for (const name of names) {
      const text = await readFile(join(folder, name), 'utf8')
      const found = new RegExp(`^http\\S+#${kind}=\\S+$`, 'm').exec(text)
      if (found) return found[0]
    }
    return undefined
  }
  await expect.poll(link).toBeDefined()
  return (await link())!
}

/** A button of the dialog that is open, else of the page. */
async function press(page: Page, label: string): Promise<void> {
  const dialog = page.locator('dialog[open]')
  const place = (await dialog.count()) > 0 ? dialog : page.locator('#screen')
  await place.locator(`button:text-is("${label}"):visible`).click()
}
const shown = async (page: Page, text: string) =>
  await page.locator(`text=${text} >> visible=true`).first().waitFor()

async function logIn(page: Page, secret: string, code: string): Promise<void> {
  await page.fill('input[name=username]', 'mira@example.org')
  await page.fill('input[name=password]', secret)
  await page.click('#log-in')
  await page.fill('input[name=code]', code)
  await press(page, 'Go on')
  await shown(page, 'Your characters')
}

async function openTab(page: Page, title: string): Promise<void> {
  const dialog = page.locator('dialog.account')
  if (!(await dialog.isVisible())) await press(page, 'Account')
  await dialog.locator(`.choices >> text=${title}`).click()
}

const picture = async (page: Page, variable: string) => {
  const path = process.env[variable]
  if (path !== undefined) await page.screenshot({ path })
}

/** The page shows a guest with a character of this name. */
export async function keepAnAccount(page: Page, dataDir: string, name: string): Promise<void> {
  await upgrade(page, dataDir)
  await shown(page, name)

  const { uri, recoveryCode } = await switchFactorOn(page)
  await openTab(page, 'Sessions')
  await shown(page, 'this one')
  await picture(page, 'PICTURE_SESSIONS')
  await press(page, 'Log out')
  // The step that was taken is taken once; the one after it is good already.
  await logIn(page, password, codeOf(uri, Date.now() + stepMs))
  await shown(page, name)

  await page.click('#characters >> text=Rename')
  await page.fill('input[name=rename]', 'Mira Dale')
  await page.press('input[name=rename]', 'Enter')
  await page.locator('.character >> text=Mira Dale').waitFor()
  await press(page, 'Delete')
  await press(page, 'Really?')
  await shown(page, 'can be restored for')
  await press(page, 'Restore')
  await page.locator('.character >> text=Enter').waitFor()

  await recover(page, dataDir)
  await logIn(page, newerPassword, recoveryCode)
  await shown(page, 'Mira Dale')
}

async function upgrade(page: Page, dataDir: string): Promise<void> {
  await press(page, 'Keep them')
  await picture(page, 'PICTURE_GUEST')
  await page.fill('input[name=loginName]', 'mira@example.org')
  await page.fill('input[name=upgradePassword]', password)
  await page.fill('input[name=upgradeEmail]', 'mira@example.org')
  await press(page, 'Keep this account')
  await shown(page, 'mira@example.org is not verified yet')
  await page.goto(await linkOf(dataDir, 'verify'))
  await press(page, 'Verify')
  await shown(page, 'Your e-mail address is verified')
  expect(page.url()).not.toContain('verify')
  await press(page, 'Go on')
  await shown(page, 'Your characters')
  await openTab(page, 'Log-in')
  await shown(page, 'mira@example.org, verified.')
  await picture(page, 'PICTURE_ACCOUNT')
}

async function switchFactorOn(page: Page): Promise<{ uri: string; recoveryCode: string }> {
  await openTab(page, 'Codes')
  await page.fill('input[name=factorPassword]', 'not the password at all')
  await press(page, 'Set up an authenticator')
  await shown(page, 'The password is wrong.')
  await page.fill('input[name=factorPassword]', password)
  await press(page, 'Set up an authenticator')
  const uri = await page.getByLabel('Address for authenticators').innerText()
  const secret = (await page.locator('#secret').innerText()).replaceAll(' ', '')
  expect(uri).toContain(`secret=${secret}`)
  await picture(page, 'PICTURE_FACTOR')
  await page.fill('input[name=confirmCode]', codeOf(uri, Date.now()))
  await press(page, 'Switch it on')
  const [recoveryCode = ''] = (await page.locator('#recovery-codes').innerText()).split('\n')
  await picture(page, 'PICTURE_CODES')
  await press(page, 'I have kept them')
  await shown(page, 'Recovery codes left: 10.')
  return { uri, recoveryCode }
}

async function recover(page: Page, dataDir: string): Promise<void> {
  await press(page, 'Log out')
  await press(page, 'Forgot the password?')
  await page.fill('input[name=address]', 'mira@example.org')
  await press(page, 'Send a link')
  await shown(page, 'an e-mail is on its way')
  await page.goto(await linkOf(dataDir, 'recover'))
  await page.fill('input[name=password]', newerPassword)
  await press(page, 'Set the password')
  await shown(page, 'Your password is set.')
}

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

/** Where `PICTURES` names a folder. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['PICTURES']
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`) })
}

/** The page shows a guest with a character of this name. */
export async function keepAnAccount(page: Page, dataDir: string, name: string): Promise<void> {
  await upgrade(page, dataDir)
  await shown(page, name)

  const { uri, recoveryCodes } = await switchFactorOn(page)
  await openTab(page, 'Sessions')
  await shown(page, 'this one')
  await picture(page, 'account-sessions')
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
  await picture(page, 'account-deleted')
  await press(page, 'Restore')
  await page.locator('.character >> text=Enter').waitFor()

  await recover(page, dataDir)
  await logIn(page, newerPassword, recoveryCodes[0]!)
  await shown(page, 'Mira Dale')
  await changeAll(page, dataDir, recoveryCodes[1]!)
}

async function upgrade(page: Page, dataDir: string): Promise<void> {
  await picture(page, 'account-lobby')
  await press(page, 'Keep them')
  await picture(page, 'account-guest')
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
  await picture(page, 'account-account')
}

async function switchFactorOn(page: Page): Promise<{ uri: string; recoveryCodes: string[] }> {
  await openTab(page, 'Codes')
  await page.fill('input[name=factorPassword]', 'not the password at all')
  await press(page, 'Set up an authenticator')
  await shown(page, 'The password is wrong.')
  await page.fill('input[name=factorPassword]', password)
  await press(page, 'Set up an authenticator')
  const uri = await page.getByLabel('Address for authenticators').innerText()
  const secret = (await page.locator('#secret').innerText()).replaceAll(' ', '')
  expect(uri).toContain(`secret=${secret}`)
  await picture(page, 'account-factor')
  await page.fill('input[name=confirmCode]', codeOf(uri, Date.now()))
  await press(page, 'Switch it on')
  const recoveryCodes = (await page.locator('#recovery-codes').innerText()).split('\n')
  await picture(page, 'account-codes')
  await press(page, 'I have kept them')
  await shown(page, 'Recovery codes left: 10.')
  return { uri, recoveryCodes }
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

/** The second factor goes, another address waits and is written to again, the password is another one. */
async function changeAll(page: Page, dataDir: string, recoveryCode: string): Promise<void> {
  await openTab(page, 'Codes')
  await page.fill('input[name=offCode]', recoveryCode)
  await press(page, 'Switch it off')
  await shown(page, 'Off. With it')

  await openTab(page, 'Log-in')
  await page.click('summary:text-is("Change the address")')
  await page.fill('input[name=email]', 'dale@example.org')
  await page.fill('input[name=emailPassword]', newerPassword)
  await press(page, 'Send the link')
  await shown(page, 'mira@example.org, verified. dale@example.org is not verified yet.')
  const written = (await readdir(join(dataDir, 'email'))).length
  await page.click('summary:text-is("Send the e-mail again, or to another address")')
  await page.fill('input[name=emailPassword]', newerPassword)
  await press(page, 'Send the e-mail again')
  await expect.poll(async () => (await readdir(join(dataDir, 'email'))).length).toBe(written + 1)

  await page.click('summary:text-is("Change the password")')
  await page.fill('input[name=present]', newerPassword)
  await page.fill('input[name=next]', password)
  await press(page, 'Change the password')
  await shown(page, 'All other sessions have ended.')
}

/** Where the page asks who comes: by a service that makes an account, and then to it from a guest's account. */
export async function signInElsewhere(page: Page): Promise<void> {
  await picture(page, 'account-landing')
  await press(page, 'Sign in with Acme')
  await passService(page, 'mira')
  await shown(page, 'A new character')
  expect(new URL(page.url()).search).toBe('')
  await openTab(page, 'Sign-ins')
  await shown(page, 'Linked on')
  await press(page, 'Unlink')
  await press(page, 'Really?')
  await shown(page, 'This is the last way into the account.')
  await openTab(page, 'Data')
  await shown(page, 'Add a log-in name and a password first')
  await openTab(page, 'Sessions')
  await press(page, 'Log out')

  await page.click('#guest')
  await openTab(page, 'Sign-ins')
  await press(page, 'Link')
  // The service knows him still.
  await pressReturned(page, 'Link Acme')
  await shown(page, 'This sign-in belongs to another account.')
  await page.context().clearCookies()
  await press(page, 'Link')
  await passService(page, 'vale')
  await pressReturned(page, 'Link Acme')
  await shown(page, 'Linked on')
}

/** A button of the dialog that the page opens when it has come back from the service. */
async function pressReturned(page: Page, label: string): Promise<void> {
  await page.locator(`dialog[open] button:text-is("${label}"):visible`).click()
}

/** The pages of the service: who it is, and that the game may know it. */
async function passService(page: Page, login: string): Promise<void> {
  await page.fill('input[name=login]', login)
  await page.fill('input[name=password]', 'any')
  await page.click('button[type=submit]')
  // A click does not wait for the next page: it would meet the same button again.
  await page.waitForSelector('input[name=login]', { state: 'detached' })
  await page.click('button[type=submit]')
}

/** The page shows the panel of an account without a log-in name, which the device opens. */
export async function startAnew(page: Page): Promise<void> {
  await openTab(page, 'Log-in')
  await page.fill('input[name=loginName]', 'vale')
  await page.fill('input[name=upgradePassword]', password)
  await page.check('input[name=forgetDevice]')
  await press(page, 'Keep this account')
  await shown(page, 'You are logged in as vale.')
  await openTab(page, 'Sessions')
  await press(page, 'Log out')
  await page.click('#guest')
  await shown(page, 'The account of this browser is opened by its log-in name')
  await page.click('#guest')
  await shown(page, 'You play as a guest')

  await openTab(page, 'Data')
  const saved = page.waitForEvent('download')
  await press(page, 'Download my data')
  expect(await readFile(await (await saved).path(), 'utf8')).toContain('"section": "account"')
  await picture(page, 'account-data')
  await press(page, 'Erase my account')
  await press(page, 'Really?')
  await shown(page, 'A log-in before then keeps it.')
  await shown(page, 'To play as guest keeps it.')
  await page.click('#guest')
  await shown(page, 'You play as a guest')
}

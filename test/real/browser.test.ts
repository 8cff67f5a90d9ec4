// The main job as players do it: two browsers, one with a guest, one with an account.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort, makeDataDir, startWaystone } from '../e2e/waystone.ts'
import type { Waystone } from '../e2e/waystone.ts'
import { clientId, clientSecret, startOidc } from '../functions/oidc-here.ts'
import type { OidcHere } from '../functions/oidc-here.ts'
import { keepAnAccount, signInElsewhere, startAnew } from './account-story.ts'
import { findChromium, launch } from './chromium.ts'
import {
  createAndEnter,
  hold,
  openPage as open,
  openTab,
  placeOf,
  press,
  sees,
  self,
  shown,
} from './pages.ts'

const chromium = findChromium()

describe.skipIf(chromium === undefined)('two people in two browsers', () => {
  let folder: Awaited<ReturnType<typeof makeDataDir>>
  let waystone: Waystone
  let browser: Browser
  let oidc: OidcHere
  const complaints: string[] = []

  beforeAll(async () => {
    folder = await makeDataDir()
    const port = await freePort()
    oidc = await startOidc(`http://127.0.0.1:${port}/`)
    const acme = { name: 'acme', title: 'Acme', issuer: oidc.issuer, clientId, clientSecret }
    const env = { WAYSTONE_BOTS: '6', WAYSTONE_OIDC: JSON.stringify([acme]) }
    waystone = await startWaystone({ ...folder, port, env })
    browser = await launch(chromium!)
  })
  afterAll(async () => {
    await browser?.close()
    await waystone?.killAll()
    await oidc?.stop()
    await folder?.remove()
  })

  const openPage = async () => await open(browser, waystone.url, complaints)
  const zone = async (page: Page) => (await placeOf(page))?.zone

  /**
   * Walks east or west until the player stands within a metre and a half of x. A page that draws a few
   * frames a second walks past its goal: then it turns round.
   */
  async function walkToX(page: Page, x: number): Promise<void> {
    const offset = async () => (await self(page)).x - x
    for (let turn = 0; turn < 10; turn++) {
      const from = await offset()
      if (Math.abs(from) < 1.5) return
      if (from > 0) await hold(page, 'a', async () => (await offset()) < 1)
      else await hold(page, 'd', async () => (await offset()) > -1)
      // The held keys have still to arrive.
      await settled(page)
    }
    expect(Math.abs(await offset())).toBeLessThan(1.5)
  }

  /** Stands still, as the server sees it too. */
  async function settled(page: Page): Promise<void> {
    await expect
      .poll(async () => {
        const own = await self(page)
        return Math.hypot(own.x - own.ack.x, own.y - own.ack.y)
      })
      .toBeLessThan(0.001)
  }

  /** Where `watcher` sees somebody is exactly where he stands. */
  async function expectSeenExactly(watcher: Page, who: Page, name: string): Promise<void> {
    await expect
      .poll(async () => {
        const [seen, own] = [await sees(watcher, name), await self(who)]
        return seen === undefined ? Infinity : Math.hypot(seen.x - own.ack.x, seen.y - own.ack.y)
      })
      .toBeLessThan(0.001)
  }

  /** Two who are in zones of different hosts: friends, a party, a guild with a rank of its own, a letter. */
  async function keepInTouch(mira: Page, bram: Page): Promise<void> {
    await openTab(mira, 'Friends')
    await mira.fill('input[name=friend]', 'Bram')
    await press(mira, 'Ask to be friends')
    const asked = performance.now()
    // The button tells that something waits, before anything is opened.
    await bram.locator('.corner >> text=People (1)').waitFor()
    print('a request is seen on another host', asked)
    await openTab(bram, 'Friends')
    await press(bram, 'Accept')
    await shown(mira, 'in Riverhold')
    await shown(bram, 'in Whisperwood')

    await press(mira, 'Invite')
    await bram.locator('dialog.people >> text=Party (1)').waitFor()
    await openTab(bram, 'Party')
    await press(bram, 'Accept')
    await openTab(mira, 'Party')
    await press(mira, 'All ready?')
    await bram.locator('dialog.people button:text-is("Ready"):visible').waitFor()
    await press(bram, 'Ready')

    await openTab(mira, 'Guild')
    await mira.fill('input[name=guild]', 'Lanterns')
    await press(mira, 'Found a guild')
    await shown(mira, 'Lanterns, 1 members')
    await mira.fill('input[name=rank]', 'Lamplighter')
    await press(mira, 'Add')
    await mira.fill('input[name=guild]', 'Bram')
    await press(mira, 'Invite')
    await openTab(bram, 'Guild')
    await press(bram, 'Join')
    await shown(bram, 'Recruit')
    await openTab(mira, 'Guild')
    await press(mira, 'Up')
    await shown(mira, 'Lamplighter')

    await openTab(mira, 'Mail')
    await mira.click('dialog.people summary')
    await mira.fill('input[name=to]', 'Bram')
    await mira.fill('input[name=subject]', 'Hello <b>there</b>')
    await mira.fill('dialog.people textarea', 'Two lines\nof <i>text</i>')
    await press(mira, 'Send')
    const sent = performance.now()
    await bram.locator('dialog.people >> text=Mail (1)').waitFor()
    print('a letter is seen', sent)
    await openTab(bram, 'Mail')
    await press(bram, 'Read')
    await shown(bram, 'of <i>text</i>')
    const people = process.env['PICTURE_PEOPLE']
    if (people !== undefined) await bram.screenshot({ path: people })
  }

  /** Somebody who is in no zone: asked, seen and spoken with while he looks at his characters. */
  async function keepInTouchFromLobby(mira: Page, cleo: Page): Promise<void> {
    await cleo.click('#guest')
    await createAndEnter(cleo, 'Cleo')
    await cleo.click('.corner >> text=Characters')
    await openTab(mira, 'Friends')
    await mira.fill('input[name=friend]', 'Cleo')
    await press(mira, 'Ask to be friends')
    const asked = performance.now()
    await cleo.click('.lobby >> text=People (1)')
    print('a request is seen in the lobby', asked)
    await press(cleo, 'Accept')
    await shown(mira, 'Here, not in the world')

    await openTab(cleo, 'Chat')
    await cleo.selectOption('dialog.people select[name=channel]', 'whisper')
    await mira.keyboard.press('Escape')
    await mira.fill('#chat', '/w Cleo <b>Where</b> are you?')
    await mira.press('#chat', 'Enter')
    const said = performance.now()
    await shown(cleo, '<b>Where</b> are you?')
    print('a whisper is read in the lobby', said)
    await cleo.fill('input[name=line]', 'Nowhere yet.')
    await press(cleo, 'Say')
    await mira.locator('#log >> text=Nowhere yet.').waitFor()
  }
  const print = (what: string, since: number) =>
    process.stdout.write(`${what} after ${Math.round(performance.now() - since)} ms\n`)

  it('see each other walk, talk, pass a gate, and keep in touch', async () => {
    const mira = await openPage()
    await mira.click('#guest')
    await createAndEnter(mira, 'Mira Vale')

    const bram = await openPage()
    await bram.click('#other')
    await bram.fill('input[name=username]', 'bram@example.org')
    await bram.fill('input[name=password]', 'a long walk in the woods')
    await bram.click('#log-in')
    await createAndEnter(bram, 'Bram')

    await expectSeenExactly(bram, mira, 'Mira Vale')
    await expectSeenExactly(mira, bram, 'Bram')

    const from = await self(mira)
    await hold(mira, 'd', async () => (await self(mira)).x > from.x + 6)
    await expectSeenExactly(bram, mira, 'Mira Vale')
    const bramFrom = await self(bram)
    await hold(bram, 'ArrowUp', async () => (await self(bram)).y < bramFrom.y - 3)
    await expectSeenExactly(mira, bram, 'Bram')
    // Walking goes where it is meant to, and prediction was right about it.
    const moved = await self(mira)
    expect(moved.y).toBeCloseTo(from.y, 3)
    expect(moved.x).toBeCloseTo(moved.ack.x, 3)

    await mira.keyboard.press('Enter')
    await mira.keyboard.type('Shall we see the forest?')
    await mira.keyboard.press('Enter')
    await bram.waitForFunction(() =>
      window.waystone!.chat.some(
        (line) => line.name === 'Mira Vale' && line.text === 'Shall we see the forest?',
      ),
    )
    await bram.keyboard.press('Enter')
    await bram.keyboard.type('Lead the way.')
    await bram.keyboard.press('Enter')
    await mira.waitForFunction(() => window.waystone!.chat.some((line) => line.name === 'Bram'))
    const picture = process.env['PICTURE']
    if (picture !== undefined) await mira.screenshot({ path: picture })

    // Back to the middle of the road, then south through the gate.
    await walkToX(mira, 100)
    await hold(mira, 's', async () => (await zone(mira)) === 'forest')
    await expect.poll(async () => await sees(bram, 'Mira Vale')).toBeUndefined()
    const arrived = await self(mira)
    expect(arrived.x).toBeCloseTo(150, 0)
    // A reloaded page is where it was.
    await mira.reload()
    await mira.waitForFunction(() => window.waystone?.state?.phase === 'joined')
    expect((await self(mira)).y).toBeCloseTo((await self(mira)).ack.y, 3)
    expect(await zone(mira)).toBe('forest')
    await keepInTouch(mira, bram)
    await keepInTouchFromLobby(mira, await openPage())
    expect(complaints).toEqual([])
  })

  it('a guest becomes an account that lasts, with a code and a new password', async () => {
    const page = await openPage()
    await page.click('#guest')
    await createAndEnter(page, 'Mira Kept')
    await page.click('.corner >> text=Characters')
    complaints.length = 0
    await keepAnAccount(page, folder.dataDir, 'Mira Kept')
    expect(complaints.filter((text) => !isRefusal(text))).toEqual([])
  })

  it('a player signs in by another service; a browser that was forgotten begins anew', async () => {
    const page = await openPage()
    complaints.length = 0
    await signInElsewhere(page)
    await startAnew(page)
    expect(complaints.filter((text) => !isRefusal(text) && !text.includes(oidc.issuer))).toEqual([])
  })

  /** Chromium tells of each refusal. */
  const isRefusal = (text: string) => /status of 4\d\d/.test(text)
})

// A party queues for the dungeon, as players do it: two pages that make a party, and three strangers. They read why they
// wait, accept, meet in an instance of their own, and walk out to where they were.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newSession, realmId } from '../e2e/player.ts'
import { freePort, makeDataDir, startWaystone } from '../e2e/waystone.ts'
import type { Waystone } from '../e2e/waystone.ts'
import { findChromium, launch } from './chromium.ts'
import {
  createAndEnter,
  hold,
  openPage,
  openTab,
  placeOf,
  press,
  sees,
  self,
  shown,
} from './pages.ts'

const chromium = findChromium()
const params = { realmId }
/** PICTURE_DUNGEON: the folder for pictures. */
const pictures = process.env['PICTURE_DUNGEON']

/** As on a desk and on a telephone. */
async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return
  await page.screenshot({ path: `${pictures}/${name}.png` })
  await page.setViewportSize({ width: 390, height: 780 })
  await page.screenshot({ path: `${pictures}/${name}-390.png` })
  await page.setViewportSize({ width: 1280, height: 720 })
}

describe.skipIf(chromium === undefined)('a party in a queue', () => {
  let folder: Awaited<ReturnType<typeof makeDataDir>>
  let waystone: Waystone
  let browser: Browser
  const complaints: string[] = []

  beforeAll(async () => {
    folder = await makeDataDir()
    waystone = await startWaystone({
      ...folder,
      port: await freePort(),
      env: { WAYSTONE_BOTS: '3' },
    })
    browser = await launch(chromium!)
  })
  afterAll(async () => {
    await browser?.close()
    await waystone?.killAll()
    await folder?.remove()
  })

  /** One who queues without a page. */
  async function stranger(name: string) {
    const session = newSession(waystone.url)
    await session.guest()
    const look = { race: 'human', job: 'guardian' } as const
    const { characterId: as } = await session.inRealm(realmId).create({ name, ...look })
    const api = session.inRealm(realmId).api({})
    return {
      async queue() {
        const body = { as, choices: { [as]: { role: 'blade' } } }
        await api.matchmaking.join({ params: { ...params, queueId: 'crypt_heroic' }, body })
      },
      async accept(matchId: string) {
        await api.matchmaking.answer({ params: { ...params, matchId }, body: { as, accept: true } })
      },
      async match() {
        return (await api.matchmaking.standing({ params, query: { as } })).match
      },
    }
  }

  async function enter(name: string): Promise<Page> {
    const page = await openPage(browser, waystone.url, complaints)
    await page.click('#guest')
    await createAndEnter(page, name)
    return page
  }

  async function makeParty(leader: Page, mate: Page, name: string): Promise<void> {
    await openTab(leader, 'Party')
    await leader.fill('input[name=mate]', name)
    await press(leader, 'Invite')
    await openTab(mate, 'Party')
    await press(mate, 'Accept')
    await shown(leader, name)
  }

  it('waits and reads why, is asked, plays in one instance, and comes back to where it was', async () => {
    const [mira, bram] = await Promise.all([enter('Mira Vale'), enter('Bram')])
    // Away from the place where everybody begins.
    await hold(bram, 'ArrowRight', async () => (await self(bram)).x > 104)
    await makeParty(mira, bram, 'Bram')

    for (const page of [mira, bram]) await openTab(page, 'Places')
    await mira.click(
      'dialog.people .character:has-text("Old Crypt, heroic") button:text-is("Queue")',
    )
    for (const page of [mira, bram]) await shown(page, '3 more players are missing')
    await picture(mira, 'queue-waits')
    const strangers = await Promise.all(['Corin', 'Delia', 'Edda'].map(stranger))
    await strangers[0]!.queue()
    for (const page of [mira, bram]) await shown(page, '2 more players are missing')
    for (const one of strangers.slice(1)) await one.queue()

    for (const page of [mira, bram]) await shown(page, '5 are found. Do you come?')
    await picture(bram, 'queue-asks')
    await press(mira, 'Accept')
    await shown(mira, '1 of 5 have accepted')
    // A page that was loaded anew asks the server, and is asked again.
    await bram.reload()
    await bram.waitForFunction(() => window.waystone?.state?.phase === 'joined')
    await bram.locator('.corner >> text=/^People \\(/').waitFor()
    const places = await Promise.all([mira, bram].map(self))
    await openTab(bram, 'Places')
    await press(bram, 'Accept')
    const { matchId } = (await strangers[0]!.match())!
    for (const one of strangers) await one.accept(matchId)

    for (const page of [mira, bram]) await press(page, 'Go there')
    for (const page of [mira, bram]) {
      await expect
        .poll(async () => await placeOf(page))
        .toEqual({ zone: 'crypt', instance: matchId })
    }
    await expect.poll(async () => await sees(mira, 'Bram')).toBeDefined()
    await expect.poll(async () => await sees(bram, 'Mira Vale')).toBeDefined()
    // Nobody stands in the way of the picture.
    await hold(mira, 'w', async () => (await self(mira)).y < 34)
    await picture(mira, 'dungeon')

    // Out by the gate at the end of the hall.
    for (const page of [mira, bram]) {
      await hold(page, 's', async () => (await placeOf(page))?.zone !== 'crypt')
      await expect.poll(async () => (await placeOf(page))?.zone).toBe('hub')
    }
    for (const [i, page] of [mira, bram].entries()) {
      // The key was down for some steps more.
      const [at, from] = [(await self(page)).ack, places[i]!.ack]
      expect(Math.abs(at.x - from.x) + Math.abs(at.y - from.y)).toBeLessThan(6)
    }
    // It runs on for those who are in, and is open for who comes back.
    await openTab(mira, 'Places')
    await shown(mira, 'Old Crypt, heroic')
    expect(complaints).toEqual([])
  })
})

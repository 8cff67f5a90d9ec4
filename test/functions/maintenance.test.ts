// Maintenance of a realm and announcements that are kept: what they close, what players read, and when it is over.
import { describe, expect, it } from 'vitest'
import { signOperatorToken } from '#functions/http/token.ts'
import { ApiError } from '#shared/api/client.ts'
import { bulletinFreshMs, announcementsMax } from '#shared/limits.ts'
import { createLease } from '#shared/ownership/lease.ts'
import { openInstance } from '#shared/ownership/listing.ts'
import { newId } from '#shared/runtime.ts'
import { codeOf, newAccount, openApi, overtaken } from './api.ts'

const reason = 'New disks'
const params = { realmId: 'local' }
const [minute, hour] = [60, 3600]

/** A realm with a host, an operator at the command line, and a player who may have a role. */
async function openStage() {
  const test = await openApi()
  const token = await signOperatorToken(test.keys.signing(), 'ann', test.clock.now())
  const { admin } = test.client({ token })
  /** A host that has just shown that it lives. */
  const serve = async () => {
    const bootId = newId(test.clock)
    const shown = { bootId, address: 'ws://host/zone', protocol: 2 }
    const at = { realmId: 'local', zone: 'hub', instance: 'hub-1' }
    const lease = { ...shown, content: 'test', publicKey: 'none', instances: [at] }
    await createLease(test.memory, test.clock.now(), lease)
    const card = { instance: 'hub-1', zone: 'hub', capacity: 10, state: 'open' as const }
    await openInstance(test.memory, test.clock.now(), 'local', { ...shown, ...card })
  }
  await serve()
  const person = async (loginName: string, name: string, role?: 'support' | 'moderator') => {
    const { accountId, refreshToken } = await newAccount(test, loginName)
    if (role) await admin.setRole({ params: { who: accountId }, body: { role, reason } })
    const session = await test.client().auth.refresh({ body: { refreshToken } })
    const client = test.client({ token: session.accessToken })
    const body = { name, race: 'human', job: 'mage' }
    const { characterId } = await client.characters.create({ params, body })
    const enter = async () => {
      await serve()
      return await client.world.enter({ params, body: { characterId, protocol: 2 } })
    }
    return { client, enter }
  }
  const status = async () => await test.client().world.status({ params })
  /** What was read before is read again. */
  const later = (seconds: number) => test.clock.advance(seconds * 1000)
  return { test, admin, person, status, later }
}

const start = (inS: number, forS: number, more: object = {}) => ({
  params,
  body: { inS, forS, reason, ...more },
})

describe('a maintenance', () => {
  it('is announced, closes the realm from its beginning to its end, and ends by itself', async () => {
    const { test, admin, person, status, later } = await openStage()
    const mira = await person('mira', 'Mira')
    await mira.enter()
    const now = test.clock.now()
    const planned = await admin.startMaintenance(
      start(4 * minute, 5 * minute, { text: 'New disks' }),
    )
    expect(planned).toMatchObject({ until: planned.from + 300_000, least: 'operator' })
    expect(Math.abs(planned.from - now - 240_000)).toBeLessThan(1000)
    const { from, until } = planned
    later(bulletinFreshMs / 1000)
    const shown = { from, until, text: 'New disks' }
    expect(await status()).toMatchObject({ state: 'open', maintenance: shown })
    const listed = async () => (await test.client().auth.realms()).realms[0]
    expect(await listed()).toMatchObject({ state: 'open', maintenance: shown })
    // Until then everything goes on, also from zone to zone.
    await mira.enter()

    test.clock.advance(from - test.clock.now())
    expect(await status()).toMatchObject({ state: 'maintenance', maintenance: shown })
    expect(await listed()).toMatchObject({ state: 'maintenance' })
    const refused: unknown = await mira.enter().catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(ApiError)
    expect(refused).toMatchObject({
      code: 'world.maintenance',
      status: 503,
      document: { detail: 'New disks' },
    })
    expect((refused as ApiError).retryAfterS).toBeGreaterThan(5 * minute - 5)

    test.clock.advance(until - test.clock.now())
    expect(await status()).not.toHaveProperty('maintenance')
    await mira.enter()
  })

  it('lets those in whose role is high enough, and nobody by a role that he had', async () => {
    const { admin, person, later } = await openStage()
    const [mod, helper] = [
      await person('mod', 'Mona', 'moderator'),
      await person('help', 'Hedda', 'support'),
    ]
    await admin.startMaintenance(start(0, hour, { least: 'moderator' }))
    later(3)
    await mod.enter()
    expect(await codeOf(helper.enter())).toBe('world.maintenance')
    await admin.setRole({ params: { who: 'login:mod' }, body: { role: 'player', reason } })
    expect(await codeOf(mod.enter())).toBe('world.maintenance')
  })

  it('is known within three seconds to a function that had read before', async () => {
    const { admin, person, later } = await openStage()
    const mira = await person('mira', 'Mira')
    await mira.enter()
    await admin.startMaintenance(start(0, hour))
    later(bulletinFreshMs / 1000)
    expect(await codeOf(mira.enter())).toBe('world.maintenance')
  })

  it('is extended and ended, each once, and there is one at a time', async () => {
    const { test, admin, person, status, later } = await openStage()
    const mira = await person('mira', 'Mira')
    for (const call of [
      () => admin.maintenance({ params }),
      () => admin.extendMaintenance({ params, body: { forS: hour, reason } }),
      () => admin.endMaintenance({ params, body: { reason } }),
    ]) {
      expect(await codeOf(call())).toBe('admin.maintenance_unknown')
    }
    const { from, until } = await admin.startMaintenance(start(0, hour))
    expect(await codeOf(admin.startMaintenance(start(0, hour)))).toBe('admin.maintenance_stands')
    const operationId = newId(test.clock)
    const extend = async () =>
      await admin.extendMaintenance({ params, body: { forS: hour, reason } }, { operationId })
    const longer = { from, until: until + hour * 1000, least: 'operator' }
    expect(await extend()).toEqual(longer)
    expect(await extend()).toEqual(longer)
    expect(await admin.maintenance({ params })).toEqual(longer)
    const tooLong = { params, body: { forS: 23 * hour, reason } }
    expect(await codeOf(admin.extendMaintenance(tooLong))).toBe('admin.maintenance_long')
    await admin.endMaintenance({ params, body: { reason } })
    later(3)
    expect(await status()).toMatchObject({ state: 'open' })
    await mira.enter()
    const { entries } = await admin.audit({})
    const done = entries.map(({ action }) => action).toSorted()
    expect(done).toEqual(['maintenance.end', 'maintenance.extend', 'maintenance.start'])
  })

  it('that another operator ends meanwhile is not extended', async () => {
    const { test, admin } = await openStage()
    await admin.startMaintenance(start(0, hour))
    const said = await overtaken(
      test,
      () => admin.extendMaintenance({ params, body: { forS: hour, reason } }),
      () => admin.endMaintenance({ params, body: { reason } }),
    )
    expect(said).toBe('admin.maintenance_unknown')
    expect(await codeOf(admin.maintenance({ params }))).toBe('admin.maintenance_unknown')
  })

  it('leaves the list of realms readable while the store does not answer', async () => {
    const { test } = await openStage()
    test.faults.next = () => ({ kind: 'outage' })
    expect((await test.client().auth.realms()).realms).toHaveLength(2)
  })
})

describe('an announcement', () => {
  it('is shown in its time, with what it counts down to, and goes by itself', async () => {
    const { test, admin, status, later } = await openStage()
    const body = { text: 'Fair at the lake', zone: 'hub', inS: minute, forS: hour, reason }
    const kept = await admin.keepAnnouncement({ params, body: { ...body, countdown: true } })
    expect(kept.countdownTo).toBe(kept.until)
    later(3)
    expect((await status()).announcements).toEqual([])
    later(minute)
    expect((await status()).announcements).toEqual([kept])
    test.clock.advance(kept.until - test.clock.now())
    expect((await status()).announcements).toEqual([])
  })

  it('is taken back at once, and once', async () => {
    const { admin, status, later } = await openStage()
    const body = { text: 'Fair at the lake', inS: 0, forS: hour, reason }
    const { announcementId } = await admin.keepAnnouncement({ params, body })
    const call = { params: { ...params, announcementId }, body: { reason } }
    await admin.withdrawAnnouncement(call)
    later(3)
    expect((await status()).announcements).toEqual([])
    expect(await codeOf(admin.withdrawAnnouncement(call))).toBe('admin.announcement_unknown')
  })

  it('needs a zone of the game, and a place among the twenty', async () => {
    const { admin, status, later } = await openStage()
    const body = { text: 'Fair', inS: 0, forS: hour, reason }
    const nowhere = { params, body: { ...body, zone: 'nowhere' } }
    expect(await codeOf(admin.keepAnnouncement(nowhere))).toBe('admin.zone_unknown')
    expect(await codeOf(admin.announce(nowhere))).toBe('admin.zone_unknown')
    const all = Array.from({ length: announcementsMax + 2 }, () =>
      codeOf(admin.keepAnnouncement({ params, body })),
    )
    const said = await Promise.all(all)
    expect(said.filter((code) => code === 'done')).toHaveLength(announcementsMax)
    expect(said.filter((code) => code === 'admin.announcements_full')).toHaveLength(2)
    later(3)
    expect((await status()).announcements).toHaveLength(announcementsMax)
  })
})

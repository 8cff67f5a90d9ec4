// A mailbox on the functions: each notification once, none missed.
import type { Notification } from '#shared/notifications/notification.ts'
import { expect, it } from 'vitest'
import { createMailbox } from '#client/library/mailbox.ts'
import { createMemoryStore } from '#client/library/storage.ts'
import { mailboxSettlesMs, notificationKeptMs } from '#shared/limits.ts'
import { notify } from '#shared/notifications/mailbox.ts'
import { newId } from '#shared/runtime.ts'
import { newAccount, openApi } from './api.ts'

const realmId = 'local'

async function open() {
  const test = await openApi()
  const { accessToken, accountId } = await newAccount(test)
  const api = test.client({ token: accessToken })
  const store = createMemoryStore()
  const mailbox = () => createMailbox(api, realmId, { store, key: 'mailbox' })
  /** A row whose writer began so long ago. */
  const write = async (name: string, agoMs = 0) => {
    const runtime = { now: () => test.clock.now() - agoMs, randomBytes: test.clock.randomBytes }
    const news = { kind: 'friend.asked', playerId: newId(test.clock), name } as const
    await test.memory.transact([notify(runtime, { realmId, accountId }, news)])
  }
  return { test, mailbox, store, write }
}

const names = (news: Notification[]) => news.map((one) => ('name' in one ? one.name : undefined))

it('tells each notification once, over reloads and long pauses', async () => {
  const { test, mailbox, write } = await open()
  const first = mailbox()
  await write('Ada')
  expect(names(await first.news())).toEqual(['Ada'])
  expect(await first.news()).toEqual([])
  await write('Bram')
  expect(names(await mailbox().news())).toEqual(['Bram'])
  test.clock.advance(2 * mailboxSettlesMs)
  expect(await mailbox().news()).toEqual([])
  await write('Cato')
  expect(names(await mailbox().news())).toEqual(['Cato'])
  expect(await mailbox().news()).toEqual([])
})

it('does not miss a row that comes to lie before one that was read', async () => {
  const { mailbox, write } = await open()
  await write('Ada')
  expect(names(await mailbox().news())).toEqual(['Ada'])
  await write('Late', mailboxSettlesMs - 1000)
  expect(names(await mailbox().news())).toEqual(['Late'])
  expect(await mailbox().news()).toEqual([])
})

it('reads many of one millisecond in pages, in one read for all who ask at once', async () => {
  const { test, mailbox, write } = await open()
  for (let i = 0; i < 130; i++) await write(`Name ${'abcdefghij'[i % 10]}`)
  test.trips.reset()
  const one = mailbox()
  const [a, b] = await Promise.all([one.news(), one.news()])
  expect(a).toHaveLength(130)
  expect(new Set(a.map(({ notificationId }) => notificationId)).size).toBe(130)
  expect(b).toBe(a)
  expect(test.trips.trips).toHaveLength(3)
  expect(await mailbox().news()).toEqual([])
})

it('begins anew when its place is lost, and forgets what is a month old', async () => {
  const { mailbox, store, write } = await open()
  await write('Old', notificationKeptMs + 2000)
  await write('Bram')
  expect(names(await mailbox().news())).toEqual(['Bram'])
  store.set('mailbox', 'no json')
  expect(names(await mailbox().news())).toEqual(['Bram'])
})

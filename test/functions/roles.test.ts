// Roles: who may do what to whom, and what a role that is taken away is still good for.
import { describe, expect, it } from 'vitest'
import { signOperatorToken } from '#functions/http/token.ts'
import type { Role } from '#shared/api/role.ts'
import { codeOf, newAccount, openApi, overtaken } from './api.ts'

const reason = 'Sold gold'

async function openStage() {
  const test = await openApi()
  const token = await signOperatorToken(test.keys.signing(), 'ann', test.clock.now())
  const commandLine = test.client({ token }).admin
  /** An account with a role, its client, and how it is named. */
  const person = async (loginName: string, role: Role | 'player') => {
    const { accountId, refreshToken } = await newAccount(test, loginName)
    const params = { who: accountId }
    if (role !== 'player') await commandLine.setRole({ params, body: { role, reason } })
    const session = await test.client().auth.refresh({ body: { refreshToken } })
    return { accountId, params, ...test.client({ token: session.accessToken }) }
  }
  return { test, commandLine, person }
}

const days = (count: number) => ({ reason, forS: count * 86_400 })

describe('a moderator', () => {
  it('bans for up to a month, and leaves longer bans to operators', async () => {
    const { commandLine, person } = await openStage()
    const { admin } = await person('mod', 'moderator')
    const { params } = await person('mira', 'player')
    expect(await codeOf(admin.ban({ params, body: { reason } }))).toBe('admin.ban_too_long')
    expect(await codeOf(admin.ban({ params, body: days(31) }))).toBe('admin.ban_too_long')
    await admin.ban({ params, body: days(30) })
    await admin.ban({ params, body: days(1) })
    await admin.unban({ params, body: { reason } })
    await commandLine.ban({ params, body: { reason } })
    expect(await codeOf(admin.ban({ params, body: days(1) }))).toBe('admin.ban_too_long')
    expect(await codeOf(admin.unban({ params, body: { reason } }))).toBe('admin.ban_too_long')
    expect((await admin.showPlayer({ params })).ban?.forGood).toBe(true)
  })

  it('acts on players and support, and on nobody with his role or a higher one', async () => {
    const { person } = await openStage()
    const mod = await person('mod', 'moderator')
    for (const role of ['player', 'support'] as const) {
      const { params } = await person(role, role)
      await mod.admin.kick({ params, body: { reason } })
      await mod.admin.ban({ params, body: days(1) })
    }
    for (const role of ['moderator', 'operator'] as const) {
      const { params } = await person(`the-${role}`, role)
      const said = await Promise.all([
        codeOf(mod.admin.kick({ params, body: { reason } })),
        codeOf(mod.admin.ban({ params, body: days(1) })),
        codeOf(mod.admin.unban({ params, body: { reason } })),
      ])
      expect(said, role).toEqual(['admin.outranked', 'admin.outranked', 'admin.outranked'])
    }
  })

  it('gives no role, not even one below his own', async () => {
    const { person } = await openStage()
    const mod = await person('mod', 'moderator')
    const { params } = await person('mira', 'player')
    const body = { role: 'support' as const, reason }
    expect(await codeOf(mod.admin.setRole({ params, body }))).toBe('auth.forbidden')
  })
})

describe('support', () => {
  it('looks at players, writes to one, and reads in the audit what it did itself', async () => {
    const { person } = await openStage()
    const support = await person('support', 'support')
    const { params, characters } = await person('mira', 'player')
    const inRealm = { params: { realmId: 'local' } }
    await characters.create({ ...inRealm, body: { name: 'Mira', race: 'human', job: 'mage' } })
    await support.admin.showPlayer({ params })
    const letter = { to: 'Mira', subject: 'Your ticket', text: 'Done.', reason }
    await support.admin.sendMail({ ...inRealm, body: letter })
    expect(await codeOf(support.admin.kick({ params, body: { reason } }))).toBe('auth.forbidden')
    const { entries } = await support.admin.audit({})
    expect(entries.map(({ action, operatorId }) => [action, operatorId])).toEqual([
      ['mail.send', support.accountId],
    ])
  })
})

describe('a role that is taken away or lowered', () => {
  it('is gone at once, though its token lives on', async () => {
    const { commandLine, person } = await openStage()
    const mod = await person('mod', 'moderator')
    const { params } = await person('mira', 'player')
    await mod.admin.kick({ params, body: { reason } })
    const body = { role: 'support' as const, reason }
    await commandLine.setRole({ params: mod.params, body })
    expect(await codeOf(mod.admin.kick({ params, body: { reason } }))).toBe('auth.forbidden')
    // The token says more than the account: even what support may do waits for a fresh one.
    expect(await codeOf(mod.admin.showPlayer({ params }))).toBe('auth.forbidden')
  })

  it('ends an act that is under way', async () => {
    const { test, commandLine, person } = await openStage()
    const mod = await person('mod', 'moderator')
    const other = await person('mira', 'player')
    const { params } = other
    const said = await overtaken(
      test,
      () => mod.admin.ban({ params, body: days(1) }),
      () => commandLine.setRole({ params: mod.params, body: { role: 'player', reason } }),
    )
    expect(said).toBe('auth.forbidden')
    expect((await commandLine.showPlayer({ params })).ban).toBeUndefined()
  })
})

describe('the last operator', () => {
  it('stays: nobody takes his own role or bans himself, but the command line does', async () => {
    const { commandLine, person } = await openStage()
    const otto = await person('otto', 'operator')
    const { params } = otto
    const lower = { params, body: { role: 'moderator' as const, reason } }
    expect(await codeOf(otto.admin.setRole(lower))).toBe('admin.yourself')
    expect(await codeOf(otto.admin.ban({ params, body: days(1) }))).toBe('admin.yourself')
    await otto.admin.kick({ params, body: { reason } })
    await commandLine.setRole(lower)
    expect(await codeOf(otto.admin.fleet())).toBe('auth.forbidden')
  })

  it('stays when two take the role from each other at once', async () => {
    const { test, commandLine, person } = await openStage()
    const [ada, bob] = [await person('ada', 'operator'), await person('bob', 'operator')]
    const body = { role: 'player' as const, reason }
    const said = await overtaken(
      test,
      () => ada.admin.setRole({ params: bob.params, body }),
      () => bob.admin.setRole({ params: ada.params, body }),
    )
    expect(said).toBe('auth.forbidden')
    expect((await commandLine.showPlayer({ params: bob.params })).role).toBe('operator')
  })
})

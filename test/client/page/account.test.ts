import { describe, expect, it } from 'vitest'
import { readLink } from '#client/page/account/link.ts'
import {
  emailWords,
  erasedWords,
  factorWords,
  sessionWords,
  whoWords,
} from '#client/page/account/words.ts'
import { ownWordsOf, wordsOf } from '#client/page/words.ts'
import { verifyEmail, recoveryEmail } from '#functions/auth/email-texts.ts'
import type { AccountOverview } from '#shared/api/auth-account.ts'
import { ApiError } from '#shared/api/client.ts'

const account = (more: Partial<AccountOverview> = {}): AccountOverview => ({
  accountId: '01900000-0000-7000-8000-000000000001',
  createdAt: 0,
  guest: false,
  loginName: 'mira',
  device: false,
  secondFactor: { on: false, recoveryCodes: 0 },
  identities: [],
  ...more,
})

describe('links of e-mails', () => {
  const deps = {
    email: { links: 'https://play.example/' },
    realms: { list: [], here: new Set<string>() },
  }
  const hashIn = (text: string) => new URL(/https:\S+/.exec(text)![0]).hash

  it('lead to what they are for', () => {
    expect(readLink(hashIn(verifyEmail(deps, 'a@b.example', 'se-cret_1').text))).toEqual({
      kind: 'verify',
      secret: 'se-cret_1',
    })
    expect(readLink(hashIn(recoveryEmail(deps, 'a@b.example', 'mira', 's.2').text))).toEqual({
      kind: 'recover',
      secret: 's.2',
    })
  })

  it('are not anything else behind the #', () => {
    for (const hash of ['', '#', '#verify=', '#other=1', '#x-recover=1']) {
      expect(readLink(hash)).toBeUndefined()
    }
  })
})

describe('what the panel of the account says', () => {
  it('names who is logged in, and each way in that is left open', () => {
    expect(whoWords(account())).toBe('You are logged in as mira.')
    expect(whoWords(account({ device: true }))).toMatch(/as mira\..* opens the account as well/)
    expect(whoWords(account({ guest: true, loginName: undefined, device: true }))).toBe(
      'You play as a guest.',
    )
    expect(whoWords(account({ loginName: undefined }))).toMatch(/no log-in name yet/)
  })

  it('tells a verified address from one that waits', () => {
    expect(emailWords({})).toMatch(/^None\./)
    expect(emailWords({ email: { address: 'a@b.example' } })).toBe('a@b.example, verified.')
    expect(emailWords({ email: { pending: 'c@d.example' } })).toMatch(
      /^c@d\.example is not verified/,
    )
    expect(emailWords({ email: { address: 'a@b.example', pending: 'c@d.example' } })).toMatch(
      /^a@b\.example, verified\. c@d\.example is not verified/,
    )
  })

  it('says how many recovery codes are left, and what an authenticator needs', () => {
    expect(factorWords(account())).toMatch(/^Off\./)
    expect(factorWords(account({ secondFactor: { on: true, recoveryCodes: 3 } }))).toMatch(
      /left: 3/,
    )
    expect(factorWords(account({ loginName: undefined }))).toMatch(/needs a log-in name/)
  })

  it('marks the session in which it is open', () => {
    const at = { createdAt: 0, usedAt: 0 }
    expect(sessionWords({ ...at, agent: 'Firefox', current: true }).text).toBe('Firefox, this one')
    expect(sessionWords({ ...at, current: false }).text).toBe('Unknown program')
  })

  it('names the day of an erase', () => {
    expect(erasedWords(Date.UTC(2031, 4, 15, 12))).toContain('2031')
  })
})

describe('refusals', () => {
  it('are of the password alone where the player is known', () => {
    const wrong = new ApiError('auth.invalid_credentials', 'Wrong')
    expect(wordsOf(wrong)).toBe('Name or password is wrong.')
    expect(ownWordsOf(wrong)).toBe('The password is wrong.')
    expect(ownWordsOf(new ApiError('auth.busy', 'Busy'))).toBe(
      wordsOf(new ApiError('auth.busy', 'Busy')),
    )
  })

  it('say how long somebody has to wait who did something too often', () => {
    const often = (retryAfterS?: number) =>
      wordsOf(
        new ApiError(
          'request.rate_limited',
          'Often',
          retryAfterS === undefined ? {} : { retryAfterS },
        ),
      )
    expect(often(290)).toBe('You did that too often. Please wait 5 minutes.')
    expect(often(20)).toBe('You did that too often. Please wait a moment.')
    expect(often()).toBe('You did that too often. Please wait a moment.')
  })
})

// What the player reads of his account.
import type { AccountOverview } from '#shared/api/auth-account.ts'
import { eraseGraceDays } from '#shared/limits.ts'
import { dayOf, momentOf } from '../countdown.ts'

export const guestWarning =
  'Only this browser opens your account. If its data is deleted or the device is lost, your characters are lost too. ' +
  'Add a log-in name and a password to keep them. Everything else stays as it is.'

export const eraseWarning =
  `Your account and its characters are erased after ${eraseGraceDays} days. You are logged out everywhere now. ` +
  'A log-in before then keeps them.'

export function whoWords({ guest, loginName, device }: AccountOverview): string {
  if (guest) return 'You play as a guest.'
  if (loginName === undefined) return 'Another service signs you in. There is no log-in name yet.'
  const also = device ? ' The browser in which you began as a guest opens the account as well.' : ''
  return `You are logged in as ${loginName}.${also}`
}

export function emailWords({ email = {} }: Pick<AccountOverview, 'email'>): string {
  const { address, pending } = email
  const waits =
    pending === undefined ? '' : `${pending} is not verified yet. Open the link in the e-mail.`
  if (address === undefined) {
    return waits === '' ? 'None. Without one, a lost password cannot be replaced.' : waits
  }
  return [`${address}, verified.`, waits].filter((text) => text !== '').join(' ')
}

export function factorWords({ loginName, secondFactor }: AccountOverview): string {
  if (loginName === undefined) {
    return 'An authenticator needs a log-in name. Add one under Log-in.'
  }
  if (!secondFactor.on) {
    return 'Off. With it, every log-in asks for a code of your authenticator as well.'
  }
  return `On. Every log-in asks for a code. Recovery codes left: ${secondFactor.recoveryCodes}.`
}

export function sessionWords(session: {
  agent?: string | undefined
  createdAt: number
  usedAt: number
  current: boolean
}): { text: string; about: string } {
  const { agent = 'Unknown program', createdAt, usedAt, current } = session
  return {
    text: current ? `${agent}, this one` : agent,
    about: `Since ${momentOf(createdAt)}, used ${momentOf(usedAt)}`,
  }
}

/** `at`: Unix ms. */
export function erasedWords(at: number): string {
  return `Your account is erased on ${dayOf(at)}. A log-in before then keeps it.`
}

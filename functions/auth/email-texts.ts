// What the e-mails say. Plain text; a secret stands behind the # of a link, which browsers send to nobody.
import type { Email, EmailPart } from '#shared/email/email.ts'
import type { Realms } from '../http/realms.ts'

type Deps = { email: Pick<EmailPart, 'links'>; realms: Realms }

export function verifyEmail(deps: Deps, to: string, secret: string): Email {
  return {
    to,
    subject: `${nameOf(deps)}: verify your e-mail address`,
    text: lines(
      'Open this link to verify that this is your address. It is good for 24 hours.',
      linkOf(deps, 'verify', secret),
      'If you have not asked for it, you need not do anything.',
    ),
  }
}

export function recoveryEmail(deps: Deps, to: string, loginName: string, secret: string): Email {
  return {
    to,
    subject: `${nameOf(deps)}: a new password`,
    text: lines(
      `Open this link to set a new password for the log-in name ${loginName}. It is good for 30 minutes, once.`,
      linkOf(deps, 'recover', secret),
      'If you have not asked for it, you need not do anything. Your password stays as it is.',
    ),
  }
}

/** To the address that counted before: who took an account over must not be able to hide it. */
export function changedEmail(deps: Deps, to: string, what: string): Email {
  return {
    to,
    subject: `${nameOf(deps)}: your account was changed`,
    text: lines(
      what,
      'If that was not you, set a new password and look at the sessions of your account.',
    ),
  }
}

function nameOf({ realms }: Deps): string {
  return realms.list[0]?.name ?? 'Waystone'
}

function linkOf({ email }: Deps, what: 'verify' | 'recover', secret: string): string {
  return `${email.links.replace(/\/$/, '')}/#${what}=${secret}`
}

function lines(...paragraphs: string[]): string {
  return `${paragraphs.join('\n\n')}\n`
}

// Links in e-mails (functions/auth/email-texts.ts): what they are for, and their secret, stand behind the #.

export type Link = { kind: 'verify' | 'recover'; secret: string }

/** `hash`: of the address of the page. Undefined when it is no such link. */
export function readLink(hash: string): Link | undefined {
  const [, kind, secret] = /^#(verify|recover)=(.+)$/.exec(hash) ?? []
  if (secret === undefined) return undefined
  return kind === 'verify' ? { kind, secret } : { kind: 'recover', secret }
}

// E-mail to players: what accounts need to reach who owns them. Nothing to do with letters in the world (mail).

export type Email = { to: string; subject: string; text: string }

/** Sends e-mail. At least once: after a lost answer the same e-mail may come twice. */
export interface EmailSender {
  /** Fails with EmailError. */
  send(email: Email): Promise<void>
}

/** What a domain gets that writes to players. */
export type EmailPart = {
  /** Undefined: no e-mail is sent from here. */
  sender: EmailSender | undefined
  /** The page that the links in e-mails open. Their secret follows it after `#`. */
  links: string
}

/** An e-mail was not taken. The message has neither address nor text. */
export class EmailError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'EmailError'
  }
}

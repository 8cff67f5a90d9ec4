// E-mail by Amazon SES (API v2).
import type { SignedFetch } from '../aws/call.ts'
import { EmailError } from './email.ts'
import type { EmailSender } from './email.ts'

export type SesOptions = {
  /** Base URL of the service. */
  endpoint: string
  /** An address that is verified in SES, or is in a domain that is. */
  from: string
  signed: SignedFetch
}

const answerMs = 3000

export function createSesSender({ endpoint, from, signed }: SesOptions): EmailSender {
  const url = new URL(`${endpoint.replace(/\/$/, '')}/v2/email/outbound-emails`)
  return {
    async send({ to, subject, text }) {
      const utf8 = (Data: string) => ({ Data, Charset: 'UTF-8' })
      const body = JSON.stringify({
        FromEmailAddress: from,
        Destination: { ToAddresses: [to] },
        Content: { Simple: { Subject: utf8(subject), Body: { Text: utf8(text) } } },
      })
      const signal = AbortSignal.timeout(answerMs)
      const response = await signed('ses', url, { method: 'POST', body, signal }).catch(
        (cause: unknown) => {
          throw new EmailError('SES does not answer', cause)
        },
      )
      await response.body?.cancel()
      if (response.ok) return
      // Its text repeats the address; the name of the error does not.
      const name = response.headers.get('x-amzn-errortype')?.split(':', 1)[0]
      throw new EmailError(`SES has not taken an e-mail: ${name ?? response.status}`)
    },
  }
}

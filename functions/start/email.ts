// E-mail of functions, from their environment.
import { createSignedFetch, domainOf } from '#shared/aws/call.ts'
import type { EmailPart } from '#shared/email/email.ts'
import { createSesSender } from '#shared/email/ses.ts'
import type { Wired } from './wire.ts'

export async function openEmail({ config, awsOptions, runtime }: Wired): Promise<EmailPart> {
  const from = config.WAYSTONE_EMAIL_FROM
  const { region, credentials } = awsOptions
  // The name that the SDKs read.
  const endpoint =
    process.env['AWS_ENDPOINT_URL_SESV2'] ?? `https://email.${region}.${domainOf(region)}`
  const signed = createSignedFetch({ region, credentials, runtime })
  return {
    sender: from === undefined ? undefined : createSesSender({ endpoint, from, signed }),
    // wire() has refused an environment without it.
    links: config.WAYSTONE_EMAIL_LINKS ?? config.WAYSTONE_PUBLIC_URL!,
  }
}

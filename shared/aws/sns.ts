// What SNS sends over HTTP. Anyone may post there, so a message counts only with its signature, by a certificate that
// lies with SNS itself (Amazon SNS developer guide, "Verifying the signatures of Amazon SNS messages").
import { createVerify, X509Certificate } from 'node:crypto'
import type { SnsMessage } from '../api/sns.ts'

/** The fields that are signed, in this order, each name and value on a line of its own; those that are absent are not. */
const signed = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  confirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
} as const

function signedText(message: SnsMessage): string {
  const fields = signed[message.Type === 'Notification' ? 'Notification' : 'confirmation']
  return fields
    .filter((name) => typeof message[name] === 'string')
    .map((name) => `${name}\n${message[name]}\n`)
    .join('')
}

/** Whether a URL leads to SNS in the region of a topic. Nothing else is fetched because a message says so. */
export function isOfSns(url: string | undefined, topic: string): url is string {
  // arn:aws:sns:eu-central-1:123456789012:name
  const [, partition, , region = ''] = topic.split(':')
  if (url === undefined || !URL.canParse(url) || !/^[a-z0-9-]+$/.test(region)) return false
  const { protocol, host, username } = new URL(url)
  const top = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com'
  return protocol === 'https:' && username === '' && host === `sns.${region}.${top}`
}

/**
 * Whether SNS has signed the message for this topic. `get` fetches the certificate; what it fails with is thrown.
 */
export async function isSigned(
  message: SnsMessage,
  topic: string,
  { get, now }: { get: (url: string) => Promise<string>; now: () => number },
): Promise<boolean> {
  const { SigningCertURL: url, SignatureVersion: version, Signature } = message
  if (message.TopicArn !== topic || !isOfSns(url, topic)) return false
  if (!new URL(url).pathname.endsWith('.pem')) return false
  const pem = await get(url)
  try {
    const certificate = new X509Certificate(pem)
    if (now() < Date.parse(certificate.validFrom)) return false
    if (now() > Date.parse(certificate.validTo)) return false
    const verify = createVerify(version === '1' ? 'RSA-SHA1' : 'RSA-SHA256')
    return verify.update(signedText(message)).verify(certificate.publicKey, Signature, 'base64')
  } catch {
    // It is no certificate.
    return false
  }
}

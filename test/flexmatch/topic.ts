// A topic of SNS that posts to an HTTP subscription, signed as SNS signs it.
import { createSign } from 'node:crypto'
import type { SnsMessage } from '#shared/api/sns.ts'
import { selfSigned } from '../fleet/self-signed.ts'

export const topicArn = 'arn:aws:sns:eu-central-1:123456789012:waystone-flexmatch'
export const certificateUrl =
  'https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-7506a1e35b36ef5a444dd1a8e7cc3ed8.pem'

const sns = selfSigned('sns.amazonaws.com', 'rsa')
export const certificate = sns.cert

let messages = 0

/** The lines that are signed, by the developer guide of SNS. */
function lines(message: Omit<SnsMessage, 'Signature'>): string {
  const names =
    message.Type === 'Notification'
      ? (['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'] as const)
      : ([
          'Message',
          'MessageId',
          'SubscribeURL',
          'Timestamp',
          'Token',
          'TopicArn',
          'Type',
        ] as const)
  let text = ''
  for (const name of names) if (message[name]) text += `${name}\n${message[name]}\n`
  return text
}

export function signMessage(
  message: Omit<SnsMessage, 'Signature'>,
  key: string = sns.key,
): SnsMessage {
  const hash = message.SignatureVersion === '1' ? 'RSA-SHA1' : 'RSA-SHA256'
  const Signature = createSign(hash).update(lines(message)).sign(key, 'base64')
  return { ...message, Signature }
}

export function notification(
  text: string,
  more: Partial<Omit<SnsMessage, 'Signature'>> = {},
): SnsMessage {
  return signMessage({
    Type: 'Notification',
    MessageId: `message-${++messages}`,
    TopicArn: topicArn,
    Message: text,
    Timestamp: '2026-12-01T10:00:00.000Z',
    SignatureVersion: '2',
    SigningCertURL: certificateUrl,
    ...more,
  })
}

/** As SNS posts it. */
export function snsRequest(message: object) {
  return {
    headers: { 'content-type': 'text/plain; charset=UTF-8', 'x-amz-sns-topic-arn': topicArn },
    body: JSON.stringify(message),
  }
}

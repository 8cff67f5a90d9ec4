// A message of SNS, as it comes over HTTP (shared/aws/sns.ts checks its signature).
import * as z from 'zod'

export const snsMessage = z
  .object({
    Type: z.enum(['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation']),
    MessageId: z.string().min(1).max(100),
    TopicArn: z.string().min(1).max(300),
    Subject: z.string().nullish(),
    Message: z.string(),
    Timestamp: z.string().min(1).max(40),
    SignatureVersion: z.enum(['1', '2']),
    Signature: z.string().min(1).max(2000),
    SigningCertURL: z.string().min(1).max(500),
    Token: z.string().max(2000).optional(),
    SubscribeURL: z.string().max(2000).optional().meta({ description: 'Of a confirmation' }),
  })
  .meta({ id: 'SnsMessage' })

export type SnsMessage = z.infer<typeof snsMessage>

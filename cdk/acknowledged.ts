// Findings of cdk-nag that we know and leave, each with its reason. A finding that is not here fails the
// synth.
import { Validations } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'

const REASONS = {
  'redis-rotation': {
    id: 'AwsSolutions-SMG4',
    reason:
      'The operator of the Redis issues the token, outside of AWS: no Lambda can rotate it. It guards a cache that can be rebuilt.',
  },
  'sign-in-rotation': {
    id: 'AwsSolutions-SMG4',
    reason:
      'The providers issue these secrets, outside of AWS: no Lambda can rotate them. An operator replaces them by hand (docs/deployment.md).',
  },
  'own-authorizer': {
    id: 'AwsSolutions-APIG4',
    reason:
      'The JWT authorizer of HTTP APIs takes RSA alone; tokens here are EdDSA and verified by each function before anything else, which test/functions/matrix.test.ts asks of every route.',
  },
  'own-log-streams': {
    id: 'AwsSolutions-IAM5',
    reason: 'A function makes log streams of its own choice, in its own log group alone.',
  },
  'own-hello': {
    id: 'AwsSolutions-APIG4',
    reason:
      'An authorizer of WebSocket APIs reads the address of a connection, which ends in logs. Here the first frame holds a one-use ticket, and nothing else is taken before it.',
  },
} as const

type Finding = keyof typeof REASONS

/** A wildcard in the resource of a policy: each is left by itself, as cdk-nag writes it. */
export function acknowledgeWildcard(construct: IConstruct, resource: string, reason: string): void {
  Validations.of(construct).acknowledge({ id: `AwsSolutions-IAM5[Resource::${resource}]`, reason })
}

export function acknowledge(construct: IConstruct, findings: Finding[]): void {
  Validations.of(construct).acknowledge(...findings.map((finding) => REASONS[finding]))
}

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
  'own-authorizer': {
    id: 'AwsSolutions-APIG4',
    reason:
      'The JWT authorizer of HTTP APIs takes RSA alone; tokens here are EdDSA and verified by each function before anything else, which test/functions/matrix.test.ts asks of every route.',
  },
  'own-log-streams': {
    id: 'AwsSolutions-IAM5',
    reason: 'A function makes log streams of its own choice, in its own log group alone.',
  },
} as const

type Finding = keyof typeof REASONS

export function acknowledge(construct: IConstruct, findings: Finding[]): void {
  Validations.of(construct).acknowledge(...findings.map((finding) => REASONS[finding]))
}

// What the bundles of Lambdas take in place of the SDK's whole chain of credentials: a Lambda has them
// in its environment and nowhere else, and the chain (single sign-on, profiles, web identities,
// instance metadata) is 110 KB (cdk/bundles.ts).
import type { AwsCredentials } from '#shared/aws/call.ts'
import { lambdaCredentials } from '#shared/aws/call.ts'

/** Under the name by which the SDK asks for it. */
export const defaultProvider = () => async (): Promise<AwsCredentials> =>
  lambdaCredentials(process.env)

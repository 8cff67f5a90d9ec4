// The providers by which players sign in: from a secret in the cloud, or the environment.
import type { AwsCall } from '#shared/aws/call.ts'
import { ConfigError } from '#shared/config.ts'
import type { Config } from '#shared/config.ts'
import { signInSettings } from '#shared/sign-in.ts'
import type { SignInSettings } from '#shared/sign-in.ts'
import type { Wired } from './wire.ts'

/** Throws ConfigError or AwsError. */
export async function openSignIn({ config, aws }: Wired): Promise<SignInSettings> {
  const secret = config.WAYSTONE_SIGN_IN_SECRET
  return secret === undefined ? signInOf(config) : await readSecret(secret, aws)
}

/** What the environment says. Throws ConfigError. */
export function signInOf(config: Pick<Config, 'WAYSTONE_OIDC' | 'WAYSTONE_STEAM'>): SignInSettings {
  const { WAYSTONE_OIDC: oidc, WAYSTONE_STEAM: steam } = config
  const settings = signInSettings.safeParse({ oidc, steam })
  if (settings.success) return settings.data
  throw new ConfigError(['Two providers of WAYSTONE_OIDC and WAYSTONE_STEAM have one name.'])
}

async function readSecret(secretId: string, aws: AwsCall): Promise<SignInSettings> {
  const answer = await aws('secretsmanager', 'secretsmanager.GetSecretValue', {
    SecretId: secretId,
  })
  try {
    return signInSettings.parse(JSON.parse(String(answer['SecretString'])))
  } catch {
    // Neither JSON.parse nor zod may quote the secret in a log.
    throw new ConfigError([
      `The secret ${secretId} must be {} or {"oidc": [{"name", "title", "issuer", "clientId", "clientSecret"}], ` +
        '"steam": {"appId", "key", "identity"}}, each name once.',
    ])
  }
}

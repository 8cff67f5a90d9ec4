// The data of a realm: the three tables, the key that encrypts the realm's keys, the secrets of its Redis and of its providers.
import { RemovalPolicy, SecretValue, Stack } from 'aws-cdk-lib'
import type { App } from 'aws-cdk-lib'
import {
  AttributeType,
  BillingMode,
  StreamViewType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb'
import { Key } from 'aws-cdk-lib/aws-kms'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import type { TableName } from '#shared/store/store.ts'
import { acknowledge } from './acknowledged.ts'
import { prefixOf, removalOf } from './settings.ts'
import type { Settings } from './settings.ts'

export type Data = {
  stack: Stack
  tables: Record<TableName, Table>
  key: Key
  redis: Secret
  /** The providers by which players sign in. */
  signIn: Secret
}

export function defineData(app: App, settings: Settings): Data {
  const { realm, keep } = settings
  const stack = new Stack(app, `waystone-${realm}-data`, {
    description: `Waystone, realm ${realm}: tables, key and secret`,
    terminationProtection: keep,
  })
  const removalPolicy = removalOf(settings)

  const table = (name: TableName, options: { expires: boolean }) =>
    new Table(stack, name, {
      tableName: `${prefixOf(settings)}${name}`,
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      // AWS's key for DynamoDB in this account: CloudTrail shows who used it, and no policy can lock us out.
      // Secrets that a reader of the table must not see are sealed beforehand (shared/keys).
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: keep,
      // Not by a rollback either: it would fail at the protection.
      removalPolicy: keep ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      // Free as long as it has no reader. An archive or a projection of the ledger begins here.
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      ...(options.expires ? { timeToLiveAttribute: 'expires' } : {}),
    })

  const key = new Key(stack, 'key', {
    alias: `waystone/${realm}`,
    description: `Waystone, realm ${realm}: opens the key that encrypts signing keys; alarms`,
    enableKeyRotation: true,
    removalPolicy,
  })
  const redis = new Secret(stack, 'redis', {
    secretName: `waystone/${realm}/redis`,
    description:
      'Where the Redis of the realm is: {"url": "https://…", "token": "…"}, or {} for none',
    // Put in by hand (docs/deployment.md); CloudFormation writes it once and then lets it be.
    secretStringValue: SecretValue.unsafePlainText('{}'),
    removalPolicy,
  })
  acknowledge(redis, ['redis-rotation'])
  const signIn = new Secret(stack, 'sign-in', {
    secretName: `waystone/${realm}/sign-in`,
    description: 'The providers by which players sign in: {"oidc": […], "steam": {…}}, or {}',
    // As that of Redis.
    secretStringValue: SecretValue.unsafePlainText('{}'),
    removalPolicy,
  })
  acknowledge(signIn, ['sign-in-rotation'])
  return {
    stack,
    // `core` keeps sessions and remembered operations, which expire; value never does.
    tables: {
      core: table('core', { expires: true }),
      ledger: table('ledger', { expires: false }),
      volatile: table('volatile', { expires: true }),
    },
    key,
    redis,
    signIn,
  }
}

// What the stacks create. After a change that is meant: npx vitest run test/cdk -u, and read the difference.
import '../sample-game.ts'
import { Stack, App, Validations } from 'aws-cdk-lib'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { AwsSolutionsChecks } from 'cdk-nag'
import { beforeAll, describe, expect, it } from 'vitest'
import { BUNDLINGS, functionsOf } from '#cdk/bundles.ts'
import { domains } from '#functions/domains.ts'
import { readRuleSet } from '#shared/matching/rule-set.ts'
import { listAt, ofKind, readManifests } from '../agones/read.ts'
import { describeAcknowledged, describeStack } from './describe.ts'
import { synthRealm } from './synth.ts'
import type { Resource, Stacks, Template } from './synth.ts'

let realm: ReturnType<typeof synthRealm>
/** With every setting set. */
let other: ReturnType<typeof synthRealm>

beforeAll(() => {
  realm = synthRealm()
  other = synthRealm({
    realm: 'us1',
    realmName: 'West',
    keep: 'no',
    bundling: 'one',
    domain: 'api.example.org',
    certificate: 'arn:aws:acm:us-east-1:123456789012:certificate/c',
    cors: 'https://play.example.org',
    alarmEmail: 'ops@example.org',
    scalingHash: `${'a'.repeat(64)},${'b'.repeat(64)}`,
    authConcurrency: '40',
    logDays: '7',
    ratePerS: '100',
    passwordRatePerS: '10',
    flexMatch: 'crypt',
    ...eks,
  })
})

/** As `aws eks describe-cluster` describes one. */
const eks = {
  clusterName: 'worlds',
  clusterEndpoint: 'https://0123456789ABCDEF.gr7.eu-central-1.eks.amazonaws.com',
  clusterCa: Buffer.from('-----BEGIN CERTIFICATE-----\nMII=\n').toString('base64'),
}

function ofType({ Resources: resources }: Template, type: string): Resource[] {
  return Object.values(resources).filter((resource) => resource.Type === type)
}

/** Names that we give, and that CloudFormation therefore does not make unique. */
function namesIn(stacks: Stacks): string[] {
  const named = /^(Table|Function|Role|Topic|Alarm|LogGroup|Alias)?Name$/
  const names = Object.values(stacks).flatMap(({ Resources: resources }) =>
    Object.values(resources).flatMap(({ Properties: properties = {} }) =>
      Object.entries(properties)
        .filter(([property]) => named.test(property))
        .map(([, value]) => value),
    ),
  )
  return names.filter((name) => typeof name === 'string')
}

describe('the stacks', () => {
  it.each(['data', 'api', 'zones'] as const)('create in %s what was reviewed', async (name) => {
    await expect(describeStack(realm.stacks[name])).toMatchFileSnapshot(`reviewed/${name}.txt`)
  })

  it('leave findings of cdk-nag only with a reason', async () => {
    await expect(describeAcknowledged(realm.app)).toMatchFileSnapshot('reviewed/acknowledged.txt')
  })

  it('are held against cdk-nag, which says something when there is something', () => {
    const app = new App({ analyticsReporting: false })
    const bucket = new Bucket(new Stack(app, 's'), 'b')
    expect(bucket.bucketName).toBeDefined()
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
    expect(() => app.synth()).toThrow(/AwsSolutions-S1/)
  })

  it('let two realms live in one account', () => {
    const first = namesIn(realm.stacks)
    const second = new Set(namesIn(other.stacks))
    expect(first.length).toBeGreaterThan(20)
    expect(first.filter((name) => second.has(name))).toEqual([])
    for (const name of first) expect(name).toMatch(/main/)
  })

  it('let FlexMatch match the queues that are named, and tell what it has found', () => {
    const { api } = other.stacks
    const [configuration, ...more] = ofType(api, 'AWS::GameLift::MatchmakingConfiguration')
    expect(more).toEqual([])
    expect(configuration!.Properties).toMatchObject({
      Name: 'waystone-us1-crypt',
      FlexMatchMode: 'STANDALONE',
      AcceptanceRequired: false,
      RequestTimeoutSeconds: 600,
    })
    const [rules] = ofType(api, 'AWS::GameLift::MatchmakingRuleSet')
    expect(() => readRuleSet(JSON.parse(rules!.Properties!['RuleSetBody'] as string))).not.toThrow()
    const protocols = ofType(api, 'AWS::SNS::Subscription').map(
      (one) => one.Properties!['Protocol'],
    )
    expect(protocols).toContain('lambda')
    const text = JSON.stringify(ofType(api, 'AWS::Lambda::Function'))
    expect(text).toContain('WAYSTONE_FLEXMATCH')
    expect(text).toContain('waystone-us1-crypt')
    expect(JSON.stringify(realm.stacks)).not.toMatch(/gamelift|FLEXMATCH|GameLift/)
    expect(() => synthRealm({ flexMatch: 'nowhere' })).toThrow('there is no queue nowhere')
  })

  it('keep tables, keys and logs when they go, by default', () => {
    for (const [stacks, ofTables, policy, lasting] of [
      // All but the tables, which are protected, go with a first deployment that fails.
      [realm.stacks, 'Retain', 'RetainExceptOnCreate', true],
      [other.stacks, 'Delete', 'Delete', false],
    ] as const) {
      const tables = ofType(stacks.data, 'AWS::DynamoDB::Table')
      expect(tables).toHaveLength(3)
      for (const { DeletionPolicy, Properties } of tables) {
        expect(DeletionPolicy).toBe(ofTables)
        expect(Properties?.['DeletionProtectionEnabled']).toBe(lasting)
      }
      expect(ofType(stacks.data, 'AWS::KMS::Key')[0]?.DeletionPolicy).toBe(policy)
      for (const { DeletionPolicy } of ofType(stacks.api, 'AWS::Logs::LogGroup')) {
        expect(DeletionPolicy).toBe(policy)
      }
    }
  })

  it('make one function, or three, or one a domain', () => {
    const made = { domains: realm, three: synthRealm({ bundling: 'three' }), one: other }
    const routesOf = ({ stacks }: typeof realm) =>
      ofType(stacks.api, 'AWS::ApiGatewayV2::Route').map((r) => String(r.Properties?.['RouteKey']))
    for (const bundling of BUNDLINGS) {
      const one = made[bundling]
      const functions = ofType(one.stacks.api, 'AWS::Lambda::Function')
      expect(functions).toHaveLength(functionsOf(bundling, domains).size)
      // Every function may be reached, the one with the social socket by two routes more, three by the clock, and one
      // by the topic of FlexMatch, if there is one; the routes are the same.
      const more = one === other ? 6 : 5
      const permissions = ofType(one.stacks.api, 'AWS::Lambda::Permission')
      expect(permissions).toHaveLength(functions.length + more)
      const rules = ofType(one.stacks.api, 'AWS::Events::Rule').map(({ Properties }) => Properties)
      expect(rules).toMatchObject([
        {
          ScheduleExpression: 'rate(1 minute)',
          Targets: [{ Input: '{"timer":"world"}', RetryPolicy: { MaximumRetryAttempts: 0 } }],
        },
        {
          ScheduleExpression: 'rate(1 minute)',
          Targets: [{ Input: '{"timer":"matchmaking"}', RetryPolicy: { MaximumRetryAttempts: 0 } }],
        },
        {
          ScheduleExpression: 'rate(10 minutes)',
          State: 'ENABLED',
          Targets: [{ Input: '{"timer":"personal"}', RetryPolicy: { MaximumRetryAttempts: 0 } }],
        },
      ])
      // An event of each minute finds the work of the one before still going on.
      const [goesOn] = functions.flatMap(({ Properties }) => {
        const { Timeout, Description } = Properties as { Timeout: number; Description: string }
        return Description.includes('matchmaking') ? [Timeout] : []
      })
      expect(goesOn).toBeGreaterThan(65)
      expect(routesOf(one).sort()).toEqual(routesOf(realm).sort())
    }
  })

  it('take a domain of their own, origins, an address for alarms and hashes of the autoscaler', () => {
    const { api } = other.stacks
    const [http] = ofType(api, 'AWS::ApiGatewayV2::Api')
    expect(http?.Properties).toMatchObject({
      DisableExecuteApiEndpoint: true,
      CorsConfiguration: { AllowOrigins: ['https://play.example.org'] },
    })
    const [all] = ofType(api, 'AWS::Lambda::Function')
    expect(all?.Properties).toMatchObject({
      Environment: {
        Variables: {
          WAYSTONE_PUBLIC_URL: 'https://api.example.org',
          WAYSTONE_SCALING_HASH: `${'a'.repeat(64)},${'b'.repeat(64)}`,
        },
      },
      ReservedConcurrentExecutions: 40,
    })
    const protocols = ofType(api, 'AWS::SNS::Subscription').map(
      (one) => one.Properties!['Protocol'],
    )
    expect(protocols.filter((one) => one === 'email')).toHaveLength(1)
  })

  it('let a function into a cluster of EKS if it asks for hosts, and no other', () => {
    const { api } = synthRealm(eks).stacks
    const granted = ofType(api, 'AWS::EKS::AccessEntry').map(({ Properties }) => Properties)
    expect(granted).toHaveLength(3)
    for (const properties of granted) {
      expect(properties).toMatchObject({ ClusterName: 'worlds', Type: 'STANDARD' })
    }
    expect(granted.map((one) => one?.['KubernetesGroups'])).toEqual([
      ['waystone:world'],
      ['waystone:matchmaking'],
      ['waystone:admin'],
    ])
    const configured = ofType(api, 'AWS::Lambda::Function').filter(({ Properties }) =>
      JSON.stringify(Properties?.['Environment']).includes('EKS_CLUSTER'),
    )
    expect(configured.map(({ Properties }) => Properties?.['FunctionName'])).toEqual([
      'waystone-main-world',
      'waystone-main-matchmaking',
      'waystone-main-admin',
    ])
    for (const { Properties } of configured) {
      const { Variables: env } = Properties!['Environment'] as { Variables: object }
      expect(env).toMatchObject({ WAYSTONE_AGONES_URL: eks.clusterEndpoint })
      // Lambda takes 4 KB of variables; references are some 100 bytes each, a certificate 1,500.
      expect(JSON.stringify(env).length).toBeLessThan(2400)
    }
    // No permission of AWS is needed for it.
    const policiesOf = (stack: Template) =>
      ofType(stack, 'AWS::IAM::Role').map(({ Properties }) => Properties?.['Policies'])
    expect(policiesOf(api)).toEqual(policiesOf(realm.stacks.api))
    const [both] = ofType(other.stacks.api, 'AWS::EKS::AccessEntry')
    expect(both?.Properties?.['KubernetesGroups']).toEqual([
      'waystone:world',
      'waystone:matchmaking',
      'waystone:admin',
    ])
  })

  it('let a function onto GameLift if it asks for hosts, and no other, where a studio has chosen it', () => {
    const gameliftFleets = 'hub:fleet-1a2b,forest:alias-3c4d'
    const { api } = synthRealm({ gameliftFleets, gameliftLocation: 'custom-home' }).stacks
    const named = ofType(api, 'AWS::Lambda::Function').filter(({ Properties }) =>
      JSON.stringify(Properties).includes(gameliftFleets),
    )
    expect(named.map(({ Properties }) => String(Properties?.['FunctionName'])).sort()).toEqual(
      ['admin', 'matchmaking', 'world'].map((name) => `waystone-main-${name}`),
    )
    const roles = ofType(api, 'AWS::IAM::Role').map((role) => JSON.stringify(role))
    expect(roles.filter((role) => role.includes('gamelift:CreateGameSession'))).toHaveLength(3)
    expect(roles.join()).toContain('fleet/fleet-1a2b')
    expect(() => synthRealm({ gameliftFleets: 'hub' })).toThrow('gameliftFleets: Invalid input')
    expect(() => synthRealm({ gameliftFleets, ...eks })).toThrow(
      'either a cluster or gameliftFleets',
    )
  })

  it('name groups of the cluster to which our manifests give something', () => {
    const subjects = ofKind(readManifests(), 'RoleBinding').flatMap(({ doc }) =>
      listAt(doc, 'subjects').filter(({ kind }) => kind === 'Group'),
    )
    const [both] = ofType(other.stacks.api, 'AWS::EKS::AccessEntry')
    expect(subjects.map(({ name }) => name)).toEqual(both?.Properties?.['KubernetesGroups'])
  })

  it('refuse settings that are wrong, each by name', () => {
    expect(() => synthRealm({ realm: 'No Realm', bundling: 'two' })).toThrow(/realm: .*bundling: /)
    expect(() => synthRealm({ domain: 'api.example.org' })).toThrow(/go together/)
    expect(() => synthRealm({ clusterName: 'worlds' })).toThrow(/cluster.* go together/)
    expect(() => synthRealm({ scalingHash: 'secret' })).toThrow(/scalingHash: .*SHA-256/)
    expect(() => synthRealm({ ...eks, clusterCa: 'none' })).toThrow(/clusterCa: .*certificate/)
  })

  it('never name a secret, allow everything, or act on everything', () => {
    const text = JSON.stringify(realm.stacks)
    expect(text).not.toMatch(/"Action":\s*"\*"|dynamodb:\*|:Scan/)
    for (const { Properties } of ofType(realm.stacks.api, 'AWS::IAM::Role')) {
      expect(JSON.stringify(Properties?.['Policies'])).not.toContain('"Resource":"*"')
    }
  })
})

// The manifests of agones/ fit Agones' schemas and admission rules, and agree with our own code. Without
// AGONES_SCHEMAS the schemas are left out, and the run says so.
import { beforeAll, describe, expect, it } from 'vitest'
import { checkAdmission } from './admission.ts'
import { checkAgreement } from './agreement.ts'
import { listAt, objectAt, readManifests, titleOf } from './read.ts'
import type { Json, Manifest } from './read.ts'
import { zoneAddress } from '#gameserver/zone-address.ts'
import { readSchemas, schemasFolder } from './schemas.ts'
import type { Schemas } from './schemas.ts'

const schemas: Schemas | undefined =
  schemasFolder === undefined ? undefined : readSchemas(schemasFolder)

beforeAll(() => {
  if (schemas === undefined) {
    console.log('AGONES_SCHEMAS is not set: the manifests are not held against Agones’ schemas.')
  }
})

function checkSchemas(manifests: Manifest[], { check, checkPodTemplate }: Schemas): string[] {
  return manifests.flatMap((manifest) => {
    const pod = manifest.doc['kind'] === 'Deployment'
    const problems = pod
      ? checkPodTemplate(objectAt(manifest.doc, 'spec.template')).map(
          (one) => `spec.template.${one}`,
        )
      : (check(manifest.doc) ?? [])
    return problems.map((problem) => `${titleOf(manifest)}: ${problem}`)
  })
}

/** The manifests with one mistake made in them. */
function withMistake(kind: string, make: (doc: Json) => void): Manifest[] {
  const manifests = structuredClone(readManifests())
  const found = manifests.find(({ doc }) => doc['kind'] === kind)
  make(found!.doc)
  return manifests
}

const gameServer = (doc: Json) => objectAt(doc, 'spec.template.spec')
const pod = (doc: Json) => objectAt(gameServer(doc), 'template.spec')
const container = (doc: Json) => listAt(pod(doc), 'containers')[0]!
const port = (doc: Json) => listAt(gameServer(doc), 'ports')[0]!
const chain = (doc: Json) => listAt(doc, 'spec.policy.chain')
const buffer = (doc: Json) => objectAt(chain(doc)[1], 'buffer')
const webhook = (doc: Json) => objectAt(chain(doc)[0], 'webhook')
const env = (doc: Json) => listAt(container(doc), 'env')

describe('the manifests', () => {
  it.skipIf(schemas === undefined)('fit Agones’ schemas, and their pods Kubernetes’', () => {
    const manifests = readManifests()
    const kinds = ['Fleet', 'FleetAutoscaler', 'GameServerAllocation']
    for (const kind of kinds) expect(manifests.map(({ doc }) => doc['kind'])).toContain(kind)
    expect(checkSchemas(manifests, schemas!)).toEqual([])
  })

  it('are admitted by the rules of Agones that no schema says', () => {
    expect(checkAdmission(readManifests())).toEqual([])
  })

  it('agree with our configuration, our limits and one another', () => {
    expect(checkAgreement(readManifests())).toEqual([])
  })
})

describe('a mistake that a schema finds', () => {
  it.skipIf(schemas === undefined).each<[string, string, (doc: Json) => void, string]>([
    [
      'a misspelt field',
      'Fleet',
      (doc) => (pod(doc)['priorityClasName'] = 'x'),
      'priorityClasName',
    ],
    [
      'a wrong type',
      'Fleet',
      (doc) => (objectAt(gameServer(doc), 'health')['periodSeconds'] = '3'),
      'health.periodSeconds: must be integer',
    ],
    [
      'an unknown word',
      'Fleet',
      (doc) => (objectAt(doc, 'spec')['scheduling'] = 'Tight'),
      'spec.scheduling',
    ],
    [
      'an old version',
      'FleetAutoscaler',
      (doc) => (doc['apiVersion'] = 'stable.agones.dev/v1alpha1'),
      'apiVersion',
    ],
    [
      'a chain in a chain',
      'FleetAutoscaler',
      (doc) => (chain(doc)[1]!['type'] = 'Chain'),
      'policy.chain.1.type',
    ],
    [
      'a selector of old',
      'GameServerAllocation',
      (doc) => (listAt(doc, 'spec.selectors')[0]!['players'] = {}),
      'players',
    ],
    [
      'a probe in the wrong place',
      'Deployment',
      (doc) => (objectAt(doc, 'spec.template.spec')['readinessProbe'] = {}),
      'readinessProbe',
    ],
  ])('is refused by its field: %s', (_what, kind, make, field) => {
    const problems = checkSchemas(withMistake(kind, make), schemas!)
    expect(problems.join('\n')).toContain(field)
  })
})

describe('a mistake that Agones would refuse', () => {
  it.each<[string, string, (doc: Json) => void, string]>([
    [
      'a port of the container with Passthrough',
      'Fleet',
      (doc) => (port(doc)['containerPort'] = 7654),
      'ports[0].containerPort',
    ],
    [
      'a port of the node with Passthrough',
      'Fleet',
      (doc) => (port(doc)['hostPort'] = 7654),
      'ports[0].hostPort',
    ],
    [
      'no port of the container with Dynamic',
      'Fleet',
      (doc) => (port(doc)['portPolicy'] = 'Dynamic'),
      'ports[0].containerPort: is needed',
    ],
    [
      'a surge of nothing',
      'Fleet',
      (doc) => (objectAt(doc, 'spec.strategy.rollingUpdate')['maxSurge'] = 0),
      'rollingUpdate.maxSurge',
    ],
    [
      'a surge of all',
      'Fleet',
      (doc) => (objectAt(doc, 'spec.strategy.rollingUpdate')['maxSurge'] = '100%'),
      'rollingUpdate.maxSurge',
    ],
    [
      'a container that is not there',
      'Fleet',
      (doc) => (gameServer(doc)['container'] = 'host'),
      'spec.container',
    ],
    [
      'a label that Kubernetes does not take',
      'Fleet',
      (doc) =>
        (objectAt(doc, 'spec.allocationOverflow.labels')['waystone.dev/outdated'] = 'yes, it is'),
      'allocationOverflow.labels.waystone.dev/outdated',
    ],
    [
      'a list without a capacity',
      'Fleet',
      (doc) => (gameServer(doc)['lists'] = { players: {} }),
      'lists.players.capacity',
    ],
    [
      'a buffer above the most',
      'FleetAutoscaler',
      (doc) => (buffer(doc)['bufferSize'] = 99),
      'buffer.bufferSize',
    ],
    [
      'a least below the buffer',
      'FleetAutoscaler',
      (doc) => Object.assign(buffer(doc), { bufferSize: 3, minReplicas: 2 }),
      'buffer.minReplicas',
    ],
    [
      'a buffer in per cent and a least of 0',
      'FleetAutoscaler',
      (doc) => Object.assign(buffer(doc), { bufferSize: '20%', minReplicas: 0 }),
      'buffer.minReplicas',
    ],
    [
      'a webhook by two ways',
      'FleetAutoscaler',
      (doc) => (webhook(doc)['service'] = { name: 'functions', namespace: 'waystone' }),
      'chain[0].webhook',
    ],
    [
      'a name of a chain that stands twice',
      'FleetAutoscaler',
      (doc) => (chain(doc)[1]!['id'] = 'webhook'),
      'spec.policy.chain',
    ],
    [
      'a link of a chain without its policy',
      'FleetAutoscaler',
      (doc) => (chain(doc)[1]!['type'] = 'Counter'),
      'chain[1]: has no policy',
    ],
    [
      'a fleet that is not there',
      'FleetAutoscaler',
      (doc) => (objectAt(doc, 'spec')['fleetName'] = 'swamp'),
      'spec.fleetName',
    ],
    [
      'a counter that no fleet has',
      'GameServerAllocation',
      (doc) => (listAt(doc, 'spec.selectors')[0]!['counters'] = { players: { minAvailable: 1 } }),
      'spec.counters.players',
    ],
  ])('is refused by its field: %s', (_what, kind, make, field) => {
    expect(checkAdmission(withMistake(kind, make)).join('\n')).toContain(field)
  })
})

describe('a mistake that our own processes would stumble over', () => {
  it.each<[string, string, (doc: Json) => void, string]>([
    [
      'a variable that the host refuses',
      'Fleet',
      (doc) => env(doc).push({ name: 'WAYSTONE_ZONE', value: 'hub' }),
      'WAYSTONE_ZONE is not a variable',
    ],
    [
      'a value that the host refuses',
      'Fleet',
      (doc) => env(doc).push({ name: 'WAYSTONE_LOG', value: 'loud' }),
      'WAYSTONE_LOG is wrong',
    ],
    [
      'a variable of the API',
      'Fleet',
      (doc) => env(doc).push({ name: 'WAYSTONE_KEY_FILE', value: '/k' }),
      'WAYSTONE_KEY_FILE is not for zone hosts',
    ],
    [
      'a zone by another label',
      'Fleet',
      (doc) => (objectAt(doc, 'spec.template.metadata.labels')['waystone.dev/zone'] = 'forest'),
      'labels.waystone.dev/zone',
    ],
    [
      'a fleet whose zone the webhook does not know',
      'Fleet',
      (doc) => delete objectAt(doc, 'metadata')['labels'],
      'metadata.labels.waystone.dev/zone',
    ],
    [
      'a webhook that is not ours',
      'FleetAutoscaler',
      (doc) => (webhook(doc)['url'] = 'https://api.example.com/v1/scaling'),
      'chain[0].webhook.url',
    ],
    [
      'a webhook of another realm',
      'FleetAutoscaler',
      (doc) => (webhook(doc)['url'] = String(webhook(doc)['url']).replace('/main/', '/eu1/')),
      'chain[0].webhook.url',
    ],
    [
      'a buffer that knows other bounds than the webhook',
      'FleetAutoscaler',
      (doc) => (buffer(doc)['maxReplicas'] = 20),
      'buffer.maxReplicas: must be 10',
    ],
    [
      'service links',
      'Fleet',
      (doc) => delete pod(doc)['enableServiceLinks'],
      'enableServiceLinks',
    ],
    [
      'a grace shorter than a drain',
      'Fleet',
      (doc) => (pod(doc)['terminationGracePeriodSeconds'] = 5),
      'terminationGracePeriodSeconds',
    ],
    [
      'health that ends a paused host',
      'Fleet',
      (doc) => (objectAt(gameServer(doc), 'health')['failureThreshold'] = 1),
      'health.failureThreshold',
    ],
    [
      'a port that pods would map',
      'Fleet',
      (doc) => Object.assign(port(doc), { portPolicy: 'Dynamic', containerPort: 7777 }),
      'ports[0].portPolicy',
    ],
    ['the default protocol', 'Fleet', (doc) => delete port(doc)['protocol'], 'ports[0].protocol'],
    [
      'a root that can be written',
      'Fleet',
      (doc) => (objectAt(container(doc), 'securityContext')['readOnlyRootFilesystem'] = false),
      'readOnlyRootFilesystem',
    ],
    [
      'a token in our own container',
      'Fleet',
      (doc) => delete container(doc)['volumeMounts'],
      'volumeMounts',
    ],
    [
      'a limit of CPU',
      'Fleet',
      (doc) => (objectAt(container(doc), 'resources.limits')['cpu'] = '1'),
      'resources.limits.cpu',
    ],
    [
      'an image that moves',
      'Kustomization',
      (doc) => (listAt(doc, 'images')[0]!['newTag'] = 'latest'),
      'containers[0].image',
    ],
    [
      'a file that is forgotten',
      'Kustomization',
      (doc) => (doc['resources'] = (doc['resources'] as string[]).slice(1)),
      'resources: namespaces.yaml is missing',
    ],
    [
      'an account without rights',
      'RoleBinding',
      (doc) => (objectAt(doc, 'roleRef')['name'] = 'view'),
      'serviceAccountName',
    ],
    [
      'an allocation that fits no fleet',
      'GameServerAllocation',
      (doc) =>
        (objectAt(listAt(doc, 'spec.selectors')[0], 'matchLabels')['waystone.dev/zone'] = 'swamp'),
      'selectors[0].matchLabels',
    ],
    [
      'half of the ports',
      'NetworkPolicy',
      (doc) => (listAt(listAt(doc, 'spec.ingress')[0], 'ports')[0]!['endPort'] = 7100),
      'spec.ingress[0].ports',
    ],
  ])('is refused by its field: %s', (_what, kind, make, field) => {
    expect(checkAgreement(withMistake(kind, make)).join('\n')).toContain(field)
  })
})

describe('the gateway', () => {
  const config = readManifests().find(({ file }) => file === 'gateway.yaml')!
  const conf = String(objectAt(config.doc, 'data')['default.conf'])
  const locations = [...conf.matchAll(/location ~ "(.+)" \{\s+proxy_pass (.+);/g)].map(
    ([, pattern, target]) => ({ pattern: new RegExp(pattern!), target: target! }),
  )
  /** Where nginx carries the socket of a path to; undefined where it answers 404. */
  function carriedTo(path: string): string | undefined {
    const found = locations.find(({ pattern }) => pattern.test(path))
    const parts = found?.pattern.exec(path)?.groups ?? {}
    return found?.target.replace(/\$(\w+)/g, (_, name: string) => parts[name]!)
  }

  it.each([
    ['10.0.1.23', 'http://10.0.1.23:7001/zone'],
    ['ip-10-0-1-23.eu-central-1.compute.internal', 'http://10.0.1.23:7001/zone'],
    ['2001:db8:10:1::5', 'http://[2001:db8:10:1::5]:7001/zone'],
  ])('carries players to the node %s', (fleetAddress, target) => {
    const template = 'wss://zones.example.com/{address}/{port}/zone'
    const address = zoneAddress({ template, fleetAddress, host: '::', port: 7001 })
    expect(carriedTo(new URL(address).pathname)).toBe(target)
  })

  it.each([
    '/10.1.1.23/7001/zone',
    '/10.0.1.23/22/zone',
    '/169.254.169.254/7001/zone',
    '/2001:db8:11::5/7001/zone',
    '/::1/7001/zone',
    '/2001:db8:10:1::5/8001/zone',
    '/2001:db8:10:1::5]:80/7001/zone',
    '/2001:db8:10:1::5/7001/zone/more',
  ])('carries nobody to %s', (path) => {
    expect(carriedTo(path)).toBeUndefined()
  })
})

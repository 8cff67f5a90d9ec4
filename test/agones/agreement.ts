// Where the manifests must agree with our own code and with one another.
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { hostsOf } from '#functions/scaling/demand.ts'
import { scaling } from '#shared/api/scaling.ts'
import { ConfigError, readConfig, VARIABLES } from '#shared/config.ts'
import { zoneSchema } from '#shared/content/content.ts'
import { zoneLabel } from '#shared/fleet/fleet.ts'
import { hostDrainMs, leaseDeadAfterMs } from '#shared/limits.ts'
import {
  at,
  listAt,
  nameOf,
  namespaceOf,
  numberAt,
  objectAt,
  ofKind,
  textAt,
  problemsOf,
} from './read.ts'
import type { Json, Manifest } from './read.ts'

/** Ports that Agones hands out, unless its chart says otherwise. */
const agonesPorts = { from: 7000, to: 8000 }
/** The host pings each second (gameserver/host.ts). */
const pingMs = 1000
/** Files that are not applied with the others. */
const examples = ['allocation.yaml']
const zonesFolder = join(import.meta.dirname, '../../game/content/zones')
/** Where Kubernetes puts an account's token. */
const tokenFolder = '/var/run/secrets/kubernetes.io/serviceaccount'

/** One sentence a mistake, with the field. */
export function checkAgreement(manifests: Manifest[]): string[] {
  return [
    ...ofKind(manifests, 'Fleet').flatMap((fleet) =>
      problemsOf(fleet, checkFleet(fleet, manifests)),
    ),
    ...manifests.flatMap((each) => problemsOf(each, checkNamespace(each, manifests))),
    ...manifests.flatMap((each) => {
      const pod = podOf(each)
      return pod === undefined ? [] : problemsOf(each, checkPod(each, pod, manifests))
    }),
    ...ofKind(manifests, 'FleetAutoscaler').flatMap((each) =>
      problemsOf(each, checkScaling(each, manifests)),
    ),
    ...ofKind(manifests, 'GameServerAllocation').flatMap((each) =>
      problemsOf(each, checkAllocation(each, manifests)),
    ),
    ...ofKind(manifests, 'NetworkPolicy').flatMap((each) => problemsOf(each, checkPorts(each))),
    ...ofKind(manifests, 'Kustomization').flatMap((each) =>
      problemsOf(each, checkFiles(each, manifests)),
    ),
  ]
}

/** The webhook is one that is declared, and what stands in for it knows the same bounds. */
function checkScaling(scaler: Manifest, manifests: Manifest[]): string[] {
  const problems: string[] = []
  const chain = listAt(scaler.doc, 'spec.policy.chain')
  const [first, last] = [chain[0], chain.at(-1)]
  const settings = ofKind(manifests, 'ConfigMap').find((each) => nameOf(each) === 'waystone-zone')
  const realmId = textAt(settings?.doc, 'data.WAYSTONE_REALM')
  const asked = URL.parse(textAt(first, 'webhook.url'))
  const { path, params } = scaling.endpoints.review
  const secret = asked?.pathname.split('/').at(-1)
  const declared = path.replace('{realmId}', realmId).replace('{secret}', secret ?? '')
  const fits = params.safeParse({ realmId, secret }).success && asked?.pathname === declared
  if (!fits || asked.protocol !== 'https:') {
    problems.push(`spec.policy.chain[0].webhook.url: must be https, with the path ${path}`)
  }
  const zone = readFileSync(
    join(zonesFolder, `${textAt(scaler.doc, 'spec.fleetName')}.json`),
    'utf8',
  )
  const { min, max, ready } = hostsOf(zoneSchema.parse(JSON.parse(zone)))
  const figures = { bufferSize: ready, minReplicas: min, maxReplicas: max }
  for (const [name, figure] of Object.entries(figures)) {
    if (at(last, `buffer.${name}`) === figure) continue
    problems.push(
      `spec.policy.chain.buffer.${name}: must be ${figure}, as the zone's content has it`,
    )
  }
  return problems
}

/** The pod that a manifest makes, and where it stands. */
function podOf({ doc }: Manifest): { spec: Json; field: string } | undefined {
  if (doc['kind'] === 'Deployment') {
    return { spec: objectAt(doc, 'spec.template.spec'), field: 'spec.template.spec' }
  }
  if (doc['kind'] === 'Fleet') {
    const field = 'spec.template.spec.template.spec'
    return { spec: objectAt(doc, field), field }
  }
  return undefined
}

function checkFleet(fleet: Manifest, manifests: Manifest[]): string[] {
  const problems: string[] = []
  const gameServer = objectAt(fleet.doc, 'spec.template')
  const zone = objectAt(gameServer, 'metadata.labels')[zoneLabel]
  const pod = objectAt(gameServer, 'spec.template.spec')
  const { config } = environmentOf(listAt(pod, 'containers')[0] ?? {}, fleet, manifests)
  const zones = config?.WAYSTONE_ZONES ?? []
  if (zones.length === 0) problems.push('WAYSTONE_ZONES: is not set')
  if (zones.some((each) => each !== zone)) {
    problems.push(
      `spec.template.metadata.labels.${zoneLabel}: is ${String(zone)}, but WAYSTONE_ZONES opens ${zones.join()}`,
    )
  }
  if (objectAt(fleet.doc, 'metadata.labels')[zoneLabel] !== zone) {
    problems.push(
      `metadata.labels.${zoneLabel}: must be ${String(zone)}, for the autoscaler's webhook`,
    )
  }
  const known = readdirSync(zonesFolder)
  if (!known.includes(`${String(zone)}.json`)) {
    problems.push(
      `spec.template.metadata.labels.${zoneLabel}: ${String(zone)} is not in the content`,
    )
  }

  const [port, ...more] = listAt(gameServer, 'spec.ports')
  if (port === undefined || more.length > 0) problems.push('spec.template.spec.ports: must be one')
  if (textAt(port, 'portPolicy') !== 'Passthrough') {
    problems.push(
      'spec.template.spec.ports[0].portPolicy: must be Passthrough, for the host listens on the port that players get',
    )
  }
  if (textAt(port, 'protocol') !== 'TCP') {
    problems.push('spec.template.spec.ports[0].protocol: must be TCP (the default is UDP)')
  }

  const health = objectAt(gameServer, 'spec.health')
  const periodMs = (numberAt(health, 'periodSeconds') ?? 5) * 1000
  const lookedMs = periodMs * (numberAt(health, 'failureThreshold') ?? 3)
  if (health['disabled'] === true) problems.push('spec.template.spec.health.disabled: must not be')
  if (periodMs < 2 * pingMs) {
    problems.push(
      `spec.template.spec.health.periodSeconds: must be two pings of ${pingMs} ms or more`,
    )
  }
  if (lookedMs < leaseDeadAfterMs) {
    problems.push(
      `spec.template.spec.health.failureThreshold: ends a host after ${lookedMs} ms, before its lease is dead (${leaseDeadAfterMs} ms)`,
    )
  }
  const graceMs = (numberAt(pod, 'terminationGracePeriodSeconds') ?? 30) * 1000
  if (graceMs < 2 * hostDrainMs) {
    problems.push(
      `spec.template.spec.template.spec.terminationGracePeriodSeconds: must be twice the ${hostDrainMs} ms that a drain may take`,
    )
  }

  const account = textAt(pod, 'serviceAccountName')
  const bound = ofKind(manifests, 'RoleBinding').some(
    ({ doc }) =>
      textAt(doc, 'roleRef.name') === 'agones-sdk' &&
      listAt(doc, 'subjects').some(
        ({ name, namespace }) => name === account && namespace === namespaceOf(fleet),
      ),
  )
  if (!bound) {
    problems.push(
      `spec.template.spec.template.spec.serviceAccountName: ${account} is not bound to agones-sdk, which the sidecar needs`,
    )
  }
  const volumes = new Map(listAt(pod, 'volumes').map((volume) => [volume['name'], volume]))
  const covered = listAt(listAt(pod, 'containers')[0], 'volumeMounts').some(
    ({ mountPath, name }) =>
      mountPath === tokenFolder && volumes.get(name)?.['emptyDir'] !== undefined,
  )
  if (!covered) {
    problems.push(
      `spec.template.spec.template.spec.containers[0].volumeMounts: must cover ${tokenFolder}, whose token is for the sidecar`,
    )
  }
  const scaled = ofKind(manifests, 'FleetAutoscaler').some(
    ({ doc }) => textAt(doc, 'spec.fleetName') === nameOf(fleet),
  )
  if (!scaled) problems.push('metadata.name: no autoscaler has this fleet')
  if (at(fleet.doc, 'spec.replicas') !== undefined) {
    problems.push('spec.replicas: belongs to the autoscaler')
  }
  return problems
}

function checkPod(
  manifest: Manifest,
  { spec, field }: { spec: Json; field: string },
  manifests: Manifest[],
): string[] {
  const problems: string[] = []
  const named = (kind: string, name: string) =>
    ofKind(manifests, kind).some(
      (each) =>
        nameOf(each) === name &&
        (namespaceOf(each) === '' || namespaceOf(each) === namespaceOf(manifest)),
    )
  if (spec['enableServiceLinks'] !== false) {
    problems.push(
      `${field}.enableServiceLinks: must be false, or Kubernetes sets variables that our processes refuse`,
    )
  }
  const account = textAt(spec, 'serviceAccountName')
  if (account !== '' && !named('ServiceAccount', account)) {
    problems.push(`${field}.serviceAccountName: there is no account ${account}`)
  }
  const priority = textAt(spec, 'priorityClassName')
  if (priority !== '' && !named('PriorityClass', priority)) {
    problems.push(`${field}.priorityClassName: there is no class ${priority}`)
  }
  if (at(spec, 'securityContext.runAsNonRoot') !== true) {
    problems.push(`${field}.securityContext.runAsNonRoot: must be true`)
  }
  if (at(spec, 'securityContext.seccompProfile.type') !== 'RuntimeDefault') {
    problems.push(`${field}.securityContext.seccompProfile.type: must be RuntimeDefault`)
  }
  listAt(spec, 'containers').forEach((container, index) => {
    const where = `${field}.containers[${index}]`
    const must = (path: string, wanted: unknown) => {
      if (JSON.stringify(at(container, path)) !== JSON.stringify(wanted)) {
        problems.push(`${where}.${path}: must be ${JSON.stringify(wanted)}`)
      }
    }
    must('securityContext.allowPrivilegeEscalation', false)
    must('securityContext.readOnlyRootFilesystem', true)
    must('securityContext.capabilities.drop', ['ALL'])
    const memory = at(container, 'resources.requests.memory')
    if (memory === undefined) problems.push(`${where}.resources.requests.memory: is needed`)
    must('resources.limits.memory', memory)
    must('resources.limits.cpu', undefined)
    if (at(container, 'resources.requests.cpu') === undefined) {
      problems.push(`${where}.resources.requests.cpu: is needed`)
    }
    if (!isPinned(textAt(container, 'image'), manifests)) {
      problems.push(`${where}.image: must have a tag that does not move`)
    }
    problems.push(
      ...environmentOf(container, manifest, manifests).problems.map(
        (problem) => `${where}.env: ${problem}`,
      ),
    )
  })
  return problems
}

/** A tag or a digest, here or in the kustomization; never `latest`. */
function isPinned(image: string, manifests: Manifest[]): boolean {
  const set = ofKind(manifests, 'Kustomization')
    .flatMap(({ doc }) => listAt(doc, 'images'))
    .find(({ name }) => name === image)
  const tag = textAt(set, 'newTag') || /:([^/]+)$/.exec(image)?.[1] || ''
  return (tag !== '' && tag !== 'latest') || image.includes('@sha256:')
}

/** Variables of the API alone: a zone host does not use them. */
const notForHosts = ['PORT', 'WAYSTONE_DATA', 'WAYSTONE_KEY_FILE', 'WAYSTONE_OPERATOR_TOKEN']

/** The environment of a container, read as our processes read it. */
function environmentOf(container: Json, manifest: Manifest, manifests: Manifest[]) {
  const problems: string[] = []
  const env: Record<string, string> = {}
  for (const source of listAt(container, 'envFrom')) {
    const name = textAt(source, 'configMapRef.name')
    const map = ofKind(manifests, 'ConfigMap').find(
      (each) => nameOf(each) === name && namespaceOf(each) === namespaceOf(manifest),
    )
    if (map === undefined) problems.push(`there is no ConfigMap ${name} in this namespace`)
    else Object.assign(env, objectAt(map.doc, 'data'))
  }
  for (const { name, value } of listAt(container, 'env')) {
    // The value of a secret is unknown here: a valid one stands for it.
    env[String(name)] = typeof value === 'string' ? value : 'https://secret.example'
  }
  const ours = Object.keys(env).filter((name) => name in VARIABLES || name.startsWith('WAYSTONE_'))
  if (ours.length === 0) return { problems, config: undefined }
  if (manifest.doc['kind'] === 'Fleet') {
    for (const name of ours.filter((each) => notForHosts.includes(each))) {
      problems.push(`${name} is not for zone hosts`)
    }
  }
  if (env['HOST'] !== '0.0.0.0') problems.push('HOST must be 0.0.0.0 in a pod')
  try {
    return { problems, config: readConfig(env) }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { problems: [...problems, ...error.message.split('\n')], config: undefined }
  }
}

function checkNamespace(manifest: Manifest, manifests: Manifest[]): string[] {
  const kind = String(manifest.doc['kind'])
  if (['Namespace', 'PriorityClass', 'Kustomization'].includes(kind)) return []
  const name = namespaceOf(manifest)
  const known = ofKind(manifests, 'Namespace').some((each) => nameOf(each) === name)
  return known ? [] : [`metadata.namespace: there is no namespace ${name}`]
}

function checkAllocation(allocation: Manifest, manifests: Manifest[]): string[] {
  const fleets = ofKind(manifests, 'Fleet').filter(
    (fleet) => namespaceOf(fleet) === namespaceOf(allocation),
  )
  return listAt(allocation.doc, 'spec.selectors').flatMap((selector, index) => {
    const wanted = Object.entries(objectAt(selector, 'matchLabels'))
    const met = fleets.some(({ doc }) => {
      const labels = objectAt(doc, 'spec.template.metadata.labels')
      return wanted.every(([key, value]) => labels[key] === value)
    })
    return met ? [] : [`spec.selectors[${index}].matchLabels: no fleet here carries these labels`]
  })
}

/** A rule that opens a port of Agones' range must open all of it. */
function checkPorts(policy: Manifest): string[] {
  return ['ingress', 'egress'].flatMap((way) =>
    listAt(policy.doc, `spec.${way}`).flatMap((rule, index) =>
      listAt(rule, 'ports').flatMap((port) => {
        const from = numberAt(port, 'port') ?? 0
        const to = numberAt(port, 'endPort') ?? from
        const touches = to >= agonesPorts.from && from <= agonesPorts.to && from !== 8080
        const whole = from === agonesPorts.from && to === agonesPorts.to
        return touches && !whole
          ? [`spec.${way}[${index}].ports: must be ${agonesPorts.from} to ${agonesPorts.to}`]
          : []
      }),
    ),
  )
}

function checkFiles(kustomization: Manifest, manifests: Manifest[]): string[] {
  const listed = (at(kustomization.doc, 'resources') as string[] | undefined) ?? []
  const folder = posix.dirname(kustomization.file)
  const beside = manifests.filter(({ file }) => posix.dirname(file) === folder)
  const there = new Set(beside.map(({ file }) => posix.basename(file)))
  return [
    ...listed.filter((file) => !there.has(file)).map((file) => `resources: ${file} does not exist`),
    ...[...there]
      .filter((file) => file !== posix.basename(kustomization.file) && !examples.includes(file))
      .filter((file) => !listed.includes(file))
      .map((file) => `resources: ${file} is missing`),
  ]
}

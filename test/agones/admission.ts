// The rules of Agones that no schema has: those of its admission webhooks, release 1.60.
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

/** One sentence a mistake, with the field. */
export function checkAdmission(manifests: Manifest[]): string[] {
  const fleets = ofKind(manifests, 'Fleet')
  return [
    ...fleets.flatMap((fleet) => problemsOf(fleet, checkFleet(fleet.doc))),
    ...ofKind(manifests, 'FleetAutoscaler').flatMap((scaler) =>
      problemsOf(scaler, checkAutoscaler(scaler, fleets)),
    ),
    ...ofKind(manifests, 'GameServerAllocation').flatMap((allocation) =>
      problemsOf(allocation, checkAllocation(allocation, fleets)),
    ),
  ]
}

function checkFleet(fleet: Json): string[] {
  const problems: string[] = []
  if (textAt(fleet, 'metadata.name').length > 63) {
    problems.push('metadata.name: has more than 63 characters')
  }
  for (const [key, value] of Object.entries(objectAt(fleet, 'spec.strategy.rollingUpdate'))) {
    if (!isShare(value)) {
      problems.push(`spec.strategy.rollingUpdate.${key}: must be at least 1, or 1% to 99%`)
    }
  }
  for (const part of ['labels', 'annotations'] as const) {
    for (const [key, value] of Object.entries(objectAt(fleet, `spec.allocationOverflow.${part}`))) {
      const field = `spec.allocationOverflow.${part}.${key}`
      if (!isQualifiedName(key)) problems.push(`${field}: is not a qualified name`)
      if (part === 'labels' && !isLabelValue(value)) problems.push(`${field}: is not a label value`)
    }
  }
  const spec = objectAt(fleet, 'spec.template.spec')
  const containers = listAt(spec, 'template.spec.containers')
  const container = textAt(spec, 'container')
  if (containers.length > 1 && container === '') {
    problems.push('spec.template.spec.container: must name one, for the pod has several')
  }
  if (container !== '' && !containers.some(({ name }) => name === container)) {
    problems.push(`spec.template.spec.container: names ${container}, which the pod does not have`)
  }
  listAt(spec, 'ports').forEach((port, index) => {
    const field = `spec.template.spec.ports[${index}]`
    const policy = textAt(port, 'portPolicy') || 'Dynamic'
    const needsContainerPort = policy === 'Dynamic' || policy === 'Static'
    if (needsContainerPort && port['containerPort'] === undefined) {
      problems.push(`${field}.containerPort: is needed with ${policy}`)
    }
    if (policy === 'Passthrough' && port['containerPort'] !== undefined) {
      problems.push(`${field}.containerPort: must be absent with Passthrough`)
    }
    if (policy !== 'Static' && port['hostPort'] !== undefined) {
      problems.push(`${field}.hostPort: must be absent with ${policy}`)
    }
  })
  for (const [name, counter] of Object.entries(objectAt(spec, 'counters'))) {
    if (numberAt(counter, 'capacity') === undefined) {
      problems.push(`spec.template.spec.counters.${name}.capacity: is needed`)
    }
  }
  for (const [name, list] of Object.entries(objectAt(spec, 'lists'))) {
    const capacity = numberAt(list, 'capacity')
    const field = `spec.template.spec.lists.${name}.capacity`
    if (capacity === undefined && at(list, 'values') === undefined)
      problems.push(`${field}: is needed`)
    if (capacity !== undefined && (capacity < 0 || capacity > 1000)) {
      problems.push(`${field}: must be 0 to 1000`)
    }
  }
  return problems
}

function checkAutoscaler(scaler: Manifest, fleets: Manifest[]): string[] {
  const fleet = fleets.find(
    (each) =>
      nameOf(each) === textAt(scaler.doc, 'spec.fleetName') &&
      namespaceOf(each) === namespaceOf(scaler),
  )
  if (fleet === undefined) return ['spec.fleetName: there is no such fleet in this namespace']
  const policy = objectAt(scaler.doc, 'spec.policy')
  if (textAt(policy, 'type') !== 'Chain') return checkPolicy(policy, 'spec.policy', fleet)
  const chain = listAt(policy, 'chain')
  const ids = chain.map(({ id }) => id)
  return [
    ...(chain.length === 0 ? ['spec.policy.chain: is empty'] : []),
    ...(new Set(ids).size < ids.length ? ['spec.policy.chain: an id stands twice'] : []),
    ...chain.flatMap((entry, index) => checkPolicy(entry, `spec.policy.chain[${index}]`, fleet)),
  ]
}

function checkPolicy(policy: Json, field: string, fleet: Manifest): string[] {
  const type = textAt(policy, 'type')
  if (type === '' || at(policy, type.toLowerCase()) === undefined) {
    return [`${field}: has no policy of its type`]
  }
  if (type === 'Webhook') {
    const ways = ['url', 'service'].filter((way) => at(policy, `webhook.${way}`) !== undefined)
    return ways.length === 1 ? [] : [`${field}.webhook: needs one of url and service`]
  }
  if (type !== 'Buffer' && type !== 'Counter' && type !== 'List') return []
  const part = type.toLowerCase()
  const [least, most] =
    type === 'Buffer' ? ['minReplicas', 'maxReplicas'] : ['minCapacity', 'maxCapacity']
  const problems = checkBuffer(objectAt(policy, part), least, most).map(
    (problem) => `${field}.${part}.${problem}`,
  )
  if (type !== 'Buffer') {
    const key = textAt(policy, `${part}.key`)
    if (at(fleet.doc, `spec.template.spec.${part}s.${key}`) === undefined) {
      problems.push(`${field}.${part}.key: the fleet declares no ${part} ${key}`)
    }
  }
  return problems
}

function checkBuffer(buffer: Json, least: string, most: string): string[] {
  const size = buffer['bufferSize']
  const min = numberAt(buffer, least) ?? 0
  const max = numberAt(buffer, most) ?? 0
  const problems: string[] = []
  if (!isShare(size)) problems.push('bufferSize: must be above 0, or 1% to 99%')
  if (max < Math.max(1, min)) problems.push(`${most}: must be at least ${least}, and 1`)
  if (typeof size === 'number') {
    if (size > max) problems.push(`bufferSize: must be at most ${most}`)
    if (min !== 0 && min < size) problems.push(`${least}: must be 0 or at least bufferSize`)
  } else if (min < 1) problems.push(`${least}: must be at least 1 with a percentage`)
  return problems
}

function checkAllocation(allocation: Manifest, fleets: Manifest[]): string[] {
  const problems: string[] = []
  const declared = (part: string) =>
    new Set(fleets.flatMap(({ doc }) => Object.keys(objectAt(doc, `spec.template.spec.${part}`))))
  for (const part of ['counters', 'lists'] as const) {
    const known = declared(part)
    const selectors = listAt(allocation.doc, 'spec.selectors')
    const used = [
      objectAt(allocation.doc, `spec.${part}`),
      ...selectors.map((one) => objectAt(one, part)),
    ]
    for (const name of used.flatMap((one) => Object.keys(one))) {
      if (!known.has(name)) problems.push(`spec.${part}.${name}: no fleet declares it`)
    }
  }
  return problems
}

/** A number from 1, or 1% to 99%. */
function isShare(value: unknown): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 1
  return typeof value === 'string' && /^[1-9]\d?%$/.test(value)
}

const namePattern = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/
const prefixPattern =
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/

function isQualifiedName(key: string): boolean {
  const [first = '', second, ...more] = key.split('/')
  if (more.length > 0) return false
  return second === undefined
    ? namePattern.test(first)
    : prefixPattern.test(first) && namePattern.test(second)
}

function isLabelValue(value: unknown): boolean {
  return value === '' || (typeof value === 'string' && namePattern.test(value))
}

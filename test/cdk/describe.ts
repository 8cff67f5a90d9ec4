// A stack in a form for a review: one line a resource, with its important properties.
import { Validations } from 'aws-cdk-lib'
import type { App } from 'aws-cdk-lib'
import type { Resource, Template } from './synth.ts'

/** Properties without information, or with what the name of the resource says already. */
const unsaid = new Set(['Description', 'Code', 'Tags', 'Policies', 'KeyPolicy'])
/** They follow from routes and functions, one each. */
const followers = new Set(['AWS::Lambda::Permission', 'AWS::ApiGatewayV2::Integration'])

export function describeStack(template: Template): string {
  const lines: string[] = []
  for (const [id, resource] of Object.entries(template.Resources).sort(byTypeAndId)) {
    if (followers.has(resource.Type)) continue
    const { Properties: properties = {}, Type: type } = resource
    if (type === 'AWS::ApiGatewayV2::Route') {
      lines.push(
        `ApiGatewayV2::Route  ${text(properties['RouteKey'])} -> ${goesTo(template, resource)}`,
      )
      continue
    }
    lines.push(`${type.replace('AWS::', '')}  ${withoutHash(id)}`)
    const said = Object.entries(properties).filter(([property]) => !unsaid.has(property))
    for (const [property, value] of said.sort()) lines.push(`    ${property}: ${text(value)}`)
    if (resource.DeletionPolicy) lines.push(`    (when the stack goes: ${resource.DeletionPolicy})`)
    for (const statement of statementsOf(resource)) lines.push(`    may ${statement}`)
  }
  const counted = Object.values(template.Resources).filter(({ Type }) => followers.has(Type))
  if (counted.length > 0) lines.push(`and ${counted.length} integrations and permissions of routes`)
  return `${lines.join('\n')}\n`
}

/** All findings of cdk-nag that are left, with where and why. */
export function describeAcknowledged(app: App): string {
  const lines = new Set<string>()
  for (const construct of app.node.findAll()) {
    for (const { type, data } of construct.node.metadata) {
      if (type !== Validations.ACKNOWLEDGED_RULES_METADATA_KEY) continue
      for (const [id, reason] of Object.entries(data as Record<string, string>)) {
        lines.add(`${construct.node.path}  ${id}\n    ${reason}`)
      }
    }
  }
  return `${[...lines].sort().join('\n')}\n`
}

/** The function behind a route, and what stands before it. */
function goesTo({ Resources: resources }: Template, { Properties: route = {} }: Resource): string {
  const [, parts] = (route['Target'] as { 'Fn::Join': [string, unknown[]] })['Fn::Join']
  const { Ref: id } = parts.at(-1) as { Ref: string }
  const uri = text(resources[id]?.Properties?.['IntegrationUri'])
  const authorization = text(route['AuthorizationType'])
  return authorization === 'NONE' ? uri : `${uri}, authorization ${authorization}`
}

function byTypeAndId([a, x]: [string, Resource], [b, y]: [string, Resource]): number {
  return x.Type === y.Type ? (a < b ? -1 : 1) : x.Type < y.Type ? -1 : 1
}

type Statement = {
  Effect: string
  Action: string | string[]
  Resource?: unknown
  Principal?: unknown
  Condition?: Record<string, Record<string, unknown>>
}

function statementsOf({ Type: type, Properties: properties = {} }: Resource): string[] {
  const policies = (properties['Policies'] ?? []) as {
    PolicyDocument: { Statement: Statement[] }
  }[]
  const own = properties['KeyPolicy'] as { Statement: Statement[] } | undefined
  const statements = policies.flatMap((each) => each.PolicyDocument.Statement)
  if (type === 'AWS::KMS::Key' && own) statements.push(...own.Statement)
  return statements.map(({ Effect, Action, Resource, Principal, Condition }) => {
    const who = Principal === undefined ? '' : `${text(Principal)}: `
    const when = Condition === undefined ? '' : ` if ${text(Condition)}`
    const actions = [Action].flat().join(', ')
    return `${Effect === 'Deny' ? 'NOT ' : ''}${who}${actions} on ${text(Resource)}${when}`
  })
}

/** Logical ids end in eight letters of a hash that say nothing. */
function withoutHash(id: string): string {
  return id.replace(/[0-9A-F]{8}$/, '')
}

/** References as names, the rest as short JSON. */
function text(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(text).join(', ')
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value as Record<string, unknown>)
  const [[name, inner] = ['', undefined]] = entries
  if (entries.length === 1) {
    if (name === 'Ref') return `<${withoutHash(String(inner))}>`
    if (name === 'Fn::GetAtt') {
      const [id, attribute] = inner as [string, string]
      return `<${withoutHash(id)}.${attribute}>`
    }
    if (name === 'Fn::ImportValue') return `<${importOf(String(inner))}>`
    if (name === 'Fn::Join') return (inner as [string, unknown[]])[1].map(text).join('')
  }
  return `{ ${entries.map(([key, each]) => `${key}: ${text(each)}`).join('; ')} }`
}

/** `waystone-main-data:ExportsOutputFnGetAttcoreE83F2297ArnA4643FC5` */
function importOf(name: string): string {
  const match = /Output(?:Ref|FnGetAtt)([a-z]+)[0-9A-F]{8}/.exec(name)
  return match === null ? name : `data.${match[1]}`
}

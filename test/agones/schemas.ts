// Agones' own schemas, prepared for ajv. They are no part of this project: AGONES_SCHEMAS names the folder
// that holds them (the `crds` of a release as JSON, and a schema of GameServerAllocation).
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import type { ValidateFunction } from 'ajv'

type Json = Record<string, unknown>
export type Schemas = {
  /** One sentence a mistake, with the field; undefined for a kind that has no schema here. */
  check(manifest: Json): string[] | undefined
  /** The same for a pod's template, by the schema that game servers have for theirs. */
  checkPodTemplate(template: unknown): string[]
}

/** The folder of the schemas, when there is one. */
export const schemasFolder = process.env['AGONES_SCHEMAS']

export function readSchemas(folder: string): Schemas {
  // Formats (int32, byte) say nothing that types do not; unknown keywords are Kubernetes' own.
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })
  const byKind = new Map<string, ValidateFunction>()
  let podTemplate: ValidateFunction | undefined
  for (const file of readdirSync(join(folder, 'crds'))) {
    const crd = readJson(join(folder, 'crds', file)) as Crd
    const { group, names, versions } = crd.spec
    const schema = prepare(versions[0]!.schema.openAPIV3Schema) as ObjectSchema
    const properties = schema.properties
    properties['apiVersion'] = { const: `${group}/${versions[0]!.name}` }
    properties['kind'] = { const: names.kind }
    properties['metadata'] = { type: 'object' }
    schema.additionalProperties = false
    byKind.set(names.kind, ajv.compile(schema))
    if (names.kind === 'GameServer') {
      const spec = properties['spec'] as ObjectSchema
      podTemplate = ajv.compile(spec.properties['template'] as Json)
    }
  }
  const allocation = readJson(join(folder, 'schemas', 'gameserverallocation.schema.json'))
  byKind.set('GameServerAllocation', ajv.compile(allocation))
  if (podTemplate === undefined) throw new Error(`${folder} has no schema of GameServer`)
  const pods = podTemplate
  return {
    check: (manifest) => {
      const validate = byKind.get(String(manifest['kind']))
      return validate && run(validate, manifest)
    },
    checkPodTemplate: (template) => run(pods, template),
  }
}

type Crd = {
  spec: {
    group: string
    names: { kind: string }
    versions: { name: string; schema: { openAPIV3Schema: Json } }[]
  }
}
type ObjectSchema = { properties: Json; additionalProperties?: boolean }

function readJson(path: string): Json {
  return JSON.parse(readFileSync(path, 'utf8')) as Json
}

function run(validate: ValidateFunction, value: unknown): string[] {
  if (validate(value)) return []
  return (validate.errors ?? []).map(({ instancePath, message, params }) => {
    const extra = 'additionalProperty' in params ? `.${String(params['additionalProperty'])}` : ''
    const allowed = 'allowedValues' in params ? ` (${JSON.stringify(params['allowedValues'])})` : ''
    const field = instancePath.slice(1).replaceAll('/', '.')
    return `${field}${extra}: ${message ?? 'is wrong'}${allowed}`
  })
}

/** OpenAPI 3.0 as a cluster reads it, to JSON Schema; fields that a cluster would drop are refused. */
function prepare(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(prepare)
  if (typeof schema !== 'object' || schema === null) return schema
  const result: Json = {}
  for (const [key, value] of Object.entries(schema)) result[key] = prepare(value)
  if (result['nullable'] === true) result['type'] = [result['type'], 'null']
  if (result['exclusiveMinimum'] === true) result['exclusiveMinimum'] = result['minimum']
  const open = result['x-kubernetes-preserve-unknown-fields'] === true
  const isSchema = typeof result['type'] === 'string' || Array.isArray(result['type'])
  if (isSchema && result['properties'] !== undefined && !open) {
    result['additionalProperties'] ??= false
  }
  return result
}

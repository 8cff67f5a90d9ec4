// The OpenAPI 3.1 document, made from the declarations (rule 10). It is built ahead of time, so no Lambda
// bundle holds a document generator.
import * as z from 'zod'
import { commonErrors, leastRole } from '#shared/api/endpoint.ts'
import type { Domain, Endpoint } from '#shared/api/endpoint.ts'
import { PROBLEMS } from '#shared/problem.ts'
import type { ProblemCode } from '#shared/problem.ts'

type Json = { [name: string]: unknown }
export type JsonSchema = Json

const about = {
  title: 'Waystone',
  version: '1',
  description: 'The backend of a world: accounts, characters, the way in.',
}

export type Operation = {
  operationId: string
  tags: string[]
  summary: string
  description?: string
  security: Json[]
  parameters?: Parameter[]
  requestBody?: { required: true; content: Json }
  responses: Record<string, Json>
}

export type Parameter = {
  name: string
  in: 'path' | 'query' | 'header'
  required: boolean
  description?: string
  schema: JsonSchema
}

export type OpenApiDocument = {
  openapi: '3.1.1'
  info: { title: string; version: string; description: string; license: Json }
  servers: { url: string }[]
  tags: { name: string; description: string }[]
  paths: Record<string, Record<string, Operation>>
  components: {
    schemas: Record<string, JsonSchema>
    headers: Record<string, Json>
    securitySchemes: Json
  }
}

/** The document of some domains. Throws when a declaration cannot be written as JSON Schema. */
export function buildOpenApi(domains: readonly Domain[], serverUrl: string): OpenApiDocument {
  const schemas: Record<string, JsonSchema> = { Problem: problemSchema }
  const paths: OpenApiDocument['paths'] = {}
  const ids = new Set(
    domains.flatMap((domain) =>
      Object.keys(domain.endpoints).map((name) => `${domain.name}.${name}`),
    ),
  )
  for (const domain of domains) {
    for (const [name, endpoint] of Object.entries(domain.endpoints)) {
      const methods = (paths[endpoint.path] ??= {})
      methods[endpoint.method.toLowerCase()] = operationOf(domain, name, endpoint, schemas, ids)
    }
  }
  return {
    openapi: '3.1.1',
    info: {
      ...about,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: serverUrl }],
    tags: domains.map(({ name, description }) => ({ name, description })),
    paths,
    components: { schemas, headers, securitySchemes },
  }
}

function operationOf(
  domain: Domain,
  name: string,
  endpoint: Endpoint,
  schemas: Record<string, JsonSchema>,
  ids: ReadonlySet<string>,
): Operation {
  const parameters = [
    ...parametersOf(endpoint.params, 'path', schemas),
    ...parametersOf(endpoint.query, 'query', schemas),
    ...headerParameters(endpoint),
  ]
  const success = String(endpoint.status ?? 200)
  const links = linksOf(endpoint, ids)
  return {
    operationId: `${domain.name}.${name}`,
    tags: [domain.name],
    summary: endpoint.summary,
    ...(endpoint.description === undefined ? {} : { description: endpoint.description }),
    security: securityOf(endpoint),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(endpoint.body === undefined
      ? {}
      : {
          requestBody: { required: true, content: json(toSchema(endpoint.body, 'input', schemas)) },
        }),
    responses: {
      [success]: {
        description: 'Success',
        headers: headersOf(endpoint, 'success'),
        content: json(toSchema(endpoint.answer, 'output', schemas)),
        ...(links === undefined ? {} : { links }),
      },
      ...(endpoint.cache === undefined
        ? {}
        : { 304: { description: 'Not modified', headers: headersOf(endpoint, 'success') } }),
      ...problemResponses(endpoint, schemas),
    },
  }
}

/** Those that lead into this document: a bundle may serve some domains alone. */
function linksOf(endpoint: Endpoint, ids: ReadonlySet<string>): Json | undefined {
  const links = Object.entries(endpoint.links ?? {}).filter(([, link]) => ids.has(link.to))
  if (links.length === 0) return undefined
  return Object.fromEntries(
    links.map(([name, { to, token, params, query, body }]) => [
      name,
      {
        operationId: to,
        parameters: {
          ...within('path', params),
          ...within('query', query),
          ...(token === undefined ? {} : { 'header.Authorization': `Bearer {${token}}` }),
        },
        ...(body === undefined ? {} : { requestBody: body }),
      },
    ]),
  )
}

function within(where: 'path' | 'query', values: Readonly<Record<string, string>> = {}): Json {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${where}.${name}`, value]),
  )
}

/** The list behind a scheme names the roles that are needed (OpenAPI 3.1, Security Requirement Object). */
function securityOf(endpoint: Endpoint): Json[] {
  const least = leastRole(endpoint)
  if (least !== undefined) return [{ operatorToken: [least] }]
  if (endpoint.identity === 'player') return [{ accessToken: [] }]
  return endpoint.identity === 'host' ? [{ hostToken: [] }] : []
}

/** Codes that an endpoint may answer with, each once, by status. */
export function errorsOf(endpoint: Endpoint): ProblemCode[] {
  const codes = [...new Set([...endpoint.errors, ...commonErrors(endpoint)])]
  return codes.sort((a, b) => PROBLEMS[a].status - PROBLEMS[b].status || (a < b ? -1 : 1))
}

function problemResponses(
  endpoint: Endpoint,
  schemas: Record<string, JsonSchema>,
): Record<string, Json> {
  const byStatus = new Map<number, ProblemCode[]>()
  for (const code of errorsOf(endpoint)) {
    const { status } = PROBLEMS[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      String(status),
      {
        description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('\n\n'),
        headers: headersOf(endpoint, status),
        content: {
          // An answer that says what is not well; a problem where there could be none.
          ...(endpoint.reportsHealth && status === 503
            ? json(toSchema(endpoint.answer, 'output', schemas))
            : {}),
          'application/problem+json': {
            schema: {
              allOf: [
                { $ref: '#/components/schemas/Problem' },
                { type: 'object', properties: { code: { enum: codes } } },
              ],
            },
          },
        },
      },
    ]),
  )
}

function headersOf(endpoint: Endpoint, status: number | 'success'): Json {
  const names = ['X-Request-Id']
  if (endpoint.limits.length > 0) names.push('RateLimit', 'RateLimit-Policy')
  if (status === 'success' && endpoint.cache) names.push('ETag')
  if (status === 401) names.push('WWW-Authenticate')
  if (status === 429 || status === 503) names.push('Retry-After')
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
}

function parametersOf(
  shape: z.ZodObject | undefined,
  where: 'path' | 'query',
  schemas: Record<string, JsonSchema>,
): Parameter[] {
  if (shape === undefined) return []
  return Object.entries(shape.shape).map(([name, field]) => {
    const schema = toSchema(field as z.ZodType, 'input', schemas)
    const required = where === 'path' || !(field as z.ZodType).safeParse(undefined).success
    return { name, in: where, required, schema }
  })
}

function headerParameters(endpoint: Endpoint): Parameter[] {
  const parameters: Parameter[] = []
  if (endpoint.repeat === 'remembered' || endpoint.repeat === 'own') {
    parameters.push({
      name: 'Idempotency-Key',
      in: 'header',
      required: true,
      description:
        'A UUIDv7 made for this request. Sent again with the same key, it has one effect and one answer.',
      schema: {
        type: 'string',
        format: 'uuid',
        pattern:
          '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-7[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$',
      },
    })
  }
  if (endpoint.cache) {
    parameters.push({
      name: 'If-None-Match',
      in: 'header',
      required: false,
      description: 'The ETag of the copy at hand.',
      schema: { type: 'string' },
    })
  }
  return parameters
}

function json(schema: JsonSchema): Json {
  return { 'application/json': { schema } }
}

/**
 * A schema as JSON Schema 2020-12, which OpenAPI 3.1 takes as it is. Named ones (`meta({ id })`) move to
 * the components; one name that means two things is a defect.
 */
function toSchema(
  schema: z.ZodType,
  io: 'input' | 'output',
  schemas: Record<string, JsonSchema>,
): JsonSchema {
  const {
    $schema: _,
    $defs,
    ...root
  } = z.toJSONSchema(schema, {
    io,
    // Additive changes are allowed (rule 11): a client must take fields that it does not know.
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
      delete jsonSchema.id
    },
  })
  for (const [id, definition] of Object.entries($defs ?? {})) register(schemas, id, definition)
  return moved(root)
}

function register(schemas: Record<string, JsonSchema>, id: string, definition: Json): void {
  const { id: _, ...rest } = moved(definition)
  const there = schemas[id]
  if (there !== undefined && JSON.stringify(there) !== JSON.stringify(rest)) {
    throw new Error(`the schema name ${id} stands for two schemas`)
  }
  schemas[id] = rest
}

/** A copy whose references lead to the components. */
function moved(schema: Json): Json {
  return JSON.parse(
    JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'),
  ) as Json
}

const problemSchema: JsonSchema = {
  type: 'object',
  description: 'A refusal (RFC 9457). `code` is stable; texts may change.',
  required: ['type', 'code', 'status', 'title'],
  properties: {
    type: { type: 'string', description: 'urn:waystone:problem: and the code' },
    code: { type: 'string' },
    status: { type: 'integer' },
    title: { type: 'string' },
    detail: { type: 'string' },
    observed: { type: 'string', description: 'Send it back with the next request, as it came.' },
    fields: {
      type: 'array',
      description: 'Fields that were refused. Their values are never repeated.',
      items: {
        type: 'object',
        required: ['path', 'reason'],
        properties: { path: { type: 'string' }, reason: { type: 'string' } },
      },
    },
  },
}

const text = (description: string) => ({ description, schema: { type: 'string' } })

const headers: OpenApiDocument['components']['headers'] = {
  'X-Request-Id': text('Names this request in the logs of the server.'),
  RateLimit: text('What is left of each limit: `"name";r=left;t=seconds` (IETF draft).'),
  'RateLimit-Policy': text('Each limit: `"name";q=requests;w=seconds` (IETF draft).'),
  'Retry-After': {
    description: 'Seconds until a repeat makes sense.',
    schema: { type: 'integer' },
  },
  'WWW-Authenticate': text('Bearer (RFC 6750).'),
  ETag: text('Hash over the answer; send it as If-None-Match.'),
}

const securitySchemes: Json = {
  accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  operatorToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'The access token of an account with the role of an operator, or a token of 5 minutes that ' +
      '`npm run waystone` makes where the master key lies.',
  },
  hostToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'A token of 60 s, signed by a zone host with the key whose public half is in its lease.',
  },
}

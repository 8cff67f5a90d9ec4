// The reference page at /docs: one static page made from the OpenAPI document. It has no script and
// loads nothing, from here or elsewhere, and its policy says so.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { PROBLEMS } from '#shared/problem.ts'
import type { Domain, Endpoint } from '#shared/api/endpoint.ts'
import { healthApi } from '#shared/api/health.ts'
import { buildOpenApi, errorsOf } from './openapi.ts'
import type { JsonSchema, OpenApiDocument, Operation } from './openapi.ts'
import { referenceStyle } from './reference-style.ts'

export type Reference = {
  /** /openapi.json */
  document: string
  /** /docs */
  page: string
  /** /protocol/vectors.json: golden frames and steps of the zone protocol. */
  vectors: string
  /** The Content-Security-Policy of the page. */
  policy: string
}

const vectorsFile = new URL('../../shared/protocol/vectors.json', import.meta.url)

/** Of some domains and of /health. Built once, before serving. `serverUrl`: where the document is. */
export function buildReference(declared: readonly Domain[], serverUrl: string): Reference {
  const domains = [...declared, healthApi]
  const document = buildOpenApi(domains, serverUrl)
  const styleHash = createHash('sha256').update(referenceStyle).digest('base64')
  return {
    document: JSON.stringify(document),
    page: pageOf(domains, document),
    vectors: readFileSync(vectorsFile, 'utf8'),
    policy: `default-src 'none'; style-src 'sha256-${styleHash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
  }
}

function pageOf(domains: Domain[], document: OpenApiDocument): string {
  const { title, version, description } = document.info
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)} API</title>
<style>${referenceStyle}</style>
</head>
<body>
<nav aria-label="Endpoints">
<h1><a href="#top">${escape(title)}</a></h1>
${domains.map((domain) => navOf(domain)).join('\n')}
<h2><a href="#schemas">Schemas</a></h2>
<p><a href="/openapi.json">openapi.json</a></p>
</nav>
<main id="top">
<header><h1>${escape(title)} API <small>${escape(version)}</small></h1>
<p>${escape(description)}</p></header>
${domains.map((domain) => domainOf(domain, document)).join('\n')}
<section id="schemas"><h2>Schemas</h2>
${Object.entries(document.components.schemas).map(componentOf).join('\n')}
</section>
</main>
</body>
</html>
`
}

function navOf(domain: Domain): string {
  const items = Object.entries(domain.endpoints).map(
    ([name, endpoint]) =>
      `<li><a href="#${domain.name}.${name}">${methodOf(endpoint)} ${escape(endpoint.summary)}</a></li>`,
  )
  return `<h2>${escape(domain.name)}</h2><ul>${items.join('')}</ul>`
}

function domainOf(domain: Domain, document: OpenApiDocument): string {
  const endpoints = Object.entries(domain.endpoints).map(([name, endpoint]) => {
    const operation = document.paths[endpoint.path]![endpoint.method.toLowerCase()]!
    return endpointOf(`${domain.name}.${name}`, endpoint, operation, document)
  })
  return `<section><h2>${escape(domain.name)}</h2><p>${escape(domain.description)}</p>${endpoints.join('\n')}</section>`
}

function endpointOf(
  id: string,
  endpoint: Endpoint,
  operation: Operation,
  document: OpenApiDocument,
): string {
  const success = operation.responses[String(endpoint.status ?? 200)]!
  const body = operation.requestBody && schemaIn(operation.requestBody)
  const parameters = operation.parameters ?? []
  const facts = [
    identityWords[endpoint.identity],
    endpoint.repeat === 'natural' ? 'Safe to send again as it is.' : '',
    ...endpoint.limits.map(({ rate, by }) => `Limited by ${by} (${rate}).`),
  ]
  return `<article id="${id}">
<h3>${methodOf(endpoint)} <code>${escape(endpoint.path)}</code></h3>
<p><strong>${escape(endpoint.summary)}.</strong> ${escape(endpoint.description ?? '')}</p>
<p class="facts">${escape(facts.filter(Boolean).join(' '))}</p>
${parameters.length === 0 ? '' : `<h4>Parameters</h4>${tableOf(parameters.map((p) => [p.name, p.required, { ...p.schema, description: p.description ?? p.schema['description'] }, p.in]))}`}
${body === undefined ? '' : `<h4>Body</h4>${schemaTable(body)}`}
<h4>Answer <small>${endpoint.status ?? 200}${endpoint.reportsHealth ? ', or 503 with ok: false' : ''}</small></h4>${schemaTable(schemaIn(success))}
${nextOf(success)}
<h4>Errors</h4>
<table><tbody>${errorsOf(endpoint)
    .map(
      (code) =>
        `<tr><td>${PROBLEMS[code].status}</td><td><code>${code}</code></td><td>${escape(PROBLEMS[code].title)}</td></tr>`,
    )
    .join('')}</tbody></table>
<h4>Example</h4><pre><code>${escape(curlOf(endpoint, operation, document))}</code></pre>
</article>`
}

/** What may be asked with the answer. */
function nextOf({ links = {} }: { links?: unknown }): string {
  const next = Object.values(links as Record<string, { operationId: string }>)
  if (next.length === 0) return ''
  const ids = [...new Set(next.map(({ operationId }) => operationId))]
  const shown = ids.map((id) => `<a href="#${id}"><code>${escape(id)}</code></a>`)
  return `<h4>Next</h4><p>With what it answers: ${shown.join(', ')}.</p>`
}

function componentOf([name, schema]: [string, JsonSchema]): string {
  return `<article id="schema.${name}"><h3><code>${escape(name)}</code></h3>${schemaTable(schema)}</article>`
}

function schemaIn(holder: { content?: unknown }): JsonSchema {
  const content = holder.content as Record<string, { schema: JsonSchema }>
  return content['application/json']!.schema
}

type Row = [name: string, required: boolean, schema: JsonSchema, where?: string]

/** The fields of an object; anything else by its type alone. */
function schemaTable(schema: JsonSchema): string {
  const properties = schema['properties'] as Record<string, JsonSchema> | undefined
  if (properties === undefined || Object.keys(properties).length === 0) {
    return `<p>${typeOf(schema)} ${escape(textOf(schema['description']))}</p>`
  }
  const required = (schema['required'] ?? []) as string[]
  return tableOf(
    Object.entries(properties).map(([name, field]) => [name, required.includes(name), field]),
  )
}

function tableOf(rows: Row[]): string {
  const cells = rows.map(
    ([name, required, schema, where]) =>
      `<tr><td><code>${escape(name)}</code>${required ? '' : ' <small>optional</small>'}${where === undefined ? '' : ` <small>${where}</small>`}</td>` +
      `<td>${typeOf(schema)}</td><td>${escape(textOf(schema['description']))}${boundsOf(schema)}</td></tr>`,
  )
  return `<table><tbody>${cells.join('')}</tbody></table>`
}

function typeOf(schema: JsonSchema): string {
  const { $ref: ref, type, items, enum: values } = schema
  if (typeof ref === 'string') {
    const name = ref.split('/').at(-1)!
    return `<a href="#schema.${name}">${escape(name)}</a>`
  }
  if (Array.isArray(values))
    return values.map((v) => `<code>${escape(JSON.stringify(v))}</code>`).join(' | ')
  if (schema['const'] !== undefined)
    return `<code>${escape(JSON.stringify(schema['const']))}</code>`
  if (type === 'array') return `${typeOf((items ?? {}) as JsonSchema)}[]`
  const properties = schema['properties'] as Record<string, JsonSchema> | undefined
  if (type === 'object' && properties !== undefined && Object.keys(properties).length > 0) {
    const fields = Object.entries(properties).map(
      ([name, field]) => `${escape(name)}: ${typeOf(field)}`,
    )
    return `{ ${fields.join(', ')} }`
  }
  return escape(typeof type === 'string' ? type : 'any')
}

function boundsOf(schema: JsonSchema): string {
  const bounds = ['minLength', 'maxLength', 'minimum', 'maximum', 'pattern']
    .filter((name) => schema[name] !== undefined && schema[name] !== Number.MAX_SAFE_INTEGER)
    .map((name) => `${name} <code>${escape(textOf(schema[name]))}</code>`)
  return bounds.length === 0 ? '' : ` <small>${bounds.join(', ')}</small>`
}

const identityWords: Record<Endpoint['identity'], string> = {
  anyone: 'Open to anyone.',
  player: 'Needs an access token.',
  support: 'Needs the role support.',
  moderator: 'Needs the role moderator.',
  operator: 'Needs the role operator.',
  host: 'For zone hosts, with a token of their own.',
}

/** A command that can be pasted after the angle brackets are filled in. */
function curlOf(endpoint: Endpoint, operation: Operation, document: OpenApiDocument): string {
  const path = endpoint.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const parameter = operation.parameters?.find((p) => p.name === name)
    return textOf(parameter?.schema['example']) || `<${name}>`
  })
  const lines = [
    `curl ${endpoint.method === 'GET' ? '' : `-X ${endpoint.method} `}"${document.servers[0]!.url}${path}"`,
  ]
  if (endpoint.identity !== 'anyone') {
    const token = endpoint.identity === 'player' ? 'access' : endpoint.identity
    lines.push(`-H 'Authorization: Bearer <${token} token>'`)
  }
  if (endpoint.repeat === 'remembered' || endpoint.repeat === 'own') {
    lines.push(`-H 'Idempotency-Key: <a new UUIDv7>'`)
  }
  if (operation.requestBody !== undefined) {
    lines.push(`-H 'Content-Type: application/json'`)
    lines.push(`-d '${JSON.stringify(exampleOf(schemaIn(operation.requestBody)))}'`)
  }
  return lines.join(' \\\n  ')
}

function exampleOf(schema: JsonSchema): unknown {
  const properties = (schema['properties'] ?? {}) as Record<string, JsonSchema>
  return Object.fromEntries(
    Object.entries(properties).map(([name, field]) => [
      name,
      field['example'] ?? (field['type'] === 'integer' ? (field['minimum'] ?? 0) : `<${name}>`),
    ]),
  )
}

function methodOf({ method }: Endpoint): string {
  return `<b class="${method.toLowerCase()}">${method}</b>`
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.codePointAt(0)};`)
}

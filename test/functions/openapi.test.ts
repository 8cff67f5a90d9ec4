import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { createApp } from '#functions/app.ts'
import { domains as records } from '#functions/domains.ts'
import { declarationsOf } from '#functions/http/record.ts'
import { buildReference } from '#functions/http/reference.ts'
import { api } from '#shared/api/api.ts'
import { commonErrors } from '#shared/api/endpoint.ts'
import type { Domain, Endpoint } from '#shared/api/endpoint.ts'
import { healthApi } from '#shared/api/health.ts'
import { PROBLEMS } from '#shared/problem.ts'
import { bareOptions } from './api.ts'

const domains: Domain[] = [...declarationsOf(records), healthApi]
const reference = buildReference(declarationsOf(records), 'http://127.0.0.1:8080')

type Json = { [name: string]: unknown }
const document = JSON.parse(reference.document) as Json & {
  paths: Record<string, Record<string, Json & { responses: Record<string, Json> }>>
}

const declared = domains.flatMap((domain) =>
  Object.entries(domain.endpoints).map(([name, e]): [string, Endpoint] => [
    `${domain.name}.${name}`,
    e,
  ]),
)

/** All objects inside, with the path to each. */
function* walk(value: unknown, path = '#'): Generator<[string, Json]> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield [path, value as Json]
  for (const [name, inner] of Object.entries(value)) yield* walk(inner, `${path}/${name}`)
}

function resolve(ref: string): unknown {
  expect(ref.startsWith('#/')).toBe(true)
  let at: unknown = document
  for (const part of ref.slice(2).split('/')) at = (at as Json | undefined)?.[part]
  return at
}

/** Whether the answer of an endpoint has what a JSON pointer names. */
function leadsTo(schema: z.ZodType, [name, ...rest]: string[]): boolean {
  if (name === undefined) return true
  if (schema instanceof z.ZodArray)
    return /^\d+$/.test(name) && leadsTo(schema.element as z.ZodType, rest)
  if (schema instanceof z.ZodOptional) return leadsTo(schema.unwrap() as z.ZodType, [name, ...rest])
  if (!(schema instanceof z.ZodObject)) return false
  const field = schema.shape[name] as z.ZodType | undefined
  return field !== undefined && leadsTo(field, rest)
}

const schemes = {
  anyone: [],
  player: [{ accessToken: [] }],
  support: [{ operatorToken: ['support'] }],
  moderator: [{ operatorToken: ['moderator'] }],
  operator: [{ operatorToken: ['operator'] }],
  host: [{ hostToken: [] }],
}

describe('the OpenAPI document', () => {
  it('has no reference that leads nowhere and no leftover of its generator', () => {
    let references = 0
    for (const [path, object] of walk(document)) {
      if (typeof object['$ref'] === 'string') {
        references++
        expect(resolve(object['$ref']), `${object['$ref']} at ${path}`).toBeDefined()
      }
      expect(object, path).not.toHaveProperty('$defs')
      expect(object, path).not.toHaveProperty('$schema')
      if (path.startsWith('#/components/schemas'))
        expect(object['id'], path).not.toBeTypeOf('string')
      // A client must accept fields that a newer server adds.
      expect(object['additionalProperties'], path).not.toBe(false)
    }
    expect(references).toBeGreaterThan(20)
  })

  it('has links that lead to endpoints, with parameters and fields that both sides have', () => {
    const byId = new Map(declared)
    let followed = 0
    for (const [id, e] of declared) {
      const { links = {} } = document.paths[e.path]![e.method.toLowerCase()]!.responses[
        String(e.status ?? 200)
      ] as { links?: Record<string, Json> }
      expect(Object.keys(links), id).toEqual(Object.keys(e.links ?? {}))
      for (const [name, link] of Object.entries(e.links ?? {})) {
        const at = `${id} ${name}`
        const target = byId.get(link.to)
        expect(target, `${at} to ${link.to}`).toBeDefined()
        const { params = {}, query = {}, body = {}, token } = link
        expect(Object.keys(params), at).toEqual(Object.keys(target!.params?.shape ?? {}))
        for (const key of Object.keys(query)) expect(target!.query?.shape, at).toHaveProperty(key)
        for (const key of Object.keys(body)) expect(target!.body?.shape, at).toHaveProperty(key)
        if (token !== undefined) expect(target!.identity, at).toBe('player')
        const values = [
          ...Object.values({ ...params, ...query, ...body }),
          ...(token ? [token] : []),
        ]
        for (const value of values) {
          if (typeof value === 'number') continue
          const [, from, name] =
            /^(\$request\.path\.|\$request\.body#\/|\$response\.body#\/)(.+)$/.exec(value)!
          const there = {
            '$request.path.': () => Object.hasOwn(e.params?.shape ?? {}, name!),
            '$request.body#/': () => leadsTo(e.body!, name!.split('/')),
            '$response.body#/': () => leadsTo(e.answer, name!.split('/')),
          }[from!]!()
          expect(there, `${at}: ${value}`).toBe(true)
          followed++
        }
      }
    }
    expect(followed).toBeGreaterThan(20)
  })

  // JSON Schema counts code points; a string of JavaScript counts an emoji twice.
  it('counts the characters of a text as the server does', () => {
    const { register } = api.auth.endpoints
    const { kick, announce } = api.admin.endpoints
    const cases = [
      [
        'password',
        (text: string) => register.body.safeParse({ loginName: 'mira', password: text }),
      ],
      ['reason', (text: string) => kick.body.safeParse({ reason: text })],
      ['text', (text: string) => announce.body.safeParse({ text, reason: 'because' })],
    ] as const
    const bodies = [register, kick, announce].map((e) => {
      const { requestBody } = document.paths[e.path]!['post'] as Json as {
        requestBody: { content: { 'application/json': { schema: Json } } }
      }
      return requestBody.content['application/json'].schema['properties'] as Record<string, Json>
    })
    for (const [i, [field, parse]] of cases.entries()) {
      const { minLength, maxLength } = bodies[i]![field] as { minLength: number; maxLength: number }
      const fits = (length: number) => parse('\u{1F600}'.repeat(length)).success
      expect([minLength - 1, minLength, maxLength, maxLength + 1].map(fits), field).toEqual([
        false,
        true,
        true,
        false,
      ])
    }
  })

  it('describes every endpoint, its parameters in path and schema alike', () => {
    const ids = new Set<unknown>()
    for (const [id, e] of declared) {
      const operation = document.paths[e.path]![e.method.toLowerCase()]!
      expect(operation['operationId']).toBe(id)
      ids.add(operation['operationId'])
      const inPath = [...e.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
      const parameters = (operation['parameters'] ?? []) as { name: string; in: string }[]
      expect(parameters.filter((p) => p.in === 'path').map((p) => p.name)).toEqual(inPath)
      expect(Object.hasOwn(operation, 'requestBody')).toBe(e.body !== undefined)
      expect(operation['security']).toEqual(schemes[e.identity])
      expect(parameters.some((p) => p.name === 'Idempotency-Key')).toBe(
        e.repeat === 'remembered' || e.repeat === 'own',
      )
      expect(operation.responses).toHaveProperty(String(e.status ?? 200))
    }
    expect(ids.size).toBe(declared.length)
    const operations = Object.values(document.paths).flatMap((methods) => Object.keys(methods))
    expect(operations).toHaveLength(declared.length)
  })

  it('names every refusal that an endpoint declares, by its status', () => {
    for (const [id, e] of declared) {
      const { responses } = document.paths[e.path]![e.method.toLowerCase()]!
      for (const code of [...e.errors, ...commonErrors(e)]) {
        const response = responses[String(PROBLEMS[code].status)]
        expect(response, `${id} ${code}`).toBeDefined()
        expect(JSON.stringify(response!['content'])).toContain(`"${code}"`)
        // Health says in its answer what is not well.
        const also = e.reportsHealth && PROBLEMS[code].status === 503 ? ['application/json'] : []
        const types = [...also, 'application/problem+json']
        expect(Object.keys(response!['content'] as Json)).toEqual(types)
      }
    }
  })
})

describe('content files', () => {
  it('have schemas of their own, which say what a zone, a creature, a race and a job hold', () => {
    const named = ['ZoneFile', 'CreatureFile', 'RaceFile', 'JobFile', 'GameFile']
    const schemas = (document['components'] as { schemas: Record<string, Json> }).schemas
    for (const name of named) expect(Object.keys(schemas)).toContain(name)
    expect(schemas['ContentFile']!['anyOf']).toHaveLength(6)
    expect(Object.keys(schemas['ZoneFile']!['properties'] as Json)).toContain('gates')
    expect(schemas['ZoneFile']!['required']).not.toContain('tickHz')
  })
})

describe('/docs', () => {
  it('loads nothing, from here or elsewhere, and may not', () => {
    const { page, policy } = reference
    expect(page).not.toMatch(/<(script|img|link|iframe|object|embed|form|base|meta http-equiv)\b/i)
    expect(page).not.toMatch(/\b(src|srcset|action|onclick|style)=/i)
    expect(page).not.toMatch(/@import|url\(/i)
    // Addresses appear in texts alone: links stay on the page or go to the document.
    for (const [, href] of page.matchAll(/href="([^"]*)"/g)) {
      expect(href).toMatch(/^(#|\/openapi\.json$)/)
    }
    for (const [url] of page.matchAll(/https?:\/\/[^\s"<&]+/g)) {
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:8080\//)
    }
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('unsafe')
  })

  it('shows every endpoint and every link leads somewhere', () => {
    const ids = new Set([...reference.page.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]))
    for (const [id] of declared) expect(ids).toContain(id)
    for (const [, target] of reference.page.matchAll(/href="#([^"]+)"/g)) {
      expect(ids, target).toContain(target)
    }
  })

  it('says what may be asked with an answer', () => {
    const register = /<article id="auth\.register">(.*?)<\/article>/s.exec(reference.page)![1]!
    for (const { to } of Object.values(api.auth.endpoints.register.links)) {
      expect(register).toContain(`<a href="#${to}">`)
    }
    const health = /<article id="health\.whole">(.*?)<\/article>/s.exec(reference.page)![1]!
    expect(health).toContain('200, or 503 with ok: false')
    expect(health).not.toContain('<h4>Next</h4>')
  })

  it('is served with its policy, and the document beside it', async () => {
    const app = createApp({
      ...bareOptions(),
      reference,
    })
    const page = await app.request('/docs')
    expect(page.headers.get('content-type')).toMatch(/^text\/html/)
    expect(page.headers.get('content-security-policy')).toBe(reference.policy)
    const openapi = await app.request('/openapi.json')
    expect(await openapi.json()).toMatchObject({ openapi: '3.1.1', info: { title: 'Waystone' } })
    const vectors = await app.request('/protocol/vectors.json')
    expect(vectors.headers.get('access-control-allow-origin')).toBe('*')
    expect(Object.keys((await vectors.json()) as Json)).toContain('movement')
  })
})

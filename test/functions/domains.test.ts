// A new domain needs one record.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { functionsOf } from '#cdk/bundles.ts'
import { domains } from '#functions/domains.ts'
import { declarationsOf } from '#functions/http/record.ts'
import { buildReference } from '#functions/http/reference.ts'
import { api } from '#shared/api/api.ts'
import { allowedBy, statementsOf } from '../cdk/iam.ts'
import { synthRealm } from '../cdk/synth.ts'
import type { Stacks } from '../cdk/synth.ts'
import { goodPassword, newAccount, openApi } from './api.ts'
import { httpAnswer, httpEvent } from './lambda-event.ts'
import { openLambdaRealm, realmId, redisSecret, signInSecret, tablePrefix } from './lambda-realm.ts'
import type { LambdaRealm } from './lambda-realm.ts'
import { domain as postbox } from './postbox/domain.ts'

const records = [...domains, postbox]

describe('the table of domains', () => {
  it('serves what clients know by name, and the game', () => {
    const { health, ...others } = api
    const ofCore = declarationsOf(domains).filter(({ name }) => !name.startsWith('game'))
    expect(new Set(ofCore)).toEqual(new Set(Object.values(others)))
    expect(health.name).toBe('health')
  })

  it('names each domain once, as its folder, with paths that no other has', () => {
    const names = domains.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const { name, module } of domains) {
      expect(module.endsWith(path.join('functions', name, 'domain.ts')), name).toBe(true)
      expect(name).toMatch(/^[a-z]+$/)
    }
    const routes = declarationsOf(domains).flatMap(({ endpoints }) =>
      Object.values(endpoints).map(({ method, path: route }) => `${method} ${route}`),
    )
    expect(new Set(routes).size).toBe(routes.length)
  })
})

describe('a domain that one record adds', () => {
  let realm: LambdaRealm
  let refused: string[]
  let stacks: Stacks

  beforeAll(async () => {
    const lambdas = records.filter(({ name }) => ['auth', 'content', 'postbox'].includes(name))
    stacks = synthRealm({ realm: realmId }, records, false).stacks
    realm = await openLambdaRealm('domains', lambdas)
    refused = []
    realm.aws.allow = (use) => {
      const names = new Map([
        [redisSecret, 'redis'],
        [signInSecret, 'signin'],
      ])
      const resource = names.get(use.resource) ?? use.resource.replace(tablePrefix, '')
      const statements = statementsOf(stacks.api, `${use.function}-role`)
      if (use.action.startsWith('kms:')) return true
      if (allowedBy(statements, { ...use, resource }) !== undefined) return true
      refused.push(`${use.function}: ${use.action} on ${use.partition}`)
      return false
    }
  }, 180_000)
  afterAll(async () => {
    await realm.stop()
  })

  it('is served by one process', async () => {
    const test = await openApi({ extra: [postbox] })
    const { accessToken } = await newAccount(test)
    const headers = { authorization: `Bearer ${accessToken}` }
    const answer = await test.send('GET', '/v1/realms/local/postbox', { headers })
    expect(await answer.json()).toEqual({ letters: 0 })
    expect((await test.send('GET', '/v1/realms/local/postbox')).status).toBe(401)
    expect((await test.send('GET', '/health/postbox')).status).toBe(200)
    expect((await test.send('GET', '/health/letters')).status).toBe(404)
  })

  it('is documented', () => {
    const { document, page } = buildReference(declarationsOf(records), '/')
    expect(JSON.parse(document)).toMatchObject({
      tags: expect.arrayContaining([{ name: 'postbox', description: 'Letters that wait' }]),
      paths: { '/v1/realms/{realmId}/postbox': { get: { operationId: 'postbox.count' } } },
    })
    expect(page).toContain('How many letters wait for the caller')
  })

  it('is in a function of each bundling, with a route and a role of its own', () => {
    expect(functionsOf('domains', records).get('postbox')).toEqual([postbox])
    expect(functionsOf('three', records).get('utility')).toContain(postbox)
    expect(functionsOf('one', records).get('all')).toContain(postbox)
    const { api: stack } = stacks
    const routes = Object.values(stack.Resources).map(({ Properties }) => Properties?.['RouteKey'])
    expect(routes).toContain('ANY /v1/realms/{realmId}/postbox')
    expect(routes).toContain('ANY /health/postbox')
    expect(statementsOf(stack, 'postbox-role').length).toBeGreaterThan(0)
  })

  it('is in its bundle alone, and the code of other domains is not', () => {
    const codeOf = (name: string) =>
      readFileSync(path.join(realm.folders.get(name)!, 'index.mjs'), 'utf8')
    expect(codeOf('postbox')).toContain('#POSTBOX#')
    expect(codeOf('postbox')).not.toContain('LOGIN#')
    expect(codeOf('auth')).toContain('LOGIN#')
    expect(codeOf('auth')).not.toContain('#POSTBOX#')
  })

  it('answers on Lambda with the permissions that its record names, and reports its health', async () => {
    const body = { loginName: 'mira', password: goodPassword }
    const registered = await realm.ask('POST', '/v1/auth/register', { body })
    const token = registered.json()['accessToken'] as string
    const answer = await realm.ask('GET', `/v1/realms/${realmId}/postbox`, { token })
    expect(answer.json(), refused.join()).toEqual({ letters: 0 })
    expect(refused).toEqual([])
    const health = await realm.ask('GET', '/health/postbox')
    expect(health.json()).toMatchObject({ ok: true })
    const elsewhere = await realm.functions
      .get('postbox')!
      .invoke(httpEvent({ method: 'GET', target: '/health/auth' }))
    if (!('answer' in elsewhere)) throw new Error(elsewhere.error.errorMessage)
    expect(httpAnswer(elsewhere.answer).status).toBe(404)
  })
})

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConfigError, envExample, readConfig, VARIABLES } from '#shared/config.ts'

function refusal(env: Record<string, string | undefined>, overrides = {}): string {
  try {
    readConfig(env, overrides)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as ConfigError).message
  }
  return ''
}

describe('the configuration', () => {
  it('has a default for whatever must be there', () => {
    const config = readConfig({})
    expect(config).toMatchObject({ PORT: 8080, HOST: '127.0.0.1', WAYSTONE_LIMITS: 'strict' })
    expect(config.UPSTASH_REDIS_REST_TOKEN).toBeUndefined()
  })

  it('takes the environment before a profile, and a profile before the default', () => {
    const profile = { WAYSTONE_LIMITS: 'generous', PORT: '9000' }
    expect(readConfig({ PORT: '9001' }, profile)).toMatchObject({
      PORT: 9001,
      WAYSTONE_LIMITS: 'generous',
    })
    expect(readConfig({ PORT: '' }, profile).PORT, 'empty counts as absent').toBe(9000)
  })

  it('refuses an unknown variable of ours by name, and leaves those of others alone', () => {
    expect(refusal({ WAYSTONE_PROT: '1' })).toBe(
      'WAYSTONE_PROT is not a variable of Waystone (see .env.example).',
    )
    expect(refusal({ PATH: '/bin', UPSTASH_OTHER: 'x', NODE_ENV: 'test' })).toBe('')
  })

  it.each([
    ['WAYSTONE_SEED', '7'],
    ['WAYSTONE_SPEED', '4'],
    ['WAYSTONE_CONTENT', '/tmp/content'],
  ])('takes %s only where the database is on this machine', (name, value) => {
    const beside = (database?: string, embedded = false) =>
      readConfig({ [name]: value, WAYSTONE_DYNAMODB_URL: database }, {}, embedded)
    expect(() => beside()).toThrow(`${name} is refused`)
    expect(() => beside('https://dynamodb.eu-central-1.amazonaws.com')).toThrow('is refused')
    expect(() => beside('http://127.0.0.1.example:8000', true)).toThrow('is refused')
    expect(() => beside('http://10.0.0.5:8000', true)).toThrow('is refused')
    for (const here of ['http://127.0.0.1:8000', 'http://localhost:8000/', 'http://[::1]:8000']) {
      expect(String(beside(here)[name as 'WAYSTONE_SEED'])).toBe(value)
    }
    expect(String(beside(undefined, true)[name as 'WAYSTONE_SEED'])).toBe(value)
  })

  it.each([
    ['PORT', '70000', '65535'],
    ['PORT', '-1', 'whole number'],
    ['PORT', '80.5', 'whole number'],
    ['PORT', '1e3', 'whole number'],
    ['PORT', '0x50', 'whole number'],
    ['PORT', ' ', 'whole number'],
    ['PORT', 'eighty', 'whole number'],
    ['WAYSTONE_BOTS', '1001', '1000'],
    ['WAYSTONE_LIMITS', 'lax', '"strict"|"generous"'],
    ['WAYSTONE_LOG', 'loud', '"debug"'],
    ['WAYSTONE_REALM', 'Not A Realm', 'must match'],
    ['WAYSTONE_FLEET', 'hub', 'zone:count'],
    ['WAYSTONE_FLEET', 'hub:1,', 'zone:count'],
    ['WAYSTONE_ZONES', 'hub;forest', 'must match'],
    ['WAYSTONE_TABLES', 'a table', 'must match'],
    ['WAYSTONE_DYNAMODB_URL', 'localhost:8000', 'URL'],
    ['WAYSTONE_AGONES_CA', '-----BEGIN CERTIFICATE-----', 'base64'],
    ['WAYSTONE_AGONES_CA', 'bm9uZQ==', 'expected a certificate'],
    ['WAYSTONE_EKS_CLUSTER', 'https://worlds', 'must match'],
    ['UPSTASH_REDIS_REST_URL', 'redis://localhost', 'URL'],
    ['WAYSTONE_QUIET_START', 'yes', '"0"|"1"'],
  ])('refuses %s=%s by name, with what is expected', (name, value, expected) => {
    const message = refusal({ [name]: value })
    expect(message.split('\n')).toHaveLength(1)
    expect(message).toMatch(new RegExp(`^${name} is wrong: `))
    expect(message).toContain(expected)
  })

  it('names all that is wrong at once', () => {
    const message = refusal({
      PORT: 'x',
      WAYSTONE_LIMITS: 'x',
      WAYSTONE_ODD: 'x',
      WAYSTONE_EVEN: 'x',
    })
    const names = message.split('\n').map((line) => line.split(' ')[0])
    expect(names.toSorted()).toEqual(['PORT', 'WAYSTONE_EVEN', 'WAYSTONE_LIMITS', 'WAYSTONE_ODD'])
  })

  it('never echoes a value: it may be a secret in the wrong place', () => {
    const secret = 'hunter2!? hunter2'
    const all = Object.fromEntries(Object.keys(VARIABLES).map((name) => [name, secret]))
    const message = refusal({ ...all, WAYSTONE_TYPO: secret })
    expect(message.split('\n').length).toBeGreaterThan(10)
    expect(message).not.toContain('hunter2')
  })

  it('is written down in .env.example, each variable with its default', () => {
    const file = path.join(import.meta.dirname, '..', '.env.example')
    expect(readFileSync(file, 'utf8')).toBe(envExample())
    for (const [name, variable] of Object.entries(VARIABLES)) {
      const value = 'default' in variable ? variable.default : ''
      expect(envExample()).toContain(`# ${variable.about}\n# ${name}=${value}\n`)
    }
  })
})

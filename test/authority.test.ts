import { describe, expect, it } from 'vitest'
import { authority, hostOf, isWildcard, reachedHere, requestedHost } from '#shared/authority.ts'

describe('host and port of a URL', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1:80'],
    ['zones.example.com', 'zones.example.com:80'],
    ['fd00::17:5', '[fd00::17:5]:80'],
    ['[fd00::17:5]', '[fd00::17:5]:80'],
  ])('%s stands there as %s', (host, expected) => {
    expect(authority(host, 80)).toBe(expected)
    expect(hostOf(`http://${expected}`)).toBe(host.replace(/[[\]]/g, ''))
  })

  it.each(['0.0.0.0', '::', '0:0:0:0:0:0:0:0', '::0'])('%s is every address', (host) => {
    expect(isWildcard(host)).toBe(true)
  })

  it.each(['127.0.0.1', '::1', '10.0.0.0', 'localhost', '', ':'])('%s is not', (host) => {
    expect(isWildcard(host)).toBe(false)
    expect(reachedHere(host)).toBe(host)
  })

  it('what listens on every address is reached on the loopback of its kind', () => {
    expect([reachedHere('0.0.0.0'), reachedHere('::')]).toEqual(['127.0.0.1', '::1'])
  })
})

describe('a Host header', () => {
  it.each([
    ['192.168.1.5:8080', '192.168.1.5', '8080'],
    ['Play.Example', 'play.example', ''],
    ['[FD00::5]:8080', '[fd00::5]', '8080'],
    ['den-pc:8080', 'den-pc', '8080'],
  ])('%s names a host', (header, hostname, port) => {
    expect(requestedHost(header)).toMatchObject({ hostname, port })
  })

  it.each([
    undefined,
    '',
    'user@evil.example',
    'a/b',
    'a b',
    'a?b#c',
    '[::1',
    'x:99999',
    '[zz::1]:80',
    `${'a'.repeat(300)}.example`,
    'http://x',
    'a\\b',
    '"',
  ])('%s does not', (header) => {
    expect(requestedHost(header)).toBeUndefined()
  })
})

import { expect, it } from 'vitest'
import { zoneAddress } from '#gameserver/zone-address.ts'

const plain = 'ws://{address}:{port}/zone'
const gateway = 'wss://zones.example.com/{address}/{port}/zone'
const at = (more: Partial<Parameters<typeof zoneAddress>[0]>) =>
  zoneAddress({ template: plain, fleetAddress: '', host: '127.0.0.1', port: 7001, ...more })

it.each([
  [{}, 'ws://127.0.0.1:7001/zone'],
  [{ fleetAddress: '10.0.1.2', host: '0.0.0.0' }, 'ws://10.0.1.2:7001/zone'],
  [{ fleetAddress: 'fd00::17:5', host: '::' }, 'ws://[fd00::17:5]:7001/zone'],
  [{ host: '::1' }, 'ws://[::1]:7001/zone'],
  [
    { template: gateway, fleetAddress: 'fd00::17:5' },
    'wss://zones.example.com/fd00::17:5/7001/zone',
  ],
  [{ template: 'ws://play.example:{port}/zone', host: '0.0.0.0' }, 'ws://play.example:7001/zone'],
])('players get an address that is a URL: %j', (parts, expected) => {
  expect(at(parts)).toBe(expected)
  expect(URL.canParse(at(parts))).toBe(true)
})

it('a host that knows no address of its own names the variable that is missing', () => {
  expect(() => at({ host: '0.0.0.0' })).toThrow(/WAYSTONE_ZONE_URL must name the address/)
  expect(() => at({ host: '::' })).toThrow(/WAYSTONE_ZONE_URL/)
  expect(() => at({ fleetAddress: 'fe80::1%eth0' })).toThrow(/is no URL/)
})

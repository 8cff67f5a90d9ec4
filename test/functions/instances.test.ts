// Instances, for operators over HTTP: who is where, one more, one less, and a player who is sent to another. Real
// stores of hosts; what a host does with its commands is written out (test/gameserver/closes.test.ts has the host).
import { beforeEach, describe, expect, it } from 'vitest'
import type { Ticket } from '#shared/ownership/ticket.ts'
import { verifyTicket } from '#shared/ownership/ticket.ts'
import type { Command } from '#shared/ownership/inbox.ts'
import { newId } from '#shared/runtime.ts'
import { openOneProcess } from '../calls/one-process.ts'
import type { Client, Player, Stage } from '../calls/stage.ts'
import { openHost } from '../ownership/open-host.ts'
import { codeOf } from './api.ts'
import type { TestApi } from './api.ts'

const params = { realmId: 'local' }
const reason = 'It is slow'
type Host = Awaited<ReturnType<typeof openHost>>

let test: TestApi
let stage: Stage
let operator: Client

beforeEach(async () => {
  ;({ test, stage } = await openOneProcess())
  operator = (await stage.operator()).client
})

/** A host that does what it is told: it saves who is sent away, and says where he was sent. */
async function host(zone = 'hub', capacity = 10, kind?: 'slots') {
  const store = { store: test.memory, runtime: test.clock, realmId: 'local' }
  const one = await openHost({ ...store, zone, capacity, ...(kind && { kind }) })
  const applied: Command[] = []
  one.onCommand((command) => applied.push(command))
  return { ...one, applied }
}

/** While a request waits, hosts work. */
function hostsWork(...hosts: Awaited<ReturnType<typeof host>>[]) {
  test.clock.sleep = async (ms) => {
    test.clock.advance(ms)
    for (const one of hosts) {
      await one.prove()
      await one.readInbox()
      for (const command of one.applied.splice(0)) {
        if (command.kind !== 'move') continue
        const { characterId, epoch, to } = command
        const sentTo = { ...to, until: test.clock.now() + 60_000 }
        const saved = { zone: 'hub', x: 7000, y: 8000, heading: 1, sentTo }
        await one.leave({ characterId, epoch, saveNumber: epoch * 10, saved, instance: 'hub-1' })
      }
    }
  }
}

async function enter({ as, client }: Player): Promise<Ticket> {
  const entered = await client.world.enter({ params, body: { characterId: as, protocol: 2 } })
  if ('waiting' in entered) throw new Error('the realm has no limit')
  return (await verifyTicket(test.keys.find, test.clock.now(), entered.ticket))!
}

/** Plays in the best instance; the fullest first. */
async function play(at: Host): Promise<Player> {
  const player = await stage.player()
  const ticket = await enter(player)
  expect(ticket.bootId).toBe(at.bootId)
  expect(await at.claim(ticket)).toMatchObject({ outcome: 'claimed' })
  return player
}

const move = async (who: Player, to?: object, client = operator) =>
  await client.admin.movePlayer({
    params: { ...params, who: who.playerId },
    body: { reason, ...(to && { to }) } as never,
  })
const audited = async () =>
  (await operator.admin.audit({ query: {} })).entries.map(({ action, what }) => ({ action, what }))

describe('the list of instances', () => {
  it('has each with its host, its players, its members and the minutes left', async () => {
    const hub = await host()
    const slots = await host('crypt', 4, 'slots')
    test.fleet.hosts.push({
      name: 'hub-a',
      bootId: hub.bootId,
      address: 'host',
      port: 1,
      state: 'allocated',
      labels: {},
    })
    const ann = await play(hub)
    await hub.checkpoint('hub-1', [])
    const { instance } = await ann.client.world.open({
      params,
      body: { as: ann.as, zone: 'crypt' },
    })
    await slots.readInbox()
    const [opened] = slots.applied as Extract<Command, { kind: 'open' }>[]
    await slots.openPrivate({ ...opened!, capacity: 5 })
    const { entries } = await operator.admin.instances({ params, query: {} })
    expect(entries).toMatchObject([
      {
        zone: 'crypt',
        instance: instance.instanceId,
        capacity: 5,
        private: {
          members: [{ characterId: ann.as, name: ann.name }],
          endsAt: test.clock.now() + 60 * 60_000,
        },
      },
      {
        zone: 'hub',
        instance: 'hub-1',
        host: 'hub-a',
        state: 'open',
        lease: 'held',
        places: 1,
        capacity: 10,
        content: 'test',
      },
    ])
    expect(entries[1]!.private).toBeUndefined()
    const { hosts } = await operator.admin.fleet()
    expect(hosts.map((one) => one.slots)).toEqual([
      [{ realmId: 'local', zone: 'crypt', used: 1, free: 3 }],
      [],
    ])
  })

  it('comes in pages, of one zone if wanted', async () => {
    const made = [await host(), await host(), await host('forest'), await host()]
    const seen: string[] = []
    for (let after: string | undefined; ;) {
      const query = { limit: 1, zone: 'hub', ...(after && { after }) }
      const page = await operator.admin.instances({ params, query })
      seen.push(...page.entries.map(({ bootId }) => bootId))
      if (page.next === undefined) break
      after = page.next
    }
    const hubs = [made[0]!, made[1]!, made[3]!].map(({ bootId }) => bootId)
    expect(seen).toEqual(hubs.toSorted())
    const nowhere = operator.admin.instances({ params, query: { zone: 'nowhere' } })
    expect(await codeOf(nowhere)).toBe('admin.zone_unknown')
  })

  it('shows who is in one, who is coming and who has gone', async () => {
    const hub = await host()
    const ann = await play(hub)
    const bob = await stage.player()
    await enter(bob)
    const at = { ...params, bootId: hub.bootId, instance: 'hub-1' }
    const { instance, entries } = await operator.admin.instance({ params: at, query: {} })
    expect(instance).toMatchObject({ places: 2 })
    const states = Object.fromEntries(entries.map(({ name, state }) => [name, state]))
    expect(states).toEqual({ [ann.name]: 'in', [bob.name]: 'coming' })
    for (const bootId of [newId(test.clock), (await host('crypt', 2, 'slots')).bootId]) {
      const none = operator.admin.instance({ params: { ...at, bootId }, query: {} })
      expect(await codeOf(none)).toBe('admin.instance_unknown')
    }
  })
})

describe('one more', () => {
  it('is asked of the fleet once, however often the request comes', async () => {
    const hub = await host()
    stage.offer!({ bootId: hub.bootId, zone: 'hub' })
    const operationId = newId(test.clock)
    const open = async () =>
      await operator.admin.openInstance({ params, body: { zone: 'hub', reason } }, { operationId })
    expect(await open()).toEqual({ host: 'hub-9', bootId: hub.bootId, instance: 'hub-1' })
    expect(await open()).toEqual({ host: 'hub-9', bootId: hub.bootId, instance: 'hub-1' })
    expect(new Set(test.fleet.requests).size).toBe(1)
    expect(await audited()).toEqual([{ action: 'instance.open', what: '' }])
  })

  it('is refused where there is none, and of zones that have members', async () => {
    for (const [zone, code] of [
      ['hub', 'world.full'],
      ['nowhere', 'admin.zone_unknown'],
      ['crypt', 'admin.zone_private'],
    ] as const) {
      const opened = operator.admin.openInstance({ params, body: { zone, reason } })
      expect(await codeOf(opened)).toBe(code)
    }
  })
})

describe('a close', () => {
  it('is a command to the host alone that runs the instance, written with its audit entry', async () => {
    const [hub, other] = [await host(), await host()]
    const at = { ...params, bootId: hub.bootId, instance: 'hub-1' }
    await operator.admin.closeInstance({ params: at, body: { reason } })
    for (const one of [hub, other]) await one.readInbox()
    expect(hub.applied).toEqual([{ kind: 'close', realmId: 'local', instance: 'hub-1' }])
    expect(other.applied).toEqual([])
    expect(await audited()).toEqual([{ action: 'instance.close', what: 'hub' }])
  })

  it('keeps newcomers out while its players leave, then the instance is gone', async () => {
    const [hub, other] = [await host(), await host()]
    await hub.closeInstance('hub-1', 'closing')
    for (let i = 0; i < 3; i++) {
      expect((await enter(await stage.player())).bootId).toBe(other.bootId)
    }
    // A checkpoint on the way, and another state of the host, do not open it again.
    await hub.checkpoint('hub-1', [])
    await hub.setState('open')
    const states = async () =>
      (await operator.admin.instances({ params, query: {} })).entries
        .filter(({ bootId }) => bootId === hub.bootId)
        .map(({ state }) => state)
    expect(await states()).toEqual(['draining'])
    await hub.closeInstance('hub-1', 'closed')
    await hub.checkpoint('hub-1', [])
    expect(await states()).toEqual([])
    expect((await enter(await stage.player())).bootId).toBe(other.bootId)
  })
})

describe('a player who is moved', () => {
  it('comes in at another instance of his zone, and stands where he stood', async () => {
    const hub = await host()
    const ann = await play(hub)
    await play(hub)
    const other = await host()
    hostsWork(hub, other)
    expect(await move(ann)).toMatchObject({
      characterId: ann.as,
      to: { zone: 'hub', bootId: other.bootId, instance: 'hub-1' },
      left: true,
    })
    // The fuller one would be his by himself.
    const ticket = await enter(ann)
    expect(ticket.bootId).toBe(other.bootId)
    const claimed = await other.claim(ticket)
    expect(claimed).toMatchObject({ character: { saved: { zone: 'hub', x: 7000, y: 8000 } } })
    expect(await audited()).toEqual([
      { action: 'player.move', what: `${ann.as} to ${other.bootId}/hub-1` },
    ])
  })

  it('comes to another player, also in another zone', async () => {
    const hub = await host()
    const ann = await play(hub)
    const forest = await host('forest')
    const friend = await stage.player()
    await test.memory.update({
      table: 'core',
      key: { pk: `R#local#C#${friend.as}`, sk: '#STATE' },
      update: 'SET saved.#zone = :forest',
      names: { '#zone': 'zone' },
      values: { ':forest': 'forest' },
    })
    const there = await enter(friend)
    expect(there.bootId).toBe(forest.bootId)
    expect(await codeOf(move(ann, { kind: 'player', who: friend.playerId }))).toBe(
      'admin.not_in_play',
    )
    await forest.claim(there)
    hostsWork(hub, forest)
    await move(ann, { kind: 'player', who: friend.playerId })
    expect((await enter(ann)).bootId).toBe(forest.bootId)
  })

  it('goes on where he was when the place is gone, or a minute later', async () => {
    const hub = await host()
    const ann = await play(hub)
    const other = await host('hub', 1)
    hostsWork(hub, other)
    await move(ann, { kind: 'instance', bootId: other.bootId, instance: 'hub-1' })
    await other.closeInstance('hub-1', 'closing')
    expect((await enter(ann)).bootId).toBe(hub.bootId)
  })

  it('is not sent where nobody is taken in, nor where he is', async () => {
    const hub = await host()
    const ann = await play(hub)
    const [full, closing] = [await host('hub', 1), await host('forest')]
    const at = ({ bootId }: Host, instance = 'hub-1') => ({ kind: 'instance', bootId, instance })
    expect(await codeOf(move(ann, at(hub)))).toBe('admin.already_there')
    await closing.closeInstance('forest-1', 'closing')
    expect(await codeOf(move(ann, at(closing, 'forest-1')))).toBe('admin.instance_closed')
    await full.closeInstance('hub-1', 'closed')
    expect(await codeOf(move(ann, at(full)))).toBe('admin.instance_unknown')
    expect(await codeOf(move(ann))).toBe('world.full')
    expect(await codeOf(move(await stage.player()))).toBe('admin.not_in_play')
    expect(await audited()).toEqual([])
  })

  it('is left alone by a repeat when he has gone on since', async () => {
    const hub = await host()
    const ann = await play(hub)
    const other = await host()
    hostsWork(hub, other)
    const operationId = newId(test.clock)
    const call = { params: { ...params, who: ann.playerId }, body: { reason } }
    const first = await operator.admin.movePlayer(call, { operationId })
    await other.claim(await enter(ann))
    expect(await operator.admin.movePlayer(call, { operationId })).toEqual(first)
    const shown = await operator.admin.showPlayer({ params: { who: ann.playerId } })
    expect(shown.characters).toMatchObject([{ state: 'active', host: other.bootId }])
  })

  it('and has a role is moved by those above him alone', async () => {
    const hub = await host()
    const ann = await play(hub)
    await host()
    const moderator = await stage.operator()
    const role = async (who: string, to: 'moderator') =>
      await operator.admin.setRole({ params: { who }, body: { role: to, reason } })
    await role(ann.playerId, 'moderator')
    await role(moderator.playerId, 'moderator')
    const refreshed = await moderator.client.auth.refresh({
      body: { refreshToken: moderator.refreshToken },
    })
    const client = stage.client(refreshed.accessToken)
    expect(await codeOf(move(ann, undefined, client))).toBe('admin.outranked')
    const at = { ...params, bootId: hub.bootId, instance: 'hub-1' }
    expect(await codeOf(client.admin.closeInstance({ params: at, body: { reason } }))).toBe(
      'auth.forbidden',
    )
    await client.admin.instances({ params, query: {} })
  })
})

// Presence: hosts keep it in a cache, readers find it there. Cache, store and time are in memory; time passes while
// all code waits.
import { afterEach, describe, expect, it } from 'vitest'
import type { Shown } from '#shared/api/friends.ts'
import { CacheError } from '#shared/cache/cache.ts'
import type { Cache } from '#shared/cache/cache.ts'
import { createMemoryCache } from '#shared/cache/memory.ts'
import { presenceRounds, presenceRenewMs } from '#shared/limits.ts'
import { inboxChannel } from '#shared/ownership/inbox.ts'
import { friendsPartition, putShown } from '#shared/presence/circle.ts'
import { createPresence } from '#shared/presence/presence.ts'
import type { NotifiedOf } from '#shared/protocol/social-event.ts'
import { createPush } from '#shared/push/push.ts'
import { noSockets } from '#shared/push/sockets.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import { StoreError } from '#shared/store/store.ts'
import { silentLog } from '#shared/telemetry/log.ts'
import { createPresenceKeeper } from '#gameserver/persistence/presence-keeper.ts'
import { openStage } from './host-kit.ts'
import { virtualRuntime } from '../store/virtual-runtime.ts'

const realmId = 'local'
const running = new Set<AbortController>()
afterEach(() => {
  for (const one of running) one.abort()
  running.clear()
})

function openWorld() {
  const runtime = virtualRuntime(1)
  const fault: { store?: StoreError; readsTakeMs: number[] } = { readsTakeMs: [] }
  const memory = createMemoryStore({ runtime })
  const guarded = async <T>(work: () => Promise<T>) => {
    if (fault.store !== undefined) throw fault.store
    const found = await work()
    const tookMs = fault.readsTakeMs.shift()
    if (tookMs !== undefined) await runtime.sleep(tookMs)
    return found
  }
  const store: typeof memory = {
    ...memory,
    get: async (request) => await guarded(() => memory.get(request)),
    query: async (request) => await guarded(() => memory.query(request)),
  }
  /** The Redis behind `cache`; undefined while it is gone. */
  let redis: Cache | undefined = createMemoryCache({ runtime })
  let hangs = false
  /** Commands that were sent, and in how many trips. */
  const sent = { trips: 0, commands: [] as string[] }
  const cache: Cache = {
    async pipeline(commands) {
      if (commands.length > 0) sent.trips += 1
      sent.commands.push(...commands.map(([name]) => name))
      if (redis === undefined || hangs) throw new CacheError('gone')
      return await redis.pipeline(commands)
    },
    subscribe: (...args) => redis!.subscribe(...args),
  }
  const reader = () => createPresence({ cache, runtime })
  const push = createPush({ cache, sockets: noSockets, runtime })
  const hosts: { listen: () => void }[] = []
  let epochs = 0
  const at = { at: runtime.now() }

  return {
    cache,
    fault,
    sent,
    reader,
    push,
    sleep: runtime.sleep,
    async befriend(...all: string[]) {
      for (const accountId of all) {
        for (const playerId of all) {
          if (playerId === accountId) continue
          const pk = friendsPartition({ realmId, accountId })
          const row = {
            pk,
            sk: `P#${playerId}`,
            v: 1,
            playerId,
            name: 'Ada',
            state: 'friend',
            ...at,
          }
          await memory.put({ table: 'core', item: row })
        }
      }
    },
    async show(accountId: string, shown: Shown, hinted = true) {
      await memory.put(putShown({ realmId, accountId }, shown))
      if (hinted) push.hint('shown', realmId, [accountId])
    },
    /** What a reader who asks now is told, in one word each. */
    async read(...accountIds: string[]) {
      const found = await reader().read(realmId, accountIds)
      return [...found.values()].map((one) =>
        typeof one === 'string'
          ? one
          : !('zone' in one)
            ? 'lobby'
            : [one.name, one.zone, one.status].filter(Boolean).join(' '),
      )
    },
    redisHangs(now: boolean) {
      hangs = now
    },
    redisStops() {
      redis = undefined
    },
    redisStarts() {
      redis = createMemoryCache({ runtime })
      for (const host of hosts) host.listen()
    },
    host(bootId: string) {
      const ended = new AbortController()
      running.add(ended)
      const told: string[] = []
      const keeper = createPresenceKeeper({
        cache,
        store,
        runtime,
        clocks: { now: runtime.now, monotonic: runtime.now },
        host: { realmId, bootId },
        log: silentLog,
        push,
        onTold: (all) => {
          for (const { event, accounts = ['*'] } of all) {
            const what = 'of' in event ? event.of : event.kind
            told.push(...accounts.map((one) => `${one} ${what}`))
          }
        },
        onBlocks: () => undefined,
      })
      const host = {
        bootId,
        told,
        ticks: true,
        keeper,
        listen: () => redis?.subscribe(inboxChannel(bootId), keeper.heard, ended.signal),
        /** The process ends in the middle of everything. */
        die: () => ended.abort(),
        /** An account comes in with a character of that name; returns how it leaves. */
        join(accountId: string, zone = 'hub', characterId = `c-${accountId}`, name = characterId) {
          const epoch = ++epochs
          const saved = { zone, x: 0, y: 0, heading: 0 }
          const looks = { race: 'human', job: 'mage' }
          const stay = { characterId, accountId, name, epoch, saveNumber: 0, saved, ...looks }
          keeper.joined(stay, zone)
          return () => keeper.left(characterId, epoch)
        },
      }
      host.listen()
      hosts.push(host)
      void keeper.run(ended.signal)
      void (async () => {
        while (!ended.signal.aborted) {
          if (host.ticks) keeper.heartbeat()
          await runtime.sleep(100)
        }
      })()
      return host
    },
  }
}

describe('a player', () => {
  it('is online within half a second of the join, and offline as fast after he has left', async () => {
    const world = openWorld()
    const host = world.host('boot-1')
    expect(await world.read('ada')).toEqual(['offline'])
    const leave = host.join('ada', 'forest', 'c1', 'Mira')
    await world.sleep(500)
    expect(await world.read('ada', 'bram')).toEqual(['Mira forest', 'offline'])
    leave()
    await world.sleep(500)
    expect(await world.read('ada')).toEqual(['offline'])
  })

  it('stays online for hours, and is gone within 10 s when his host dies', async () => {
    const world = openWorld()
    const host = world.host('boot-1')
    host.join('ada')
    await world.sleep(2 * 60 * 60 * 1000)
    expect(await world.read('ada')).toEqual(['c-ada hub'])
    host.die()
    await world.sleep(5000)
    expect(await world.read('ada')).toEqual(['c-ada hub'])
    await world.sleep(5000)
    expect(await world.read('ada')).toEqual(['offline'])
  })

  it('is gone within 10 s when the tick thread of his host hangs', async () => {
    const world = openWorld()
    const host = world.host('boot-1')
    host.join('ada')
    await world.sleep(1000)
    host.ticks = false
    await world.sleep(13_000)
    expect(await world.read('ada')).toEqual(['offline'])
    host.ticks = true
    await world.sleep(4000)
    expect(await world.read('ada')).toEqual(['c-ada hub'])
  })

  it('is where he came in last, also when the older host hears of the leave late', async () => {
    const world = openWorld()
    const [first, second] = [world.host('boot-1'), world.host('boot-2')]
    const leaveFirst = first.join('ada', 'hub')
    await world.sleep(1000)
    second.join('ada', 'forest')
    await world.sleep(1000)
    expect(await world.read('ada')).toEqual(['c-ada forest'])
    leaveFirst()
    await world.sleep(1000)
    expect(await world.read('ada')).toEqual(['c-ada forest'])
    first.die()
    await world.sleep(10 * 60 * 1000)
    expect(await world.read('ada')).toEqual(['c-ada forest'])
  })

  it('who plays two characters on a host is seen as the latest, then as the one who is left', async () => {
    const world = openWorld()
    const host = world.host('boot-1')
    await world.befriend('ada', 'bram')
    host.join('bram')
    host.join('ada', 'hub', 'c1', 'Mira')
    await world.sleep(1000)
    const leave = host.join('ada', 'forest', 'c2', 'Kai')
    await world.sleep(1000)
    expect(await world.read('ada')).toEqual(['Kai forest'])
    host.told.length = 0
    leave()
    leave()
    await world.sleep(1000)
    expect(await world.read('ada')).toEqual(['Mira hub'])
    expect(host.told).toEqual(['bram presence'])
  })

  it('who comes and goes many times is as he ended', async () => {
    const world = openWorld()
    const host = world.host('boot-1')
    for (let i = 0; i < 20; i++) {
      const leave = host.join('ada')
      await world.sleep(i * 17)
      leave()
      if (i % 3 === 0) await world.sleep(i * 11)
    }
    await world.sleep(1000)
    expect(await world.read('ada')).toEqual(['offline'])
    host.join('ada', 'forest')
    await world.sleep(500)
    expect(await world.read('ada')).toEqual(['c-ada forest'])
  })
})

describe('a wish', () => {
  it('to appear offline holds from the first moment, and a status is seen', async () => {
    const world = openWorld()
    const host = world.host('boot-1')
    await world.show('ada', { appear: 'offline', status: 'busy' })
    await world.show('bram', { appear: 'online', status: 'busy' })
    host.join('ada')
    host.join('bram')
    for (let i = 0; i < 20; i++) {
      await world.sleep(50)
      expect((await world.read('ada'))[0]).toBe('offline')
    }
    expect(await world.read('bram')).toEqual(['c-bram hub busy'])
  })

  it('that changes is seen at once, and within some minutes when its hint is lost', async () => {
    const world = openWorld()
    const host = world.host('boot-1')
    await world.befriend('ada', 'bram')
    host.join('ada')
    host.join('bram')
    await world.sleep(1000)
    host.told.length = 0
    await world.show('ada', { appear: 'offline' })
    await world.sleep(1000)
    expect(await world.read('ada')).toEqual(['offline'])
    expect(host.told).toEqual(['bram presence'])
    await world.show('ada', { appear: 'online', status: 'back' }, false)
    await world.sleep(1000)
    expect(await world.read('ada')).toEqual(['offline'])
    await world.sleep((presenceRounds + 1) * presenceRenewMs)
    expect(await world.read('ada')).toEqual(['c-ada hub back'])
  })

  it('that changes twice at once is the later one, also when the first answer comes last', async () => {
    const world = openWorld()
    const host = world.host('boot-1')
    host.join('ada')
    await world.sleep(1000)
    for (const appear of ['offline', 'online'] as const) {
      await world.show('ada', {
        appear: appear === 'online' ? 'offline' : 'online',
        status: 'first',
      })
      world.fault.readsTakeMs = [0, 500, 0, 0]
      await world.sleep(50)
      await world.show('ada', { appear, status: 'last' })
      await world.sleep(2000)
      expect(await world.read('ada')).toEqual([appear === 'online' ? 'c-ada hub last' : 'offline'])
    }
  })

  it('that cannot be read keeps the player unseen until it can', async () => {
    const world = openWorld()
    const host = world.host('boot-1')
    host.join('bram')
    await world.sleep(1000)
    world.fault.store = new StoreError('unavailable', 'no answer')
    const leave = host.join('ada')
    await world.sleep(5000)
    expect(await world.read('ada', 'bram')).toEqual(['offline', 'c-bram hub'])
    delete world.fault.store
    await world.sleep(4000)
    expect(await world.read('ada')).toEqual(['c-ada hub'])
    // Who leaves is gone, whatever the store says.
    world.fault.store = new StoreError('unavailable', 'no answer')
    leave()
    await world.sleep(1000)
    expect(await world.read('ada')).toEqual(['offline'])
  })
})

describe('Redis', () => {
  it('that comes back empty has all of it again within 5 s', async () => {
    const world = openWorld()
    const host = world.host('boot-1')
    await world.show('eve', { appear: 'offline' })
    for (let i = 0; i < 1200; i++) host.join(`p${i}`)
    host.join('eve')
    await world.sleep(1000)
    const leave = host.join('ada')
    await world.sleep(1000)
    world.redisStops()
    expect(await world.read('p0', 'nobody')).toEqual(['unknown', 'unknown'])
    leave()
    host.join('bram')
    await world.sleep(20_000)
    world.redisStarts()
    await world.sleep(5000)
    const all = Array.from({ length: 1200 }, (_, i) => `p${i}`)
    expect(new Set(await world.read(...all))).toEqual(new Set(all.map((one) => `c-${one} hub`)))
    expect(await world.read('ada', 'bram', 'eve')).toEqual(['offline', 'c-bram hub', 'offline'])
  })

  it('that was emptied between two commands has all of it again within 5 s', async () => {
    const world = openWorld()
    const host = world.host('boot-1')
    const before = Array.from({ length: 300 }, (_, i) => `p${i}`)
    for (const one of before) host.join(one)
    await world.sleep(1000)
    world.redisStarts()
    // The next write is of another player.
    host.join('bram')
    await world.sleep(5000)
    expect(await world.read(...before, 'bram')).not.toContain('offline')
  })

  it('that does not answer for a moment knows afterwards who came and who went', async () => {
    const world = openWorld()
    const host = world.host('boot-1')
    const leaves = ['ada', 'cato'].map((one) => host.join(one))
    await world.sleep(1000)
    world.redisHangs(true)
    leaves[0]!()
    host.join('bram')
    await world.sleep(1000)
    leaves[1]!()
    await world.sleep(1000)
    world.redisHangs(false)
    await world.sleep(4000)
    expect(await world.read('ada', 'bram', 'cato')).toEqual(['offline', 'c-bram hub', 'offline'])
  })

  it('keeps nothing of a host that died right after it wrote', async () => {
    const world = openWorld()
    const host = world.host('boot-1')
    host.join('ada')
    await world.sleep(300)
    expect(await world.read('ada')).toEqual(['c-ada hub'])
    host.die()
    await world.sleep(10_000)
    expect(await world.read('ada')).toEqual(['offline'])
  })

  it('that has lost a part has it again within some minutes', async () => {
    const world = openWorld()
    const host = world.host('boot-1')
    for (const one of ['ada', 'bram', 'cato']) host.join(one)
    await world.sleep(1000)
    await world.cache.pipeline([
      ['HDEL', 'presence:host:boot-1', 'bram'],
      ['DEL', `presence:at:${realmId}:cato`],
    ])
    expect(await world.read('ada', 'bram', 'cato')).toEqual(['c-ada hub', 'offline', 'offline'])
    await world.sleep((presenceRounds + 1) * presenceRenewMs)
    expect(await world.read('bram', 'cato')).toEqual(['c-bram hub', 'c-cato hub'])
  })

  it('that is gone is left alone by readers and hosts for a while', async () => {
    const world = openWorld()
    const host = world.host('boot-1')
    host.join('ada')
    await world.sleep(1000)
    world.redisStops()
    world.sent.trips = 0
    await world.sleep(20_000)
    expect(world.sent.trips).toBeLessThanOrEqual(11)
    const reader = world.reader()
    world.sent.trips = 0
    for (let i = 0; i < 100; i++) await reader.read(realmId, ['ada'])
    expect(world.sent.trips).toBe(1)
  })
})

describe('friends in play', () => {
  it('are told within a second when one comes, goes or travels, on any host; nobody else is', async () => {
    const world = openWorld()
    const [first, second] = [world.host('boot-1'), world.host('boot-2')]
    await world.befriend('ada', 'bram', 'cato')
    await world.befriend('ada', 'away')
    for (const one of ['bram', 'dunja']) first.join(one)
    for (const one of ['cato', 'egon']) second.join(one)
    await world.sleep(2000)
    const toldBy = async (what: () => void) => {
      for (const host of [first, second]) host.told.length = 0
      what()
      await world.sleep(1000)
      return [...first.told, ...second.told].filter((one) => !one.startsWith('ada')).toSorted()
    }
    const both = ['bram presence', 'cato presence']
    let leave = () => {}
    expect(await toldBy(() => (leave = first.join('ada')))).toEqual(both)
    const travel = () => {
      leave()
      leave = second.join('ada', 'forest')
    }
    // The leave and the join come together, or one by one.
    expect(new Set(await toldBy(travel))).toEqual(new Set(both))
    expect(await toldBy(() => leave())).toEqual(both)
    await world.show('ada', { appear: 'offline' })
    expect(await toldBy(() => (leave = first.join('ada')))).toEqual([])
    expect(await toldBy(() => leave())).toEqual([])
  })

  it('are told once they can be found, for what came before', async () => {
    const world = openWorld()
    const host = world.host('boot-1')
    host.join('ada')
    world.redisHangs(true)
    await world.sleep(1000)
    expect(host.told).toEqual([])
    world.redisHangs(false)
    await world.sleep(3000)
    expect(host.told).toEqual(['ada mailbox', 'ada presence', 'ada lost'])
  })

  it('are told of the mailbox, and nobody who is not here', async () => {
    const world = openWorld()
    const [first, second] = [world.host('boot-1'), world.host('boot-2')]
    first.join('ada')
    second.join('bram')()
    second.join('cato')
    await world.sleep(1000)
    for (const { told } of [first, second]) told.length = 0
    world.push.hint('mailbox', realmId, ['ada', 'bram', 'cato', 'nobody'])
    await world.sleep(500)
    expect(first.told).toEqual(['ada mailbox'])
    expect(second.told).toEqual(['cato mailbox'])
    // A flood is one message.
    first.told.length = 0
    for (let i = 0; i < 100; i++) world.push.hint('mailbox', realmId, ['ada'])
    await world.sleep(500)
    expect(first.told).toEqual(['ada mailbox'])
    for (const wrong of ['', 'x', '{}', '{"of":"all","accounts":["ada"]}', '[1]']) {
      first.keeper.heard(wrong)
    }
    await world.sleep(500)
    expect(first.told).toHaveLength(1)
  })
})

describe('the tick thread', () => {
  it('sends a player who is told one control message, and nobody else', async () => {
    const stage = await openStage({ instances: ['field-1', 'field-2'] })
    try {
      const join = async (characterId: string, changes: object) => {
        const client = await stage.connect()
        const ticket = await stage.ticket(characterId, undefined, changes)
        client.send({ kind: 'join', ticket })
        await client.welcome()
        return client
      }
      const ada = await join('ada', { accountId: 'ada' })
      const bram = await join('bram', { accountId: 'bram', instance: 'field-2' })
      const cato = await join('cato', { accountId: 'cato' })
      const event = (of: NotifiedOf) => ({ kind: 'notified', of }) as const
      stage.persistence.told([
        { event: event('mailbox'), accounts: ['ada', 'nobody', 'bram'] },
        { event: event('presence'), accounts: ['cato'] },
      ])
      for (const client of [ada, bram, cato]) {
        await client.until(({ controls }) => controls.length > 0)
      }
      expect(ada.controls).toEqual([{ kind: 'notified', of: 'mailbox' }])
      expect(bram.controls).toEqual([{ kind: 'notified', of: 'mailbox' }])
      expect(cato.controls).toEqual([{ kind: 'notified', of: 'presence' }])
    } finally {
      await stage.stop()
    }
  })
})

describe('the cost', () => {
  it('of a host of 500 players is under 3 commands a second, and under 10 while some come and go', async () => {
    const world = openWorld()
    const host = world.host('boot-1')
    for (let i = 0; i < 500; i++) host.join(`p${i}`)
    await world.sleep(10_000)
    const count = async (seconds: number) => {
      world.sent.commands.length = 0
      world.sent.trips = 0
      await world.sleep(seconds * 1000)
      return { commands: world.sent.commands.length / seconds, trips: world.sent.trips / seconds }
    }
    const still = await count(300)
    expect(still.commands).toBeLessThan(3)
    expect(still.trips).toBeLessThan(0.4)
    // Each second one comes or goes who has a friend on another host: a stay is a quarter of an hour.
    const other = world.host('boot-2')
    await world.befriend('friend', 'guest')
    other.join('friend')
    await world.sleep(5000)
    const guests = (async () => {
      for (let i = 0; i < 50; i++) {
        const leave = host.join('guest')
        await world.sleep(1000)
        leave()
        await world.sleep(1000)
      }
    })()
    const busy = await count(100)
    await guests
    expect(busy.commands).toBeLessThan(10)
  })

  it('of reading 500 players is two trips and a command a host', async () => {
    const world = openWorld()
    const all = Array.from({ length: 4 }, (_, i) => world.host(`boot-${i}`))
    const players = Array.from({ length: 500 }, (_, i) => `p${i}`)
    players.forEach((one, i) => i % 5 < 4 && all[i % 5]!.join(one))
    await world.sleep(1000)
    world.sent.commands.length = 0
    world.sent.trips = 0
    const read = await world.read(...players)
    expect(read.filter((one) => one === 'offline')).toHaveLength(100)
    expect(world.sent).toEqual({ trips: 2, commands: ['MGET', ...Array(4).fill('HMGET')] })
  })
})

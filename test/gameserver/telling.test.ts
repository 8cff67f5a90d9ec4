// Events for players in a zone: how they come to the tick thread, and what a slow reader is told of them.
import { describe, expect, it } from 'vitest'
import { tell } from '#gameserver/instance/telling.ts'
import { createBlockers } from '#gameserver/persistence/blockers.ts'
import type { Told } from '#gameserver/persistence/persistence.ts'
import { createTelling } from '#gameserver/persistence/telling.ts'
import { linesAtOnceMax, toldAtOnceMax, toldWaitingMax } from '#shared/limits.ts'
import type { SocialEvent } from '#shared/protocol/social-event.ts'
import { openStage } from './host-kit.ts'
import { stage as openView } from './view-kit.ts'
import { virtualRuntime } from '../store/virtual-runtime.ts'

const id = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`
const guild = `guild:${id(77)}`

function said(channel: string, n: number, playerId = id(1)): SocialEvent {
  const from = { characterId: id(2), name: 'Mira', playerId }
  return { kind: 'said', channel, line: { lineId: id(n), at: n, channel, from, text: `line ${n}` } }
}

function collected() {
  const runtime = virtualRuntime(1)
  const batches: Told[][] = []
  const telling = createTelling({ runtime, onTold: (told) => batches.push(told) })
  return { telling, batches, pass: async () => await runtime.sleep(1000) }
}

describe('a flood of events', () => {
  it('comes to the tick thread in few messages, and what was lost of a channel is counted', async () => {
    const { telling, batches, pass } = collected()
    for (let i = 0; i < 1000; i++) telling.tell({ event: said('global', i), except: ['blocker'] })
    for (let i = 0; i < 7 + linesAtOnceMax; i++) {
      telling.tell({ event: said('zone:field', i), zone: 'field' })
    }
    await pass()
    expect(batches).toHaveLength(1)
    const [told] = batches
    const lost = told!.filter(({ event }) => event.kind === 'lost')
    expect(lost).toEqual([
      { event: { kind: 'lost', channel: 'global', count: 1000 } },
      { event: { kind: 'lost', channel: 'zone:field', count: 7 }, zone: 'field' },
    ])
    // The latest were kept.
    const lines = told!.filter(({ event }) => event.kind === 'said')
    expect(lines).toHaveLength(linesAtOnceMax)
    expect(lines.at(-1)!.event).toEqual(said('zone:field', 6 + linesAtOnceMax))
  })

  it('for some players ends in a word to read their channels again', async () => {
    const { telling, batches, pass } = collected()
    for (let i = 0; i < toldAtOnceMax + 3; i++) {
      telling.tell({ event: said(guild, i), accounts: [`p${i}`] })
    }
    await pass()
    const last = [toldAtOnceMax, toldAtOnceMax + 1, toldAtOnceMax + 2].map((i) => `p${i}`)
    expect(batches).toHaveLength(1)
    expect(batches[0]![0]).toEqual({ event: { kind: 'lost' }, accounts: last })
    expect(batches[0]).toHaveLength(1 + toldAtOnceMax)
  })
})

describe('a slow reader', () => {
  it('loses the oldest lines for everybody, and is told what he lost once he reads', () => {
    const view = openView(1)
    const [slow, other] = [view.enter(10, 10), view.enter(12, 10)]
    for (let i = 0; i < 3; i++) view.tick()
    for (const client of [slow, other]) client.controls.length = 0
    slow.backlog = 70_000
    const lines = Array.from({ length: toldWaitingMax + 5 }, (_, i) => ({
      event: said('global', i),
    }))
    const events: Told[] = [
      ...lines,
      { event: said(guild, 1), accounts: ['a'] },
      { event: { kind: 'notified', of: 'mailbox' }, accounts: ['a'] },
      { event: { kind: 'notified', of: 'mailbox' }, accounts: ['a'] },
      { event: { kind: 'lost', channel: 'global', count: 2 } },
      { event: said('zone:elsewhere', 1), zone: 'elsewhere' },
    ]
    tell(view.instance, events)
    view.tick()
    expect(slow.controls).toEqual([])
    expect(other.controls).toHaveLength(events.length - 1)
    slow.backlog = 0
    view.tick()
    expect(slow.controls).toEqual([
      { kind: 'notified', of: 'mailbox' },
      { kind: 'lost', channel: 'global', count: 7 },
      { kind: 'lost', channel: guild },
      ...lines.slice(5).map(({ event }) => event),
    ])
    view.tick()
    expect(slow.controls).toHaveLength(3 + toldWaitingMax)
  })
})

describe('a block', () => {
  it('keeps lines of the blocked speaker from who blocked him, until it ends', () => {
    const told: unknown[] = []
    const blockers = createBlockers((blocks) => told.push(blocks))
    blockers.set('ada', [id(1), id(3)])
    blockers.set('bram', [id(1)])
    blockers.set('cato', [])
    expect(blockers.of(said('global', 1))).toEqual(['ada', 'bram'])
    expect(blockers.of({ kind: 'lost' })).toEqual([])
    blockers.set('ada', [id(3)])
    expect(blockers.of(said('global', 1))).toEqual(['bram'])
    blockers.set('bram', [])
    expect(blockers.of(said('global', 1))).toEqual([])
    expect(told).toHaveLength(4)
  })

  it('holds nearby and in a channel on a host', async () => {
    const stage = await openStage()
    try {
      const join = async (name: string) => {
        const client = await stage.connect()
        const place = { x: 60, y: 50 }
        client.send({ kind: 'join', ticket: await stage.ticket(name, place, { accountId: name }) })
        await client.keyframe()
        return client
      }
      const [ada, bram, cato] = [await join('ada'), await join('bram'), await join('cato')]
      stage.persistence.blocks({ accountId: 'ada', blocked: ['bram'] })
      stage.persistence.told([{ event: said('global', 1), except: ['ada'] }])
      bram.say('hello')
      for (const client of [bram, cato]) {
        await client.until(({ controls }) => controls.length === 2)
      }
      cato.say('hi')
      await ada.until(({ controls }) => controls.length > 0)
      expect(ada.controls).toMatchObject([{ kind: 'chat.nearby', name: 'cato' }])
      stage.persistence.blocks({ accountId: 'ada', blocked: [] })
      bram.say('again')
      await ada.until(({ controls }) => controls.length === 2)
    } finally {
      await stage.stop()
    }
  })
})

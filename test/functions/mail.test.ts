// Letters over HTTP.
import { describe, expect, it } from 'vitest'
import {
  letterKeptDays,
  letterLinesMax,
  letterSubjectMaxLength,
  letterTextMaxLength,
  lettersMax,
  lettersUnreadOfOneMax,
  realmLettersMax,
  systemLettersMax,
} from '#shared/limits.ts'
import { newId } from '#shared/runtime.ts'
import { codeOf, openApi } from './api.ts'
import {
  again,
  dayMs,
  fill,
  hello,
  inRealm,
  newestCalled,
  operatorOf,
  people,
  person,
  rowsOf,
  whileUnderWay,
  written,
} from './mail-people.ts'

describe('a letter', () => {
  it('reaches one who is not there, is read later and deleted', async () => {
    const { test, all } = await people(2)
    const [ada, bram] = all
    const sent = await ada.write('bram')
    expect(sent).toMatchObject({ to: 'Bram', at: test.clock.now() })
    expect(sent.until - sent.at).toBe(letterKeptDays * dayMs)
    const { entries, unread, next } = await bram.list()
    expect(unread).toBe(1)
    expect(next).toBeUndefined()
    const from = { kind: 'player', playerId: ada.playerId, name: 'Ada' }
    const head = { from, to: 'you', subject: 'Hello', at: sent.at, until: sent.until }
    expect(entries).toMatchObject([{ ...head, read: false }])
    const { letterId } = entries[0]!
    expect(await bram.told()).toMatchObject([
      { characterId: bram.as, letterId, playerId: ada.playerId, name: 'Ada' },
    ])
    expect(await bram.open(letterId)).toEqual({ ...head, letterId, read: false, text: hello.text })
    await bram.mark(letterId)
    expect(await bram.unread()).toBe(0)
    expect(await bram.open(letterId)).toMatchObject({ read: true })
    await bram.remove(letterId)
    expect(await bram.list()).toEqual({ entries: [], unread: 0 })
    expect(await codeOf(bram.open(letterId))).toBe('mail.not_found')
    expect(rowsOf(test)).toEqual([])
  })

  it('goes 30 days after it came, with all its rows, read or not', async () => {
    const { test, all } = await people(2)
    const [ada, bram] = all
    for (let i = 0; i < lettersUnreadOfOneMax; i++) await ada.write('Bram')
    expect(await codeOf(ada.write('Bram'))).toBe('mail.unread')
    const letterId = await bram.newest()
    test.clock.advance(letterKeptDays * dayMs - 1000)
    const later = await again(test, bram)
    expect(await later.subjects()).toHaveLength(lettersUnreadOfOneMax)
    test.clock.advance(1000)
    expect(await later.list()).toEqual({ entries: [], unread: 0 })
    for (const act of [later.open, later.mark, later.remove]) {
      expect(await codeOf(act(letterId))).toBe('mail.not_found')
    }
    // Nothing has deleted a row, and there is room again.
    expect(rowsOf(test).length).toBeGreaterThan(0)
    expect(await codeOf((await again(test, ada)).write('Bram', written('new')))).toBe('done')
    expect(await later.subjects()).toEqual(['new'])
  })

  it('may go to another character of its writer, but not to himself', async () => {
    const { all } = await people(1)
    const [ada] = all
    await ada.make('Bodil')
    expect(await codeOf(ada.write('Bodil'))).toBe('done')
    expect(await codeOf(ada.write('Ada'))).toBe('mail.self')
    expect(await ada.told()).toHaveLength(1)
  })
})

describe('a letter from the game', () => {
  it('reaches a character once, with its audit, also one whose inbox is full', async () => {
    const { test, all } = await people(1)
    const [ada] = all
    const operator = await operatorOf(test)
    await fill(test, ada.as, 0)
    const operationId = newId(test.clock)
    const sent = await operator.send('Ada', operationId)
    expect(await operator.send('Ada', operationId)).toEqual(sent)
    const letterId = await newestCalled(ada, 'Hello')
    expect(sent).toMatchObject({ letterId, characterId: ada.as })
    expect(await ada.open(letterId)).toMatchObject({ from: { kind: 'game' }, to: 'you', ...hello })
    expect(await ada.told()).toMatchObject([{ letterId, characterId: ada.as }])
    expect(await operator.audit()).toMatchObject([
      {
        action: 'mail.send',
        target: 'local',
        what: `${letterId} to ${ada.as}`,
        operatorId: 'cli:ann',
      },
    ])
    await ada.mark(letterId)
    await ada.remove(letterId)
    expect(await ada.subjects()).not.toContain('Hello')
  })

  it('is refused by name', async () => {
    const { test, all } = await people(2)
    const [ada, bram] = all
    const operator = await operatorOf(test)
    expect(await codeOf(operator.send('Nobody Here'))).toBe('mail.unknown')
    expect(await codeOf(operator.send('ada'))).toBe('mail.unknown')
    await bram.die()
    expect(await codeOf(operator.send('Bram'))).toBe('mail.unknown')
    const hidden = { subject: 'a\u202eb', text: 'a' }
    expect(await codeOf(operator.send('Ada', newId(test.clock), hidden))).toBe('mail.text')
    expect(await codeOf(operator.all(hidden))).toBe('mail.text')
    expect(await codeOf(operator.all({ ...hello, days: letterKeptDays + 1 }))).toBe(
      'request.invalid',
    )
    const codes = await Promise.all(
      Array.from({ length: systemLettersMax + 3 }, () => codeOf(operator.send('Ada'))),
    )
    expect(codes.filter((code) => code === 'done')).toHaveLength(systemLettersMax)
    expect(new Set(codes)).toEqual(new Set(['done', 'mail.full']))
    expect(await ada.unread()).toBe(systemLettersMax)
    expect(await operator.audit()).toHaveLength(systemLettersMax)
    // Players have room of their own.
    expect(await codeOf((await person(test, 'Cato')).write('Ada'))).toBe('done')
  })
})

describe('a letter to all', () => {
  it('is one row, which each reads and deletes for himself', async () => {
    const { test, all } = await people(3)
    const [ada, bram, cato] = all
    const operator = await operatorOf(test)
    test.clock.advance(1)
    const operationId = newId(test.clock)
    const { letterId } = await operator.all(hello, operationId)
    expect(await operator.all(hello, operationId)).toMatchObject({ letterId })
    expect(rowsOf(test).filter((sk) => sk.startsWith('L#'))).toHaveLength(1)
    for (const one of all.slice(0, 3)) {
      expect(await one.list()).toMatchObject({
        entries: [{ letterId, from: { kind: 'game' }, to: 'all', read: false }],
        unread: 1,
      })
    }
    expect(await ada.open(letterId)).toMatchObject({ ...hello, read: false })
    await ada.mark(letterId)
    expect(await ada.open(letterId)).toMatchObject({ read: true })
    await bram.remove(letterId)
    expect([await ada.unread(), await bram.unread(), await cato.unread()]).toEqual([0, 0, 1])
    expect(await bram.subjects()).toEqual([])
    for (const act of [bram.open, bram.mark, bram.remove]) {
      expect(await codeOf(act(letterId))).toBe('mail.not_found')
    }
    await ada.remove(letterId)
    expect(await ada.subjects()).toEqual([])
    expect(await cato.subjects()).toEqual(['Hello'])
    expect(await operator.audit()).toMatchObject([
      { action: 'mail.all', what: `${letterId}: Hello` },
    ])
  })

  it('is not for a character that is made after it', async () => {
    const { test, all } = await people(1)
    const [ada] = all
    const operator = await operatorOf(test)
    const { letterId } = await operator.all(hello)
    test.clock.advance(1)
    const bram = await person(test, 'Bram')
    expect(await bram.list()).toEqual({ entries: [], unread: 0 })
    for (const act of [bram.open, bram.mark, bram.remove]) {
      expect(await codeOf(act(letterId))).toBe('mail.not_found')
    }
    expect(await ada.subjects()).toEqual(['Hello'])
  })

  it('is taken back, and ends when it was said to', async () => {
    const { test, all } = await people(1)
    const [ada] = all
    const operator = await operatorOf(test)
    const { letterId } = await operator.all(written('wrong'))
    await operator.all({ ...written('short'), days: 2 })
    await ada.mark(letterId)
    const operationId = newId(test.clock)
    for (let i = 0; i < 3; i++) await operator.withdraw(letterId, operationId)
    expect(await codeOf(operator.withdraw(letterId))).toBe('mail.not_found')
    expect(await codeOf(ada.open(letterId))).toBe('mail.not_found')
    expect(await ada.subjects()).toEqual(['short'])
    // A letter of a character is no letter to all.
    await operator.send('Ada')
    expect(await codeOf(operator.withdraw(await newestCalled(ada, 'Hello')))).toBe('mail.not_found')
    const actions = (await operator.audit()).map(({ action }) => action)
    expect(actions.toSorted()).toEqual(['mail.all', 'mail.all', 'mail.send', 'mail.withdraw'])
    test.clock.advance(2 * dayMs)
    expect(await (await again(test, ada)).subjects()).toEqual(['Hello'])
  })

  it('has so many beside it at most, and a new one in its slot is unread', async () => {
    const { test, all } = await people(1)
    const [ada] = all
    const operator = await operatorOf(test)
    const codes = await Promise.all(
      Array.from({ length: realmLettersMax + 3 }, (_, i) =>
        codeOf(operator.all(written(`n ${i}`))),
      ),
    )
    expect(codes.filter((code) => code === 'done')).toHaveLength(realmLettersMax)
    expect(new Set(codes)).toEqual(new Set(['done', 'mail.full']))
    const { entries } = await ada.list()
    expect(entries).toHaveLength(realmLettersMax)
    for (const [i, { letterId }] of entries.entries()) {
      await (i % 2 === 0 ? ada.mark : ada.remove)(letterId)
    }
    for (const { letterId } of entries) await operator.withdraw(letterId)
    expect(await ada.list()).toEqual({ entries: [], unread: 0 })
    test.clock.advance(1)
    for (let i = 0; i < realmLettersMax; i++) await operator.all(written('new'))
    expect(await ada.unread()).toBe(realmLettersMax)
    for (const { letterId } of (await ada.list()).entries) await ada.remove(letterId)
    expect(await ada.list()).toEqual({ entries: [], unread: 0 })
    // What a character did with letters to all takes a row a slot.
    const own = test.memory.rows('core').filter(({ pk }) => pk === `R#local#MAIL#${ada.as}`)
    expect(own).toHaveLength(realmLettersMax)
  })
})

describe('an inbox', () => {
  it('comes newest first in pages, also of one millisecond', async () => {
    const { test, all } = await people(3)
    const [ada, bram, cato] = all
    // Two at one moment, then two at the next one.
    for (const [subject, who] of [
      ['a', ada],
      ['b', cato],
      ['', undefined],
      ['c', ada],
      ['d', cato],
    ] as const) {
      if (who === undefined) test.clock.advance(1)
      else await who.write('Bram', written(subject))
    }
    const whole = (await bram.list()).entries
    const byHand = whole.toSorted((a, b) => b.at - a.at || (a.letterId < b.letterId ? 1 : -1))
    expect(whole).toEqual(byHand)
    expect(whole.map(({ at }) => at - whole[3]!.at)).toEqual([1, 1, 0, 0])
    for (const limit of [1, 2, 3, 4]) {
      const seen = []
      let after: string | undefined
      do {
        const page = await bram.list({ limit, ...(after === undefined ? {} : { after }) })
        expect(page.entries.length).toBeLessThanOrEqual(limit)
        expect(page.unread).toBe(4)
        seen.push(...page.entries)
        after = page.next
      } while (after !== undefined)
      expect(seen).toEqual(whole)
    }
  })

  it('goes on behind a letter that was deleted, and refuses a cursor of another list', async () => {
    const { test, all } = await people(2)
    const [ada, bram] = all
    for (const subject of ['a', 'b', 'c']) {
      test.clock.advance(1)
      await ada.write('Bram', written(subject))
    }
    const { entries, next } = await bram.list({ limit: 1 })
    await bram.remove(entries[0]!.letterId)
    const rest = await bram.list({ after: next! })
    expect(rest.entries.map(({ subject }) => subject)).toEqual(['b', 'a'])
    const other = Buffer.from(JSON.stringify([1, 'friends.list', 0, 'x'])).toString('base64url')
    expect(await codeOf(bram.list({ after: other }))).toBe('request.cursor')
  })

  it('is its own: other players are refused, and their ids do nothing', async () => {
    const { test, all } = await people(3)
    const [ada, bram, cato] = all
    await ada.write('Bram')
    const letterId = await bram.newest()
    const params = { ...inRealm, characterId: bram.as, letterId }
    const { mail } = cato.client
    const refused = [
      mail.list({ params: { ...inRealm, characterId: bram.as } }),
      mail.open({ params }),
      mail.markRead({ params }),
      mail.delete({ params }),
      mail.send({ params: inRealm, body: { as: bram.as, to: 'Ada', ...hello } }),
    ]
    for (const call of refused) expect(await codeOf(call)).toBe('character.not_found')
    // Through his own inbox.
    for (const act of [cato.open, cato.mark, cato.remove]) {
      expect(await codeOf(act(letterId))).toBe('mail.not_found')
    }
    expect(await bram.unread()).toBe(1)
    expect(test.logged).toEqual([])
  })

  it('takes no letter beyond its bound, also when all come at once', async () => {
    const { test, all } = await people(2)
    const [ada, bram] = all
    await fill(test, bram.as, 1)
    const others = [ada]
    for (const name of ['Cato', 'Dunja', 'Egon', 'Fenna']) others.push(await person(test, name))
    const codes = await Promise.all(others.map((one) => codeOf(one.write('Bram'))))
    const full = Array.from({ length: 4 }, () => 'mail.full')
    expect(codes.toSorted()).toEqual(['done', ...full])
    expect(await bram.subjects()).toHaveLength(lettersMax)
    expect(await bram.told()).toHaveLength(1)
    await bram.remove(await bram.newest())
    expect(await codeOf(ada.write('Bram'))).toBe('done')
  })

  it('takes so many unread letters of one player, from all his characters and at once', async () => {
    const { all } = await people(2)
    const [ada, bram] = all
    const second = await ada.make('Bodil')
    const many = Array.from({ length: 12 }, async (_, i) => {
      const as = i % 2 === 0 ? ada.as : second
      const body = { as, to: 'Bram', ...hello }
      return await codeOf(ada.client.mail.send({ params: inRealm, body }))
    })
    const codes = await Promise.all(many)
    expect(codes.filter((code) => code === 'done')).toHaveLength(lettersUnreadOfOneMax)
    expect(new Set(codes)).toEqual(new Set(['done', 'mail.unread']))
    // Each that is read or deleted makes room for one.
    for (const act of [bram.mark, bram.remove]) {
      await act((await bram.list()).entries.find(({ read }) => !read)!.letterId)
      expect(await codeOf(ada.write('Bram'))).toBe('done')
      expect(await codeOf(ada.write('Bram'))).toBe('mail.unread')
    }
    // One that was read has made room already.
    await bram.remove((await bram.list()).entries.find(({ read }) => read)!.letterId)
    expect(await codeOf(ada.write('Bram'))).toBe('mail.unread')
  })
})

describe('what meets', () => {
  it('ends as if one had come after the other', async () => {
    const { test, all } = await people(2)
    const [ada, bram] = all
    const operator = await operatorOf(test)
    const places = () => rowsOf(test).filter((sk) => sk.startsWith('U#'))
    for (const [first, second, code] of [
      ['mark', 'mark', 'done'],
      ['mark', 'remove', 'mail.not_found'],
      ['remove', 'mark', 'done'],
      ['remove', 'remove', 'mail.not_found'],
    ] as const) {
      await ada.write('Bram')
      const { letterId } = await operator.all(written('all'))
      const { letterId: fromGame } = await operator.send('Bram', newId(test.clock), written('game'))
      for (const id of [await newestCalled(bram, 'Hello'), letterId, fromGame]) {
        const meet = await whileUnderWay(
          test,
          () => bram[first](id),
          () => bram[second](id),
        )
        expect(meet, `${first} and ${second}`).toBe(code)
      }
      expect(places()).toEqual([])
      const gone = first === 'remove' || second === 'remove'
      expect(await bram.subjects()).toHaveLength(gone ? 0 : 3)
      expect(await bram.unread()).toBe(0)
      for (const head of (await bram.list()).entries) await bram.remove(head.letterId)
    }
  })

  it('touches no letter that has come into the slot and the place of another one', async () => {
    const { test, all } = await people(2)
    const [ada, bram] = all
    const places = () => rowsOf(test).filter((sk) => sk.startsWith('U#'))
    // Of one slot that is free.
    await fill(test, bram.as, 1)
    await ada.write('Bram', written('n0'))
    for (const [i, [act, read]] of (
      [
        ['mark', false],
        ['remove', false],
        ['remove', true],
        ['mark', false],
      ] as const
    ).entries()) {
      const letterId = await newestCalled(bram, `n${i}`)
      if (read) await bram.mark(letterId)
      const meet = await whileUnderWay(
        test,
        () => bram[act](letterId),
        async () => {
          await bram.remove(letterId)
          await ada.write('Bram', written(`n${i + 1}`))
        },
      )
      expect(meet).toBe('mail.not_found')
      const there = await newestCalled(bram, `n${i + 1}`)
      expect(there.slice(-2)).toBe(letterId.slice(-2))
      expect(await bram.open(there)).toMatchObject({ read: false, text: `n${i + 1}` })
      expect(places()).toHaveLength(1)
    }
    // Of one place, from another slot.
    for (const act of ['mark', 'remove'] as const) {
      const cato = await person(test, act === 'mark' ? 'Cato' : 'Dunja')
      await ada.write(cato.name, written('first'))
      const letterId = await cato.newest()
      await whileUnderWay(
        test,
        () => cato[act](letterId),
        async () => {
          await cato.mark(letterId)
          await ada.write(cato.name, written('second'))
        },
      )
      const own = `R#local#MAIL#${cato.as}`
      const row = test.memory.rows('core').find(({ pk, sk }) => pk === own && sk.startsWith('U#'))
      expect(row?.['letterId']).toBe(await newestCalled(cato, 'second'))
    }
  })

  it('deletes no letter of a later version, and takes its slot at no time', async () => {
    const { test, all } = await people(2)
    const [ada, bram] = all
    await fill(test, bram.as, 1)
    await ada.write('Bram')
    const letterId = await bram.newest()
    const key = { pk: `R#local#MAIL#${bram.as}`, sk: `L#${letterId.slice(-2)}` }
    const update = 'SET #v = :v REMOVE expires'
    const values = { ':v': 2 }
    await test.memory.update({ table: 'core', key, update, names: { '#v': 'v' }, values })
    await bram.mark(letterId)
    expect(await codeOf(bram.remove(letterId))).toBe('world.busy')
    test.clock.advance(2 * letterKeptDays * dayMs)
    const [writer, reader] = [await again(test, ada), await again(test, bram)]
    expect(await reader.list()).toMatchObject({ entries: [{ letterId, read: true }], unread: 0 })
    // All other slots are taken.
    for (const { pk, sk } of test.memory.rows('core')) {
      if (pk !== key.pk || !sk.startsWith('L#') || sk === key.sk) continue
      const values = { ':later': Math.ceil(test.clock.now() / 1000) + 60 }
      const update = 'SET expires = :later'
      await test.memory.update({ table: 'core', key: { pk, sk }, update, values })
    }
    expect(await codeOf(writer.write('Bram'))).toBe('mail.full')
  })
})

describe('a refusal', () => {
  it('names why', async () => {
    const { test, all } = await people(3)
    const [ada, bram, cato] = all
    expect(await codeOf(ada.write('Nobody Here'))).toBe('mail.unknown')
    expect(await codeOf(ada.write('x'))).toBe('request.invalid')
    expect(await codeOf(ada.write('Ada'))).toBe('mail.self')
    await cato.die()
    expect(await codeOf(ada.write('Cato'))).toBe('mail.unknown')
    expect(await codeOf(cato.write('Ada'))).toBe('character.not_found')
    expect(await codeOf(cato.list())).toBe('character.not_found')
    await ada.block(bram)
    expect(await codeOf(ada.write('Bram'))).toBe('mail.blocked')
    expect(await codeOf(bram.open(newId(test.clock)))).toBe('mail.not_found')
    expect(await bram.list()).toEqual({ entries: [], unread: 0 })
    expect(test.logged).toEqual([])
  })

  it('is for texts that are too long, empty, hidden or piled up; markup is text', async () => {
    const { test, all } = await people(2)
    const [ada, bram] = all
    const subject = (text: string) => codeOf(ada.write('Bram', { ...hello, subject: text }))
    const text = (of: string) => codeOf(ada.write('Bram', { ...hello, text: of }))
    for (const each of [subject, text]) {
      expect(await each('')).toBe('request.invalid')
      for (const refused of [' ', 'a\u202eb', `a${'\u0301'.repeat(5)}`, 'a\0b', '\u3164', 'a\rb']) {
        expect(await each(refused)).toBe('mail.text')
      }
      expect(await each('half \ud83d')).toBe('request.malformed')
    }
    expect(await subject('x'.repeat(letterSubjectMaxLength + 1))).toBe('request.invalid')
    expect(await text('x'.repeat(letterTextMaxLength + 1))).toBe('request.invalid')
    expect(await text('x'.repeat(10_000_000))).toBe('request.too_large')
    expect(await subject('a\nb')).toBe('mail.text')
    expect(await text('a\n'.repeat(letterLinesMax))).toBe('mail.text')
    expect(await text(`a${'\n'.repeat(letterLinesMax - 1)}`)).toBe('done')
    // Each of four bytes; JavaScript counts each twice.
    expect(await subject('😀'.repeat(letterSubjectMaxLength))).toBe('done')
    expect(await text('😀'.repeat(letterTextMaxLength))).toBe('done')
    const markup = '<script>alert(1)</script> {{x}} [a](javascript:b) &amp;'
    expect(await codeOf(ada.write('Bram', { subject: markup, text: markup }))).toBe('done')
    expect(await bram.open(await newestCalled(bram, markup))).toMatchObject({ text: markup })
    expect(test.logged).toEqual([])
  })

  it('does not take the place of an answer that was given before', async () => {
    const { test, all } = await people(2)
    const [ada, bram] = all
    const [sent, marked, removed] = [1, 2, 3].map(() => newId(test.clock))
    const first = await ada.write('Bram', hello, sent)
    const letterId = await bram.newest()
    await bram.mark(letterId, marked)
    await bram.remove(letterId, removed)
    await bram.mark(letterId, marked)
    await bram.die()
    await bram.mark(letterId, marked)
    await bram.remove(letterId, removed)
    await ada.die()
    expect(await ada.write('Bram', hello, sent)).toEqual(first)
    expect(await codeOf(ada.write('Bram', written('other'), sent))).toBe('operation.mismatch')
  })

  it('comes after a hundred letters a day', async () => {
    const test = await openApi({ profile: 'strict' })
    const ada = await person(test, 'Ada')
    let count = 0
    for (; count < 200; count++) {
      // The rate of all that changes something is by the minute.
      if (count % 25 === 24) test.clock.advance(120_000)
      if ((await codeOf(ada.write('Ada'))) !== 'mail.self') break
    }
    expect(count).toBe(100)
    expect(await codeOf(ada.write('Ada'))).toBe('request.rate_limited')
  })
})

describe('a player who is blocked', () => {
  it('gets the answers that he would get from one who never reads', async () => {
    const { test, all } = await people(3)
    const [ada, bram, cato] = all
    await bram.block(ada)
    const answers = async (to: string) => {
      const sent = []
      for (let i = 0; i <= lettersUnreadOfOneMax; i++) {
        const answer = ada.write(to)
        sent.push(await codeOf(answer))
        if (sent.at(-1) === 'done') sent.push(Object.keys(await answer))
      }
      return sent
    }
    const toOther = await answers('Cato')
    expect(await answers('Bram')).toEqual(toOther)
    expect(toOther.at(-1)).toBe('mail.unread')
    expect(await bram.list()).toEqual({ entries: [], unread: 0 })
    expect(await bram.told()).toEqual([])
    expect(await cato.unread()).toBe(lettersUnreadOfOneMax)
    await fill(test, bram.as, 0)
    await fill(test, cato.as, 0)
    const dunja = await person(test, 'Dunja')
    await bram.block(dunja)
    expect(await codeOf(dunja.write('Bram'))).toBe('mail.full')
    expect(await codeOf(dunja.write('Cato'))).toBe('mail.full')
  })

  it('reaches his receiver again after the end of the block, as if he had not written', async () => {
    const { all } = await people(2)
    const [ada, bram] = all
    await ada.write('Bram', written('before'))
    await bram.block(ada)
    for (let i = 1; i < lettersUnreadOfOneMax; i++) await ada.write('Bram', written('lost'))
    expect(await codeOf(ada.write('Bram'))).toBe('mail.unread')
    await bram.unblock(ada)
    expect(await bram.subjects()).toEqual(['before'])
    for (let i = 1; i < lettersUnreadOfOneMax; i++) await ada.write('Bram', written('after'))
    expect(await codeOf(ada.write('Bram'))).toBe('mail.unread')
    expect(await bram.unread()).toBe(lettersUnreadOfOneMax)
  })

  it('reaches nobody from the moment of the block on, also with a letter under way', async () => {
    const { test, all } = await people(2)
    const [ada, bram] = all
    await ada.write('Bram', written('before'))
    const letter = await whileUnderWay(
      test,
      () => ada.write('Bram', written('under way')),
      () => bram.block(ada),
    )
    expect(letter).toBe('done')
    expect(await bram.subjects()).toEqual(['before'])
    expect(await bram.told()).toHaveLength(1)
  })
})

describe('a request', () => {
  it('takes effect once, three times in turn and fifty times at once', async () => {
    const { test, all } = await people(2)
    const [ada, bram] = all
    const operator = await operatorOf(test)
    const once = async (act: (id: string) => Promise<unknown>) => {
      const id = newId(test.clock)
      const answers = new Set<string>()
      const send = async () => answers.add(JSON.stringify(await act(id)))
      await Promise.all(Array.from({ length: 50 }, send))
      for (let i = 0; i < 3; i++) await send()
      expect(answers.size).toBe(1)
    }
    await once((id) => ada.write('Bram', hello, id))
    const letterId = await bram.newest()
    expect(await bram.subjects()).toEqual(['Hello'])
    expect(await bram.told()).toHaveLength(1)
    await once((id) => bram.mark(letterId, id))
    await once((id) => bram.remove(letterId, id))
    expect(rowsOf(test)).toEqual([])
    await once((id) => operator.send('Bram', id))
    await once((id) => operator.all(written('all'), id))
    expect((await bram.subjects()).toSorted()).toEqual(['Hello', 'all'])
    const toAll = await newestCalled(bram, 'all')
    await once((id) => bram.mark(toAll, id))
    await once((id) => bram.remove(toAll, id))
    await once((id) => operator.withdraw(toAll, id))
    expect(await bram.unread()).toBe(1)
    expect(await operator.audit()).toHaveLength(3)
    // To mark what is marked changes nothing, whatever id it has and however many at once.
    const sorry = await bram.newest()
    await Promise.all(Array.from({ length: 50 }, () => bram.mark(sorry)))
    expect(await bram.unread()).toBe(0)
  })

  it('costs so many trips', async () => {
    const { test, all } = await people(2)
    const [ada, bram] = all
    const operator = await operatorOf(test)
    const trips = async (act: () => Promise<unknown>) => {
      test.trips.reset()
      await act()
      const all = test.trips.trips.map(({ operation }) => operation)
      return [test.trips.sequential(), all.join(' ')]
    }
    // Who writes, whose name it is, whether he may write; blocks, inbox and places; the commit.
    const find = 'get get get'
    expect(await trips(() => ada.write('Bram'))).toEqual([
      4,
      `${find} get get get query query transact`,
    ])
    expect(await trips(() => bram.list())).toEqual([1, 'get query query'])
    const letterId = await bram.newest()
    expect(await trips(() => bram.open(letterId))).toEqual([1, 'get get get'])
    expect(await trips(() => bram.mark(letterId))).toEqual([2, 'get get transact'])
    expect(await trips(() => bram.remove(letterId))).toEqual([2, 'get get transact'])
    expect(await trips(() => operator.send('Bram'))).toEqual([4, 'get get query transact'])
    expect(await trips(() => operator.all(hello))).toEqual([2, 'query transact'])
    const toAll = (await bram.list()).entries.find(({ to }) => to === 'all')!.letterId
    expect(await trips(() => bram.open(toAll))).toEqual([1, 'get get get get'])
    expect(await trips(() => bram.mark(toAll))).toEqual([2, 'get get get transact'])
  })
})

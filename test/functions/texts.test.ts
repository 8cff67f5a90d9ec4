// Texts of every kind, at every entry by which a player's text reaches others: what is taken comes back as it was, and
// all else is refused by name.
import { describe, expect, it } from 'vitest'
import { newId } from '#shared/runtime.ts'
import { malformed, texts } from '../texts.ts'
import { codeOf } from './api.ts'
import { inRealm, talkers } from './chat-people.ts'

async function stage() {
  const { test, all } = await talkers(2)
  const [ada, bram] = all
  const { guildId } = await ada.found('Lanterns')
  const as = { as: ada.as }
  const guild = { ...inRealm, guildId }
  const { client } = ada
  const inbox = { ...inRealm, characterId: bram.as }
  return {
    test,
    ada,
    /** How each entry is sent a text, and how the text is read again; the refusals that it may answer with. */
    entries: {
      chat: {
        send: async (text: string) => await ada.say('global', text),
        read: async () => (await bram.reads('global')).at(-1),
        refusals: ['chat.text'],
      },
      whisper: {
        send: async (text: string) => await ada.whisper('Bram', text),
        read: async () => (await bram.reads('whisper')).at(-1),
        refusals: ['chat.text'],
      },
      letter: {
        send: async (text: string) =>
          await client.mail.send({
            params: inRealm,
            body: { ...as, to: 'Bram', subject: text, text },
          }),
        async read() {
          const { entries } = await bram.client.mail.list({ params: inbox, query: { limit: 1 } })
          const { letterId, subject } = entries[0]!
          const { text } = await bram.client.mail.open({ params: { ...inbox, letterId } })
          await bram.client.mail.delete({ params: { ...inbox, letterId } })
          return text === subject ? text : `${subject} is not ${text}`
        },
        refusals: ['mail.text'],
      },
      status: {
        send: async (status: string) =>
          await client.friends.show({ params: inRealm, body: { appear: 'online', status } }),
        read: async () => (await client.friends.shown({ params: inRealm })).status,
        refusals: ['presence.text'],
      },
      message: {
        send: async (text: string) => await ada.message(guildId, text),
        read: async () => (await ada.mine())?.message,
        refusals: ['guild.text_refused'],
      },
      rank: {
        async send(name: string) {
          const { ranks } = (await ada.mine())!
          const body = {
            ...as,
            ranks: ranks.map((rank, i) => (i === 1 ? { ...rank, name } : rank)),
          }
          return await client.guilds.ranks({ params: guild, body })
        },
        read: async () => (await ada.mine())?.ranks[1]?.name,
        refusals: ['guild.text_refused', 'request.invalid'],
      },
      guildName: {
        send: async (name: string) => await bram.found(name),
        read: async () => 'none of these is a name',
        refusals: ['request.invalid'],
      },
      characterName: {
        send: async (name: string) =>
          await client.characters.create({
            params: inRealm,
            body: { name, race: 'human', job: 'mage' },
          }),
        read: async () => 'none of these is a name',
        refusals: ['request.invalid'],
      },
    },
  }
}

describe('a text of any kind', () => {
  it.each([
    'chat',
    'whisper',
    'letter',
    'status',
    'message',
    'rank',
    'guildName',
    'characterName',
  ] as const)('comes back as it was, or is refused by name: %s', async (name) => {
    const { test, entries } = await stage()
    const { send, read, refusals } = entries[name]
    const isName = name.endsWith('Name')
    for (const { what, text, line } of texts) {
      test.clock.advance(10_000)
      const code = await codeOf(send(text))
      if (code === 'done') {
        expect(line && !isName, `${what} was taken`).toBe(true)
        expect(await read(), what).toBe(text)
      } else {
        expect(refusals, what).toContain(code)
        expect(line && !isName && code !== 'request.invalid', what).toBe(false)
      }
    }
  })

  it('that is not Unicode, or far too long, is refused before anything looks at it', async () => {
    const { test, ada } = await stage()
    const token = (
      await test.client().auth.login({
        body: { loginName: 'Ada', password: 'violet tractor sings at noon' },
      })
    ).accessToken
    const paths = [
      [
        'POST',
        '/v1/realms/local/chat/global',
        (text: string) => `{"as":"${ada.as}","text":${text}}`,
      ],
      [
        'POST',
        '/v1/realms/local/mail',
        (text: string) => `{"as":"${ada.as}","to":"Bram","subject":"a","text":${text}}`,
      ],
      [
        'PUT',
        '/v1/realms/local/presence',
        (text: string) => `{"appear":"online","status":${text}}`,
      ],
    ] as const
    for (const [method, path, bodyOf] of paths) {
      const headers = () => ({
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
        'idempotency-key': newId(test.clock),
      })
      for (const text of malformed) {
        const answer = await test.send(method, path, { headers: headers(), body: bodyOf(text) })
        expect(await answer.json()).toMatchObject({ code: 'request.malformed' })
      }
      const long = JSON.stringify('x'.repeat(10 * 1024 * 1024))
      const answer = await test.send(method, path, { headers: headers(), body: bodyOf(long) })
      expect(await answer.json()).toMatchObject({ code: 'request.too_large' })
    }
  })
})

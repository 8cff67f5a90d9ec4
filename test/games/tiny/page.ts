// The browser half.
import { pageGame } from 'waystone/page'
import { Called, flock, whistle } from './protocol.ts'

export const page = pageGame({
  title: 'Tiny',
  api: { game: flock },
  bind: {
    Digit1: {
      label: 'whistle',
      act: ({ world }) => world.send({ kind: whistle.kind, loud: true }),
    },
    Digit2: {
      label: 'count',
      async act({ api, realm, note }) {
        const { sheep } = await api.game.count({ params: { realmId: realm.realmId } })
        note(`${sheep} sheep have been counted.`)
      },
    },
  },
  panel: (own) => ({ Called: own.total(Called) }),
  colors: { shepherd: '#8a6d3b' },
  message({ say }, message) {
    const heard = whistle.toClient!.safeParse(message)
    if (message.kind !== whistle.kind || !heard.success) return
    say(heard.data.from, `♪ ${heard.data.came}`)
  },
})

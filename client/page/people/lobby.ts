// The panel of people beside the list of characters, kept up to date over the social socket. Party, guild and mail are
// of a character: the first one.
import type { Character } from '#shared/api/characters.ts'
import type { InRealm } from '../../library/session.ts'
import { openSocial } from '../../library/social.ts'
import { openBrowserTextSocket } from '../../library/socket.ts'
import type { KeyStore } from '../../library/storage.ts'
import { webRuntime } from '../../library/web-runtime.ts'
import { button, element } from '../element.ts'
import { words } from '../words.ts'
import { createPeople } from './people.ts'

export type Lobby = {
  characterId: string
  name: string
  /** What opens the panel, and what was told last. */
  element: HTMLElement
  close(): void
}

export function createLobby(options: {
  realm: InRealm
  realmId: string
  character: Character
  accountId: string
  store: KeyStore
  /** What stands for everybody has changed. */
  changed: () => void
}): Lobby {
  const { realm, realmId, character, accountId, store, changed } = options
  const { characterId, name, race, job } = character
  const api = realm.api({})
  const news = element('p', { class: 'about', attributes: { role: 'status' } })
  const opener = button('People', () => people.open(), 'plain')
  const people = createPeople({
    api,
    playing: { realmId, characterId, name, appearance: `${race}/${job}` },
    accountId,
    store,
    note: (text) => (news.textContent = text),
    waiting: (count) => (opener.textContent = count > 0 ? `People (${count})` : 'People'),
  })
  const social = openSocial({
    ticket: async () => await api.social.ticket({ params: { realmId } }),
    socket: openBrowserTextSocket,
    runtime: webRuntime,
    // Lines of all come too; those of a zone go to who is in it.
    listen: ['global'],
    ready() {
      people.notified()
      people.chat.lost()
    },
    told(event) {
      if (event.kind === 'notified') people.notified()
      else if (event.kind === 'said') people.chat.said(event.line)
      else if (event.kind === 'lost') people.chat.lost(event.channel)
      else changed()
      if (event.kind === 'announce') news.textContent = `To everybody: ${event.text}`
    },
  })
  void social.ended.then((why) => {
    if (why === 'replaced') news.textContent = words('social.replaced')
  })
  return {
    characterId,
    name,
    element: element('div', { class: 'lobby' }, opener, news),
    close() {
      social.close()
      people.close()
    },
  }
}

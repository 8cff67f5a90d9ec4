// The panel of people: friends, requests, blocks; and notes of what the mailbox says.
import type { Api } from '#shared/api/api.ts'
import type { ApiClient } from '#shared/api/client.ts'
import type { Friend } from '#shared/api/friends.ts'
import type { Notification } from '#shared/notifications/notification.ts'
import { createMailbox } from '../library/mailbox.ts'
import type { KeyStore } from '../library/storage.ts'
import { button, element, field } from './element.ts'
import type { Playing } from './resume-store.ts'
import { wordsOf } from './words.ts'

/** The mailbox is asked this often while the page is seen. */
const newsEveryMs = 10_000

export type People = {
  open(): void
  close(): void
}

export type PeopleOptions = {
  api: ApiClient<Api>
  playing: Playing
  accountId: string
  store: KeyStore
  note(text: string): void
  /** How many wait for an answer. */
  waiting(count: number): void
}

export function createPeople({ api, playing, accountId, store, ...told }: PeopleOptions): People {
  const { realmId, characterId: as } = playing
  const params = { realmId }
  const key = `mailbox.${realmId}.${accountId}`
  const mailbox = createMailbox(api, realmId, { store, key })
  const error = element('p', { class: 'error', attributes: { role: 'alert' } })
  const lists = element('div', { class: 'lists' })
  const name = field('Name of a character', { name: 'friend', autocomplete: 'off' })
  const ask = element('button', { class: 'main', text: 'Ask to be friends' })
  const form = element(
    'form',
    { class: 'row' },
    name.label,
    ask,
    button('Block', () => void act(() => api.friends.block({ params, body: { name: named() } }))),
  )
  const dialog = element(
    'dialog',
    { class: 'card people', attributes: { 'aria-label': 'People' } },
    element(
      'div',
      { class: 'row' },
      element('h1', { text: 'People' }),
      button('Close', () => dialog.close(), 'plain'),
    ),
    form,
    error,
    lists,
  )
  document.body.append(dialog)
  // Keys typed here do not walk.
  dialog.addEventListener('keydown', (event) => event.stopPropagation())
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void act(() => api.friends.ask({ params, body: { as, name: named() } }))
  })

  const named = () => name.input.value.trim()

  /** Does something and shows the list as it is then. */
  async function act(what: () => Promise<unknown>): Promise<void> {
    error.textContent = ''
    try {
      await what()
      name.input.value = ''
    } catch (failure) {
      error.textContent = wordsOf(failure)
    }
    await refresh()
  }

  async function refresh(): Promise<void> {
    try {
      const all: Friend[] = []
      let after: string | undefined
      do {
        const query = { limit: 250, ...(after === undefined ? {} : { after }) }
        const page = await api.friends.list({ params, query })
        all.push(...page.entries)
        after = page.next
      } while (after !== undefined)
      draw(all)
    } catch (failure) {
      error.textContent = wordsOf(failure)
    }
  }

  function draw(all: readonly Friend[]): void {
    const parts = sections.flatMap(({ state, title, choices }) => {
      const those = all.filter((each) => each.state === state)
      if (those.length === 0) return []
      const rows = those
        .toSorted((a, b) => a.name.localeCompare(b.name))
        .map((friend) => row(friend, choices))
      return [element('h2', { text: title }), ...rows]
    })
    const none = element('p', { text: 'Nobody yet. Ask somebody whom you have met.' })
    lists.replaceChildren(...(parts.length > 0 ? parts : [none]))
    told.waiting(all.filter(({ state }) => state === 'received').length)
  }

  function row({ playerId, name: text }: Friend, choices: readonly Choice[]): HTMLElement {
    const of = { params: { realmId, playerId } }
    const acts: Record<Choice, () => Promise<unknown>> = {
      Accept: () => api.friends.accept({ ...of, body: { as } }),
      Decline: () => api.friends.end(of),
      'Take back': () => api.friends.end(of),
      Remove: () => api.friends.end(of),
      Block: () => api.friends.block({ params, body: { name: text } }),
      Unblock: () => api.friends.unblock(of),
    }
    return element(
      'div',
      { class: 'character' },
      element('div', { class: 'who', text }),
      ...choices.map((choice) => button(choice, () => void act(acts[choice]))),
    )
  }

  async function readNews(): Promise<void> {
    if (document.hidden) return
    try {
      const news = await mailbox.news()
      for (const each of news) told.note(newsWords(each))
      if (news.length > 0) await refresh()
    } catch {
      // The next time.
    }
  }

  void refresh()
  void readNews()
  const timer = setInterval(() => void readNews(), newsEveryMs)
  return {
    open() {
      dialog.showModal()
      void refresh()
    },
    close() {
      clearInterval(timer)
      dialog.remove()
    },
  }
}

type Choice = 'Accept' | 'Decline' | 'Take back' | 'Remove' | 'Block' | 'Unblock'

const sections: readonly {
  state: Friend['state']
  title: string
  choices: readonly Choice[]
}[] = [
  { state: 'received', title: 'They asked you', choices: ['Accept', 'Decline', 'Block'] },
  { state: 'friend', title: 'Friends', choices: ['Remove', 'Block'] },
  { state: 'sent', title: 'You asked them', choices: ['Take back'] },
  { state: 'blocked', title: 'Blocked', choices: ['Unblock'] },
]

function newsWords(news: Notification): string {
  switch (news.kind) {
    case 'friend.asked':
      return `${news.name} asks to be your friend. Answer under People.`
    case 'friend.accepted':
      return `You and ${news.name} are friends.`
    case 'mail.arrived':
      return `A letter from ${news.name ?? 'the game'} has come.`
    case 'party.invited':
      return `${news.name} invites you into a party. Answer under People.`
    case 'party.kicked':
      return `${news.name} has removed you from the party.`
    case 'guild.invited':
      return `${news.name} invites you to the guild ${news.guild}.`
    case 'guild.applied':
      return `${news.name} applies to your guild ${news.guild}.`
    case 'guild.joined':
      return `${news.name} has joined ${news.guild}.`
    case 'guild.accepted':
      return `You are a member of ${news.guild}.`
    case 'guild.kicked':
      return `${news.name} has kicked you out of ${news.guild}.`
    case 'guild.ranked':
      return `Your rank in ${news.guild} is ${news.rank}.`
    case 'guild.led':
      return `You lead ${news.guild} now.`
    case 'guild.disbanded':
      return `${news.name} has disbanded ${news.guild}.`
  }
}

// The tab of friends, requests and blocks.
import type { Friend } from '#shared/api/friends.ts'
import { button, element, field } from '../element.ts'
import { line, section } from '../lines.ts'
import { presenceWords } from './tab.ts'
import type { Tab } from '../tabs.ts'
import type { TabContext } from './tab.ts'

type Choice = 'Accept' | 'Decline' | 'Take back' | 'Remove' | 'Block' | 'Unblock' | 'Invite'

const sections: readonly {
  state: Friend['state']
  title: string
  choices: readonly Choice[]
}[] = [
  { state: 'received', title: 'They asked you', choices: ['Accept', 'Decline', 'Block'] },
  { state: 'friend', title: 'Friends', choices: ['Invite', 'Remove', 'Block'] },
  { state: 'sent', title: 'You asked them', choices: ['Take back'] },
  { state: 'blocked', title: 'Blocked', choices: ['Unblock'] },
]

/** `zoneName`: what players call a zone. */
export function friendsTab(
  { api, playing, act }: TabContext,
  zoneName: (id: string) => string,
): Tab {
  const { realmId, characterId: as } = playing
  const params = { realmId }
  const name = field('Name of a character', { name: 'friend', autocomplete: 'off' })
  const named = () => {
    const text = name.input.value.trim()
    name.input.value = ''
    return text
  }
  const form = element(
    'form',
    { class: 'row' },
    name.label,
    element('button', { class: 'main', text: 'Ask to be friends' }),
    button('Block', () => act(() => api.friends.block({ params, body: { name: named() } }))),
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    act(() => api.friends.ask({ params, body: { as, name: named() } }))
  })
  const list = element('div')

  const row = (friend: Friend, choices: readonly Choice[]) => {
    const { playerId, name: text } = friend
    const of = { params: { realmId, playerId } }
    const acts: Record<Choice, () => Promise<unknown>> = {
      Accept: () => api.friends.accept({ ...of, body: { as } }),
      Decline: () => api.friends.end(of),
      'Take back': () => api.friends.end(of),
      Remove: () => api.friends.end(of),
      Block: () => api.friends.block({ params, body: { name: text } }),
      Unblock: () => api.friends.unblock(of),
      Invite: () => api.parties.invite({ params, body: { as, name: playedBy(friend) } }),
    }
    return line(
      text,
      presenceWords(friend, zoneName),
      choices.map((label) => ({ label, choose: () => act(acts[label]) })),
    )
  }

  return {
    title: 'Friends',
    element: element('div', {}, form, list),
    async refresh() {
      const all: Friend[] = []
      let after: string | undefined
      do {
        const query = { limit: 250, ...(after === undefined ? {} : { after }) }
        const page = await api.friends.list({ params, query })
        all.push(...page.entries)
        after = page.next
      } while (after !== undefined)
      const sorted = all.toSorted((a, b) => a.name.localeCompare(b.name))
      const drawn = sections.flatMap(({ state, title, choices }) => {
        const those = sorted.filter((each) => each.state === state)
        return section(
          title,
          those.map((each) => row(each, choices)),
        )
      })
      const none = element('p', { text: 'Nobody yet. Ask somebody whom you have met.' })
      list.replaceChildren(...(drawn.length > 0 ? drawn : [none]))
      return all.filter(({ state }) => state === 'received').length
    },
  }
}

/** The name of the character that a friend plays, or else the one by which he is known. */
function playedBy({ name, presence }: Friend): string {
  return presence?.state === 'online' ? presence.name : name
}

// The tab of the party: who is in it, invites, whether all are ready.
import type { PartyView } from '#shared/api/parties.ts'
import { button, element, field } from '../element.ts'
import { line, section } from '../lines.ts'
import type { Tab } from '../tabs.ts'
import type { TabContext } from './tab.ts'

const readiness = { asked: 'has not answered', ready: 'ready', notReady: 'not ready' } as const

/** `joined`: whether the character is in a party. */
export function partyTab(
  { api, playing, act }: TabContext,
  joined: (isMember: boolean) => void,
): Tab {
  const { realmId, characterId: as } = playing
  const params = { realmId }
  const body = { as }
  const name = field('Name of a character', { name: 'mate', autocomplete: 'off' })
  const form = element(
    'form',
    { class: 'row' },
    name.label,
    element('button', { class: 'main', text: 'Invite' }),
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const wanted = name.input.value.trim()
    name.input.value = ''
    act(() => api.parties.invite({ params, body: { as, name: wanted } }))
  })
  const list = element('div')

  const members = ({ members: all, leader }: PartyView) =>
    all.map(({ characterId, name: text, ready }) => {
      const about = [
        ...(characterId === leader ? ['leads'] : []),
        ...(ready === undefined ? [] : [readiness[ready]]),
      ]
      const at = { params, body: { as, characterId } }
      const choices =
        leader === as && characterId !== as
          ? [
              { label: 'Let lead', choose: () => act(() => api.parties.handOver(at)) },
              { label: 'Remove', choose: () => act(() => api.parties.kick(at)) },
            ]
          : []
      return line(text, about.join(', '), choices)
    })

  const buttons = ({ leader, members: all }: PartyView) => {
    const isAsked = all.some(({ characterId, ready }) => characterId === as && ready === 'asked')
    const answer = (ready: boolean) => () =>
      act(() => api.parties.answerReady({ params, body: { as, ready } }))
    return element(
      'div',
      { class: 'row' },
      ...(isAsked
        ? [button('Ready', answer(true), 'main'), button('Not ready', answer(false))]
        : []),
      ...(leader === as
        ? [button('All ready?', () => act(() => api.parties.askReady({ params, body })))]
        : []),
      button('Leave', () => act(() => api.parties.leave({ params, body }))),
    )
  }

  return {
    title: 'Party',
    element: element('div', {}, form, list),
    async refresh() {
      const { party, invites } = await api.parties.mine({ params, query: { as } })
      joined(party !== undefined)
      const invited = invites.map(({ partyId, name: text }) => {
        const of = { params: { realmId, partyId }, body }
        return line(text, 'invites you', [
          { label: 'Accept', choose: () => act(() => api.parties.accept(of)) },
          { label: 'Decline', choose: () => act(() => api.parties.decline(of)) },
        ])
      })
      const waiting = party?.invited.map((each) => line(each.name, 'has not answered', [])) ?? []
      const drawn = [
        ...section('Invites', invited),
        ...(party === undefined ? [] : [...section('Members', members(party)), buttons(party)]),
        ...section('Invited', waiting),
      ]
      const none = element('p', { text: 'You are in no party. Invite somebody.' })
      list.replaceChildren(...(drawn.length > 0 ? drawn : [none]))
      return invites.length
    },
  }
}

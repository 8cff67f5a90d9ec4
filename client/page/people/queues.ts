// The part of the places where one waits for others: queues, why one waits, and the match that one is asked to accept.
import type { Api } from '#shared/api/api.ts'
import type { ApiClient } from '#shared/api/client.ts'
import type { StandingView, WhyView } from '#shared/api/matchmaking.ts'
import { button, element } from '../element.ts'
import { line, section } from '../lines.ts'
import type { TabContext } from './tab.ts'

type Queue = Awaited<ReturnType<ApiClient<Api>['matchmaking']['queues']>>['queues'][number]

export type Queues = {
  /** What there is to draw at `now`, the server's time, and how much waits for the player. */
  read(now: Promise<number>): Promise<{ drawn: HTMLElement[]; waiting: number; waits: boolean }>
}

export function createQueues({ api, playing, act }: TabContext): Queues {
  const { realmId, characterId: as } = playing
  const params = { realmId }
  /** What is chosen, by queue and attribute; kept while the panel is drawn anew. */
  const chosen = new Map<string, Record<string, string>>()

  const join = async (queue: Queue) => {
    const own = chosen.get(queue.queueId) ?? {}
    const { party } = await api.parties.mine({ params, query: { as } })
    const ids = party?.members.map(({ characterId }) => characterId) ?? [as]
    // The leader chooses for everybody; each gets the first choice that is still free.
    const choices = Object.fromEntries(
      ids.map((id, i) => [id, choiceOf(queue, own, id === as ? 0 : i)]),
    )
    await api.matchmaking.join({
      params: { ...params, queueId: queue.queueId },
      body: { as, choices },
    })
  }

  const choosers = (queue: Queue) =>
    Object.entries(queue.choices).map(([attribute, values]) => {
      const options = values.map((value) =>
        element('option', { text: value, attributes: { value } }),
      )
      const select = element('select', { attributes: { 'aria-label': attribute } }, ...options)
      select.value = chosen.get(queue.queueId)?.[attribute] ?? values[0]!
      select.addEventListener('change', () => {
        const own = { ...chosen.get(queue.queueId), [attribute]: select.value }
        chosen.set(queue.queueId, own)
      })
      return select
    })

  /** `points`: the player's rating, where the queue has one. */
  const entry = (queue: Queue, points: number | undefined) => {
    const { least, most } = queue.players
    const rated = points === undefined ? '' : `; your rating: ${points}`
    const about = `${least === most ? most : `${least} to ${most}`} players${rated}`
    const row = line(queue.title, about, [{ label: 'Queue', choose: () => act(() => join(queue)) }])
    row.querySelector('button')?.before(...choosers(queue))
    return row
  }

  const waiting = (
    { ticket, match }: StandingView,
    queues: readonly Queue[],
    now: number,
  ): HTMLElement[] => {
    if (ticket === undefined) return []
    const title = queues.find(({ queueId }) => queueId === ticket.queueId)?.title ?? ticket.queueId
    if (match === undefined) {
      const leave = () => act(() => api.matchmaking.leave({ params, query: { as } }))
      const others = ticket.players.filter(({ characterId }) => characterId !== as)
      const names = others.map(({ name }) => name).join(', ')
      const about = `${names && `With ${names}. `}${whyWords(ticket.why)}`
      return [line(title, about, [{ label: 'Leave the queue', choose: leave }])]
    }
    const of = { params: { ...params, matchId: match.matchId } }
    const say = (accept: boolean) => () =>
      act(() => api.matchmaking.answer({ ...of, body: { as, accept } }))
    if (match.state === 'opens') return [line(title, 'it opens…', [])]
    if (match.mine) return [line(title, `${match.accepted} of ${match.members} have accepted`, [])]
    const left = Math.max(0, Math.ceil((match.until - now) / 1000))
    const asked = line(title, `${match.members} are found. Do you come? ${left} s`, [])
    asked.append(button('Accept', say(true), 'main'), button('Decline', say(false)))
    return [asked]
  }

  return {
    async read(serverNow) {
      const [now, { queues }, standing, own] = await Promise.all([
        serverNow,
        api.matchmaking.queues({ params }),
        api.matchmaking.standing({ params, query: { as } }),
        api.matchmaking.ratings({ params, query: { as } }),
      ])
      const pointsOf = ({ rating: name }: Queue) =>
        name === undefined
          ? undefined
          : (own.ratings.find(({ rating }) => rating === name)?.points ?? own.first)
      const { ticket, match, penaltyUntil } = standing
      const about = penaltyUntil === undefined ? [] : [element('p', { text: penaltyWords })]
      const waits = section('You wait', waiting(standing, queues, now))
      const entries = queues.map((queue) => entry(queue, pointsOf(queue)))
      const open = ticket === undefined ? section('Play with others', entries) : []
      return {
        drawn: [...waits, ...about, ...open],
        waiting: match?.state === 'asks' && !match.mine ? 1 : 0,
        waits: ticket !== undefined,
      }
    },
  }
}

const penaltyWords = 'You did not come to your last match. You can queue again in a minute.'

function choiceOf({ choices }: Queue, own: Record<string, string>, nth: number) {
  return Object.fromEntries(
    Object.entries(choices).map(([attribute, values]) => [
      attribute,
      nth === 0 ? (own[attribute] ?? values[0]!) : values[Math.min(nth, values.length - 1)]!,
    ]),
  )
}

/** What a player reads while he waits. */
function whyWords(why: WhyView | undefined): string {
  if (why === undefined) return 'looking for others…'
  const { waitsFor, fits, atLeast, position, lastWaitsMs } = why
  const later = fits.find(
    ({ afterSeconds, players }) => afterSeconds > 0 && players > fits[0]!.players,
  )
  const more = atLeast ? 'at least ' : ''
  const place = position === 1 ? ' You are next.' : ` You are number ${position}.`
  const usual = lastWaitsMs && Math.max(1, Math.round(lastWaitsMs.median / 1000))
  const estimate = usual === undefined ? '' : ` Others have waited about ${usual} s.`
  const soon =
    (later === undefined
      ? ''
      : ` From ${later.afterSeconds} s on ${more}${later.players} would fit.`) +
    place +
    estimate
  switch (waitsFor.kind) {
    case 'players':
      return `${waitsFor.players} more ${waitsFor.players === 1 ? 'player is' : 'players are'} missing.${soon}`
    case 'rule':
      return `others wait, but not those who fit (${waitsFor.rule}).${soon}`
    case 'pass':
      return 'looking for others…'
  }
}

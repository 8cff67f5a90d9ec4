// The tab of leaderboards: one board and season; who is first, who is near, how friends and the guild stand.
import type { Board, BoardPlace } from '#shared/api/leaderboards.ts'
import { ApiError } from '#shared/api/client.ts'
import { button, element } from '../element.ts'
import { wordsOf } from '../words.ts'
import type { Tab } from '../tabs.ts'
import type { TabContext } from './tab.ts'

const views = ['Top', 'Around me', 'Friends', 'My guild'] as const
type View = (typeof views)[number]
/** Those who are named by their characters are on no board of guilds. */
const ofCharacters: readonly View[] = ['Friends', 'My guild']

/** So many are shown, and so many more each time. */
const step = 10
/** The largest page that is answered. */
const pageMax = 50

type Page = { entries: BoardPlace[]; next?: string | undefined }

export function leaderboardsTab({ api, playing, act }: TabContext): Tab {
  const { realmId, characterId } = playing
  const boardChooser = element('select', { attributes: { name: 'board' } })
  const seasonChooser = element('select', { attributes: { name: 'season' } })
  const choosers = views.map((name) => ({ name, button: button(name, () => choose(name)) }))
  const status = element('p', { class: 'about', attributes: { role: 'status' } })
  const rows = element('tbody')
  const table = element(
    'table',
    {},
    element(
      'thead',
      {},
      element('tr', {}, ...['Rank', 'Name', 'Score'].map((text) => element('th', { text }))),
    ),
    rows,
  )
  const more = button('More', () => {
    wanted += step
    act(async () => {})
  })
  const root = element(
    'div',
    { class: 'boards' },
    element(
      'form',
      { class: 'row' },
      element('label', { text: 'Leaderboard' }, boardChooser),
      element('label', { text: 'Season' }, seasonChooser),
    ),
    element('div', { class: 'choices' }, ...choosers.map((each) => each.button)),
    status,
    table,
    more,
  )
  let boards: Board[] = []
  let view: View = 'Top'
  let wanted = step
  /** Counts drawings: an answer to an older choice is not shown. */
  let drawn = 0

  boardChooser.addEventListener('change', () => {
    seasonChooser.value = ''
    choose(view)
  })
  seasonChooser.addEventListener('change', () => choose(view))

  function choose(name: View): void {
    view = name
    wanted = step
    act(async () => {})
  }

  const chosen = () => boards.find(({ board }) => board === boardChooser.value) ?? boards[0]

  /** The same list is left alone, so that a chooser which is open stays open. */
  function fill(chooser: HTMLSelectElement, choices: readonly { value: string; text: string }[]) {
    const { value } = chooser
    const now = [...chooser.options].map((each) => `${each.value} ${each.text}`).join()
    if (choices.map((each) => `${each.value} ${each.text}`).join() === now) return
    chooser.replaceChildren(
      ...choices.map((each) =>
        element('option', { text: each.text, attributes: { value: each.value } }),
      ),
    )
    chooser.value = choices.some((each) => each.value === value) ? value : (choices[0]?.value ?? '')
  }

  /** A page of the view; words when it has nothing to ask for. */
  async function read(board: Board, limit: number, after?: string): Promise<Page | string> {
    const params = { realmId, board: board.board }
    const season = seasonChooser.value === '' ? {} : { season: Number(seasonChooser.value) }
    const query = { ...season, limit, ...(after === undefined ? {} : { after }) }
    switch (view) {
      case 'Top':
        return await api.leaderboards.top({ params, query })
      case 'Around me':
        return await api.leaderboards.around({
          params: { ...params, characterId },
          query: season,
        })
      case 'Friends':
        return await api.leaderboards.friends({ params, query })
      case 'My guild': {
        const { guild } = await api.guilds.mine({ params: { realmId, characterId } })
        if (guild === undefined) return 'You are in no guild.'
        return await api.leaderboards.guild({
          params: { ...params, guildId: guild.guildId },
          query,
        })
      }
    }
  }

  const row = ({ rank, id, name, score }: BoardPlace) => {
    const made = element(
      'tr',
      {},
      element('td', { text: rank.toLocaleString() }),
      element('td', { text: id === characterId ? `${name} (you)` : name }),
      element('td', { text: score.toLocaleString() }),
    )
    if (id === characterId) made.classList.add('own')
    return made
  }

  /** As many as are wanted, from the first on. */
  async function readAll(board: Board): Promise<Page | string> {
    const entries: BoardPlace[] = []
    let next: string | undefined
    do {
      const page = await read(board, Math.min(wanted - entries.length, pageMax), next)
      if (typeof page === 'string') return page
      entries.push(...page.entries)
      next = page.next
    } while (next !== undefined && entries.length < wanted)
    return { entries, next }
  }

  return {
    title: 'Leaderboards',
    element: root,
    // No hint says that a board has changed: it is read anew when something else is drawn, and only while it is
    // looked at.
    async refresh() {
      if (!root.checkVisibility()) return 0
      const mine = ++drawn
      const list = await api.leaderboards.list({ params: { realmId } })
      if (mine !== drawn) return 0
      boards = list.boards
      fill(
        boardChooser,
        boards.map(({ board, title }) => ({ value: board, text: title })),
      )
      const board = chosen()
      if (board === undefined) {
        status.textContent = 'This world has no leaderboards.'
        return 0
      }
      fill(seasonChooser, seasonsOf(board))
      if (board.per === 'guild' && ofCharacters.includes(view)) view = 'Top'
      for (const { name, button: chooser } of choosers) {
        chooser.disabled = board.per === 'guild' && ofCharacters.includes(name)
        chooser.setAttribute('aria-pressed', String(name === view))
      }
      const read = await readAll(board).catch((error: unknown) => wordsFor(board, error))
      if (mine !== drawn) return 0
      const page: Page = typeof read === 'string' ? { entries: [] } : read
      rows.replaceChildren(...page.entries.map(row))
      more.hidden = page.next === undefined
      table.hidden = page.entries.length === 0
      const none =
        view === 'Friends' ? 'Neither you nor a friend is on it.' : 'Nobody is on it yet.'
      status.textContent = typeof read === 'string' ? read : table.hidden ? none : ''
      return 0
    },
  }
}

/** Unix ms as a day. */
// oxlint-disable-next-line no-restricted-globals -- written as a date, not asked for the time
const day = (at: number) => new Date(at).toLocaleDateString()

/** The one that goes on has no value, for it may turn while it is looked at. */
function seasonsOf({ season, past }: Board): { value: string; text: string }[] {
  const until = season.endsAt === undefined ? '' : `, until ${day(season.endsAt)}`
  return [
    { value: '', text: `Now${until}` },
    ...past.map(({ season: number, startsAt, endedAt }) => ({
      value: String(number),
      text: `${day(startsAt)} to ${day(endedAt)}`,
    })),
  ]
}

/** What is no failure of the whole panel is said in the place of the list. */
function wordsFor({ per }: Board, error: unknown): string {
  if (!(error instanceof ApiError) || !error.code.startsWith('leaderboard.')) throw error
  if (error.code !== 'leaderboard.unranked') return wordsOf(error)
  return per === 'guild' ? 'No guild of yours is on it.' : 'You are not on it.'
}

// The tab of the guild: found one, find one, its members and ranks, what waits, the message of the day.
import type { Api } from '#shared/api/api.ts'
import type { ApiClient } from '#shared/api/client.ts'
import type { GuildMember, GuildWaiting, Permission } from '#shared/api/guilds.ts'
import type { GuildText } from '#shared/api/moderation.ts'
import { button, element, field } from '../element.ts'
import { line, section } from '../lines.ts'
import type { Tab } from '../tabs.ts'
import { openReport } from './report.ts'
import { presenceWords } from './tab.ts'
import type { TabContext } from './tab.ts'

type Own = NonNullable<Awaited<ReturnType<ApiClient<Api>['guilds']['mine']>>['guild']>

const rosterSize = 100

/** `zoneName`: what players call a zone. `joined`: whether the character is in a guild. */
export function guildTab(
  { api, playing, act }: TabContext,
  zoneName: (id: string) => string,
  joined: (isMember: boolean) => void,
): Tab {
  const { realmId, characterId: as } = playing
  const body = { as }
  const name = field('Name', { name: 'guild', autocomplete: 'off' })
  const named = () => {
    const text = name.input.value.trim()
    name.input.value = ''
    return text
  }
  const report = (kind: GuildText, guildId: string, about: string) =>
    openReport({ api, playing }, { kind, guildId }, about)
  const form = element('form', { class: 'row' })
  const list = element('div')
  /** What the form does; drawn anew with the guild. */
  let submit: () => void = () => {}
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    submit()
  })

  const outside = async () => {
    const params = { realmId }
    submit = () => act(() => api.guilds.found({ params, body: { as, name: named() } }))
    const applies = async () => {
      const { guildId } = await api.guilds.find({ params, query: { name: named() } })
      await api.guilds.apply({ params: { realmId, guildId }, body })
    }
    form.replaceChildren(
      name.label,
      element('button', { class: 'main', text: 'Found a guild' }),
      button('Apply', () => act(applies)),
    )
    const page = await api.guilds.invites({ params: { realmId, characterId: as }, query: {} })
    const invites = page.entries.filter(({ kind }) => kind === 'invite')
    const mine = page.entries.filter(({ kind }) => kind === 'application')
    const end = ({ guildId }: GuildWaiting) =>
      api.guilds.decline({ params: { realmId, guildId, characterId: as }, query: body })
    const drawn = [
      ...section(
        'Invites',
        invites.map((one) =>
          line(one.guild, 'invites you', [
            {
              label: 'Join',
              choose: () =>
                act(() => api.guilds.join({ params: { realmId, guildId: one.guildId }, body })),
            },
            { label: 'Decline', choose: () => act(() => end(one)) },
            {
              label: 'Report its name',
              choose: () => report('guildName', one.guildId, `the name of ${one.guild}`),
            },
          ]),
        ),
      ),
      ...section(
        'You applied',
        mine.map((one) =>
          line(one.guild, 'has not answered', [
            { label: 'Take back', choose: () => act(() => end(one)) },
          ]),
        ),
      ),
    ]
    const none = element('p', { text: 'You are in no guild.' })
    list.replaceChildren(...(drawn.length > 0 ? drawn : [none]))
    return invites.length
  }

  const inside = async (guild: Own) => {
    const { guildId, ranks, rankId } = guild
    const params = { realmId, guildId }
    const may = (permission: Permission) =>
      ranks.find((each) => each.rankId === rankId)?.permissions.includes(permission) ?? false
    submit = () => act(() => api.guilds.invite({ params, body: { as, name: named() } }))
    form.replaceChildren(
      ...(may('invite') ? [name.label, element('button', { class: 'main', text: 'Invite' })] : []),
    )
    const query = { as, limit: rosterSize }
    const [roster, waiting] = await Promise.all([
      api.guilds.roster({ params, query }),
      may('accept') ? api.guilds.waiting({ params, query }) : undefined,
    ])
    const place = (id: number) => ranks.findIndex((each) => each.rankId === id)
    const members = roster.entries
      .toSorted((a, b) => place(a.rankId) - place(b.rankId) || a.name.localeCompare(b.name))
      .map((each) => memberLine(each, guild, may))
    const applications = waiting?.entries.filter(({ kind }) => kind === 'application') ?? []
    list.replaceChildren(
      element('h2', { text: `${guild.name}, ${guild.members} members` }),
      ...(guild.message === undefined ? [] : [element('p', { text: guild.message })]),
      element(
        'div',
        { class: 'row' },
        button('Report its name', () => report('guildName', guildId, 'the name'), 'plain'),
        ...(guild.message === undefined
          ? []
          : [
              button(
                'Report message',
                () => report('guildMessage', guildId, 'the message'),
                'plain',
              ),
            ]),
        button('Report ranks', () => report('guildRanks', guildId, 'the ranks'), 'plain'),
      ),
      ...section(
        'They apply',
        applications.map((each) => applicationLine(each)),
      ),
      ...section('Members', members),
      ...(may('message') ? [messageForm(params)] : []),
      ...(may('ranks') ? [ranksForm(guild)] : []),
      element(
        'div',
        { class: 'row' },
        rankId === 0
          ? button('Disband', () => act(() => api.guilds.disband({ params, body })))
          : button('Leave', () => act(() => api.guilds.leave({ params, body }))),
      ),
    )
    return applications.length
  }

  const memberLine = (
    { characterId, name: text, rankId, presence }: GuildMember,
    { guildId, ranks, rankId: mine }: Own,
    may: (permission: Permission) => boolean,
  ) => {
    const params = { realmId, guildId, characterId }
    const at = (id: number) => ranks.findIndex((each) => each.rankId === id)
    const below = at(mine) < at(rankId)
    const give = (to: number | undefined, label: string) =>
      to === undefined || at(to) <= at(mine)
        ? []
        : [
            {
              label,
              choose: () => act(() => api.guilds.rank({ params, body: { as, rankId: to } })),
            },
          ]
    const choices = !below
      ? []
      : [
          ...(may('promote') ? give(ranks[at(rankId) - 1]?.rankId, 'Up') : []),
          ...(may('promote') ? give(ranks[at(rankId) + 1]?.rankId, 'Down') : []),
          ...(may('kick')
            ? [{ label: 'Kick', choose: () => act(() => api.guilds.kick({ params, query: body })) }]
            : []),
          ...(mine === 0
            ? [
                {
                  label: 'Let lead',
                  choose: () =>
                    act(() =>
                      api.guilds.lead({ params: { realmId, guildId }, body: { as, characterId } }),
                    ),
                },
              ]
            : []),
        ]
    const where = presenceWords({ name: text, presence }, zoneName)
    const about = [ranks[at(rankId)]?.name ?? '', where].filter((words) => words !== '')
    return line(text, about.join(', '), choices)
  }

  const applicationLine = ({ guildId, characterId, name: text }: GuildWaiting) => {
    const params = { realmId, guildId, characterId }
    const choices = [
      { label: 'Accept', choose: () => act(() => api.guilds.accept({ params, body })) },
      { label: 'Decline', choose: () => act(() => api.guilds.decline({ params, query: body })) },
    ]
    return line(text, 'applies', choices)
  }

  const messageForm = (params: { realmId: string; guildId: string }) => {
    const text = field('Message of the day', { name: 'message', autocomplete: 'off' })
    const made = element('form', { class: 'row' }, text.label, element('button', { text: 'Set' }))
    made.addEventListener('submit', (event) => {
      event.preventDefault()
      act(() => api.guilds.message({ params, body: { as, text: text.input.value } }))
    })
    return made
  }

  /** Adds a rank above the lowest. */
  const ranksForm = ({ guildId, ranks }: Own) => {
    const rank = field('A new rank', { name: 'rank', autocomplete: 'off' })
    const made = element('form', { class: 'row' }, rank.label, element('button', { text: 'Add' }))
    made.addEventListener('submit', (event) => {
      event.preventDefault()
      const wanted = [
        ...ranks.slice(0, -1),
        { name: rank.input.value.trim(), permissions: [] },
        ranks.at(-1)!,
      ]
      act(() => api.guilds.ranks({ params: { realmId, guildId }, body: { as, ranks: wanted } }))
    })
    return made
  }

  return {
    title: 'Guild',
    element: element('div', {}, form, list),
    async refresh() {
      const { guild } = await api.guilds.mine({ params: { realmId, characterId: as } })
      joined(guild !== undefined)
      return guild === undefined ? await outside() : await inside(guild)
    },
  }
}

// The panel of people: friends, party, guild, mail, leaderboards; and notes of what the mailbox says.
import type { Api } from '#shared/api/api.ts'
import type { ApiClient } from '#shared/api/client.ts'
import { createChat } from '../../library/chat.ts'
import type { Chat } from '../../library/chat.ts'
import { createMailbox } from '../../library/mailbox.ts'
import type { KeyStore } from '../../library/storage.ts'
import { webRuntime } from '../../library/web-runtime.ts'
import type { Playing } from '../resume-store.ts'
import { createTabs } from '../tabs.ts'
import { chatTab } from './chat.ts'
import type { Speaking } from './chat.ts'
import { friendsTab } from './friends.ts'
import { guildTab } from './guild.ts'
import { leaderboardsTab } from './leaderboards.ts'
import { mailTab } from './mail.ts'
import { newsWords } from './news-words.ts'
import { newsTab } from './news.ts'
import { partyTab } from './party.ts'
import { placesTab } from './places.ts'
import type { Travel } from './places.ts'
import { rulesTab } from './rules.ts'
import type { TabContext } from './tab.ts'

/** The mailbox is asked this often beside the hints that the zone gives, for a hint may be lost. */
const newsEveryMs = 30_000

export type People = {
  open(): void
  /** The zone says that something is new. */
  notified(): void
  chat: Chat
  /** The player is in this zone, or in none. */
  isIn(zone: string | undefined): void
  speaking: Speaking
  close(): void
}

export type PeopleOptions = {
  api: ApiClient<Api>
  playing: Playing
  accountId: string
  store: KeyStore
  note(text: string): void
  /** How much waits for the player. */
  waiting(count: number): void
  /** Undefined in the lobby. */
  travel?: Travel
}

export function createPeople(options: PeopleOptions): People {
  const { api, playing, accountId, store, travel } = options
  const key = `mailbox.${playing.realmId}.${accountId}`
  const mailbox = createMailbox(api, playing.realmId, { store, key })
  const { chat, speaking, isIn, belongs } = openChat(options)
  const zoneNames = new Map<string, string>()
  const zoneName = (id: string) => zoneNames.get(id) ?? id
  const { dialog, open, refresh } = createTabs({
    label: 'People',
    tabs(act) {
      const context: TabContext = { api, playing, act }
      return [
        friendsTab(context, zoneName),
        partyTab(context, belongs('party')),
        placesTab(context, travel && { ...travel, goTo: (to) => goTo(travel, to) }),
        guildTab(context, zoneName, belongs('guild')),
        mailTab(context),
        chatTab(context, accountId, chat, speaking),
        leaderboardsTab(context),
        rulesTab(context),
        newsTab(context, zoneName),
      ]
    },
    waiting: options.waiting,
  })

  function goTo(by: Travel, instance: string): void {
    dialog.close()
    by.goTo(instance)
  }

  /** Whether drawing anew would take away what the player writes just now. */
  function isWriting(): boolean {
    const at = document.activeElement
    const writes = at instanceof HTMLInputElement || at instanceof HTMLTextAreaElement
    return writes && dialog.contains(at) && at.value !== ''
  }

  async function readZoneNames(): Promise<void> {
    try {
      const { zones } = await api.world.status({ params: { realmId: playing.realmId } })
      for (const { zone, name } of zones) zoneNames.set(zone, name)
    } catch {
      // Ids are shown in place of names.
    }
  }

  /** Notes what has come; with `told`, the lists may have changed besides. */
  async function readNews(told: boolean): Promise<void> {
    if (document.hidden && !told) return
    try {
      const news = await mailbox.news()
      for (const each of news) options.note(newsWords(each))
      if ((told || news.length > 0) && !isWriting()) await refresh()
    } catch {
      // The next time.
    }
  }

  void readZoneNames().then(refresh)
  void readNews(false)
  const timer = setInterval(() => void readNews(false), newsEveryMs)
  return {
    open,
    notified: () => void readNews(true),
    chat,
    isIn,
    speaking,
    close() {
      clearInterval(timer)
      chat.close()
      dialog.remove()
    },
  }
}

/** The channels of a character, with that of the zone where it is. */
function openChat({ api, playing, accountId }: PeopleOptions) {
  const { realmId, characterId } = playing
  const chat = createChat({ api, realmId, characterId, runtime: webRuntime })
  let channels: string[] = []
  let last: string | undefined
  const groups = { guild: false, party: false }
  const follow = () => {
    chat.follow(channels.filter((name) => !(name in groups) || groups[name as keyof typeof groups]))
  }
  /** Lines of a group are asked for while the character is in one. */
  const belongs = (group: keyof typeof groups) => (isMember: boolean) => {
    groups[group] = isMember
    follow()
  }
  const isIn = (zone: string | undefined) => {
    channels = [...(zone === undefined ? [] : [`zone:${zone}`]), 'global', 'guild', 'party']
    channels.push('whisper')
    follow()
  }
  isIn(undefined)
  chat.on('line', ({ line: { from, to } }) => {
    if (to !== undefined) last = from.playerId === accountId ? to.name : from.name
  })
  const speaking: Speaking = {
    channels: () => channels,
    last: () => last,
    async say(target, text) {
      if (typeof target !== 'string') return await chat.whisper(target.whisper, text)
      const zone = channels.find((name) => name.startsWith('zone:'))
      await chat.say(target === 'zone' ? (zone ?? 'zone:none') : target, text)
    },
  }
  return { chat, speaking, isIn, belongs }
}

// The tab of what happens: events of the world, and all that the mailbox holds, to be read later.
import type { Notification } from '#shared/notifications/notification.ts'
import { timeOf } from '../countdown.ts'
import { element } from '../element.ts'
import { newsWords } from './news-words.ts'
import { line, section } from '../lines.ts'
import type { Tab } from '../tabs.ts'
import type { TabContext } from './tab.ts'

/** Pages that are read at most: more than 500 notifications in 30 days nobody reads. */
const pagesMax = 5

export function newsTab({ api, playing }: TabContext, zoneName: (id: string) => string): Tab {
  const root = element('div')
  const params = { realmId: playing.realmId }

  /** Newest first. */
  async function mailbox(): Promise<Notification[]> {
    const all: Notification[] = []
    let after: string | undefined
    for (let pages = 0; pages < pagesMax; pages++) {
      const query = { limit: 100, ...(after === undefined ? {} : { after }) }
      const page = await api.notifications.list({ params, query })
      all.push(...page.entries)
      after = page.next
      if (after === undefined) break
    }
    return all.toReversed()
  }

  return {
    title: 'News',
    element: root,
    async refresh() {
      const [{ events }, told] = await Promise.all([api.world.schedule({ params }), mailbox()])
      const happening = events.map(({ name, text, zone, now, next }) => {
        const where = zone === undefined ? '' : `, ${zoneName(zone)}`
        const when = now
          ? `now, until ${timeOf(now.endsAt)}`
          : `${dayOf(next!.startsAt)} ${timeOf(next!.startsAt)}`
        return line(`${name}: ${when}${where}`, text, [])
      })
      const come = told.map((news) => line(newsWords(news), dayOf(news.at), []))
      root.replaceChildren(...section('Events', happening), ...section('What has come', come))
      if (root.childElementCount === 0) root.append(element('p', { text: 'Nothing yet.' }))
      return 0
    },
  }
}

function dayOf(ms: number): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' }).format(ms)
}

// The tab of private zones: queues for them, what can be opened for the party, and the way into what is open.
import { element } from '../element.ts'
import { line, section } from '../lines.ts'
import type { Tab } from '../tabs.ts'
import { createQueues } from './queues.ts'
import type { TabContext } from './tab.ts'

/** Who waits in a queue asks so often how it stands. */
const waitsEveryMs = 2000

/** How a character in the world goes there. */
export type Travel = {
  /** The instance that it is in; undefined while it is in none. */
  instance(): string | undefined
  /** Ends with the panel closed. */
  goTo(instance: string): void
}

/** `travel`: none in the lobby, where nobody is in the world. */
export function placesTab(context: TabContext, travel: Travel | undefined): Tab {
  const { api, playing, act } = context
  const queues = createQueues(context)
  const { realmId, characterId: as } = playing
  const params = { realmId }
  const list = element('div')
  let again: ReturnType<typeof setTimeout> | undefined

  async function draw(): Promise<number> {
    const status = api.world.status({ params })
    const [{ zones }, { instance }, queued] = await Promise.all([
      status,
      api.world.instance({ params, query: { as } }),
      queues.read(status.then(({ now }) => now)),
    ])
    const nameOf = ({
      zone: id,
      difficulty,
    }: {
      zone: string
      difficulty?: string | undefined
    }) => {
      const { name = id, difficulties = [] } = zones.find(({ zone }) => zone === id) ?? {}
      const hard = difficulties.find((one) => one.id === difficulty)?.name
      return hard === undefined ? name : `${name}, ${hard.toLowerCase()}`
    }
    const inside = instance !== undefined && travel?.instance() === instance.instanceId
    const go = (label: string, to: string) =>
      travel === undefined ? [] : [{ label, choose: () => travel.goTo(to) }]
    const open =
      instance === undefined
        ? []
        : [
            line(
              nameOf(instance),
              inside ? 'you are there' : `open for ${instance.members.length}`,
              inside ? go('Leave', 'outside') : go('Go there', instance.instanceId),
            ),
          ]
    const places = zones.flatMap(({ zone, name, membersMax, difficulties = [] }) => {
      if (membersMax === undefined) return []
      const choose = (difficulty?: string) => () =>
        act(() => api.world.open({ params, body: { as, zone, difficulty } }))
      const choices =
        difficulties.length < 2
          ? [{ label: 'Open', choose: choose() }]
          : difficulties.map(({ id, name: label }) => ({ label, choose: choose(id) }))
      return [line(name, `for up to ${membersMax}`, choices)]
    })
    const none = element('p', { text: 'There are no places for a party here.' })
    const drawn = [
      ...section('Open for you', open),
      ...queued.drawn,
      ...section('For your party, or for you alone', places),
    ]
    list.replaceChildren(...(drawn.length > 0 ? drawn : [none]))
    // Who waits reads why, and is asked, without doing anything.
    clearTimeout(again)
    if (queued.waits && list.isConnected) {
      again = setTimeout(() => void draw().catch(() => undefined), waitsEveryMs)
    }
    return queued.waiting + (instance === undefined || inside ? 0 : 1)
  }

  return { title: 'Places', element: element('div', {}, list), refresh: draw }
}

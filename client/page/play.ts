// The screen of the world: puts connection, scene, controls and the game's page together.
import { page as game } from '#game/page'
import { openBrowserSocket } from '../library/socket.ts'
import type { ContentSource } from '../library/content.ts'
import { followGates } from '../library/gates.ts'
import type { InRealm, Session } from '../library/session.ts'
import type { KeyStore } from '../library/storage.ts'
import { webMonotonic, webRuntime } from '../library/web-runtime.ts'
import { createZoneClient } from '../library/zone-client.ts'
import type { ZoneClient } from '../library/zone-client.ts'
import type { ResumeTicket } from '../library/zone-client-state.ts'
import { nameOf } from './aims.ts'
import { createControls } from './controls.ts'
import type { Controls } from './controls.ts'
import { element, show } from './element.ts'
import { runGame } from './game-page.ts'
import type { GamePage } from './game-page.ts'
import { publish } from './hook.ts'
import { createHud } from './hud.ts'
import type { Hud } from './hud.ts'
import { gateWords, helpLines, keyName, showNews } from './news.ts'
import { labelOf, readLine } from './chat-words.ts'
import type { Target } from './chat-words.ts'
import { missedWords } from './people/chat.ts'
import { createPeople } from './people/people.ts'
import type { People } from './people/people.ts'
import { keepPlaying } from './resume-store.ts'
import type { Playing } from './resume-store.ts'
import { createScene } from './scene.ts'
import type { Scene } from './scene.ts'
import { barsOf, castBar } from './shown.ts'
import { wordsOf } from './words.ts'

export type Play = {
  place: HTMLElement
  session: Session
  realm: InRealm
  content: ContentSource
  /** Lives with the tab. */
  store: KeyStore
  /** Lives with the browser. */
  lasting: KeyStore
  playing: Playing
  resume?: ResumeTicket
  /** What stands for everybody has changed. */
  changed: () => void
  /** Leaves the world when it is aborted. */
  leaving: AbortSignal
  /** Out of the world again: why, and whether the player wants to log out as well. */
  over: (why: string, logOut: boolean) => void
}

/** Twice a tick: so a command waits half a tick at most, ms. */
const commandEveryMs = 25
const figuresEveryMs = 500

export async function play(options: Play): Promise<void> {
  const { content, playing, realm } = options
  show(element('section', { class: 'card' }, element('p', { text: 'One moment…' })))
  let scene: Scene
  try {
    const [races, creatures] = await Promise.all([content.races(), content.creatures()])
    scene = await createScene(options.place, { races, creatures })
  } catch (error) {
    showFailure(error, () => options.over('left', false))
    return
  }

  const client = createZoneClient({
    enter: (signal, to, waiting) => realm.enter(playing.characterId, signal, to, waiting),
    loadZone: (zone, fresh) => content.zone(zone, fresh),
    contentVersion: content.version,
    socket: openBrowserSocket,
    runtime: webRuntime,
    monotonic: webMonotonic,
    resume: options.resume,
    keepResume: (ticket) => keepPlaying(options.store, playing, ticket),
  })
  publish(client)

  let logOut = false
  const leave = (andLogOut: boolean) => {
    logOut = andLogOut
    void client.leave()
  }
  options.leaving.addEventListener('abort', () => leave(false))
  if (options.leaving.aborted) leave(false)

  const touches = matchMedia('(pointer: coarse)').matches
  const actions = Object.entries(game.bind ?? {}).map(([code, binding]) => ({
    code,
    label: 'ability' in binding ? (binding.label ?? nameOf(binding.ability)) : binding.label,
    key: keyName(code),
  }))
  const hud = createHud({
    touches,
    actions,
    act: (code) => void gamePage.act(code),
    say: (text, channel) => void say(text, channel),
    people: () => people.open(),
    leave: () => leave(false),
    logOut: () => leave(true),
  })
  client.on('zone', ({ content: zone }) => scene.setZone(zone))
  showNews(client, hud, {
    title: game.title,
    help: helpLines(touches, actions),
    arrived: () => scene.figures.clear(),
  })
  const sayOver = (entity: number, text: string) => scene.figures.say(entity, text, webMonotonic())
  client.on('chat', ({ from, text }) => sayOver(from, text))
  const api = realm.api(game.api ?? {})
  const accountId = options.session.account?.accountId ?? ''
  const people = createPeople({
    api,
    playing,
    accountId,
    store: options.lasting,
    note: (text) => hud.note(text),
    waiting: (count) => hud.people(count),
    travel: {
      instance: () => (client.state.phase === 'joined' ? client.state.instance : undefined),
      goTo: (instance) => void client.goTo(instance),
    },
  })
  const { realmId, characterId } = playing
  const refused = (error: unknown) => hud.note(gateWords(error))
  followGates({ client, api, realmId, characterId, refused })
  client.on('maintenance', options.changed)
  client.on('announce', options.changed)
  client.on('notified', () => people.notified())
  followChat(client, people, hud, accountId)
  /** Says a line where it goes: to those nearby over the zone's socket, else in a channel. */
  async function say(line: string, chosen: Target): Promise<void> {
    const found = readLine(line, chosen, people.speaking.last())
    if (typeof found === 'string') return hud.note(found)
    const { target, text } = found
    if (target === 'nearby') {
      if (!client.say(text)) hud.note('You are not connected. Your line was not sent.')
      return
    }
    await people.speaking.say(target, text).catch((error: unknown) => hud.note(wordsOf(error)))
  }
  const controls = createControls(scene.surface, {
    zoom: (factor) => scene.zoomBy(factor),
    talk: () => hud.talk(),
    act: (code) => gamePage.act(code),
  })
  const gamePage = runGame({
    game,
    client,
    session: options.session,
    api,
    realm: playing,
    hud,
    say: sayOver,
    word(text) {
      const self = client.self()
      if (self && text !== '') scene.figures.word(self.id, text, webMonotonic())
    },
    pointer() {
      const aim = controls.aim()
      return aim && scene.toWorld(aim)
    },
  })
  const commandTimer = sendCommands(client, scene, controls)
  drawFrames(client, scene, { hud, gamePage, playing })

  const why = await client.ended
  clearInterval(commandTimer)
  controls.close()
  people.close()
  publish(undefined)
  scene.close()
  document.title = game.title
  options.over(why, logOut)
}

/** Lines of the channels come by the zone's socket, and into its log. */
function followChat(client: ZoneClient, { chat, isIn }: People, hud: Hud, accountId: string): void {
  client.on('said', ({ line }) => chat.said(line))
  client.on('lost', ({ channel }) => chat.lost(channel))
  client.on('zone', ({ content }) => {
    isIn(content.id)
    chat.lost()
  })
  chat.on('line', ({ channel, line: { from, to, text }, how }) => {
    if (how === 'history') return
    const name = to !== undefined && from.playerId === accountId ? `To ${to.name}` : from.name
    hud.line(name, text, labelOf(channel))
  })
  chat.on('missed', ({ channel, count, skipped, more }) =>
    hud.note(missedWords(channel, count, skipped, more)),
  )
}

/**
 * Sends commands by a timer of its own, so that walking does not depend on the speed of drawing. Returns the
 * timer.
 */
function sendCommands(client: ZoneClient, scene: Scene, controls: Controls) {
  const sendCommand = () => {
    const { x, y } = scene.middle()
    const heading = document.hidden ? undefined : controls.heading(x, y)
    if (heading === undefined) client.stand()
    else client.walk(heading)
    client.update()
  }
  // Browsers run the timers of hidden pages once a minute. Messages still come.
  client.on('acknowledged', () => {
    if (document.hidden) sendCommand()
  })
  return setInterval(sendCommand, commandEveryMs)
}

function drawFrames(
  client: ZoneClient,
  scene: Scene,
  { hud, gamePage, playing }: { hud: Hud; gamePage: GamePage; playing: Playing },
): void {
  const { name, appearance } = playing
  const components = game.bars ?? []
  let figuresAt = 0
  scene.onFrame(() => {
    const self = client.self()
    const now = webMonotonic()
    if (self) {
      const { id, heading, speed, drawX: x, drawY: y } = self
      const drawn = client.draw()
      const parts = client.entity(id)?.parts ?? {}
      const bodies = [
        ...drawn,
        {
          id,
          archetype: 'player',
          body: 'player',
          appearance,
          name,
          x,
          y,
          heading,
          speed,
          parts,
        } as const,
      ]
      const figures = bodies.map((body) => ({ ...body, bars: barsOf(body.parts, components) }))
      const cast = client.casting()
      if (cast) {
        const { castMs = 0 } = client.ability(cast.ability) ?? {}
        figures.at(-1)!.bars.push(castBar(cast.left, castMs, components))
      }
      scene.figures.draw(figures, id, now)
      scene.draw(x, y, now)
      gamePage.frame(drawn, scene.pen)
    }
    if (now - figuresAt < figuresEveryMs) return
    figuresAt = now
    const rtt = client.rttMs === undefined ? '–' : Math.max(1, Math.round(client.rttMs))
    hud.figures(`${Math.round(scene.fps)} fps · ${rtt} ms`)
  })
}

function showFailure(error: unknown, back: () => void): void {
  const canvas = document.createElement('canvas')
  const gl = canvas.getContext('webgl2') ?? canvas.getContext('webgl')
  const text = gl
    ? wordsOf(error)
    : 'This browser cannot draw the world: WebGL is missing or switched off. ' +
      'Switch on hardware acceleration or try another browser.'
  show(
    element(
      'section',
      { class: 'card' },
      element('h1', { text: 'Sorry' }),
      element('p', { text, attributes: { role: 'alert' } }),
      element('button', { text: 'Back', class: 'main', click: back }),
    ),
  )
}

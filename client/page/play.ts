// The screen of the world: puts connection, scene and controls together.
import { page } from '#game/page'
import { openBrowserSocket } from '../library/socket.ts'
import type { ContentSource } from '../library/content.ts'
import type { InRealm } from '../library/session.ts'
import type { KeyStore } from '../library/storage.ts'
import { webMonotonic, webRuntime } from '../library/web-runtime.ts'
import { createZoneClient } from '../library/zone-client.ts'
import type { ZoneClient } from '../library/zone-client.ts'
import type { ResumeTicket, ZoneClientState } from '../library/zone-client-state.ts'
import { createControls } from './controls.ts'
import type { Controls } from './controls.ts'
import { element, show } from './element.ts'
import type { Figure } from './figures.ts'
import { publish } from './hook.ts'
import { createHud } from './hud.ts'
import type { Hud } from './hud.ts'
import { keepPlaying } from './resume-store.ts'
import type { Playing } from './resume-store.ts'
import { createScene } from './scene.ts'
import type { Scene } from './scene.ts'
import { words, wordsOf } from './words.ts'

export type Play = {
  place: HTMLElement
  realm: InRealm
  content: ContentSource
  store: KeyStore
  playing: Playing
  resume?: ResumeTicket
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
    enter: (signal) => realm.enter(playing.characterId, signal),
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
  const touches = matchMedia('(pointer: coarse)').matches
  const hud = createHud({
    touches,
    actions: Object.values(page.actions).map(({ label, message }) => ({
      label,
      act: () => void client.send(message),
    })),
    say(text) {
      if (!client.say(text)) hud.note('You are not connected. Your line was not sent.')
    },
    leave: () => leave(false),
    logOut: () => leave(true),
  })
  options.leaving.addEventListener('abort', () => leave(false))
  if (options.leaving.aborted) leave(false)
  const controls = createControls(scene.surface, {
    zoom: (factor) => scene.zoomBy(factor),
    talk: () => hud.talk(),
    act(key) {
      const action = page.actions[key]
      if (action !== undefined) client.send(action.message)
      return action !== undefined
    },
  })

  showNews(client, hud, scene, touches)
  const commandTimer = sendCommands(client, scene, controls)
  drawFrames(client, scene, hud, playing)

  const why = await client.ended
  clearInterval(commandTimer)
  controls.close()
  publish(undefined)
  scene.close()
  document.title = page.title
  options.over(why, logOut)
}

/** What the player reads and sees of what happens. */
function showNews(client: ZoneClient, hud: Hud, scene: Scene, touches: boolean): void {
  const banner = () => hud.banner(stateWords(client.state) || (client.savingPaused ? saving : ''))
  banner()
  client.on('state', banner)
  client.on('saving', banner)
  let shownZone = ''
  client.on('zone', ({ content: zone }) => {
    scene.setZone(zone)
    if (zone.id === shownZone) return
    shownZone = zone.id
    scene.figures.clear()
    hud.arrival(zone.name)
    hud.note(`You are in ${zone.name}.`)
    document.title = `${zone.name} · ${page.title}`
    if (touches) hud.note('Hold a finger where you want to go. Zoom with two fingers.')
    else hud.note('Walk with W A S D, the arrow keys, or with a mouse button held down.')
    const keys = Object.entries(page.actions).map(
      ([code, { label }]) => `${keyName(code)} ${label}`,
    )
    if (keys.length > 0 && !touches) hud.note(`Keys: ${keys.join(', ')}.`)
  })
  client.on('chat', ({ from, name, text }) => {
    hud.line(name, text)
    scene.figures.say(from, text, webMonotonic())
  })
  client.on('message', (message) => {
    const bubble = page.bubbleOf(message)
    if (bubble !== undefined) scene.figures.say(bubble.entity, bubble.text, webMonotonic())
  })
  client.on('announce', ({ text }) => hud.note(`To everybody: ${text}`))
  client.on('refused', ({ of, code }) => hud.note(refusalWords(of, code)))
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
  hud: Hud,
  { name, appearance }: Playing,
): void {
  let figuresAt = 0
  scene.onFrame(() => {
    const self = client.self()
    const now = webMonotonic()
    if (self) {
      const { id, heading, speed, drawX: x, drawY: y } = self
      const own: Figure = { id, body: 'player', appearance, name, x, y, heading, speed }
      scene.figures.draw([...client.draw(), own], id, now)
      scene.draw(x, y, now)
    }
    if (now - figuresAt < figuresEveryMs) return
    figuresAt = now
    const rtt = client.rttMs === undefined ? '–' : Math.max(1, Math.round(client.rttMs))
    hud.figures(`${Math.round(scene.fps)} fps · ${rtt} ms`)
  })
}

/** What stands on the key of an `event.code`. */
const keyName = (code: string) => code.replace(/^(Digit|Key)/, '')

function refusalWords(of: string, code: 'rate' | 'invalid' | 'paused' | 'failed'): string {
  if (code === 'paused') return 'The world is paused just now.'
  if (of !== 'chat.nearby')
    return code === 'rate' ? 'You do that too often.' : 'That is not possible now.'
  return code === 'rate'
    ? 'You write too fast. Your line was not sent.'
    : 'This line is not allowed.'
}

const saving = 'Saving is paused. You can play on.'

/** Reasons to wait that pass by themselves. */
const WAITS = new Set(['play.session_active', 'world.full'])
const RECONNECTS: Record<string, string> = {
  network: 'The server does not answer. Trying again…',
  'store.unavailable': 'The server admits no player just now. Trying again…',
  'host.shutdown': 'The world moves to another machine. Reconnecting…',
}

/** Empty when there is nothing to say. */
function stateWords(state: ZoneClientState): string {
  switch (state.phase) {
    case 'entering':
    case 'connecting':
      return 'Entering the world…'
    case 'travelling':
      return 'Travelling…'
    case 'reconnecting':
      return WAITS.has(state.why) ? words(state.why) : (RECONNECTS[state.why] ?? 'Reconnecting…')
    case 'joined':
    case 'closed':
      return ''
  }
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

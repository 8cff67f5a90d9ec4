// One bot: it logs in, makes a character if there is none, and plays in the world until `stop`. It goes on
// after every failure of the connection or the server.
import type { Character } from '#shared/api/characters.ts'
import { ApiError } from '#shared/api/client.ts'
import type { Runtime } from '#shared/runtime.ts'
import { createBackoff } from '#shared/backoff.ts'
import type { ContentSource } from '../library/content.ts'
import type { Waiting } from '../library/login-queue.ts'
import { countError, createMetrics } from '../library/metrics.ts'
import type { Metrics } from '../library/metrics.ts'
import { createSession } from '../library/session.ts'
import type { InRealm, Session } from '../library/session.ts'
import { createMemoryStore } from '../library/storage.ts'
import { deviceKey } from '../library/ways-in.ts'
import type { Account } from '../library/ways-in.ts'
import { createZoneClient } from '../library/zone-client.ts'
import type { ZoneClient } from '../library/zone-client.ts'
import type { ZoneClientState } from '../library/zone-client-state.ts'
import type { OpenSocket } from '../library/socket.ts'
import type { Acknowledged } from '../library/zone.ts'
import { identityOf } from './identity.ts'
import type { Identity } from './identity.ts'
import { createRandom } from './random.ts'
import { createWalker } from './walker.ts'
import type { WalkerOptions } from './walker.ts'

/** What the server has answered to a bot and must not lose, and each change of the bot's connection. */
export type BotEvent =
  | { what: 'account'; accountId: string }
  | { what: 'character'; accountId: string; characterId: string; name: string }
  | ({ what: 'position'; accountId: string; characterId: string; zone: string } & Acknowledged)
  | ({ what: 'state'; characterId: string } & ZoneClientState)
  /** `enter` was answered with a ticket. */
  | { what: 'admitted'; characterId: string }
  /** A socket is open: ticket or resume secret are sent. */
  | { what: 'opened'; characterId: string }
  | { what: 'saving'; characterId: string; paused: boolean }

export type BotOptions = WalkerOptions & {
  index: number
  seed: string
  url: string
  accounts: boolean
  /** Mean time between two lines of chat in ms; 0 for silence. */
  chatEveryMs: number
  /** Mean time between two lost sockets in ms; 0 for never. */
  dropEveryMs: number
  content: ContentSource
  socket: OpenSocket
  runtime: Runtime
  monotonic: () => number
  fetch: (url: string, init: RequestInit) => Promise<Response>
  onEvent?: (event: BotEvent) => void
}

export type Bot = {
  readonly metrics: Metrics
  readonly inWorld: boolean
  /** Where it stands in the login queue of a full realm. */
  readonly waiting: Waiting | undefined
  /** How long it took from its first request to its first time in the world, ms; undefined before. */
  readonly arrivedMs: number | undefined
  /** Why it stopped; undefined while it plays. */
  readonly failed: string | undefined
  /** Plays until `stop`. */
  live(): Promise<void>
  update(): void
  /** Leaves properly; resolves within about 2 s. */
  stop(): Promise<void>
}

const lines = [
  'Hello!',
  'Nice weather.',
  'Where is the gate?',
  'Follow me.',
  'See you.',
  'Over here!',
]

export function createBot(options: BotOptions): Bot {
  const { runtime, seed, index } = options
  const identity = identityOf(seed, index)
  const act = createWhims(options)
  const metrics = createMetrics()
  const stopping = new AbortController()
  let client: ZoneClient | undefined
  let arrivedMs: number | undefined
  let failed: string | undefined
  let beganAt = options.monotonic()

  async function live(): Promise<void> {
    beganAt = options.monotonic()
    const session = openSession(options, identity)
    const backoff = createBackoff(runtime, { baseMs: 500, maxMs: 5000 })
    while (!stopping.signal.aborted && failed === undefined) {
      try {
        await liveOnce(session)
        backoff.reset()
      } catch (error) {
        if (stopping.signal.aborted) return
        const code = error instanceof ApiError ? error.code : 'bot.defect'
        if (!(error instanceof ApiError)) console.error(error)
        countError(metrics, code)
        const wait = backoff.next(error instanceof ApiError ? error.retryAfterS : 0)
        await runtime.sleep(wait, stopping.signal).catch(() => undefined)
      }
    }
  }

  async function liveOnce(session: Session) {
    const account = session.account ?? (await logIn(session, identity, options.accounts))
    const { accountId } = account
    options.onEvent?.({ what: 'account', accountId })
    const realmId = account.realms[0]?.realmId
    if (realmId === undefined) {
      failed = 'no realm'
      return
    }
    const realm = session.inRealm(realmId)
    const character =
      (await realm.characters())[0] ??
      (await createCharacter(realm, options.content, identity, index))
    const { characterId, name } = character
    options.onEvent?.({ what: 'character', accountId, characterId, name })
    if (stopping.signal.aborted) return

    client = enterWorld(options, metrics, realm, accountId, characterId)
    client.on('zone', () => {
      arrivedMs ??= options.monotonic() - beganAt
    })
    const reason = await client.ended
    client = undefined
    // A decision of a person is final. After any other failure the bot tries again, from the log-in on.
    if (reason === 'kicked' || reason === 'replaced' || reason === 'protocol.version')
      failed = reason
  }

  return {
    metrics,
    get inWorld() {
      return client?.state.phase === 'joined'
    },
    get waiting() {
      const state = client?.state
      return state?.phase === 'waiting' ? state : undefined
    },
    get arrivedMs() {
      return arrivedMs
    },
    get failed() {
      return failed
    },
    live,
    update() {
      act(client)
      client?.update()
    },
    async stop() {
      stopping.abort(new Error('stopped'))
      await client?.leave()
    },
  }
}

/** What a bot does by chance: it walks about, talks and loses its socket. Call it with each update. */
function createWhims(options: BotOptions): (client: ZoneClient | undefined) => void {
  const { monotonic, seed, index, chatEveryMs, dropEveryMs } = options
  const random = createRandom(`walk ${seed} ${index}`)
  const walker = createWalker(random, options)
  let before = monotonic()
  const happens = (everyMs: number, elapsedMs: number) =>
    everyMs > 0 && random() < Math.min(1, elapsedMs / everyMs)

  return (client) => {
    const now = monotonic()
    const elapsedMs = now - before
    before = now
    const self = client?.self()
    if (client?.content === undefined || self === undefined) return
    const decision = walker.decide(self, client.content, now)
    if (decision === 'stand') client.stand()
    else if (decision !== undefined) client.walk(decision)
    if (happens(chatEveryMs, elapsedMs)) client.say(lines[Math.floor(random() * lines.length)]!)
    if (happens(dropEveryMs, elapsedMs)) client.drop()
  }
}

/** A zone client whose events go to the options' `onEvent`. */
function enterWorld(
  options: BotOptions,
  metrics: Metrics,
  realm: InRealm,
  accountId: string,
  characterId: string,
): ZoneClient {
  const { content, runtime, monotonic, onEvent = () => undefined } = options
  const client = createZoneClient({
    enter: async (signal, to, waiting) => {
      const admission = await realm.enter(characterId, signal, to, waiting)
      onEvent({ what: 'admitted', characterId })
      return admission
    },
    loadZone: (zone, fresh) => content.zone(zone, fresh),
    contentVersion: content.version,
    socket: (address, events) =>
      options.socket(address, {
        ...events,
        opened() {
          onEvent({ what: 'opened', characterId })
          events.opened()
        },
      }),
    runtime,
    monotonic,
    metrics,
  })
  client.on('state', (state) => onEvent({ what: 'state', characterId, ...state }))
  client.on('saving', ({ paused }) => onEvent({ what: 'saving', characterId, paused }))
  client.on('acknowledged', (acknowledged) => {
    if (client.state.phase !== 'joined') return
    const { zone } = client.state
    onEvent({ what: 'position', accountId, characterId, zone, ...acknowledged })
  })
  return client
}

function openSession({ url, fetch, runtime }: BotOptions, { deviceSecret }: Identity): Session {
  const storage = createMemoryStore()
  storage.set(deviceKey, deviceSecret)
  return createSession({ baseUrl: url, fetch, runtime, storage })
}

async function logIn(session: Session, identity: Identity, accounts: boolean): Promise<Account> {
  if (!accounts) return await session.guest()
  const { loginName, password } = identity
  try {
    return await session.logIn(loginName, password)
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'auth.invalid_credentials') throw error
    return await session.register(loginName, password)
  }
}

/** Names that it tries before it stops, when other players have them already. */
const nameTriesMax = 5

async function createCharacter(
  realm: InRealm,
  content: ContentSource,
  identity: Identity,
  index: number,
): Promise<Character> {
  const races = await content.races()
  const race = races[index % races.length]!
  const job = race.jobs[index % race.jobs.length]!
  for (let attempt = 0; ; attempt++) {
    try {
      return await realm.create({ name: identity.characterName(attempt), race: race.id, job })
    } catch (error) {
      const other =
        error instanceof ApiError &&
        (error.code === 'character.name_taken' || error.code === 'character.name_refused')
      if (!other || attempt >= nameTriesMax) throw error
    }
  }
}

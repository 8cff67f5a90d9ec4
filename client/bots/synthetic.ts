// The synthetic player measures what a player feels at this moment. One round is a whole visit: tokens,
// entry, socket, steps, a line of chat that comes back, and leaving. It differs from a player in two things:
// no player sees or hears it, and it takes no place.
import { ApiError, createApiClient } from '#shared/api/client.ts'
import { api } from '#shared/api/api.ts'
import type { Api } from '#shared/api/api.ts'
import type { ApiClientOptions } from '#shared/api/client.ts'
import { metresToUnits } from '#shared/rules/units.ts'
import { PROTOCOL_VERSION } from '#shared/protocol/version.ts'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { ContentSource } from '../library/content.ts'
import type { OpenSocket } from '../library/socket.ts'
import { createZoneClient } from '../library/zone-client.ts'
import type { ZoneClient } from '../library/zone-client.ts'

/** What a round does, in this order. */
export type Stage = 'login' | 'enter' | 'step' | 'message' | 'leave'

/** How a round went: what each stage took, ms, and where and why it ended before its time. */
export type Visit = {
  ms: Partial<Record<Stage, number>>
  failed?: { stage: Stage; code: string }
}

export type SyntheticOptions = {
  /** Of the API, without a slash at its end. */
  baseUrl: string
  realmId: string
  deviceSecret: string
  content: ContentSource
  socket: OpenSocket
  fetch: ApiClientOptions<Api>['fetch']
  runtime: Runtime
  monotonic: () => number
}

export type SyntheticPlayer = {
  /** One visit, in `visitMaxMs` at most. Never fails: what fails is the result. */
  visit(signal?: AbortSignal): Promise<Visit>
}

/** A whole visit takes half a second; who needs more than this finds the way in broken. */
export const visitMaxMs = 8000
/** Steps that the server must have taken: a quarter of a second. */
const stepsWanted = 5
const updateEveryMs = 20
/** No other character may take these names; the first that is free is taken. */
const names = ['Synthia', 'Synthia Prime', 'Synthia Second', 'Synthia Third']

class Failed extends Error {
  readonly code: string
  constructor(code: string) {
    super(code)
    this.code = code
  }
}

export function createSyntheticPlayer(options: SyntheticOptions): SyntheticPlayer {
  const { runtime, monotonic, realmId, content } = options
  let accessToken: string | undefined
  let refreshToken: string | undefined
  let characterId: string | undefined
  let observed: string | undefined
  const client = createApiClient({
    api,
    baseUrl: options.baseUrl,
    fetch: options.fetch,
    token: () => accessToken,
    newId: () => newId(runtime),
  })

  /**
   * The session of the visit before is renewed, so that no visit leaves rows; only where there is none
   * is one opened anew.
   */
  async function logIn(signal: AbortSignal): Promise<void> {
    const { deviceSecret } = options
    const opened = await (
      refreshToken === undefined
        ? client.auth.guest({ body: { deviceSecret } }, { signal })
        : client.auth.refresh({ body: { refreshToken } }, { signal })
    ).catch((error: unknown) => {
      const code = error instanceof ApiError ? error.code : undefined
      // The next visit opens a new one. Whatever else it is passes: the token is sent again.
      if (code === 'auth.refresh_refused' || code === 'auth.session_revoked')
        refreshToken = undefined
      throw error
    })
    accessToken = opened.accessToken
    refreshToken = opened.refreshToken
  }

  async function findCharacter(signal: AbortSignal): Promise<string> {
    const params = { realmId }
    const { characters } = await client.characters.list({ params }, { signal })
    if (characters[0] !== undefined) return characters[0].characterId
    const race = (await content.races())[0]!
    for (const name of names) {
      try {
        const body = { name, race: race.id, job: race.jobs[0]! }
        return (await client.characters.create({ params, body }, { signal })).characterId
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 'character.name_taken') throw error
      }
    }
    throw new Failed('character.name_taken')
  }

  function join(signal: AbortSignal): ZoneClient {
    return createZoneClient({
      enter: async (leaving) => {
        const body = { characterId: characterId!, protocol: PROTOCOL_VERSION, observed }
        observed = undefined
        const request = { params: { realmId }, body }
        try {
          const both = AbortSignal.any([signal, leaving])
          return await client.world.enter(request, { signal: both })
        } catch (error) {
          const said = error instanceof ApiError ? error.document?.['observed'] : undefined
          if (typeof said === 'string') observed = said
          throw error
        }
      },
      loadZone: (zone, fresh) => content.zone(zone, fresh),
      contentVersion: content.version,
      socket: options.socket,
      runtime,
      monotonic,
    })
  }

  /** Drives the world until it is as wanted. */
  async function until(
    zoneClient: ZoneClient,
    wanted: () => boolean,
    signal: AbortSignal,
  ): Promise<void> {
    while (!wanted()) {
      if (zoneClient.state.phase === 'closed') throw new Failed(zoneClient.state.reason)
      zoneClient.update()
      await runtime.sleep(updateEveryMs, signal)
    }
  }

  /** Towards the middle of the zone, so that no gate is ever walked into. */
  function walk(zoneClient: ZoneClient): void {
    const middle = metresToUnits(zoneClient.content!.width / 2)
    zoneClient.walk(zoneClient.self()!.x < middle ? 0 : 0x8000)
  }

  return {
    async visit(outer) {
      const visit: Visit = { ms: {} }
      const over = new AbortController()
      const late = new AbortController()
      const signal = AbortSignal.any([over.signal, ...(outer ? [outer] : [])])
      void runtime.sleep(visitMaxMs, late.signal).then(
        () => over.abort(new Failed('late')),
        () => undefined,
      )
      let stage: Stage = 'login'
      let began = monotonic()
      const next = (now: Stage) => {
        visit.ms[stage] = Math.round(monotonic() - began)
        began = monotonic()
        stage = now
      }
      let zoneClient: ZoneClient | undefined
      try {
        await logIn(signal)
        characterId ??= await findCharacter(signal)
        next('enter')
        zoneClient = join(signal)
        const entered = zoneClient
        let heard = ''
        entered.on('chat', ({ text }) => (heard = text))
        await until(entered, () => entered.state.phase === 'joined', signal)
        next('step')
        const first = entered.acknowledged!.command
        walk(entered)
        await until(entered, () => taken(entered, first) >= stepsWanted, signal)
        entered.stand()
        next('message')
        const line = `visit ${newId(runtime)}`
        if (!entered.say(line)) throw new Failed('unsaid')
        await until(entered, () => heard === line, signal)
        next('leave')
        const reason = await entered.leave()
        if (reason !== 'left') throw new Failed(reason)
        visit.ms.leave = Math.round(monotonic() - began)
      } catch (error) {
        visit.failed = { stage, code: why(zoneClient, error, over.signal) }
        // The character was deleted, or the store is another one. The next visit finds or makes one again.
        if (visit.failed.code === 'character.not_found') characterId = undefined
        await zoneClient?.leave()
      }
      late.abort()
      return visit
    },
  }
}

/** Commands that the server has taken since. Numbers have 32 bits and begin anew in another zone. */
function taken(zoneClient: ZoneClient, since: number): number {
  const { acknowledged } = zoneClient
  return acknowledged === undefined ? 0 : (acknowledged.command - since) >>> 0
}

/** The reason of a late stage: the zone client knows which failure it is recovering from. */
function why(zoneClient: ZoneClient | undefined, error: unknown, over: AbortSignal): string {
  const state = zoneClient?.state
  if (over.aborted && state?.phase === 'reconnecting') return state.why
  if (over.aborted) return 'late'
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? code : 'client.defect'
}

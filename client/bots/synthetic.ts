// The synthetic player measures what a player feels at this moment. One round is a whole visit: tokens,
// entry, socket, steps, a line of chat that comes back, and leaving. It differs from a player in two things:
// no player sees or hears it, and it takes no place.
import { metresToUnits } from '#shared/rules/units.ts'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { OpenSocket } from '../library/socket.ts'
import { createZoneClient } from '../library/zone-client.ts'
import type { ZoneClient } from '../library/zone-client.ts'
import { createSyntheticAccount } from './synthetic-account.ts'
import type { SyntheticAccountOptions } from './synthetic-account.ts'

/** What a round does, in this order. */
export type Stage = 'login' | 'enter' | 'step' | 'message' | 'leave'

/** The result of a round: the time of each stage in ms, and the stage and reason of a failure. */
export type Visit = {
  ms: Partial<Record<Stage, number>>
  failed?: { stage: Stage; code: string }
}

export type SyntheticOptions = SyntheticAccountOptions & {
  socket: OpenSocket
  monotonic: () => number
}

export type SyntheticPlayer = {
  /** One visit of at most `visitMaxMs`. Never throws: a failure is part of the result. */
  visit(signal?: AbortSignal): Promise<Visit>
}

/** A visit takes half a second. One that takes longer than this has failed, ms. */
export const visitMaxMs = 8000
/** Steps that the server must have taken: a quarter of a second. */
const stepsWanted = 5
const updateEveryMs = 20

class Failed extends Error {
  readonly code: string
  constructor(code: string) {
    super(code)
    this.code = code
  }
}

export function createSyntheticPlayer(options: SyntheticOptions): SyntheticPlayer {
  const { runtime, monotonic, content } = options
  const account = createSyntheticAccount(options)

  function join(signal: AbortSignal): ZoneClient {
    return createZoneClient({
      enter: async (leaving) => await account.enter(AbortSignal.any([signal, leaving])),
      loadZone: (zone, fresh) => content.zone(zone, fresh),
      contentVersion: content.version,
      socket: options.socket,
      runtime,
      monotonic,
    })
  }

  return {
    async visit(outer) {
      const over = new AbortController()
      const late = new AbortController()
      const signal = AbortSignal.any([over.signal, ...(outer ? [outer] : [])])
      void runtime.sleep(visitMaxMs, late.signal).then(
        () => over.abort(new Failed('late')),
        () => undefined,
      )
      const stages = createStages(monotonic)
      const visit: Visit = { ms: stages.ms }
      let zoneClient: ZoneClient | undefined
      try {
        await account.logIn(signal)
        stages.begin('enter')
        zoneClient = join(signal)
        await playThrough(zoneClient, stages, runtime, signal)
      } catch (error) {
        visit.failed = { stage: stages.current, code: why(zoneClient, error, over.signal) }
        // The character was deleted, or the store is another one. The next visit finds or makes one again.
        if (visit.failed.code === 'character.not_found') account.forgetCharacter()
        await zoneClient?.leave()
      }
      late.abort()
      return visit
    },
  }
}

/** From `enter` to the end of the leave. */
async function playThrough(
  zoneClient: ZoneClient,
  stages: Stages,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<void> {
  /** Updates the client until the condition is met. */
  const until = async (wanted: () => boolean) => {
    while (!wanted()) {
      if (zoneClient.state.phase === 'closed') throw new Failed(zoneClient.state.reason)
      zoneClient.update()
      await runtime.sleep(updateEveryMs, signal)
    }
  }
  let heard = ''
  zoneClient.on('chat', ({ text }) => (heard = text))
  await until(() => zoneClient.state.phase === 'joined')

  stages.begin('step')
  const first = zoneClient.acknowledged!.command
  walk(zoneClient)
  await until(() => taken(zoneClient, first) >= stepsWanted)
  zoneClient.stand()

  stages.begin('message')
  const line = `visit ${newId(runtime)}`
  if (!zoneClient.say(line)) throw new Failed('unsaid')
  await until(() => heard === line)

  stages.begin('leave')
  const reason = await zoneClient.leave()
  if (reason !== 'left') throw new Failed(reason)
  stages.end()
}

type Stages = ReturnType<typeof createStages>

/** The current stage of a visit, and the time of the stages before it. */
function createStages(monotonic: () => number) {
  const ms: Visit['ms'] = {}
  let current: Stage = 'login'
  let began = monotonic()
  const end = () => {
    ms[current] = Math.round(monotonic() - began)
  }
  return {
    ms,
    get current() {
      return current
    },
    /** Ends the stage before. */
    begin(next: Stage) {
      end()
      began = monotonic()
      current = next
    },
    /** Ends the last one. */
    end,
  }
}

/** Walks towards the middle of the zone, so never into a gate. */
function walk(zoneClient: ZoneClient): void {
  const middle = metresToUnits(zoneClient.content!.width / 2)
  zoneClient.walk(zoneClient.self()!.x < middle ? 0 : 0x8000)
}

/** How many commands the server has taken since. Numbers have 32 bits and restart in another zone. */
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

// The fleet on GameLift: a zone host is a server process of a GameLift fleet, and one fleet runs the hosts of
// one zone. An allocation is a game session without player sessions: a game session takes a process that waits
// for one, and our own tickets and places say who may come in, for more than the 200 players that a game
// session may have.
//
// A game session is created once for each IdempotencyToken, and the token that is sent again gets the session
// as it is by then. So each request has a row in the store with the token. All who ask for the request send
// the same token, at any time and any number of times. When the session has ended, the row gets another token.
//
// A process says nothing of itself before it has a session. A fleet runs one build, which is taken to speak the
// version of the zone protocol that the functions speak; there is no host here for older clients.
//
// The token is the boot id too: the process takes it from the game properties. So a session shows which host it
// is, and the host's lease, which can be written once, refuses a second process of that id.
import type { GameLiftClient, GameSession, GameSessionStatus } from '@aws-sdk/client-gamelift'
import {
  CreateGameSessionCommand,
  DescribeGameSessionsCommand,
  TerminateGameSessionCommand,
} from '@aws-sdk/client-gamelift'
import type { Runtime } from '../runtime.ts'
import { newId } from '../runtime.ts'
import type { Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'
import { hashOf, readRequest, writeRequest } from './allocation-row.ts'
import { PROTOCOL_VERSION } from '../protocol/version.ts'
import { FleetError, protocolLabel, requestLabel, zoneLabel } from './fleet.ts'
import type { Fleet, FleetHost } from './fleet.ts'
import { sessionProperties } from './gamelift-session.ts'

export type GameLiftFleetOptions = {
  /** It is to send each request once: what is repeated is decided here. */
  client: Pick<GameLiftClient, 'send'>
  /** The id of the fleet or alias that runs the hosts of a zone. */
  fleets: ReadonlyMap<string, string>
  /** Where sessions are created, for fleets of several locations and for Anywhere. Default: the fleet's home. */
  location?: string | undefined
  store: Store
  runtime: Pick<Runtime, 'now' | 'randomBytes'>
  log: Log
  /** How long one call may take, ms. */
  callTimeoutMs?: number
}

/** A host is not asked for again in this time, ms: placement polls ten times a second until it has opened. */
const hostFreshMs = 2000
/** Nor is the list: GameLift asks that it is not polled, and placement does in a full world. */
const listFreshMs = 5000
/** Hosts that one process remembers. */
const rememberedMax = 1000
const pageSize = 100

/** Those of a host that is there. Sessions that have ended stay listed for 30 days. */
const present: GameSessionStatus[] = ['ACTIVATING', 'ACTIVE', 'TERMINATING']

const states: Partial<Record<GameSessionStatus, FleetHost['state']>> = {
  ACTIVATING: 'allocated',
  ACTIVE: 'allocated',
  ERROR: 'unhealthy',
}

export function createGameLiftFleet(options: GameLiftFleetOptions): Fleet {
  const { fleets, store, runtime, log } = options
  const remembered = new Map<string, { host: FleetHost; until: number }>()
  let listed: { hosts: Promise<FleetHost[]>; until: number } | undefined

  async function call<T>(what: string, send: (limit: { abortSignal: AbortSignal }) => Promise<T>) {
    try {
      return await send({ abortSignal: AbortSignal.timeout(options.callTimeoutMs ?? 3000) })
    } catch (cause) {
      const unclear = isUnclear(cause)
      const error = new FleetError(`GameLift: ${what}: ${nameOf(cause)}`, { unclear, cause })
      if (!expected.has(nameOf(cause))) log.warn('GameLift failed', { error })
      throw error
    }
  }

  /** The session of the token, new or old. `none`: no process waits for one. `other`: the fleet was changed. */
  async function createSession(
    zone: string,
    request: string,
    token: string,
  ): Promise<GameSession | 'none' | 'other'> {
    const command = new CreateGameSessionCommand({
      ...named(fleets.get(zone)!),
      ...(options.location === undefined ? {} : { Location: options.location }),
      // Nobody joins by a player session.
      MaximumPlayerSessionCount: 0,
      IdempotencyToken: token,
      GameProperties: sessionProperties({ zone, request, boot: token }),
    })
    try {
      const { GameSession: session } = await call('create a game session', (limit) =>
        options.client.send(command, limit),
      )
      if (session === undefined)
        throw new FleetError('GameLift answered no session', { unclear: true })
      return session
    } catch (error) {
      const name = nameOf(error instanceof FleetError ? error.cause : error)
      if (name === 'FleetCapacityExceededException') return 'none'
      if (name === 'IdempotentParameterMismatchException') return 'other'
      throw error
    }
  }

  async function describe(fleet: string, status: GameSessionStatus): Promise<GameSession[]> {
    const found: GameSession[] = []
    let next: string | undefined
    do {
      const command: DescribeGameSessionsCommand = new DescribeGameSessionsCommand({
        ...named(fleet),
        ...(options.location === undefined ? {} : { Location: options.location }),
        StatusFilter: status,
        Limit: pageSize,
        ...(next === undefined ? {} : { NextToken: next }),
      })
      const page = await call('describe game sessions', (limit) =>
        options.client.send(command, limit),
      )
      found.push(...(page.GameSessions ?? []))
      next = page.NextToken
    } while (next !== undefined)
    return found
  }

  async function readSessions(): Promise<GameSession[]> {
    const asked = [...new Set(fleets.values())].flatMap((fleet) =>
      present.map((status) => describe(fleet, status)),
    )
    // A session may change its status between two of them.
    const byId = new Map((await Promise.all(asked)).flat().map((one) => [one.GameSessionId, one]))
    return [...byId.values()]
  }

  function remember(request: string, host: FleetHost): FleetHost {
    remembered.delete(request)
    for (const oldest of remembered.keys()) {
      if (remembered.size < rememberedMax) break
      remembered.delete(oldest)
    }
    remembered.set(request, { host, until: runtime.now() + hostFreshMs })
    return host
  }

  return {
    allocate: async ({ requestId, labels: { [zoneLabel]: zone, ...others } }) => {
      const isHad = Object.keys(others).every((label) => label === protocolLabel(PROTOCOL_VERSION))
      if (zone === undefined || !fleets.has(zone) || !isHad) return undefined
      const request = hashOf(requestId)
      const known = remembered.get(request)
      if (known !== undefined && runtime.now() < known.until) return known.host
      for (let ended = 0; ended < 2;) {
        const now = runtime.now()
        const row = await readRequest(store, request, now)
        const fresh = { ask: newId(runtime), askedAt: now }
        if (row === undefined) {
          await writeRequest(store, request, fresh, undefined, now)
          continue
        }
        const session = await createSession(zone, request, row.ask)
        if (session === 'none') return undefined
        if (session !== 'other') {
          const host = hostOf(session)
          if (host.state === 'allocated') return remember(request, host)
        }
        ended += 1
        await writeRequest(store, request, fresh, row, now)
      }
      // Two sessions ended at once: the next one who asks begins with the token of the row.
      return undefined
    },
    list: async () => {
      const now = runtime.now()
      if (listed === undefined || now >= listed.until) {
        const hosts = readSessions().then((sessions) => sessions.map(hostOf))
        listed = { hosts, until: now + listFreshMs }
        // A failure is not kept.
        hosts.catch(() => (listed = undefined))
      }
      return await listed.hosts
    },
    drain: async (name) => {
      const session = (await readSessions()).find((one) => hostOf(one).name === name)
      if (session === undefined) return false
      if (session.Status === 'TERMINATING') return true
      const command = new TerminateGameSessionCommand({
        GameSessionId: session.GameSessionId,
        // The process is told, and ends when every character has left.
        TerminationMode: 'TRIGGER_ON_PROCESS_TERMINATE',
      })
      try {
        await call('end a game session', (limit) => options.client.send(command, limit))
      } catch (error) {
        // It has ended meanwhile.
        if (nameOf((error as FleetError).cause) !== 'InvalidGameSessionStatusException') throw error
      }
      return true
    },
  }
}

function named(id: string): { AliasId: string } | { FleetId: string } {
  return id.startsWith('alias-') ? { AliasId: id } : { FleetId: id }
}

/** The ARN ends with the token, which is plain enough for the name of a host. */
function hostOf(session: GameSession): FleetHost {
  const { zone, request, boot } = readProperties(session)
  return {
    name: session.GameSessionId?.split('/').at(-1) ?? '',
    bootId: boot,
    address: session.DnsName || session.IpAddress || '',
    port: session.Port ?? 0,
    state: states[session.Status!] ?? 'shutdown',
    labels: {
      ...(zone === undefined ? {} : { [zoneLabel]: zone }),
      ...(request === undefined ? {} : { [requestLabel]: request }),
    },
  }
}

function readProperties({
  GameProperties: list = [],
}: GameSession): Record<string, string | undefined> {
  return Object.fromEntries(list.map(({ Key, Value }) => [Key ?? '', Value]))
}

/** Answers that are no failure of the service. */
const expected = new Set([
  'FleetCapacityExceededException',
  'IdempotentParameterMismatchException',
  'InvalidGameSessionStatusException',
])

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error)
}

/** GameLift refuses what is the caller's fault, and what is too often, before anything has happened. */
function isUnclear(error: unknown): boolean {
  return !(
    typeof error === 'object' &&
    error !== null &&
    '$fault' in error &&
    error.$fault === 'client'
  )
}

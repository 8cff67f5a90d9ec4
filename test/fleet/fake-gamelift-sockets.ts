// The side of GameLift that server processes speak to: a WebSocket with JSON, as the public sources of its
// server SDKs 5 write and read it.
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import type { FakeGameLift, ServerProcess } from './fake-gamelift.ts'

type Message = Record<string, unknown>

export const authToken = 'a-token-of-the-compute'

/** Serves on 127.0.0.1. */
export async function startGameLiftSockets(gameLift: FakeGameLift) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await new Promise<void>((resolve) => {
    server.once('listening', resolve)
  })
  const heard: { action: string; message: Message; pid: string }[] = []
  const processes = new Map<string, { process?: ServerProcess; socket: WebSocket }>()
  /** What the next request with that action is answered. */
  const refusals = new Map<string, number>()
  let tokenNow = authToken
  let connections = 0

  server.on('connection', (socket: WebSocket, request: IncomingMessage) => {
    const query = new URL(request.url ?? '/', 'http://localhost').searchParams
    const needed = ['pID', 'sdkVersion', 'sdkLanguage', 'ComputeId', 'FleetId', 'IdempotencyToken']
    if (needed.some((name) => !query.get(name)) || query.get('Authorization') !== tokenNow) {
      return socket.close(1008)
    }
    connections++
    const pid = query.get('pID')!
    const known = processes.get(pid)
    if (known === undefined) processes.set(pid, { socket })
    else known.socket = socket
    const own = processes.get(pid)!
    socket.on('message', (data) => {
      const message = JSON.parse((data as Buffer).toString('utf8')) as Message
      const action = String(message['Action'])
      heard.push({ action, message, pid })
      const refused = refusals.get(action)
      refusals.delete(action)
      if (refused === undefined) take(own, query.get('FleetId')!, action, message)
      socket.send(
        JSON.stringify({
          Action: action,
          RequestId: message['RequestId'],
          StatusCode: refused ?? 200,
          ...(refused === undefined ? {} : { ErrorMessage: 'refused' }),
        }),
      )
    })
  })

  function take(
    own: { process?: ServerProcess; socket: WebSocket },
    fleetId: string,
    action: string,
    message: Message,
  ): void {
    if (action === 'ActivateServerProcess') {
      own.process = {
        fleetId,
        address: '127.0.0.1',
        port: Number(message['Port']),
        start: (session) => {
          const { GameSessionId, IpAddress, Port, GameProperties, MaximumPlayerSessionCount } =
            session
          own.socket.send(
            JSON.stringify({
              Action: 'CreateGameSession',
              RequestId: '',
              GameSessionId,
              IpAddress,
              Port,
              MaximumPlayerSessionCount,
              GameProperties: Object.fromEntries(
                GameProperties.map(({ Key, Value }) => [Key, Value]),
              ),
              GameSessionName: '',
              GameSessionData: '',
              MatchmakerData: '',
              DnsName: '',
            }),
          )
        },
        terminate: () => {
          own.socket.send(
            JSON.stringify({
              Action: 'TerminateProcess',
              RequestId: '',
              TerminationTime: Date.now() + 300_000,
            }),
          )
        },
      }
      gameLift.processes.add(own.process)
    }
    if (action === 'ActivateGameSession') {
      const session = gameLift.sessions.get(String(message['GameSessionId']))
      if (session?.Status === 'ACTIVATING') session.Status = 'ACTIVE'
    }
    if (action === 'TerminateServerProcess' && own.process !== undefined)
      gameLift.ended(own.process)
  }

  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    heard,
    refusals,
    connections: () => connections,
    /** The environment of a process of that fleet. */
    envOf: (fleetId: string, pid: string) => ({
      GAMELIFT_SDK_WEBSOCKET_URL: url,
      GAMELIFT_SDK_AUTH_TOKEN: authToken,
      GAMELIFT_SDK_PROCESS_ID: pid,
      GAMELIFT_SDK_HOST_ID: 'compute-1',
      GAMELIFT_SDK_FLEET_ID: fleetId,
    }),
    /** Cuts all connections. */
    cut: () => {
      for (const { socket } of processes.values()) socket.terminate()
    },
    /** Tells every process to connect anew with another token. */
    refresh: () => {
      tokenNow = 'another-token'
      for (const { socket } of processes.values()) {
        socket.send(
          JSON.stringify({
            Action: 'RefreshConnection',
            RequestId: '',
            RefreshConnectionEndpoint: url,
            AuthToken: tokenNow,
          }),
        )
      }
    },
    stop: () => {
      for (const client of server.clients) client.terminate()
      server.close()
    },
  }
}

// A minimal client over a real socket: frames in, frames out.
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { createSchemas } from '#client/library/schemas.ts'
import { closeReason } from '#shared/protocol/close.ts'
import { encodeClientFrame } from '#shared/protocol/client-frames.ts'
import type { ClientFrame } from '#shared/protocol/client-frames.ts'
import { packControl, serverControl, unpackControl } from '#shared/protocol/control.ts'
import type { ServerControl } from '#shared/protocol/control.ts'
import { decodeServerFrame } from '#shared/protocol/server-frames.ts'
import type { Redirect, ServerFrame, Welcome } from '#shared/protocol/server-frames.ts'
import type { Snapshot } from '#shared/protocol/snapshot.ts'

export type ZoneClient = {
  readonly socket: WebSocket
  readonly frames: ServerFrame[]
  readonly controls: ServerControl[]
  /** The typed reason, or the number of WebSocket's own code; undefined while it is open. */
  closed: string | number | undefined
  send(frame: ClientFrame): void
  say(text: string): void
  /** Resolves when `found` finds something. Checks again at every frame and at the close. */
  until<T>(found: (client: ZoneClient) => T | undefined | false): Promise<T>
  welcome(): Promise<Welcome>
  keyframe(): Promise<Snapshot>
  latest(): Snapshot | undefined
  redirect(): Redirect | undefined
  end(): Promise<string | number>
}

export async function connect(
  port: number,
  options: { origin?: string } = {},
): Promise<ZoneClient> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/zone`, options)
  const watchers = new Set<() => void>()
  const schemas = createSchemas()
  const client: ZoneClient = {
    socket,
    frames: [],
    controls: [],
    closed: undefined,
    send: (frame) => socket.send(encodeClientFrame(frame)),
    say: (text) => {
      client.send({ kind: 'control', body: packControl({ kind: 'chat.nearby', text }) })
    },
    until: (found) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          watchers.delete(check)
          const seen = client.frames.map(({ kind }) => kind).slice(-5)
          reject(new Error(`nothing came; closed: ${client.closed}, frames: ${seen.join(' ')}`))
        }, 5000)
        const check = () => {
          const value = found(client)
          if (value === undefined || value === false) return
          watchers.delete(check)
          clearTimeout(late)
          resolve(value)
        }
        watchers.add(check)
        check()
      }),
    welcome: () => client.until(({ frames }) => frames.find((f) => f.kind === 'welcome')),
    keyframe: () => client.until(({ frames }) => frames.find((f) => f.kind === 'snapshot')),
    latest: () => client.frames.findLast((f) => f.kind === 'snapshot'),
    redirect: () => client.frames.find((f) => f.kind === 'redirect'),
    end: () => client.until(({ closed }) => closed),
  }
  const changed = () => {
    for (const check of watchers) check()
  }
  socket.on('message', (data: Buffer) => {
    const frame = decodeServerFrame(data, schemas.current)
    if (frame.kind === 'schema') return void schemas.take(frame.name, frame.json)
    if (frame.kind === 'refused') throw new Error(`the server sent what cannot be read`)
    client.frames.push(frame)
    if (frame.kind === 'control') {
      client.controls.push(serverControl.parse(unpackControl(frame.body)))
    }
    changed()
  })
  socket.on('close', (code) => {
    client.closed = closeReason(code) ?? code
    changed()
  })
  await once(socket, 'open')
  return client
}

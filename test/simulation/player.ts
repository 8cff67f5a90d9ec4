// A player: enters, joins, walks east, and does what players do: loses the socket, comes back, reloads
// the page, comes in on a second device, stops waiting, leaves. After the last fault he only plays.
import type { Admission } from '#shared/api/world.ts'
import { encodeClientFrame } from '#shared/protocol/client-frames.ts'
import { decodeServerFrame, SERVER_KIND } from '#shared/protocol/server-frames.ts'
import type { Welcome } from '#shared/protocol/server-frames.ts'
import { BUTTON_WALK } from '#shared/rules/movement.ts'
import type { ServerSocket, SimulatedHost } from './simulated-host.ts'
import type { Judge } from './judge.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'

/** WELCOME is read without one. */
const noSchema = { components: [], archetypes: [], abilities: [] }

export type Refused = { retryMs: number; observed: string | undefined; code: string }
/** One `enter` through some function; undefined when no answer came. */
export type Enter = (
  characterId: string,
  accountId: string,
  observed: string | undefined,
) => Promise<Admission | Refused | undefined>

export type Player = {
  characterId: string
  accountId: string
  name: string
  /** Since when he is out of play, virtual ms; undefined while he plays. */
  outSince(): number | undefined
  /** Enters since he was last in play. */
  enters(): number
  start(): void
}

/** A frame comes twice a second. After this long without one the client closes the socket, ms. */
const silentMs = 4000
const stepMs = 250
/** Heading of a step towards higher x. */
const east = 0

type Link = {
  socket: ServerSocket
  host: SimulatedHost
  send(frame: Parameters<typeof encodeClientFrame>[0]): void
  close(): void
  heardAt: number
  welcome: Welcome | undefined
  closed: string | undefined
}

export function createPlayer(deps: {
  scheduler: Scheduler
  judge: Judge
  random: Random
  characterId: string
  accountId: string
  name: string
  enter: Enter
  calm: () => boolean
  /** From then on he does not play, and the judge does not wait for him. */
  retired: () => boolean
}): Player {
  const { scheduler, judge, random, characterId, accountId, name, calm, retired } = deps
  let link: Link | undefined
  let outSince: number | undefined = 0
  let enters = 0
  /** The chance that he does something, each quarter of a second. */
  const restless = random.pick([0.012, 0.012, 0.002])
  let lastWelcome: { address: string; welcome: Welcome } | undefined

  const sleep = async (ms: number) =>
    await new Promise<void>((resolve) => scheduler.after(ms, resolve))
  const note = (text: string) => judge.note(characterId, `${name} ${text}`)

  /** A socket to a host. Frames keep their order; a dead or unknown host refuses. */
  async function connect(address: string): Promise<Link | undefined> {
    await sleep(random.int(5, 30))
    const host = judge.hosts.find(({ bootId }) => bootId === address)
    if (host === undefined || host.ended !== undefined) return undefined
    const latency = random.int(5, 30)
    const down = (run: () => void) => scheduler.after(latency, run)
    const made: Link = {
      host,
      heardAt: scheduler.now(),
      welcome: undefined,
      closed: undefined,
      send(frame) {
        const bytes = encodeClientFrame(frame)
        up(() => socket.listener?.frame(bytes))
      },
      close() {
        if (made.closed !== undefined) return
        made.closed = 'by the client'
        up(() => {
          socket.open = false
          socket.joined = undefined
          host.sockets.delete(socket)
          socket.listener?.closed()
        })
      },
      socket: undefined as unknown as ServerSocket,
    }
    const socket: ServerSocket = {
      listener: undefined,
      open: true,
      joined: undefined,
      onClosed: (reason) => down(() => (made.closed ??= reason)),
      connection: {
        backlogBytes: 0,
        get open() {
          return socket.open
        },
        send(bytes) {
          if (!socket.open) return
          const kind = bytes[1]
          const frame =
            kind === SERVER_KIND.welcome ? decodeServerFrame(bytes, noSchema) : undefined
          if (frame?.kind === 'welcome') {
            socket.joined = { characterId, epoch: judge.welcomed(host, characterId) }
          }
          down(() => {
            made.heardAt = scheduler.now()
            if (frame?.kind === 'welcome') made.welcome = frame
          })
        },
        close(reason) {
          if (!socket.open) return
          socket.open = false
          socket.joined = undefined
          host.sockets.delete(socket)
          socket.onClosed(reason)
        },
      },
    }
    made.socket = socket
    const up = (run: () => void) => scheduler.after(latency, () => host.deliver(run))
    up(() => host.accept(socket))
    return made
  }

  async function welcomed(made: Link): Promise<boolean> {
    for (let waited = 0; waited < silentMs; waited += 50) {
      if (made.welcome !== undefined) return true
      if (made.closed !== undefined) return false
      await sleep(50)
    }
    made.close()
    return false
  }

  async function join(admission: Admission): Promise<Link | undefined> {
    const made = await connect(admission.address)
    if (made === undefined) return undefined
    made.send({ kind: 'join', ticket: admission.ticket })
    // The same ticket on a second socket: from a thief, or from a client that repeats a request.
    if (!calm() && random.chance(0.1)) {
      void connect(admission.address).then((again) => {
        again?.send({ kind: 'join', ticket: admission.ticket })
      })
    }
    if (!(await welcomed(made))) {
      note(`was not let in: ${made.closed}`)
      return undefined
    }
    lastWelcome = { address: admission.address, welcome: made.welcome! }
    return made
  }

  async function resume(): Promise<Link | undefined> {
    if (lastWelcome === undefined) return undefined
    const { address, welcome } = lastWelcome
    lastWelcome = undefined
    const made = await connect(address)
    if (made === undefined) return undefined
    made.send({ kind: 'resume', stay: welcome.stay, secret: welcome.secret })
    if (!(await welcomed(made))) return undefined
    note('resumed')
    lastWelcome = { address, welcome: made.welcome! }
    return made
  }

  async function comeIn(): Promise<Link | undefined> {
    let observed: string | undefined
    while (!retired()) {
      enters++
      const twice = !calm() && random.chance(0.1)
      const other = twice ? enterAndJoin(undefined) : undefined
      const answer = await deps.enter(characterId, accountId, observed)
      if (answer === undefined) note('got no answer from enter')
      else if ('ticket' in answer) {
        if (!calm() && random.chance(0.07)) {
          note('never uses the ticket')
          await sleep(random.int(500, 4000))
          continue
        }
        const made = await join(answer)
        if (made !== undefined) return made
      } else {
        observed = answer.observed ?? (answer.code === 'store' ? observed : undefined)
        note(`may not enter: ${answer.code}`)
        // A banned player tries again now and then. His time out of play counts from the lifting on.
        const isBanned = answer.code === 'auth.banned'
        if (isBanned) enters = 0
        await sleep(isBanned ? 2000 : answer.retryMs)
        continue
      }
      const made = await other
      if (made !== undefined && made.closed === undefined) return made
      await sleep(random.int(300, 1000))
    }
    return undefined
  }

  async function enterAndJoin(observed: string | undefined): Promise<Link | undefined> {
    const answer = await deps.enter(characterId, accountId, observed)
    return answer !== undefined && 'ticket' in answer ? await join(answer) : undefined
  }

  /** Plays until the socket is gone. The caller decides what he does next. */
  async function play(made: Link): Promise<void> {
    const begun = scheduler.now()
    const first = made.welcome!.nextCommand
    let walkAt = 0
    while (made.closed === undefined) {
      const now = scheduler.now()
      if (now - made.heardAt > silentMs) {
        note('hears nothing any more')
        return made.close()
      }
      if (now >= walkAt) {
        walkAt = now + 1500
        const number = first + Math.floor((now - begun) / stepMs) + 1
        const commands = [{ heading: east, buttons: BUTTON_WALK }]
        made.send({ kind: 'input', first: number, commands })
      }
      if (!calm() && random.chance(restless)) {
        const roll = random.next()
        if (roll < 0.25) {
          note('leaves')
          made.send({ kind: 'leave' })
        } else if (roll < 0.6) {
          note('loses the socket')
          return made.close()
        } else if (roll < 0.8) {
          note('reloads the page')
          lastWelcome = undefined
          return made.close()
        } else {
          note('comes in on another device')
          enters++
          const second = await enterAndJoin(undefined)
          if (second !== undefined) {
            // The first device stays on until it is closed.
            link = second
            return play(second)
          }
        }
      }
      await sleep(stepMs)
    }
    note(`is out: ${made.closed}`)
  }

  async function live(): Promise<void> {
    await sleep(random.int(0, 8000))
    for (;;) {
      const back = random.chance(0.5) ? await resume() : undefined
      link = back ?? (await comeIn())
      if (link === undefined) return
      outSince = undefined
      enters = 0
      await play(link)
      outSince = scheduler.now()
      if (!calm() && random.chance(0.2)) await sleep(random.int(1000, 8000))
    }
  }

  return {
    characterId,
    accountId,
    name,
    outSince: () => (retired() ? undefined : outSince),
    enters: () => enters,
    start: () => void live(),
  }
}

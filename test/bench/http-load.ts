// Keeps connections of HTTP/1.1 busy, one request at a time on each, and counts answers. It is
// written by hand: a client that costs more than the server would measure itself.
import { connect } from 'node:net'

export type Load = {
  port: number
  connections: number
  /** The bytes of the next request. */
  request: () => Buffer
  /** What every answer must begin with. */
  status: string
}

const headEnd = Buffer.from('\r\n\r\n')

/** `p99Ms`: how long an answer took that is slower than 99 of 100. */
type Loaded = { rate: number; p99Ms: number }

/** Answers a second over `seconds`, after `warmS` that do not count. `measured` is called at begin and end. */
export async function load(
  { port, connections, request, status }: Load,
  warmS: number,
  seconds: number,
  measured: () => Promise<void>,
): Promise<Loaded> {
  let answered = 0
  let took: number[] = []
  let failure: Error | undefined
  const sockets = Array.from({ length: connections }, () => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let waiting: Buffer = Buffer.alloc(0)
    let asked = 0
    const ask = () => {
      asked = performance.now()
      socket.write(request())
    }
    socket.on('connect', ask)
    socket.on('data', (data: Buffer) => {
      waiting = waiting.length === 0 ? data : Buffer.concat([waiting, data])
      const head = waiting.indexOf(headEnd)
      if (head < 0) return
      const text = waiting.toString('latin1', 0, head)
      const length = /content-length: (\d+)/i.exec(text)?.[1]
      if (!text.startsWith(status) || length === undefined) {
        failure ??= new Error(`answered ${waiting.toString('latin1', 0, 400)}`)
        socket.destroy()
        return
      }
      if (waiting.length < head + headEnd.length + Number(length)) return
      waiting = Buffer.alloc(0)
      answered++
      took.push(performance.now() - asked)
      ask()
    })
    socket.on('error', (error) => (failure ??= error))
    return socket
  })
  const pause = (s: number) => new Promise((resolve) => setTimeout(resolve, s * 1000))
  await pause(warmS)
  await measured()
  took = []
  const [from, at] = [answered, performance.now()]
  await pause(seconds)
  const rate = ((answered - from) * 1000) / (performance.now() - at)
  const p99Ms = took.toSorted((a, b) => a - b)[Math.floor(took.length * 0.99)] ?? 0
  await measured()
  for (const socket of sockets) socket.destroy()
  if (failure !== undefined) throw failure
  return { rate, p99Ms }
}

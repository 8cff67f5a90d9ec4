// Bots in any number: `npm run bots -- --count 50`. Prints what their players would feel.
import { createContent } from '../library/content.ts'
import { webMonotonic, webRuntime } from '../library/web-runtime.ts'
import { createBot } from './bot.ts'
import { readOptions, usage } from './options.ts'
import type { Options } from './options.ts'
import { createRecorder } from './record.ts'
import { createReporter, reportLine } from './report.ts'
import type { Report } from './report.ts'
import { openNodeSocket } from './socket.ts'

/** Bots are updated this often, ms: enough for 30 commands a second. */
const updateEveryMs = 20
const reportEveryMs = 5000
/** A leave takes a round trip and a save. The program does not wait longer than this for a bot, ms. */
const stopWithinMs = 2800
/** A terminal and npm may both forward the same Ctrl-C. Two signals within this time count as one, ms. */
const sameSignalMs = 500

async function run(options: Options): Promise<number> {
  const content = createContent({ baseUrl: options.url, fetch, runtime: webRuntime })
  const recorder = options.record ? createRecorder(options.record, webRuntime.now) : undefined
  const bots = Array.from({ length: options.count }, (_, index) =>
    createBot({
      ...options,
      index,
      chatEveryMs: options.chat ? 8000 : 90_000,
      dropEveryMs: options.drops * 1000,
      content,
      socket: openNodeSocket,
      runtime: webRuntime,
      monotonic: webMonotonic,
      fetch,
      ...(recorder ? { onEvent: (event) => recorder.record(index, event) } : {}),
    }),
  )
  const reporter = createReporter(bots, webMonotonic())
  const print = (report: Report, final: boolean) => {
    console.log(options.json ? JSON.stringify({ ...report, final }) : reportLine(report))
  }

  const stop = new AbortController()
  let stoppedAt = 0
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (!stop.signal.aborted) {
        stoppedAt = webMonotonic()
        stop.abort(new Error(signal))
      } else if (webMonotonic() - stoppedAt > sameSignalMs) process.exit(130)
    })
  }

  const updating = setInterval(() => {
    for (const bot of bots) bot.update()
    recorder?.flush(webMonotonic())
  }, updateEveryMs)
  const reporting = setInterval(() => print(reporter.interim(webMonotonic()), false), reportEveryMs)

  const ending = options.seconds === undefined ? undefined : webMonotonic() + options.seconds * 1000
  const lives: Promise<void>[] = []
  const beganAt = webMonotonic()
  for (const [index, bot] of bots.entries()) {
    if (stop.signal.aborted) break
    lives.push(bot.live())
    // By the clock, so that they come at this rate however busy the machine is.
    const nextAt = beganAt + ((index + 1) * 1000) / options.perSecond
    await pause(nextAt - webMonotonic(), stop.signal)
  }
  reporter.start(webMonotonic())
  const over = Promise.all(lives)
  await Promise.race([
    over,
    ending === undefined ? untilAborted(stop.signal) : pause(ending - webMonotonic(), stop.signal),
  ])

  clearInterval(reporting)
  const report = reporter.total(webMonotonic())
  // Who still waits in the login queue does what he should.
  const unable = bots.filter((bot) => {
    return (bot.arrivedMs === undefined && bot.waiting === undefined) || bot.failed !== undefined
  })
  await Promise.race([
    Promise.all([...bots.map((bot) => bot.stop()), over]),
    pause(stopWithinMs, new AbortController().signal),
  ])
  clearInterval(updating)
  recorder?.flush(webMonotonic(), true)
  print(report, true)
  if (unable.length > 0) console.error(`${unable.length} of ${bots.length} bots could not play.`)
  return unable.length > 0 ? 1 : 0
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** Waits; ends early when the program is stopped. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await webRuntime.sleep(Math.max(0, ms), signal).catch(() => undefined)
}

const options = readOptions(process.argv.slice(2))
if (typeof options === 'string') {
  console.error(`${options}\n\n${usage}`)
  process.exitCode = 2
} else {
  // Sockets of bots that did not leave in time must not keep the process alive.
  process.exit(await run(options))
}

// The commands of one player that wait for their tick. The rule, exactly as docs/protocol.md has it:
//
// `expected` is the number the next tick takes. While the player is `running`, each tick takes one
// number: the command that carries it, or, when it is not there, the newest heading and buttons known,
// for at most `inputRepeatTicks` ticks in a row. After that the player stands, and ticks take no numbers.
// Then the tick after takes the next command that comes, with any number.
//
// A command with a number below `expected` came too late: it is not applied. But while no newer one waits, a
// missing command repeats it. Numbers rise; a command whose number does not is dropped. When more than
// `inputBacklogMax` wait, the oldest are dropped, and `expected` goes on behind them.
import { inputAheadMax, inputBacklogMax, inputRepeatTicks } from '#shared/limits.ts'

export type Commands = {
  expected: number
  running: boolean
  /** Missing commands in a row. */
  missed: number
  /** The heading that a missing command repeats. */
  heading: number
  buttons: number
  /** Commands were dropped since the last tick because too many waited. */
  dropped: boolean
  /** Number of the newest command seen. */
  newest: number
  /** A ring of those that wait: the oldest at `first`. */
  first: number
  waiting: number
  readonly numbers: Float64Array
  readonly headings: Uint16Array
  readonly buttonBits: Uint8Array
}

/** The first number a client may send. */
const firstCommand = 1

export function createCommands(heading: number): Commands {
  return {
    expected: firstCommand,
    running: false,
    missed: 0,
    heading,
    buttons: 0,
    dropped: false,
    newest: firstCommand - 1,
    first: 0,
    waiting: 0,
    numbers: new Float64Array(inputBacklogMax),
    headings: new Uint16Array(inputBacklogMax),
    buttonBits: new Uint8Array(inputBacklogMax),
  }
}

/** Drops waiting commands; the player stands. Numbers go on at `expected`. For a client that came back. */
export function haltCommands(commands: Commands): void {
  commands.running = false
  commands.missed = 0
  commands.waiting = 0
  commands.buttons = 0
  commands.newest = commands.expected - 1
}

/** Takes in one command of a client. */
export function offerCommand(
  commands: Commands,
  number: number,
  heading: number,
  buttons: number,
): void {
  if (number <= commands.newest || number > commands.expected + inputAheadMax) return
  commands.newest = number
  if (number < commands.expected) {
    commands.heading = heading
    commands.buttons = buttons
    return
  }
  if (commands.waiting === inputBacklogMax) {
    commands.first = (commands.first + 1) % inputBacklogMax
    commands.waiting--
    commands.dropped = true
    commands.expected = Math.max(commands.expected, commands.numbers[commands.first]!)
  }
  const at = (commands.first + commands.waiting) % inputBacklogMax
  commands.numbers[at] = number
  commands.headings[at] = heading
  commands.buttonBits[at] = buttons
  commands.waiting++
}

/**
 * Takes the number of this tick. `applied`: its command is now in `heading` and `buttons`. `missing`:
 * they hold the repeated values. `standing`: no number was taken.
 */
export function takeCommand(commands: Commands): 'applied' | 'missing' | 'standing' {
  if (!commands.running) {
    if (commands.waiting === 0) return 'standing'
    commands.running = true
    commands.expected = commands.numbers[commands.first]!
  }
  if (commands.waiting > 0 && commands.numbers[commands.first] === commands.expected) {
    commands.heading = commands.headings[commands.first]!
    commands.buttons = commands.buttonBits[commands.first]!
    commands.first = (commands.first + 1) % inputBacklogMax
    commands.waiting--
    commands.missed = 0
    commands.expected++
    return 'applied'
  }
  if (commands.missed === inputRepeatTicks) {
    commands.running = false
    commands.missed = 0
    commands.buttons = 0
    return 'standing'
  }
  commands.missed++
  commands.expected++
  return 'missing'
}

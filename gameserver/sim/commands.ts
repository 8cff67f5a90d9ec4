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
//
// A use of an ability counts only in the tick of its own number: a command that is late, pushed out or dropped
// takes its use with it, and that is refused. The number of the command is the request's number.
import { inputAheadMax, inputBacklogMax, inputRepeatTicks } from '#shared/limits.ts'
import type { Use } from '#shared/rules/own-state.ts'

export type Commands = {
  expected: number
  running: boolean
  /** Missing commands in a row. */
  missed: number
  /** The heading that a missing command repeats. */
  heading: number
  buttons: number
  /** What the command of this tick uses. */
  use: Use | undefined
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
  readonly uses: (Use | undefined)[]
  /** The latest numbers seen, each at its remainder: tells a command that was overtaken from a repeated one. */
  readonly seen: Float64Array
}

/** The first number a client may send. */
const firstCommand = 1
/** How many numbers back a command that was overtaken is still known from a repeated one. */
const seenNumbers = 64

export function createCommands(heading: number): Commands {
  return {
    expected: firstCommand,
    running: false,
    missed: 0,
    heading,
    buttons: 0,
    use: undefined,
    dropped: false,
    newest: firstCommand - 1,
    first: 0,
    waiting: 0,
    numbers: new Float64Array(inputBacklogMax),
    headings: new Uint16Array(inputBacklogMax),
    buttonBits: new Uint8Array(inputBacklogMax),
    uses: Array.from({ length: inputBacklogMax }),
    seen: new Float64Array(seenNumbers),
  }
}

/**
 * Drops waiting commands; the player stands. Numbers go on at `expected`. For a client that came back.
 * `refused` is told of each command that used an ability.
 */
export function haltCommands(commands: Commands, refused: (command: number) => void): void {
  for (; commands.waiting > 0; commands.waiting--) {
    const { first } = commands
    if (commands.uses[first] !== undefined) refused(commands.numbers[first]!)
    commands.first = (first + 1) % inputBacklogMax
  }
  commands.running = false
  commands.missed = 0
  commands.buttons = 0
  commands.newest = commands.expected - 1
  commands.seen.fill(0)
}

/**
 * Takes in one command of a client. Answers the number of a command that used an ability and will not be
 * applied any more; 0 for none.
 */
export function offerCommand(
  commands: Commands,
  number: number,
  heading: number,
  buttons: number,
  use?: Use,
): number {
  const { seen } = commands
  const tooLate = use === undefined ? 0 : number
  if (number > commands.expected + inputAheadMax) return tooLate
  const place = number % seenNumbers
  const repeated = seen[place]! >= number
  if (!repeated) seen[place] = number
  if (number <= commands.newest) return repeated ? 0 : tooLate
  commands.newest = number
  if (number < commands.expected) {
    commands.heading = heading
    commands.buttons = buttons
    return tooLate
  }
  let pushedOut = 0
  if (commands.waiting === inputBacklogMax) {
    if (commands.uses[commands.first] !== undefined) pushedOut = commands.numbers[commands.first]!
    commands.first = (commands.first + 1) % inputBacklogMax
    commands.waiting--
    commands.dropped = true
    commands.expected = Math.max(commands.expected, commands.numbers[commands.first]!)
  }
  const at = (commands.first + commands.waiting) % inputBacklogMax
  commands.numbers[at] = number
  commands.headings[at] = heading
  commands.buttonBits[at] = buttons
  commands.uses[at] = use
  commands.waiting++
  return pushedOut
}

/**
 * Takes the number of this tick. `applied`: its command is now in `heading` and `buttons`. `missing`:
 * they hold the repeated values. `standing`: no number was taken.
 */
export function takeCommand(commands: Commands): 'applied' | 'missing' | 'standing' {
  commands.use = undefined
  if (!commands.running) {
    if (commands.waiting === 0) return 'standing'
    commands.running = true
    commands.expected = commands.numbers[commands.first]!
  }
  if (commands.waiting > 0 && commands.numbers[commands.first] === commands.expected) {
    commands.heading = commands.headings[commands.first]!
    commands.buttons = commands.buttonBits[commands.first]!
    commands.use = commands.uses[commands.first]
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

// One's own movement, shown before the server answers.
//
// The client applies each command with the server's own integer step and keeps it until a snapshot
// acknowledges it. A snapshot has the exact body after command `ack`. If that is what was predicted, there
// is nothing to do. If not, the commands after `ack` are applied again from there. Since both sides run the
// same step, a correction has another cause: a command that came too late, a wall that the client does not
// know, or a body that was moved by something else.
import { walkSpeedSteps, playerRadius } from '#shared/rules/units.ts'
import { stepPlayer } from '#shared/rules/movement.ts'
import type { Body, Command } from '#shared/rules/movement.ts'
import type { Walls } from '#shared/rules/walls.ts'

/**
 * Commands kept without an answer: 64 are 3.2 s at 20 Hz. Beyond that the body waits for the server: on a
 * dead connection each further step would be taken back.
 */
const unackedMax = 64

export type Prediction = {
  /** Applies a command and gives its number; undefined when too many wait for an answer. */
  step(command: Command): number | undefined
  /**
   * Takes the acknowledged command and the body after it.
   * - `agreed`: as predicted.
   * - `corrected`: the rest was applied again from there.
   * - `jumped`: the server is ahead of what was sent; numbering goes on `lead` after it.
   */
  acknowledge(ack: number, own: Body, lead: number): 'agreed' | 'corrected' | 'jumped'
  /** Replaces the walls (content was loaded again). */
  setWalls(walls: Walls): void
  /** The body after the newest command, and after the one before it. */
  readonly body: Body
  readonly previous: Body
  /** The number of the next command. */
  readonly next: number
  readonly unacked: number
}

type Pending = { number: number; command: Command; after: Body }

/** `nextCommand` and the own body come from WELCOME and the first snapshot. */
export function createPrediction(
  own: Body,
  nextCommand: number,
  tickHz: number,
  walls: Walls,
): Prediction {
  let base = { number: nextCommand - 1, body: { ...own } }
  let pending: Pending[] = []
  let next = nextCommand
  let previous = base.body

  const head = () => pending.at(-1)?.after ?? base.body
  const after = (body: Body, command: Command): Body => {
    const moved = { ...body }
    stepPlayer(moved, command, walkSpeedSteps, tickHz, walls, playerRadius)
    return moved
  }

  /** Applies what is pending from the base again. Returns whether the newest body differs from `before`. */
  const replay = (before: Body): boolean => {
    let body = base.body
    for (const each of pending) {
      each.after = after(body, each.command)
      body = each.after
    }
    // What is drawn lies between the last two bodies: both move, so that the way drawn keeps its shape.
    previous = {
      ...previous,
      x: previous.x + body.x - before.x,
      y: previous.y + body.y - before.y,
    }
    return !same(before, body)
  }

  return {
    step(command) {
      if (pending.length >= unackedMax) return undefined
      const number = next++
      previous = head()
      pending.push({ number, command, after: after(previous, command) })
      return number
    },
    acknowledge(ack, own, lead) {
      const expected =
        ack === base.number ? base.body : pending.find((each) => each.number === ack)?.after
      const ahead = ack >= next
      const before = head()
      pending = pending.filter((each) => each.number > ack)
      base = { number: ack, body: { ...own } }
      // With a number below the server's count every further command would come too late as well.
      if (ahead) next = ack + 1 + lead
      if (expected !== undefined && same(expected, own)) return 'agreed'
      return replay(before) ? (ahead ? 'jumped' : 'corrected') : 'agreed'
    },
    setWalls(changed) {
      walls = changed
      replay(head())
    },
    get body() {
      return head()
    },
    get previous() {
      return previous
    },
    get next() {
      return next
    },
    get unacked() {
      return pending.length
    },
  }
}

function same(a: Body, b: Body): boolean {
  return a.x === b.x && a.y === b.y && a.heading === b.heading && a.speed === b.speed
}

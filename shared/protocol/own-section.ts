// The section SELF of a snapshot: the player's own state, as it is after the acknowledged command, and the
// changes that are announced. Steps are those that are left. It comes when the client cannot know it: a change
// that the server imposes, an ability that was refused, a count of commands that jumped; and in a keyframe
// unless the state is that of a plain walker.
//
//   u16 speed, u16 radius                                      of walking
//   u16 scale (of 256), u16 steps                              slowed or hastened
//   u16 steps                                                  rooted
//   u16 heading, u16 speed, u16 steps                          pushed
//   u8 ability (255: none), u16 steps, u16 heading             being cast
//   u8 count, count x (u8 ability, u32 steps)                  cool-downs
//   u8 count, count x (u32 command, u8 kind, u16, u16, u16)    from this command on:
//     1 gait  speed, radius, 0
//     2 scale scale, steps, 0
//     3 root  steps, 0, 0
//     4 push  heading, speed, steps
import type { Announced, Change, OwnState } from '../rules/own-state.ts'
import type { Reader, Writer } from './bytes.ts'

/** `state` counts from 0: what is left. */
export type SelfSection = { section: 'self'; state: OwnState; announced: Announced[] }

const noAbility = 255
const GAIT = 1
const SCALE = 2
const ROOT = 3
const PUSH = 4

export function writeSelf(w: Writer, state: OwnState, announced: readonly Announced[]): void {
  w.u16(state.speed).u16(state.radius)
  w.u16(state.scale).u16(state.scaleUntil).u16(state.rootUntil)
  w.u16(state.pushHeading).u16(state.pushSpeed).u16(state.pushUntil)
  w.u8(state.castAbility < 0 ? noAbility : state.castAbility)
  w.u16(state.castUntil).u16(state.castHeading)
  w.u8(state.readyAt.size)
  for (const [ability, steps] of state.readyAt) w.u8(ability).u32(steps)
  w.u8(announced.length)
  for (const { at, change } of announced) {
    w.u32(at)
    writeChange(w, change)
  }
}

function writeChange(w: Writer, change: Change): void {
  switch (change.change) {
    case 'gait':
      w.u8(GAIT).u16(change.speed).u16(change.radius).u16(0)
      break
    case 'scale':
      w.u8(SCALE).u16(change.scale).u16(change.steps).u16(0)
      break
    case 'root':
      w.u8(ROOT).u16(change.steps).u16(0).u16(0)
      break
    case 'push':
      w.u8(PUSH).u16(change.heading).u16(change.speed).u16(change.steps)
      break
  }
}

/** Undefined for a change that does not exist. */
export function readSelf(r: Reader): SelfSection | undefined {
  const gait = { speed: r.u16(), radius: r.u16() }
  const scale = { scale: r.u16(), scaleUntil: r.u16() }
  const rootUntil = r.u16()
  const push = { pushHeading: r.u16(), pushSpeed: r.u16(), pushUntil: r.u16() }
  const ability = r.u8()
  const castAbility = ability === noAbility ? -1 : ability
  const cast = { castAbility, castUntil: r.u16(), castHeading: r.u16() }
  const readyAt = new Map<number, number>()
  for (let count = r.u8(); count > 0 && !r.failed; count--) readyAt.set(r.u8(), r.u32())
  const announced: Announced[] = []
  for (let count = r.u8(); count > 0 && !r.failed; count--) {
    const at = r.u32()
    const change = readChange(r)
    if (change === undefined) return undefined
    announced.push({ at, change })
  }
  const state = { ...gait, ...scale, rootUntil, ...push, ...cast, readyAt }
  return { section: 'self', state, announced }
}

function readChange(r: Reader): Change | undefined {
  const kind = r.u8()
  const [a, b, c] = [r.u16(), r.u16(), r.u16()]
  switch (kind) {
    case GAIT:
      return { change: 'gait', speed: a, radius: b }
    case SCALE:
      return { change: 'scale', scale: a, steps: b }
    case ROOT:
      return { change: 'root', steps: a }
    case PUSH:
      return { change: 'push', heading: a, speed: b, steps: c }
    default:
      return undefined
  }
}

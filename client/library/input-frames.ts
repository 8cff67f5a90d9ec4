// Puts the commands of some ticks together into one input frame.
import { commandsPerFrameMax } from '#shared/protocol/client-frames.ts'
import type { ClientFrame, CommandFrame } from '#shared/protocol/client-frames.ts'

/** Input packets a second. At 20 Hz that is two commands a packet. */
const packetsPerSecond = 10

export type InputFrame = Extract<ClientFrame, { kind: 'input' }>

export type InputFrames = {
  add(number: number, command: CommandFrame): void
  /** Ends the frame under way, even if it has room for more commands. */
  flush(): void
  /** The complete frames; each is taken once. `known`: the tick of the newest snapshot. */
  take(known: number): InputFrame[]
}

export function createInputFrames(tickHz: number): InputFrames {
  const perFrame = Math.min(commandsPerFrameMax, Math.max(1, Math.round(tickHz / packetsPerSecond)))
  let open: InputFrame | undefined
  let complete: InputFrame[] = []

  const flush = () => {
    if (open) complete.push(open)
    open = undefined
  }

  return {
    add(number, command) {
      // Numbers in a frame follow each other: a jump begins a new one.
      if (open && open.first + open.commands.length !== number) flush()
      open ??= { kind: 'input', first: number, commands: [] }
      open.commands.push(command)
      if (open.commands.length >= perFrame) flush()
    },
    flush,
    take(known) {
      const taken = complete.map((frame) => ({ ...frame, known }))
      complete = []
      return taken
    },
  }
}

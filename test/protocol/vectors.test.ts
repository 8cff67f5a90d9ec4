// The bytes of every kind of frame, held by golden vectors (vectors.json, named in docs/protocol.md),
// and the decoders with all that is nearly such a frame.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPrediction } from '#client/library/prediction.ts'
import { ruleOf } from '#shared/components/abilities.ts'
import type { Zone } from '#shared/content/content.ts'
import { chatMaxLength } from '#shared/limits.ts'
import {
  CLIENT_KIND,
  decodeClientFrame,
  encodeClientFrame,
} from '#shared/protocol/client-frames.ts'
import type { ClientFrame, CommandFrame } from '#shared/protocol/client-frames.ts'
import { CLOSE, closeReason } from '#shared/protocol/close.ts'
import {
  clientControl,
  cutText,
  packControl,
  serverControl,
  unpackControl,
} from '#shared/protocol/control.ts'
import type { ControlMessage } from '#shared/protocol/control.ts'
import {
  SERVER_KIND,
  decodeServerFrame,
  encodeServerFrame,
} from '#shared/protocol/server-frames.ts'
import type { ServerFrame } from '#shared/protocol/server-frames.ts'
import type { Schema } from '#shared/components/schema.ts'
import type { Snapshot } from '#shared/protocol/snapshot.ts'
import { cosOf, dxOf, dyOf } from '#shared/rules/heading.ts'
import { stepPlayer } from '#shared/rules/movement.ts'
import { plainState } from '#shared/rules/own-state.ts'
import type { Announced } from '#shared/rules/own-state.ts'
import type { Body, Command } from '#shared/rules/movement.ts'
import { metresToUnits, playerRadius, walkSpeedSteps } from '#shared/rules/units.ts'
import { buildWalls } from '#shared/rules/walls.ts'

type Vector = { name: string; hex: string; frame: unknown; message?: unknown }
type Malformed = { name: string; from: 'client' | 'server'; hex: string }
const file = JSON.parse(
  readFileSync(new URL('../../shared/protocol/vectors.json', import.meta.url), 'utf8'),
  (key, value: unknown) => {
    if (key === 'readyAt') return new Map(value as [number, number][])
    const bytes = (value as { hex?: unknown; name?: unknown } | null) ?? {}
    const isBytes = typeof bytes === 'object' && typeof bytes.hex === 'string' && !('name' in bytes)
    return isBytes ? new Uint8Array(Buffer.from(bytes.hex as string, 'hex')) : value
  },
) as {
  schema: Schema
  client: Vector[]
  server: Vector[]
  snapshots: Vector[]
  malformed: Malformed[]
}

const readServerFrame = (bytes: Uint8Array) => decodeServerFrame(bytes, file.schema)
const bytesOf = ({ hex }: Vector) => new Uint8Array(Buffer.from(hex, 'hex'))
const fromServer = [...file.server, ...file.snapshots]

/** Every truncation, one byte more, and every value at every place. */
function* near(bytes: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < bytes.length; length++) yield bytes.slice(0, length)
  yield new Uint8Array([...bytes, 0])
  for (let at = 0; at < bytes.length; at++) {
    for (let value = 0; value < 256; value++) {
      const changed = bytes.slice()
      changed[at] = value
      yield changed
    }
  }
}

const refusals = ['protocol.version', 'protocol.malformed']

describe.each(file.client)('client frame $name', (vector) => {
  test('is written and read as the vector says', () => {
    const frame = vector.frame as ClientFrame
    expect(Buffer.from(encodeClientFrame(frame)).toString('hex')).toBe(vector.hex)
    expect(decodeClientFrame(bytesOf(vector))).toEqual(frame)
  })

  test('cut short or with any byte changed is a frame or a typed refusal, and never throws', () => {
    for (const bytes of near(bytesOf(vector))) {
      const frame = decodeClientFrame(bytes)
      if (frame.kind === 'refused') {
        expect(refusals).toContain(frame.reason)
        continue
      }
      // A frame that is accepted encodes to exactly these bytes.
      expect(encodeClientFrame(frame)).toEqual(bytes)
      if (frame.kind === 'control') clientControl.safeParse(unpackControl(frame.body))
    }
  })
})

describe.each(fromServer)('server frame $name', (vector) => {
  test('is written and read as the vector says', () => {
    const frame = vector.frame as ServerFrame
    expect(readServerFrame(bytesOf(vector))).toEqual(frame)
    if (frame.kind === 'snapshot') return
    expect(Buffer.from(encodeServerFrame(frame)).toString('hex')).toBe(vector.hex)
  })

  test('cut short or with any byte changed is a frame or a typed refusal, and never throws', () => {
    for (const bytes of near(bytesOf(vector))) {
      const frame = readServerFrame(bytes)
      if (frame.kind === 'refused') expect(refusals).toContain(frame.reason)
      if (frame.kind === 'control') unpackControl(frame.body)
    }
  })
})

describe('vectors', () => {
  test('hold every kind of frame', () => {
    const kinds = (vectors: Vector[]) =>
      vectors.map(({ frame }) => (frame as { kind: string }).kind)
    expect(new Set(kinds(file.client))).toEqual(new Set(Object.keys(CLIENT_KIND)))
    expect(new Set(kinds(fromServer))).toEqual(new Set(Object.keys(SERVER_KIND)))
  })

  test('hold what each control body means, and every kind that the core sends', () => {
    const controls = [...file.client, ...fromServer].flatMap(({ frame, message }) => {
      const { kind, body } = frame as { kind: string; body: Uint8Array }
      return kind === 'control' ? [{ body, message }] : []
    })
    for (const { body, message } of controls) {
      expect(unpackControl(body)).toEqual(message)
      expect(new Uint8Array(packControl(message as ControlMessage))).toEqual(body)
    }
    const kinds = serverControl.options.map(({ shape }) => shape.kind.value)
    const told = file.server.flatMap(({ message }) => serverControl.safeParse(message).data ?? [])
    expect(new Set(told.map(({ kind }) => kind))).toEqual(new Set(kinds))
    expect(told.filter(({ kind }) => kind === 'used')).toHaveLength(2)
  })

  test.each(file.malformed)('hold what is malformed from the $from: $name', ({ from, hex }) => {
    const bytes = new Uint8Array(Buffer.from(hex, 'hex'))
    const frame = from === 'client' ? decodeClientFrame(bytes) : readServerFrame(bytes)
    expect(frame).toEqual({ kind: 'refused', reason: 'protocol.malformed' })
  })

  test('hold a text that is too long by one byte, and nothing else is wrong with it', () => {
    const { hex } = file.malformed[0]!
    const shorter = hex.replace(/2961/, '28')
    expect(readServerFrame(new Uint8Array(Buffer.from(shorter, 'hex')))).toMatchObject({
      kind: 'snapshot',
    })
  })

  test('hold every kind of section and record', () => {
    const sections = file.snapshots.flatMap(({ frame }) => (frame as Snapshot).sections)
    expect(new Set(sections.map(({ section }) => section))).toEqual(
      new Set(['drop', 'block', 'cell', 'own', 'party', 'self']),
    )
    const records = sections.flatMap((s) => ('records' in s ? s.records : []))
    expect(new Set(records.map(({ record }) => record))).toEqual(
      new Set(['entity', 'motion', 'gone', 'parts']),
    )
  })
})

describe('a version that is not spoken', () => {
  test.each([0, 1, 15])('%i is refused as such, whatever follows', (version) => {
    for (const decode of [decodeClientFrame, readServerFrame]) {
      expect(decode(new Uint8Array([version << 4]))).toEqual({
        kind: 'refused',
        reason: 'protocol.version',
      })
    }
  })
})

describe('a control body', () => {
  // {kind: "a"} in many ways that are refused.
  test.each([
    // d4 72 40: msgpackr's definition of record 0x40 with the fields kind and text.
    ['defines a record', 'd4724092a46b696e64a474657874ab636861742e6e6561726279a178'],
    ['has a key twice', '82a46b696e64a161a46b696e64a162'],
    ['has ill-formed UTF-8 in a value', '81a46b696e64a2c328'],
    ['has ill-formed UTF-8 in a key', '82a46b696e64a161a1ff01'],
    ['has a surrogate as UTF-8', '81a46b696e64a3eda080'],
    ['has a key that is no text', '82a46b696e64a1610102'],
    ['goes on behind the value', '81a46b696e64a161c0'],
    ['is cut off', '81a46b696e64a261'],
    ['names more fields than come', 'dfffffffffa46b696e64a161'],
    ['has an extension', '81a46b696e64d40001'],
    ['has an integer beyond 2^53', '81a46b696e64cf0020000000000001'],
    ['is empty', ''],
  ])('that %s is malformed', (_, hex) => {
    expect(unpackControl(Buffer.from(hex, 'hex'))).toBeUndefined()
  })

  test('is read as it was written', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 300 })
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(null, true, false),
        fc.maxSafeInteger(),
        fc.integer(),
        fc.double({ noNaN: true }).map((double) => double + 0),
        text,
        fc.uint8Array({ maxLength: 300 }),
        fc.array(tie('value'), { maxLength: 20 }),
        fc.dictionary(
          text.filter((key) => key !== '__proto__'),
          tie('value'),
          { noNullPrototype: true },
        ),
      ),
    })).value
    fc.assert(
      fc.property(value, (written) => {
        const body = packControl({ kind: 'game.any', value: written })
        expect(unpackControl(body)).toEqual({ kind: 'game.any', value: written })
      }),
    )
  })

  test('is never read from noise with an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void unpackControl(bytes)),
      { numRuns: 2000 },
    )
  })

  test('cannot reach the prototype of anything', () => {
    // {"__proto__": {"polluted": 1}}
    const body = Buffer.from('81a95f5f70726f746f5f5f81a8706f6c6c7574656401', 'hex')
    unpackControl(body)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    expect(clientControl.safeParse(unpackControl(body)).success).toBe(false)
  })

  test('nested as deep as a frame allows is refused without harm', () => {
    expect(unpackControl(new Uint8Array(4094).fill(0x91))).toBeUndefined()
  })
})

test('close codes are all different, inside the private range, and find their reason again', () => {
  const codes = Object.values(CLOSE)
  expect(new Set(codes).size).toBe(codes.length)
  for (const [reason, code] of Object.entries(CLOSE)) {
    expect(code).toBeGreaterThanOrEqual(4000)
    expect(code).toBeLessThan(5000)
    expect(closeReason(code)).toBe(reason)
  }
  expect(closeReason(1006)).toBeUndefined()
})

describe('movement vectors', () => {
  const { movement } = JSON.parse(
    readFileSync(new URL('../../shared/protocol/vectors.json', import.meta.url), 'utf8'),
  ) as { movement: MovementVectors }

  test('hold the table of headings by its hash, which docs/protocol.md names', () => {
    const table = Buffer.alloc(2048)
    for (let i = 0; i < 1024; i++) table.writeInt16LE(cosOf(i << 6), i * 2)
    const hash = createHash('sha256').update(table).digest('hex')
    expect(movement.headingTableSha256).toBe(hash)
    const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8')
    expect(page).toContain(hash)
  })

  test.each(movement.displacements)(
    'heading $heading at speed $speed and $tickHz Hz moves by $dx, $dy',
    ({ heading, speed, tickHz, dx, dy }) => {
      expect([dxOf(heading, speed, tickHz), dyOf(heading, speed, tickHz)]).toEqual([dx, dy])
    },
  )

  test('round halves up, in metres and in steps of either sign', () => {
    for (const { metres, units } of movement.metres) expect(metresToUnits(metres)).toBe(units)
    const halves = movement.displacements.filter(({ heading, speed, tickHz }) => {
      const exact = (cosOf(heading) * ((speed * 60) / tickHz)) / 16_384
      return Math.abs(exact % 1) === 0.5
    })
    expect(new Set(halves.map(({ dx }) => Math.sign(dx)))).toEqual(new Set([1, -1]))
  })

  test.each(movement.steps)('a step $name', ({ tickHz, from, commands, after }) => {
    const walls = buildWalls(movement.zone)
    const body = { ...from }
    const bodies = commands.map((command) => {
      stepPlayer(body, command, walkSpeedSteps, tickHz, walls, playerRadius)
      return { ...body }
    })
    expect(bodies).toEqual(after)
  })

  test.each(movement.own)('steps with a state of one’s own: $name', (story) => {
    const { from, firstCommand, tickHz, announced, commands, after } = story
    const rules = file.schema.abilities.map((told) => ruleOf(told, tickHz))
    const walls = buildWalls(movement.zone)
    const first = { state: plainState, announced }
    const prediction = createPrediction(from, firstCommand, tickHz, walls, rules, first)
    const bodies = commands.map(({ use, ...command }) => {
      prediction.step(command, use)
      return { ...prediction.body }
    })
    expect(bodies).toEqual(after)
  })
})

type MovementVectors = {
  headingTableSha256: string
  displacements: { heading: number; speed: number; tickHz: number; dx: number; dy: number }[]
  metres: { metres: number; units: number }[]
  zone: Pick<Zone, 'width' | 'height' | 'walls'>
  steps: { name: string; tickHz: number; from: Body; commands: Command[]; after: Body[] }[]
  own: {
    name: string
    tickHz: number
    from: Body
    firstCommand: number
    announced: Announced[]
    commands: CommandFrame[]
    after: Body[]
  }[]
}

describe('a line of chat', () => {
  const takes = (text: string) => clientControl.safeParse({ kind: 'chat.nearby', text }).success

  test('is counted in code points', () => {
    expect(takes('😀'.repeat(chatMaxLength))).toBe(true)
    expect(takes('😀'.repeat(chatMaxLength + 1))).toBe(false)
    expect(takes('é'.repeat(chatMaxLength))).toBe(true)
    expect(takes(cutText('😀'.repeat(chatMaxLength + 1), chatMaxLength))).toBe(true)
    expect(cutText('a😀b', 2)).toBe('a😀')
  })
})

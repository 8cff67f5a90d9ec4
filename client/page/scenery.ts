// How roads, walls, houses, trees and water are drawn from above, a little from the south.
import type { Zone } from '#shared/content/content.ts'
import { disc, scatter, shade } from './paint.ts'
import type { Brush } from './paint.ts'

type Wall = Zone['walls'][number]
type Box = { x: number; y: number; width: number; height: number }

const wallColor = '#8a8578'
export const shadowColor = '#0a1410'
/** Things stand out of the ground: their shadow falls this far, in metres. */
const shadowFalls = 0.55
/** What is drawn of a wall stays within this distance of its box, in metres. */
const sceneryReach = 1.5

/** Draws the part of a zone that lies in a box of metres. `pattern` covers the ground. */
export function drawScenery(brush: Brush, zone: Zone, part: Box, pattern: CanvasPattern): void {
  const pen = createPen(brush)
  const inPart = (box: Box, reach: number) =>
    box.x - reach < part.x + part.width &&
    box.y - reach < part.y + part.height &&
    box.x + box.width + reach > part.x &&
    box.y + box.height + reach > part.y

  pen.rect(0, 0, zone.width, zone.height).fill(zone.ground)
  brush.fillStyle = pattern
  brush.fillRect(0, 0, zone.width, zone.height)
  const floors = (zone.floors ?? []).filter((floor) => inPart(floor, 1))
  for (const { x, y, width, height, color } of floors) {
    pen.rect(x - 0.15, y - 0.15, width + 0.3, height + 0.3).fill(shade(color, -0.2))
  }
  for (const floor of floors) drawFloor(pen, floor, part)

  // From north to south: a nearer thing lies over a farther one.
  const walls = zone.walls
    .filter((wall) => inPart(wall, sceneryReach))
    .toSorted((a, b) => a.y - b.y)
  for (const wall of walls)
    if (!Object.hasOwn(ROUND, wall.appearance ?? '')) castShadow(brush, wall)
  brush.fillStyle = `${shadowColor}3d`
  brush.fill()
  for (const wall of walls) drawWall(brush, pen, wall)

  brush.strokeStyle = '#10171c80'
  brush.lineWidth = 0.8
  brush.strokeRect(0, 0, zone.width, zone.height)
}

function drawWall(brush: Brush, pen: Pen, wall: Wall): void {
  const { x, y, width, height, color = wallColor, appearance = '' } = wall
  const round = ROUND[appearance]
  brush.save()
  if (round) {
    const { margin } = round
    brush.translate(x - margin, y - margin)
    round.draw(brush, width + margin * 2, height + margin * 2, margin, color)
  } else {
    brush.beginPath()
    const draw = STRAIGHT[appearance] ?? drawStone
    draw(pen, wall, color)
  }
  brush.restore()
}

const slab = { width: 2, height: 1.25 }

/** Slabs, of which some are a little lighter or darker than the others. */
function drawFloor(pen: Pen, floor: Box & { color: string }, part: Box): void {
  const { x, y, width, height, color } = floor
  pen.rect(x, y, width, height).fill(color)
  const firstRow = Math.max(0, Math.floor((part.y - y) / slab.height))
  const lastY = Math.min(y + height, part.y + part.height)
  for (let row = firstRow; y + row * slab.height < lastY; row++) {
    const top = y + row * slab.height
    const low = Math.min(top + slab.height, y + height)
    const shift = (row % 2) * (slab.width / 2)
    for (let column = 0; x + column * slab.width - shift < x + width; column++) {
      const left = Math.max(x, x + column * slab.width - shift)
      const right = Math.min(x + (column + 1) * slab.width - shift, x + width)
      if (right < part.x || left > part.x + part.width) continue
      const tone = ((row * 7 + column * 13 + row * column * 3) % 11) - 5
      if (Math.abs(tone) > 2) {
        pen.rect(left, top, right - left, low - top).fill(shade(color, tone * 0.012))
      }
      pen.rect(right - 0.05, top, 0.05, low - top)
    }
    pen.rect(x, low - 0.05, width, 0.05).fill(shade(color, -0.14))
  }
}

/** Adds the shadow of a box to the path. */
function castShadow(brush: Brush, { x, y, width, height }: Box): void {
  brush.moveTo(x + width, y)
  brush.lineTo(x + width + shadowFalls, y + shadowFalls)
  brush.lineTo(x + width + shadowFalls, y + height + shadowFalls)
  brush.lineTo(x + shadowFalls, y + height + shadowFalls)
  brush.lineTo(x, y + height)
  brush.closePath()
}

/** Boxes, then their colour. */
type Pen = {
  rect(x: number, y: number, width: number, height: number): Pen
  fill(color: string): void
}

function createPen(brush: Brush): Pen {
  brush.beginPath()
  const pen: Pen = {
    rect(x, y, width, height) {
      brush.rect(x, y, width, height)
      return pen
    },
    fill(color) {
      brush.fillStyle = color
      brush.fill()
      brush.beginPath()
    },
  }
  return pen
}

/** Tufts, pebbles and soft patches, in black and white over any colour. Seamless. */
export function drawPattern(brush: Brush, size: number): void {
  const random = scatter(7)
  const everywhere = (
    x: number,
    y: number,
    reach: number,
    draw: (x: number, y: number) => void,
  ) => {
    for (const dx of [-size, 0, size]) {
      for (const dy of [-size, 0, size]) {
        const [atX, atY] = [x + dx, y + dy]
        if (atX > -reach && atX < size + reach && atY > -reach && atY < size + reach) draw(atX, atY)
      }
    }
  }
  for (let i = 0; i < 60; i++) {
    const reach = 1.5 + random() * 3
    const light = random() < 0.5
    everywhere(random() * size, random() * size, reach, (x, y) => {
      const soft = brush.createRadialGradient(x, y, 0, x, y, reach)
      soft.addColorStop(0, light ? '#ffffff12' : '#00000012')
      soft.addColorStop(1, light ? '#ffffff00' : '#00000000')
      brush.fillStyle = soft
      brush.fillRect(x - reach, y - reach, reach * 2, reach * 2)
    })
  }
  brush.lineCap = 'round'
  for (let i = 0; i < 520; i++) {
    const kind = random()
    const lean = random() * 0.2 - 0.1
    const height = 0.16 + random() * 0.16
    everywhere(random() * size, random() * size, 0.5, (x, y) => {
      if (kind < 0.8) {
        brush.strokeStyle = kind < 0.5 ? '#00000020' : '#ffffff24'
        brush.lineWidth = 0.06
        brush.beginPath()
        for (const side of [-0.13, 0, 0.13]) {
          brush.moveTo(x + side, y)
          brush.lineTo(x + side * 1.7 + lean, y - height)
        }
        brush.stroke()
      } else {
        disc(brush, x, y, 0.07 + lean * 0.2, 0.05)
        brush.fillStyle = kind < 0.9 ? '#00000022' : '#ffffff30'
        brush.fill()
      }
    })
  }
}

/** The part of a thing's south side that is seen, in metres of its own depth. */
function faceOf(height: number, most: number): number {
  return Math.min(most, height * 0.34)
}

type Straight = (to: Pen, box: Box, color: string) => void

const drawStone: Straight = (to, { x, y, width, height }, color) => {
  const face = faceOf(height, 1.1)
  const top = height - face
  to.rect(x, y, width, height).fill(shade(color, -0.36))
  to.rect(x, y, width, top).fill(shade(color, 0.1))
  // Joints on the top, courses of stone on the face.
  const along = width >= height
  for (let at = 1.6; at < (along ? width : top) - 0.4; at += 1.6) {
    if (along) to.rect(x + at, y + 0.12, 0.07, top - 0.24)
    else to.rect(x + 0.12, y + at, width - 0.24, 0.07)
  }
  to.fill(shade(color, -0.08))
  for (let at = 0.8; at < width - 0.3; at += 1.6) to.rect(x + at, y + top, 0.06, face / 2)
  for (let at = 1.6; at < width - 0.3; at += 1.6)
    to.rect(x + at, y + top + face / 2, 0.06, face / 2)
  to.rect(x, y + top + face / 2, width, 0.06)
  to.fill(shade(color, -0.5))
  to.rect(x, y, width, 0.12).fill(shade(color, 0.28))
}

const drawHouse: Straight = (to, { x, y, width, height }, color) => {
  const face = faceOf(height, 2)
  const roof = height - face
  const front = y + roof
  to.rect(x, y, width, height).fill('#d8c9a6')
  // The roof: a ridge along the longer side, the light from the north-west.
  const [light, dark] = [shade(color, 0.14), shade(color, -0.12)]
  if (width >= roof) {
    to.rect(x, y, width, roof / 2).fill(light)
    to.rect(x, y + roof / 2, width, roof / 2).fill(dark)
    for (let at = 0.7; at < roof - 0.2; at += 0.7) to.rect(x, y + at, width, 0.07)
  } else {
    to.rect(x, y, width / 2, roof).fill(light)
    to.rect(x + width / 2, y, width / 2, roof).fill(dark)
    for (let at = 0.7; at < width - 0.2; at += 0.7) to.rect(x + at, y, 0.07, roof)
  }
  to.fill('#00000017')
  if (width >= roof) to.rect(x, y + roof / 2 - 0.12, width, 0.24)
  else to.rect(x + width / 2 - 0.12, y, 0.24, roof)
  to.fill(shade(color, 0.34))
  to.rect(x, y, width, 0.14).fill(shade(color, 0.3))
  // Chimney.
  const chimney = { x: x + width * 0.72, y: y + roof * 0.16 }
  to.rect(chimney.x + 0.25, chimney.y + 0.25, 1.1, 1.1).fill('#00000033')
  to.rect(chimney.x, chimney.y, 1.1, 1.1).fill('#6f6459')
  to.rect(chimney.x + 0.25, chimney.y + 0.25, 0.6, 0.6).fill('#2a2522')
  // Under the eaves it is dark; door and windows below.
  to.rect(x, front, width, 0.22).fill('#00000059')
  to.rect(x, y + height - 0.16, width, 0.16).fill('#8f8064')
  const middle = x + width / 2
  to.rect(middle - 0.75, front + 0.3, 1.5, face - 0.3).fill('#5d4330')
  to.rect(middle + 0.35, front + face * 0.6, 0.16, 0.16).fill('#e7c46a')
  for (let at = 1.2; at < width - 2; at += 2.6) {
    if (Math.abs(x + at + 0.5 - middle) < 1.7) continue
    to.rect(x + at, front + face * 0.3, 1, face * 0.42).fill('#5d4330')
    to.rect(x + at + 0.1, front + face * 0.3 + 0.1, 0.8, face * 0.42 - 0.2).fill('#f3dd94')
  }
}

const drawStall: Straight = (to, { x, y, width, height }, color) => {
  const awning = height * 0.62
  to.rect(x, y, width, height).fill('#6e5238')
  to.rect(x, y + awning, width, 0.2).fill('#00000059')
  // Wares on the counter.
  for (let at = 0.3; at < width - 0.4; at += 0.62) {
    to.rect(x + at, y + awning + 0.36, 0.42, 0.34).fill(at % 1.24 < 0.62 ? '#d98e3f' : '#b7c95b')
  }
  to.rect(x, y + height - 0.22, width, 0.22).fill('#4f3a27')
  const stripe = width / 8
  for (let i = 0; i < 8; i++) {
    to.rect(x + i * stripe, y, stripe, awning + (i % 2) * 0.12).fill(i % 2 ? '#f3ead6' : color)
  }
  to.rect(x, y, width, 0.12).fill('#ffffff59')
}

const STRAIGHT: Record<string, Straight> = {
  stone: drawStone,
  house: drawHouse,
  stall: drawStall,
}

/** Drawn on width by height metres, of which `margin` at each side lies outside the box. */
type Round = {
  margin: number
  draw: (brush: Brush, width: number, height: number, margin: number, color: string) => void
}

const ROUND: Record<string, Round> = {
  tree: {
    margin: 0.9,
    draw(brush, width, height, margin, color) {
      const [x, y, radius] = [width / 2, height / 2, width / 2 - margin]
      disc(brush, x + shadowFalls, y + shadowFalls, radius * 1.2)
      brush.fillStyle = `${shadowColor}38`
      brush.fill()
      const random = scatter(Math.round(width * 977) + Number.parseInt(color.slice(1), 16))
      const leaves = (count: number, spread: number, size: number, fill: string) => {
        brush.fillStyle = fill
        for (let i = 0; i < count; i++) {
          const angle = ((i + random() * 0.6) / count) * Math.PI * 2
          const far = radius * spread
          disc(brush, x + Math.cos(angle) * far, y + Math.sin(angle) * far, radius * size)
          brush.fill()
        }
      }
      leaves(11, 0.85, 0.38, shade(color, -0.4))
      leaves(11, 0.8, 0.36, shade(color, -0.12))
      disc(brush, x, y, radius * 0.95)
      brush.fill()
      brush.translate(-radius * 0.12, -radius * 0.14)
      leaves(8, 0.55, 0.3, shade(color, 0.06))
      disc(brush, x, y, radius * 0.6)
      brush.fill()
      brush.translate(-radius * 0.1, -radius * 0.12)
      leaves(5, 0.28, 0.22, shade(color, 0.2))
    },
  },
  fountain: {
    margin: 0.7,
    draw(brush, width, height, margin, color) {
      brush.fillStyle = `${shadowColor}38`
      const corner = 2
      const box = (inset: number) => {
        brush.beginPath()
        const side = margin + inset
        brush.roundRect(side, side, width - side * 2, height - side * 2, corner - inset * 0.6)
      }
      brush.translate(shadowFalls, shadowFalls)
      box(0)
      brush.fill()
      brush.translate(-shadowFalls, -shadowFalls)
      box(0)
      brush.fillStyle = '#8f8879'
      brush.fill()
      box(0.12)
      brush.fillStyle = '#d0c8b6'
      brush.fill()
      box(0.75)
      brush.fillStyle = shade(color, -0.35)
      brush.fill()
      const [x, y] = [width / 2, height / 2]
      const water = brush.createRadialGradient(x, y, 0.5, x, y, width / 2)
      water.addColorStop(0, shade(color, 0.45))
      water.addColorStop(1, shade(color, -0.08))
      box(0.95)
      brush.fillStyle = water
      brush.fill()
      brush.lineWidth = 0.07
      for (const radius of [1.6, 2.1, 2.6]) {
        brush.strokeStyle = radius > 2.5 ? '#ffffff40' : '#ffffff66'
        disc(brush, x, y, radius)
        brush.stroke()
      }
      // The basin in the middle, and drops falling from it.
      disc(brush, x + 0.15, y + 0.2, 1.15)
      brush.fillStyle = `${shadowColor}40`
      brush.fill()
      disc(brush, x, y, 1.1)
      brush.fillStyle = '#b8b0a0'
      brush.fill()
      disc(brush, x, y, 0.9)
      brush.fillStyle = shade(color, 0.2)
      brush.fill()
      for (let i = 0; i < 12; i++) {
        const angle = (i / 12) * Math.PI * 2
        disc(brush, x + Math.cos(angle) * 1.32, y + Math.sin(angle) * 1.32, 0.09)
        brush.fillStyle = '#ffffffc0'
        brush.fill()
      }
      disc(brush, x, y, 0.4)
      brush.fillStyle = '#f4fbff'
      brush.fill()
    },
  },
  pond: {
    margin: 0.8,
    draw(brush, width, height, margin, color) {
      const shore = (inset: number, fill: string) => {
        brush.beginPath()
        const side = margin + inset
        brush.roundRect(side, side, width - side * 2, height - side * 2, 3.4 - inset * 0.4)
        brush.fillStyle = fill
        brush.fill()
      }
      shore(-0.6, '#00000018')
      shore(-0.3, '#c7b48a')
      shore(0.25, shade(color, -0.25))
      shore(0.5, color)
      shore(1.9, shade(color, -0.1))
      const random = scatter(31)
      brush.lineCap = 'round'
      brush.lineWidth = 0.12
      for (let i = 0; i < 26; i++) {
        const x = margin + 1.8 + random() * (width - margin * 2 - 5)
        const y = margin + 1.5 + random() * (height - margin * 2 - 3)
        brush.strokeStyle = '#ffffff4d'
        brush.beginPath()
        brush.moveTo(x, y)
        brush.quadraticCurveTo(x + 0.45, y - 0.22, x + 0.9 + random() * 0.6, y)
        brush.stroke()
      }
    },
  },
}

// Names, bubbles and signs as textures, in pixels of the page.
import type { Texture } from 'pixi.js'
import { paint } from './paint.ts'

const family = 'system-ui, sans-serif'
const bubbleWidth = 230
const bubbleLine = 18
const bubblePad = 9
const bubbleTail = 7

const ruler = document.createElement('canvas').getContext('2d')!

/** One line with a dark rim, so that it can be read on every ground. */
export function paintName(text: string, px: number, color: string, resolution: number): Texture {
  const font = `600 ${px}px ${family}`
  ruler.font = font
  const width = Math.ceil(ruler.measureText(text).width) + 6
  return paint(width, px + 7, resolution, (brush) => {
    brush.font = font
    brush.textBaseline = 'middle'
    brush.lineJoin = 'round'
    brush.lineWidth = 3.5
    brush.strokeStyle = '#12181dd0'
    brush.strokeText(text, 3, (px + 7) / 2)
    brush.fillStyle = color
    brush.fillText(text, 3, (px + 7) / 2)
  })
}

/** A bubble of speech; its tail ends in the middle of the lower edge. */
export function paintBubble(text: string, resolution: number): Texture {
  const font = `14px ${family}`
  ruler.font = font
  const lines = wrap(text, bubbleWidth)
  const inner = Math.max(24, ...lines.map((line) => Math.ceil(ruler.measureText(line).width)))
  const width = inner + bubblePad * 2
  const height = lines.length * bubbleLine + bubblePad * 1.4
  return paint(width + 4, height + bubbleTail + 2, resolution, (brush) => {
    const middle = (width + 4) / 2
    brush.fillStyle = '#fffdf6f5'
    brush.strokeStyle = '#12181d59'
    brush.lineWidth = 1
    brush.beginPath()
    brush.roundRect(1.5, 1.5, width, height, 9)
    brush.moveTo(middle - 7, height + 1)
    brush.lineTo(middle, height + bubbleTail)
    brush.lineTo(middle + 7, height + 1)
    brush.stroke()
    brush.fill()
    brush.font = font
    brush.fillStyle = '#1b2026'
    brush.textBaseline = 'middle'
    lines.forEach((line, at) =>
      brush.fillText(line, 1.5 + bubblePad, bubblePad * 0.7 + 2 + (at + 0.5) * bubbleLine),
    )
  })
}

/** The name of a gate on a dark plate. */
export function paintSign(text: string, resolution: number): Texture {
  const font = `600 13px ${family}`
  ruler.font = font
  const width = Math.ceil(ruler.measureText(text).width) + 20
  return paint(width, 24, resolution, (brush) => {
    brush.fillStyle = '#14242ecc'
    brush.strokeStyle = '#bfe6fa90'
    brush.beginPath()
    brush.roundRect(0.5, 0.5, width - 1, 23, 11.5)
    brush.fill()
    brush.stroke()
    brush.font = font
    brush.fillStyle = '#e9f7ff'
    brush.textBaseline = 'middle'
    brush.fillText(text, 10, 12.5)
  })
}

/** An arrow that points to the right. */
export function paintArrow(resolution: number): Texture {
  return paint(16, 16, resolution, (brush) => {
    brush.fillStyle = '#bfe6fa'
    brush.strokeStyle = '#14242ecc'
    brush.lineWidth = 2
    brush.lineJoin = 'round'
    brush.beginPath()
    brush.moveTo(3, 2)
    brush.lineTo(14, 8)
    brush.lineTo(3, 14)
    brush.closePath()
    brush.stroke()
    brush.fill()
  })
}

/** Breaks at blanks, and within words that are longer than a line. */
function wrap(text: string, width: number): string[] {
  const fits = (line: string) => ruler.measureText(line).width <= width
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (fits(longer)) {
      line = longer
      continue
    }
    if (line !== '') lines.push(line)
    line = ''
    for (const letter of word) {
      if (!fits(line + letter)) {
        lines.push(line)
        line = ''
      }
      line += letter
    }
  }
  lines.push(line)
  return lines
}

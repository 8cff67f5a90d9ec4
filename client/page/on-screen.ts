// What belongs to a place of the world but keeps its size on the screen.
import { Sprite } from 'pixi.js'
import type { Container, Texture } from 'pixi.js'

/** From metres of the world to pixels of the page. */
export type Project = { zoom: number; toScreenX(x: number): number; toScreenY(y: number): number }
export type Screen = { width: number; height: number }

/** `anchorY`: which part of the height lies above its position. */
export function addSprite(texture: Texture, to: Container, anchorY: number): Sprite {
  const sprite = new Sprite(texture)
  sprite.anchor.set(0.5, anchorY)
  to.addChild(sprite)
  return sprite
}

/** With the texture, which no other sprite has. */
export function dropSprite(sprite: Sprite): void {
  sprite.destroy({ texture: true, textureSource: true })
}

/** Centred at `x`. The left edge is on a whole pixel, so that letters are sharp. */
export function placeSharp(sprite: Sprite, x: number, y: number, resolution: number): void {
  const left = Math.round((x - sprite.width / 2) * resolution) / resolution
  sprite.position.set(left + sprite.width / 2, Math.round(y * resolution) / resolution)
}

export function inside(value: number, from: number, to: number): number {
  return Math.max(from, Math.min(to, value))
}

// A place: text whose order of bytes is that of the board. It is the key of a row in the store and the member of a
// sorted set in Redis, so both have one order, and a rebuild has it too. 39 characters of an alphabet in the order of
// ASCII, 6 bits each:
//
//   9   the score: how far it is from the best one that there can be (54 bits hold all safe integers)
//   8   when it was reached, Unix ms (48 bits): of equal scores, who was there first
//   22  the id of the character or the guild (128 bits): of equal times, by id
//
// In Redis all members have the score 0: a double could not hold the whole order, the member does.
import type { Leaderboard } from '../content/content.ts'

export type Standing = { score: number; reachedAt: number; subjectId: string }

const alphabet = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'
const digitOf = new Map(alphabet.split('').map((character, i) => [character, BigInt(i)]))
const scoreChars = 9
const timeChars = 8
const idChars = 22
const headChars = scoreChars + timeChars
const most = BigInt(Number.MAX_SAFE_INTEGER)

type Order = Leaderboard['order']

export function placeOf(order: Order, { score, reachedAt, subjectId }: Standing): string {
  const distance = order === 'highest' ? most - BigInt(score) : most + BigInt(score)
  return (
    encode(distance, scoreChars) +
    encode(BigInt(Math.floor(reachedAt)), timeChars) +
    subjectCode(subjectId)
  )
}

export function readPlace(order: Order, place: string): Standing {
  const distance = decode(place.slice(0, scoreChars))
  const hex = decode(place.slice(headChars)).toString(16).padStart(32, '0')
  return {
    score: Number(order === 'highest' ? most - distance : distance - most),
    reachedAt: Number(decode(place.slice(scoreChars, headChars))),
    subjectId: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
  }
}

/** The part of a place that names whose it is. */
export function subjectCode(subjectId: string): string {
  return encode(BigInt(`0x${subjectId.replaceAll('-', '')}`), idChars)
}

export const codeInPlace = (place: string): string => place.slice(headChars)

function encode(value: bigint, chars: number): string {
  let text = ''
  for (let i = 0, rest = value; i < chars; i++, rest >>= 6n) {
    text = alphabet[Number(rest & 63n)]! + text
  }
  return text
}

function decode(text: string): bigint {
  let value = 0n
  for (const character of text) value = (value << 6n) | (digitOf.get(character) ?? 0n)
  return value
}

// Seed and index decide the identity of a bot, so that a restart finds the same accounts and characters.
import { bytesOf } from './random.ts'

export type Identity = {
  /** 32 bytes, base64url. */
  deviceSecret: string
  loginName: string
  password: string
  /** The name of one attempt. Only a bot of another seed can have taken the first one. */
  characterName(attempt: number): string
}

const consonants = 'bdfghjklmnprstvz'
const vowels = 'aeio'

/** Six bits give a syllable of two letters, so 24 bits give eight letters. Each number has its own name. */
function syllables(bits: number, count: number): string {
  let text = ''
  for (let i = 0; i < count; i++) {
    const part = (bits >> (6 * i)) & 63
    text += consonants[part >> 2]! + vowels[part & 3]!
  }
  return text[0]!.toUpperCase() + text.slice(1)
}

export function identityOf(seed: string, index: number): Identity {
  const own = `waystone bot ${seed} ${index}`
  const family = bytesOf(`waystone bots ${seed}`)
  return {
    deviceSecret: Buffer.from(bytesOf(own)).toString('base64url'),
    loginName: `bot-${Buffer.from(family).toString('hex', 0, 4)}-${index}`,
    password: Buffer.from(bytesOf(`${own} password`)).toString('base64url'),
    characterName(attempt) {
      const first = syllables((family[0]! << 4) | (family[1]! >> 4) | (index << 12), 4)
      return attempt === 0 ? first : `${first} ${syllables(bytesOf(`${own} ${attempt}`)[0]!, 2)}`
    },
  }
}

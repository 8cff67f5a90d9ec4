import { describe, expect, it } from 'vitest'
import { createMemoryStore } from '#client/library/storage.ts'
import { keepPlaying, readPlaying } from '#client/page/resume-store.ts'
import { resumeSecretBytes } from '#shared/protocol/client-frames.ts'

const playing = { realmId: 'local', characterId: 'c1', name: 'Mira', appearance: 'human/mage' }
const secret = Uint8Array.from({ length: resumeSecretBytes }, (_, i) => 240 + i)
const ticket = { address: 'ws://host/zone', zone: 'hub', stay: 7, secret }

/** A tab in which `change` has made another text of what a page kept. */
function tabWith(change: (kept: string) => string) {
  const store = createMemoryStore()
  keepPlaying(store, playing, ticket)
  store.set('resume', change(store.get('resume')!))
  return store
}

describe('what a tab keeps for a reload', () => {
  it('is read as it was kept', () => {
    expect(readPlaying(tabWith((kept) => kept))).toEqual({ playing, ticket })
  })

  it('is nothing after the ticket is void', () => {
    const store = tabWith((kept) => kept)
    keepPlaying(store, playing, undefined)
    expect(readPlaying(store)).toBeUndefined()
  })

  it.each([
    ['has another name for a field of the ticket', '"stay"', '"session"'],
    ['has another length of the secret', '[240,', '['],
    ['has no ticket', '"ticket"', '"resume"'],
  ])('by an older page that %s: the character enters anew', (_, from, to) => {
    const store = tabWith((kept) => kept.replace(from, to))
    expect(readPlaying(store)).toEqual({ playing, ticket: undefined })
  })

  it.each([
    ['has another name for a field', '"appearance"', '"look"'],
    ['is damaged', '{', ''],
  ])('and %s is forgotten', (_, from, to) => {
    const store = tabWith((kept) => kept.replace(from, to))
    expect(readPlaying(store)).toBeUndefined()
    expect(store.get('resume')).toBeUndefined()
  })
})

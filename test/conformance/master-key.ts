// The suite of every store of the master key: one key however many processes begin, the same for ever, and a
// clear refusal of a damaged one.
import { expect, it } from 'vitest'

export type MasterKeyHome = {
  /** Loads the key as another process would. */
  load: (process: number) => Promise<Uint8Array>
  /** Damages the stored key. */
  damage: () => Promise<void>
  /** What a reader of the database alone can read. */
  database: () => Uint8Array[]
}

export function itKeepsAMasterKey(open: () => Promise<MasterKeyHome>): void {
  it('is made once when several begin at once, and read again', async () => {
    const home = await open()
    const keys = await Promise.all(Array.from({ length: 10 }, (_, i) => home.load(i)))
    expect(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size).toBe(1)
    expect(keys[0]).toHaveLength(32)
    expect(await home.load(99)).toEqual(keys[0])
  })

  it('does not lie open in the database', async () => {
    const home = await open()
    const key = Buffer.from(await home.load(0))
    for (const kept of home.database()) expect(Buffer.from(kept).includes(key)).toBe(false)
  })

  it('is refused when it is damaged, and not replaced', async () => {
    const home = await open()
    await home.load(0)
    await home.damage()
    await expect(home.load(1)).rejects.toThrow(/key/)
    await expect(home.load(2)).rejects.toThrow(/key/)
  })
}

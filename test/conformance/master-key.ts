// What every home of the master key owes: one key however many begin, the same for ever, and a loud
// refusal of one that is damaged.
import { expect, it } from 'vitest'

export type MasterKeyHome = {
  /** Loads the key as another process would. */
  load: (process: number) => Promise<Uint8Array>
  /** Makes what is kept unusable. */
  damage: () => Promise<void>
  /** What anybody may read who has the database alone. */
  database: () => Uint8Array[]
}

export function itKeepsAMasterKey(open: () => Promise<MasterKeyHome>): void {
  it('is made once, whoever begins at once, and read again', async () => {
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

import { expect, it } from 'vitest'
import { openRealm } from './realm.ts'

it('a stay that was fenced is forgotten, and holds no place when the host changes its state', async () => {
  const realm = await openRealm({ capacity: 1 })
  const host = await realm.host('hub')
  const ann = await realm.character()
  const bob = await realm.character()
  await host.claim(await realm.open((await realm.enterAs(ann)).ticket))
  await host.setState('open')
  await expect(realm.enterAs(bob)).rejects.toMatchObject({ code: 'world.full' })

  // Of an earlier stay: the one that goes on is not touched.
  await host.forget(ann.characterId, 0)
  await host.setState('open')
  await expect(realm.enterAs(bob)).rejects.toMatchObject({ code: 'world.full' })

  await host.forget(ann.characterId, 1)
  await host.setState('open')
  expect(await realm.enterAs(bob)).toMatchObject({ zone: 'hub' })
})

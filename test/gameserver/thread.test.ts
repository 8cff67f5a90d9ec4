// The worker thread ends when it is told to, whatever it still repeats.
import { expect, it } from 'vitest'
import { startPersistenceThread } from '#gameserver/persistence/thread.ts'
import { systemAt } from '#shared/system.ts'

it('ends although a write that the store does not answer is still repeated', async () => {
  const thread = startPersistenceThread(
    {
      store: {
        endpoint: 'http://127.0.0.1:1',
        region: 'local',
        credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
        tablePrefix: 'test-',
      },
      cache: undefined,
      sockets: undefined,
      boards: [],
      logLevel: 'error',
      speed: 1,
      host: {
        bootId: 'b1',
        realmId: 'local',
        address: 'ws://b1/zone',
        protocol: 2,
        contentVersion: 'test',
        publicKey: 'none',
        instances: [],
      },
    },
    async () => undefined,
    systemAt(1).clocks,
  )
  const leaving = thread.leave({
    instance: 'hub-1',
    characterId: 'c1',
    epoch: 1,
    saveNumber: 1,
    saved: { zone: 'hub', x: 0, y: 0, heading: 0 },
  })
  const failed = expect(leaving).rejects.toThrow('the persistence worker ended')
  // The worker runs when it answers.
  await thread.stats()
  await thread.close()
  await failed
})

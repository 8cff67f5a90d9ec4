// What the calls of the book need before they can be made: players, operators, hosts. It works on every way to serve
// the functions.
import type { api } from '#shared/api/api.ts'
import type { ApiClient } from '#shared/api/client.ts'
import { createHostSigner } from '#shared/keys/host.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'
import { openHost } from '../ownership/open-host.ts'

export type Client = ApiClient<typeof api>

/** How the functions are served. */
export type Served = {
  realmId: string
  store: Store
  runtime: Runtime
  client: (token?: string) => Client
  /** A host that the fleet lists, by its name there. */
  fleetHost: () => Promise<string>
  /** The fleet gives this host to who asks for one of its zone. Absent: it gives none. */
  offer?: (host: { bootId: string; zone: string }) => void
  /** The text of the last e-mail to a player. */
  lastEmail?: () => string
}

export type Stage = Served & {
  /** A new player with a character. */
  player(): Promise<Player>
  operator(): Promise<Account>
  /** Opens an instance of the hub, or what a host has of another zone. */
  openZone(of?: {
    zone?: string
    kind?: 'slots'
    capacity?: number
    publicKey?: string
  }): Promise<{ bootId: string }>
  /** The token of a zone host. */
  host(): Promise<{ token: string }>
  /** A name that no character and no guild has. */
  newName(): string
  /** 256 random bits of a device. */
  newSecret(): string
  /** A ticket of Steam for a player of its own (providers-emulator.ts). */
  newTicket(): string
}

export type Account = {
  token: string
  playerId: string
  refreshToken: string
  client: Client
}

/** `as`: the character. */
export type Player = Account & { name: string; as: string }

export function createStage(served: Served): Stage {
  const { realmId, store, runtime, client } = served
  let named = 0
  // Letters that no name can be confused by.
  const newName = () =>
    `Walker ${(named++).toString(16).replace(/./g, (d) => letters[parseInt(d, 16)]!)}`

  const newSecret = () => Buffer.from(runtime.randomBytes(32)).toString('base64url')
  async function guest(deviceSecret: string): Promise<Account> {
    const session = await client().auth.guest({ body: { deviceSecret } })
    const { accessToken: token, accountId: playerId, refreshToken } = session
    return { token, playerId, refreshToken, client: client(token) }
  }

  const openZone: Stage['openZone'] = async (of = {}) =>
    await openHost({ store, runtime, realmId, zone: 'hub', capacity: 100, ...of })

  return {
    ...served,
    newName,
    newSecret,
    newTicket: () => `5a${Buffer.from(runtime.randomBytes(6)).toString('hex')}`,
    async player() {
      const account = await guest(newSecret())
      const name = newName()
      const body = { name, race: 'human', job: 'mage' }
      const { characters } = account.client
      const { characterId } = await characters.create({ params: { realmId }, body })
      return { ...account, name, as: characterId }
    },
    async operator() {
      const secret = newSecret()
      const { playerId } = await guest(secret)
      await store.update({
        table: 'core',
        key: { pk: `ACCOUNT#${playerId}`, sk: 'ACCOUNT' },
        update: 'SET #role = :role',
        names: { '#role': 'role' },
        values: { ':role': 'operator' },
      })
      return await guest(secret)
    },
    openZone,
    async host() {
      const identity = await createHostSigner()
      const { bootId } = await openZone({ publicKey: identity.publicKey })
      return { token: await identity.sign(bootId, runtime.now()) }
    },
  }
}

// Without vowels, so that no word comes of them that is not allowed.
const letters = 'bcdfghjwpqrstxyz'

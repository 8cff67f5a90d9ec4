import type { auth } from '#shared/api/auth.ts'
import { codeOf, ticketOf } from '../functions/account-people.ts'
import { goodPassword } from '../functions/api.ts'
import type { CallsOf } from './call.ts'
import type { Player, Stage } from './stage.ts'

export const authCalls: CallsOf<typeof auth> = {
  register: async (stage) => ({ body: credentials(stage.newName()) }),
  async login(stage) {
    const body = credentials(stage.newName())
    await stage.client().auth.register({ body })
    return { body }
  },
  guest: async (stage) => ({ body: { deviceSecret: stage.newSecret() } }),
  async refresh(stage) {
    const { refreshToken } = await stage.player()
    return { body: { refreshToken } }
  },
  logout: async (stage) => ({ by: await stage.player() }),
  logoutEverywhere: async (stage) => ({ by: await stage.player() }),
  async erase(stage) {
    const deviceSecret = stage.newSecret()
    const { accessToken: token } = await stage.client().auth.guest({ body: { deviceSecret } })
    return { by: { token }, body: { deviceSecret } }
  },
  realms: async () => ({}),
  jwks: async () => ({}),
  ways: async () => ({}),
  async secondFactor(stage) {
    const { client, name, code } = await withFactor(stage)
    const ticket = await ticketOf(client.auth.login({ body: credentials(name) }))
    return { body: { ticket, code: code(30_000) } }
  },
  beginSignIn: async () => ({
    params: { provider: 'open' },
    body: { returnTo: 'https://play.example/' },
  }),
  signIn: async (stage) => ({
    params: { provider: 'steam' },
    body: { ticket: stage.newTicket() },
  }),
  account: async (stage) => ({ by: await withName(stage) }),
  async upgrade(stage) {
    const by = await stage.player()
    return { by, body: credentials(by.name) }
  },
  changePassword: async (stage) => ({
    by: await withName(stage),
    body: { present: goodPassword, password: 'a green kettle hums at dusk' },
  }),
  sessions: async (stage) => ({ by: await withName(stage) }),
  async endSession(stage) {
    const by = await withTwoSessions(stage)
    const { sessions } = await by.client.auth.sessions()
    const { sessionId } = sessions.find(({ current }) => !current)!
    return { by, params: { sessionId } }
  },
  endOtherSessions: async (stage) => ({ by: await withTwoSessions(stage) }),
  setEmail: async (stage) => ({
    by: await withName(stage),
    body: { address: addressOf(stage), password: goodPassword },
  }),
  async confirmEmail(stage) {
    const { client } = await withName(stage)
    await client.auth.setEmail({ body: { address: addressOf(stage), password: goodPassword } })
    return { body: { secret: linkedIn(stage) } }
  },
  recover: async (stage) => ({ body: { address: await withAddress(stage) } }),
  async finishRecovery(stage) {
    await stage.client().auth.recover({ body: { address: await withAddress(stage) } })
    return { body: { secret: linkedIn(stage), password: 'a green kettle hums at dusk' } }
  },
  enrolSecondFactor: async (stage) => ({
    by: await withName(stage),
    body: { password: goodPassword },
  }),
  async confirmSecondFactor(stage) {
    const by = await withName(stage)
    const { uri } = await by.client.auth.enrolSecondFactor({ body: { password: goodPassword } })
    return { by, body: { code: codeOf(uri, stage.runtime.now()) } }
  },
  async disableSecondFactor(stage) {
    const by = await withFactor(stage)
    return { by, body: { code: by.code(30_000) } }
  },
  link: async (stage) => ({
    by: await stage.player(),
    params: { provider: 'steam' },
    body: { ticket: stage.newTicket() },
  }),
  async unlink(stage) {
    const by = await stage.player()
    const params = { provider: 'steam' }
    await by.client.auth.link({ params, body: { ticket: stage.newTicket() } })
    return { by, params }
  },
}

async function withName(stage: Stage): Promise<Player> {
  const player = await stage.player()
  await player.client.auth.upgrade({ body: credentials(player.name) })
  return player
}

async function withTwoSessions(stage: Stage): Promise<Player> {
  const player = await withName(stage)
  await player.client.auth.login({ body: credentials(player.name) })
  return player
}

const addressOf = (stage: Stage) => `${stage.newName().replace(' ', '.')}@mail.example`

const linkedIn = ({ lastEmail }: Stage) => /#\w+=(\S+)/.exec(lastEmail?.() ?? '')?.[1] ?? 'none'

async function withAddress(stage: Stage): Promise<string> {
  const { client } = await withName(stage)
  const address = addressOf(stage)
  await client.auth.setEmail({ body: { address, password: goodPassword } })
  await client.auth.confirmEmail({ body: { secret: linkedIn(stage) } })
  return address
}

async function withFactor(stage: Stage) {
  const player = await withName(stage)
  const { uri } = await player.client.auth.enrolSecondFactor({ body: { password: goodPassword } })
  const code = (offsetMs: number) => codeOf(uri, stage.runtime.now() + offsetMs)
  await player.client.auth.confirmSecondFactor({ body: { code: code(0) } })
  // The code that confirmed is used. The next one is taken too, half a minute early.
  return { ...player, code }
}

function credentials(name: string) {
  return { loginName: name.replace(' ', '.').toLowerCase(), password: goodPassword }
}

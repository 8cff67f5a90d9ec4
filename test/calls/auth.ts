import type { auth } from '#shared/api/auth.ts'
import { goodPassword } from '../functions/api.ts'
import type { CallsOf } from './call.ts'

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
}

function credentials(name: string) {
  return { loginName: name.replace(' ', '.').toLowerCase(), password: goodPassword }
}

// Sign-in by who else vouches for a player, and what an account has of it.
import * as z from 'zod'
import type { Session } from '#shared/api/auth.ts'
import type { OperationId, PlayerCaller } from '#shared/api/endpoint.ts'
import { answerOf } from '#shared/http/operation.ts'
import { signInFlowMs } from '#shared/limits.ts'
import { Problem } from '#shared/problem.ts'
import type { ProblemCode } from '#shared/problem.ts'
import { newId } from '#shared/runtime.ts'
import { recall } from '#shared/store/commit.ts'
import { once } from '../http/once.ts'
import type { From } from './auth.ts'
import { readAccountRows } from './account-rows.ts'
import { enterAccount } from './entrance.ts'
import { identityWrites, readIdentityOwner, removeIdentityWrites } from './identity-store.ts'
import { about, limit, openText, sealText } from './own.ts'
import { provePassword, requirePresent, tell } from './present.ts'
import type { AccountDeps, Present } from './present.ts'
import { refused } from './providers/provider.ts'
import type { Provider } from './providers/provider.ts'
import { firstTokens, openSession, reopened } from './sessions.ts'
import type { Opened } from './sessions.ts'
import { identitiesUpdate, newAccount, readAccount } from './store.ts'

export type IdentityDeps = AccountDeps & { providers: readonly Provider[] }

/** Absent fields are refused by the provider that needs them. */
export type Proof = {
  flow?: string | undefined
  code?: string | undefined
  state?: string | undefined
  iss?: string | undefined
  ticket?: string | undefined
}

const sealedFlow = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  returnTo: z.string(),
  until: z.int(),
})

const purpose = (provider: string) => `sign-in ${provider}`

/** Throws auth.provider_unknown. */
function providerOf({ providers }: Pick<IdentityDeps, 'providers'>, name: string): Provider {
  const found = providers.find((each) => each.name === name)
  if (found === undefined) throw new Problem('auth.provider_unknown')
  return found
}

/** No row is written. Throws auth.provider_unknown, auth.provider_refused, auth.provider_unavailable. */
export async function beginSignIn(
  deps: IdentityDeps,
  name: string,
  returnTo: string,
): Promise<{ address: string; flow: string }> {
  const provider = providerOf(deps, name)
  if (provider.kind !== 'redirect') throw refused('This provider takes tickets.')
  const { address, flow } = await provider.begin(returnTo)
  const until = deps.runtime.now() + signInFlowMs
  const sealed = sealText(deps.keys, deps.runtime, purpose(name), { ...flow, until })
  return { address, flow: sealed }
}

/** The player as the provider knows him. Throws auth.provider_refused, auth.provider_unavailable. */
async function subjectOf(deps: IdentityDeps, provider: Provider, proof: Proof): Promise<string> {
  if (provider.kind === 'ticket') {
    if (proof.ticket === undefined) throw refused('This provider takes a ticket.')
    return await provider.verify(proof.ticket)
  }
  const { flow: sealed, code, state, iss } = proof
  if (sealed === undefined || code === undefined || state === undefined) {
    throw refused('This provider takes flow, code and state.')
  }
  const flow = openText(deps.keys, purpose(provider.name), sealed, sealedFlow)
  if (flow === undefined || flow.until <= deps.runtime.now()) {
    throw refused('The sign-in began elsewhere, or too long ago.')
  }
  return await provider.verify({ code, state, iss }, flow)
}

/** What a request is about: who repeats it knows the whole proof, which nobody guesses. */
function proven(name: string, { flow, code, state, iss, ticket }: Proof): string {
  return JSON.stringify([name, flow, code, state, iss, ticket])
}

/**
 * Opens a session of the account that has the identity; makes one when none has it. A provider takes most proofs
 * once, so a repeat is answered before it is asked. Throws auth.provider_unknown, auth.provider_refused,
 * auth.provider_unavailable, auth.second_factor, auth.banned, operation.mismatch, operation.superseded.
 */
export async function signIn(
  deps: IdentityDeps,
  name: string,
  proof: Proof,
  { address, agent, op }: From & { op: OperationId },
): Promise<Session> {
  const provider = providerOf(deps, name)
  const opening = about(op, `sign in ${proven(name, proof)}`)
  const known = await reopened(deps, opening)
  if (known !== undefined) return await tokensOf(deps, known)
  const subject = await subjectOf(deps, provider, proof)
  const of = { provider: name, subject }
  const owner = await readIdentityOwner(deps.store, of)
  if (owner !== undefined) return await enterBy(deps, opening, owner, agent)
  await limit(deps, 'register.address', address)
  const accountId = newId(deps.runtime)
  const createdAt = deps.runtime.now()
  const identity = identityWrites(accountId, { ...of, linkedAt: createdAt })
  const fresh = { createdAt, guest: false, era: 0, nameless: true, identities: 1 }
  try {
    const opener = { accountId, era: 0, sessions: [], agent }
    const opened = await openSession(deps, opening, opener, [
      { write: identity.owner },
      { write: identity.own },
      { write: newAccount(accountId, fresh) },
    ])
    return await firstTokens(deps, opened, fresh)
  } catch (error) {
    // Another request of the player has made his account. The provider would not take the proof again.
    if (!(error instanceof Problem) || error.code !== 'world.busy') throw error
    const other = await readIdentityOwner(deps.store, of)
    if (other === undefined) throw error
    return await enterBy(deps, opening, other, agent)
  }
}

/** Of a session that was opened before. */
async function tokensOf(deps: IdentityDeps, known: Opened): Promise<Session> {
  const account = await readAccount(deps.store, known.accountId)
  if (account === undefined) throw new Problem('operation.superseded')
  return await firstTokens(deps, known, account)
}

async function enterBy(
  deps: IdentityDeps,
  op: OperationId,
  accountId: string,
  agent: string | undefined,
): Promise<Session> {
  const { account, ...rows } = await readAccountRows(deps.store, accountId)
  if (account === undefined) throw new Error(`the account ${accountId} of an identity is not there`)
  return await enterAccount(deps, op, { accountId, agent }, { account, rows })
}

/**
 * Links an identity to the caller's account. Throws auth.provider_unknown, auth.provider_refused,
 * auth.provider_unavailable, auth.provider_linked, auth.identity_taken, auth.invalid_credentials.
 */
export async function link(
  deps: IdentityDeps,
  caller: PlayerCaller,
  name: string,
  { password, ...proof }: Proof & { password?: string | undefined },
  op: OperationId,
): Promise<void> {
  const { accountId } = caller
  const provider = providerOf(deps, name)
  const linking = about(op, `link ${accountId} ${proven(name, proof)}`)
  const known = await recall<object, ProblemCode>(deps, linking)
  if (known !== undefined) return void answerOf(known)
  const { account } = await requirePresent(deps, caller)
  // Who has only stolen a session gets no lasting way in.
  if (account.loginName !== undefined) {
    if (password === undefined) throw new Problem('auth.invalid_credentials')
    await provePassword(deps, accountId, account, password)
  }
  const identity = {
    provider: name,
    subject: await subjectOf(deps, provider, proof),
    linkedAt: deps.runtime.now(),
  }
  await once(deps, linking, async () => {
    const present = await requirePresent(deps, caller)
    const there = present.identities.find((each) => each.provider === name)
    if (there?.subject === identity.subject) return { steps: [], answer: {} }
    if (there !== undefined) throw new Problem('auth.provider_linked')
    const owner = await readIdentityOwner(deps.store, identity)
    if (owner !== undefined) throw new Problem('auth.identity_taken')
    const { account: before, identities } = present
    const writes = identityWrites(accountId, identity)
    return {
      steps: [
        { write: writes.owner },
        { write: writes.own },
        { write: identitiesUpdate(accountId, before, identities.length + 1) },
        ...tell(deps, accountId, 'identityLinked'),
      ],
      answer: {},
    }
  })
}

/** Throws auth.identity_unknown, auth.last_way_in. */
export async function unlink(
  deps: IdentityDeps,
  caller: PlayerCaller,
  name: string,
  op: OperationId,
): Promise<void> {
  const { accountId } = caller
  await once(deps, op, async () => {
    const present = await requirePresent(deps, caller)
    const identity = present.identities.find((each) => each.provider === name)
    if (identity === undefined) throw new Problem('auth.identity_unknown')
    if (waysIn(present) <= 1) throw new Problem('auth.last_way_in')
    return {
      steps: [
        ...removeIdentityWrites(accountId, identity).map((write) => ({ write })),
        { write: identitiesUpdate(accountId, present.account, present.identities.length - 1) },
        ...tell(deps, accountId, 'identityUnlinked'),
      ],
      answer: {},
    }
  })
}

/** Ways in end one at a time: each removal is conditioned on the number of identities, and names stay for good. */
function waysIn({ account, identities }: Pick<Present, 'account' | 'identities'>): number {
  const device = account.device !== undefined && account.deviceEnded !== true
  return identities.length + (account.loginName === undefined ? 0 : 1) + (device ? 1 : 0)
}

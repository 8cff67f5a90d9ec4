// What moderators decide. A decision, what follows from it, its audit and what both players are told are one
// transaction, on condition that it is the first of its report. What hosts must do follows from the rows, so a repeat
// carries it out again.
import type { OperationId, OperatorCaller } from '#shared/api/endpoint.ts'
import type {
  AppealCase,
  GuildText,
  Report,
  Rule,
  Sanction,
  decisions,
} from '#shared/api/moderation.ts'
import type { Ban } from '#shared/ownership/ban.ts'
import { commandPut } from '#shared/ownership/inbox.ts'
import { parseCharacterRows, readCharacterRows } from '#shared/ownership/guard.ts'
import { putMute, readMute } from '#shared/moderation/mute.ts'
import { notify } from '#shared/notifications/mailbox.ts'
import type { News } from '#shared/notifications/notification.ts'
import type { Player } from '#shared/notifications/mailbox.ts'
import { Problem } from '#shared/problem.ts'
import type { ProblemCode } from '#shared/problem.ts'
import { newId } from '#shared/runtime.ts'
import type { Step } from '#shared/store/commit.ts'
import {
  auditWrite,
  carryOut,
  findAccount,
  longestBan,
  notAbove,
  overWhom,
  refusalOf,
  stillMay,
} from '../admin/admin.ts'
import type { PlayDeps } from '../admin/admin.ts'
import { banWrite, readStanding, standingCheck, withBan, withoutBan } from '../auth/auth.ts'
import { listCharacters } from '../characters/characters.ts'
import { followGuildName, removeGuildText } from '../guilds/guilds.ts'
import type { GuildDeps } from '../guilds/guilds.ts'
import { once } from '../http/once.ts'
import {
  closeAppeal,
  closeReport,
  openAppeal,
  putSanction,
  readAppeal,
  readReport,
  readSanction,
} from './store.ts'
import { guildParts, plainText } from './reports.ts'

/** A guild that is named anew is so on leaderboards too. */
export type DecideDeps = PlayDeps & GuildDeps

type Steps = Step<ProblemCode | 'busy'>[]

export type Decision = {
  decision: (typeof decisions)[number]
  forS?: number | undefined
  rule?: Rule | undefined
  reason: string
}

/**
 * Decides an open report. Throws report.not_found, report.decided, report.time, report.remove, admin.*, auth.forbidden,
 * world.busy, operation.mismatch.
 */
export async function decide(
  deps: DecideDeps,
  operator: OperatorCaller,
  { realmId, reportId }: { realmId: string; reportId: string },
  { decision, forS, rule, reason }: Decision,
  op: OperationId,
): Promise<Report> {
  if ((decision === 'mute' || decision === 'ban') !== (forS !== undefined)) {
    throw new Problem('report.time')
  }
  const decided = await once<Report>(deps, op, async () => {
    const now = deps.runtime.now()
    const found = await readReport(deps.store, realmId, reportId, now)
    if (found === undefined) throw new Problem('report.not_found')
    if (found.decision !== undefined) {
      throw new Problem('report.decided', {
        detail: `The decision was: ${found.decision.decision}.`,
      })
    }
    const { reporter, reported } = found
    const removed = decision === 'dismiss' ? undefined : guildTextIn(found)
    if (decision === 'remove' && removed === undefined) throw new Problem('report.remove')
    const of = { realmId, accountId: reported.playerId }
    const sanction = sanctionFor(deps, decision, forS, rule ?? found.rule)
    const by = { decision, at: now, by: operator.operatorId, reason }
    const report: Report = {
      ...found,
      decision: { ...by, ...(sanction && { sanctionId: sanction.sanctionId }) },
    }
    const what = `${decision} ${forS === undefined ? '' : `${forS} s `}report ${reportId}`
    const steps: Steps = [
      ...audited(deps, operator, op, {
        action: 'report.decide',
        target: of.accountId,
        what,
        reason,
      }),
      ...closeReport(realmId, report, now).map((write) => ({ write })),
      ...(sanction === undefined ? [] : await give(deps, operator, of, sanction, reason)),
      ...(removed === undefined
        ? []
        : await removeGuildText(
            deps,
            { realmId, guildId: removed.guildId, name: reported.name },
            removed.part,
            removed.text,
          )),
    ]
    if (reporter.playerId !== '') {
      const { name } = reported
      const news = {
        kind: 'report.decided',
        reportId,
        name,
        acted: decision !== 'dismiss',
      } as const
      steps.push(told(deps, { realmId, accountId: reporter.playerId }, news))
    }
    return { steps, answer: report }
  })
  const of = { realmId, accountId: decided.reported.playerId }
  if (decided.decision!.decision === 'mute') await tellHosts(deps, of)
  if (decided.decision!.decision === 'ban') await carryOut(deps, of.accountId)
  const text = decided.decision!.decision === 'dismiss' ? undefined : guildTextIn(decided)
  if (text?.part === 'name') await followGuildName(deps, { realmId, guildId: text.guildId })
  return decided
}

/** The text of a guild that a report is about. */
function guildTextIn({ what, evidence: { guildId, text } }: Report) {
  if (guildId === undefined || !(what in guildParts)) return undefined
  return { guildId, text, part: guildParts[what as GuildText] }
}

/** Mutes a player, in place of any mute before. Throws admin.*, auth.forbidden, world.busy, operation.mismatch. */
export async function mute(
  deps: PlayDeps,
  operator: OperatorCaller,
  { realmId, who }: { realmId: string; who: string },
  { forS, rule, reason }: { forS: number; rule: Rule; reason: string },
  op: OperationId,
): Promise<{ playerId: string; sanction: Sanction }> {
  const done = await once(deps, op, async () => {
    const playerId = await findAccount(deps, who)
    const of = { realmId, accountId: playerId }
    const sanction = sanctionFor(deps, 'mute', forS, rule)!
    const what = `${forS} s in ${realmId}: ${rule}`
    const steps: Steps = [
      ...audited(deps, operator, op, { action: 'mute', target: playerId, what, reason }),
      ...(await give(deps, operator, of, sanction, reason)),
    ]
    return { steps, answer: { playerId, sanction } }
  })
  await tellHosts(deps, { realmId, accountId: done.playerId })
  return done
}

/** Lifts a mute; does nothing to a player without one. Throws as `mute` does. */
export async function unmute(
  deps: PlayDeps,
  operator: OperatorCaller,
  { realmId, who }: { realmId: string; who: string },
  reason: string,
  op: OperationId,
): Promise<{ playerId: string }> {
  const done = await once(deps, op, async () => {
    const playerId = await findAccount(deps, who)
    const of = { realmId, accountId: playerId }
    const what = `in ${realmId}`
    const steps: Steps = [
      ...audited(deps, operator, op, { action: 'unmute', target: playerId, what, reason }),
      ...over(operator, playerId),
    ]
    const now = deps.runtime.now()
    const before = await readMute(deps.store, of)
    if (before !== undefined && before.until > now) {
      steps.push({ write: putMute(of, before, { until: 0 }) })
      const sanction =
        before.sanctionId && (await readSanction(deps.store, of, before.sanctionId, now))
      if (sanction) {
        const lifted = { ...sanction, state: 'lifted' } as const
        const news = { kind: 'sanction.lifted', sanctionId: sanction.sanctionId } as const
        steps.push({ write: putSanction(of, lifted, sanction) }, told(deps, of, news))
      }
    }
    return { steps, answer: { playerId } }
  })
  await tellHosts(deps, { realmId, accountId: done.playerId })
  return done
}

/**
 * The player says once why a sanction should be lifted. Throws sanction.not_found, sanction.appealed, sanction.over,
 * report.text, world.busy, operation.mismatch.
 */
export async function appeal(
  deps: Pick<PlayDeps, 'store' | 'runtime'>,
  of: Player,
  sanctionId: string,
  text: string,
  op: OperationId,
): Promise<Sanction> {
  const said = plainText(text)
  return await once<Sanction>(deps, op, async () => {
    const at = deps.runtime.now()
    const sanction = await readSanction(deps.store, of, sanctionId, at)
    if (sanction === undefined) throw new Problem('sanction.not_found')
    if (sanction.appeal !== undefined) throw new Problem('sanction.appealed')
    if (sanction.state === 'lifted' || (sanction.until ?? at) < at)
      throw new Problem('sanction.over')
    const appealed: Sanction = { ...sanction, appeal: { text: said, at, state: 'open' } }
    const writes = [
      putSanction(of, appealed, sanction),
      openAppeal(of.realmId, of.accountId, sanctionId, at),
    ]
    return { steps: writes.map((write) => ({ write })), answer: appealed }
  })
}

/**
 * Decides an appeal. Throws sanction.not_found, report.decided, admin.*, auth.forbidden, world.busy,
 * operation.mismatch.
 */
export async function decideAppeal(
  deps: PlayDeps,
  operator: OperatorCaller,
  { realmId, sanctionId }: { realmId: string; sanctionId: string },
  { decision, reason }: { decision: 'uphold' | 'lift'; reason: string },
  op: OperationId,
): Promise<AppealCase> {
  const done = await once<AppealCase>(deps, op, async () => {
    const now = deps.runtime.now()
    const found = await readAppeal(deps.store, realmId, sanctionId, now)
    if (found === undefined) throw new Problem('sanction.not_found')
    const { playerId } = found
    const of = { realmId, accountId: playerId }
    const before = await readSanction(deps.store, of, sanctionId, now)
    if (before?.appeal === undefined) throw new Problem('sanction.not_found')
    if (found.queue === 'closed' || before.appeal.state !== 'open') {
      throw new Problem('report.decided', { detail: `The sanction was ${before.appeal.state}.` })
    }
    const state = decision === 'lift' ? 'lifted' : 'upheld'
    const sanction: Sanction = {
      ...before,
      ...(decision === 'lift' ? { state: 'lifted' } : {}),
      appeal: { ...before.appeal, state, decidedAt: now },
    }
    const what = `${decision} ${before.kind} ${sanctionId}`
    const kind = decision === 'lift' ? 'sanction.lifted' : 'appeal.upheld'
    const steps: Steps = [
      ...audited(deps, operator, op, { action: 'appeal.decide', target: playerId, what, reason }),
      ...closeAppeal(realmId, found, now).map((write) => ({ write })),
      { write: putSanction(of, sanction, before) },
      told(deps, of, { kind, sanctionId }),
      ...(decision === 'lift' ? await lift(deps, operator, of, before) : []),
    ]
    return { steps, answer: { playerId, sanction } }
  })
  const of = { realmId, accountId: done.playerId }
  if (done.sanction.state === 'lifted' && done.sanction.kind === 'mute') await tellHosts(deps, of)
  if (done.sanction.state === 'lifted' && done.sanction.kind === 'ban') {
    await carryOut(deps, of.accountId)
  }
  return done
}

function sanctionFor(
  { runtime }: Pick<PlayDeps, 'runtime'>,
  decision: Decision['decision'],
  forS: number | undefined,
  rule: Rule,
): Sanction | undefined {
  if (decision === 'dismiss' || decision === 'remove') return undefined
  const at = runtime.now()
  return {
    sanctionId: newId(runtime),
    kind: decision === 'warn' ? 'warning' : decision,
    rule,
    at,
    ...(forS === undefined ? {} : { until: at + forS * 1000 }),
    state: 'given',
  }
}

/** What a sanction takes: who may be given it, what makes it hold, its row, and that the player is told. */
async function give(
  deps: PlayDeps,
  operator: OperatorCaller,
  of: Player,
  sanction: Sanction,
  reason: string,
): Promise<Steps> {
  const { sanctionId, kind, until } = sanction
  const news: News = { kind: 'sanction.given', sanctionId, sanction: kind, ...(until && { until }) }
  const steps: Steps = [{ write: putSanction(of, sanction) }, told(deps, of, news)]
  if (kind === 'ban') {
    if (until! > (longestBan(deps, operator) ?? until!)) throw new Problem('admin.ban_too_long')
    const one = { until: until!, reason, sanctionId }
    const change = await changeBan(deps, operator, of, (before) =>
      withBan(before, one, deps.runtime.now()),
    )
    return [...steps, change]
  }
  steps.push(...over(operator, of.accountId))
  if (kind === 'mute') {
    const before = await readMute(deps.store, of)
    steps.push({ write: putMute(of, before, { until: until!, sanctionId }) })
  }
  return steps
}

/** What ends a mute or a ban, and no other one. */
async function lift(
  deps: PlayDeps,
  operator: OperatorCaller,
  of: Player,
  { kind, sanctionId }: Sanction,
): Promise<Steps> {
  if (kind === 'ban') {
    const change = await changeBan(deps, operator, of, (before) =>
      withoutBan(before, sanctionId, deps.runtime.now()),
    )
    return [change]
  }
  if (kind === 'warning') return []
  const before = await readMute(deps.store, of)
  return before?.sanctionId === sanctionId ? [{ write: putMute(of, before, { until: 0 }) }] : []
}

/**
 * The bans of an account as they are to be, if they are as they were read, and the account is not above the one who
 * acts. One trip. Throws admin.player_unknown, admin.yourself.
 */
async function changeBan(
  deps: PlayDeps,
  operator: OperatorCaller,
  { accountId }: Player,
  next: (before: Ban | undefined) => Ban | undefined,
): Promise<Steps[number]> {
  const over = overWhom(operator, accountId)
  const account = await readStanding(deps.store, accountId)
  if (account === undefined) throw new Problem('admin.player_unknown')
  const { ban, banVersion = 0 } = account
  const to = next(ban)
  if (to === ban) return { write: standingCheck(accountId, over), otherwise: refusalOf(over) }
  const must = { ...over, bannedAtMost: longestBan(deps, operator), banVersion }
  const refusal = refusalOf(must)
  return {
    write: banWrite(accountId, to, must),
    otherwise: (row) =>
      row !== undefined && (row['banVersion'] ?? 0) !== banVersion ? 'busy' : refusal(row),
  }
}

/** The account is there, and not above the one who acts. His own row is looked at already (`stillMay`). */
function over(operator: OperatorCaller, accountId: string): Steps {
  if (operator.account?.accountId === accountId) return []
  const must = { roles: notAbove(operator) }
  return [{ write: standingCheck(accountId, must), otherwise: refusalOf(must) }]
}

function audited(
  deps: Pick<PlayDeps, 'runtime'>,
  operator: OperatorCaller,
  op: OperationId,
  action: Parameters<typeof auditWrite>[3],
): Steps {
  return [
    { write: auditWrite(deps.runtime, operator, op, action).write },
    ...stillMay(deps, operator),
  ]
}

function told({ runtime }: Pick<PlayDeps, 'runtime'>, to: Player, news: News): Steps[number] {
  return { write: notify(runtime, to, news) }
}

/** Hosts with a character of the player in play hear of his mute as it is now. Two trips in a row, and the commands. */
async function tellHosts({ store, runtime, hint }: PlayDeps, of: Player): Promise<void> {
  const { realmId, accountId } = of
  const [change, listed] = await Promise.all([readMute(store, of), listCharacters({ store }, of)])
  if (change === undefined) return
  const guards = await Promise.all(
    listed.map(async ({ characterId }) => {
      const { items } = await store.query(readCharacterRows(realmId, characterId))
      return parseCharacterRows(realmId, characterId, items)?.guard
    }),
  )
  const inPlay = guards.flatMap((guard) => (guard?.state === 'active' ? [guard.owner] : []))
  await Promise.all(
    [...new Set(inPlay)].map(async (bootId) => {
      const { until, version } = change
      const command = { kind: 'mute', realmId, accountId, until, version } as const
      await store.put(commandPut(runtime.now(), bootId, command))
      hint(bootId)
    }),
  )
}

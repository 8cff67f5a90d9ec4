// The commands of moderators over the API, and their outcome in words.
import type { Api } from '#shared/api/api.ts'
import type { ApiClient } from '#shared/api/client.ts'
import { decisions, rules } from '#shared/api/moderation.ts'
import type { AppealCase, Report, ReportHistory, Rule, Sanction } from '#shared/api/moderation.ts'
import { UsageError, named, only, reasonOf, secondsOf } from './typed.ts'
import type { Values } from './typed.ts'

export type Moderate =
  | { act: 'mute'; who: string; forS: number; rule: Rule; reason: string }
  | { act: 'unmute'; who: string; reason: string }
  | { act: 'list' | 'appeals'; state: 'open' | 'closed' }
  | { act: 'show'; reportId: string }
  | {
      act: 'decide'
      reportId: string
      decision: (typeof decisions)[number]
      forS: number | undefined
      rule: Rule | undefined
      reason: string
    }
  | { act: 'appeal'; sanctionId: string; decision: 'uphold' | 'lift'; reason: string }

/** Throws UsageError. */
export function moderateOf(
  group: 'mute' | 'unmute' | 'moderation',
  given: string[],
  values: Values,
): Moderate {
  if (group === 'unmute') {
    return { act: 'unmute', who: named(group, given), reason: reasonOf(values) }
  }
  const forS = secondsOf('--for', values.for)
  const rule = rules.find((one) => one === values.rule)
  if (values.rule !== undefined && rule === undefined) {
    throw new UsageError(`--rule is ${rules.join(', ')}.`)
  }
  if (group === 'mute') {
    const who = named(group, given)
    if (forS === undefined) throw new UsageError('`mute` needs --for: how long, like 24h.')
    if (rule === undefined) throw new UsageError(`\`mute\` needs --rule: ${rules.join(', ')}.`)
    return { act: 'mute', who, forS, rule, reason: reasonOf(values) }
  }
  return moderationOf(given, values, { forS, rule })
}

function moderationOf(
  [verb = '', ...rest]: string[],
  values: Values,
  { forS, rule }: { forS: number | undefined; rule: Rule | undefined },
): Moderate {
  const name = `moderation ${verb}`.trim()
  const [id, chosen] = rest
  switch (verb) {
    case 'list':
    case 'appeals':
      if (rest.length > 0) throw new UsageError(`\`${name}\` takes no name.`)
      return { act: verb, state: values.closed ? 'closed' : 'open' }
    case 'show':
      return { act: verb, reportId: only(name, 'the id of a report', rest) }
    case 'decide': {
      const reportId = only(name, 'the id of a report', rest.slice(0, 1))
      const decision = decisions.find((one) => one === chosen)
      if (decision === undefined) {
        throw new UsageError(`\`${name}\` needs a decision: ${decisions.join(', ')}.`)
      }
      return { act: verb, reportId, decision, forS, rule, reason: reasonOf(values) }
    }
    case 'appeal': {
      const sanctionId = only(name, 'the id of a sanction', id === undefined ? [] : [id])
      if (chosen !== 'uphold' && chosen !== 'lift') {
        throw new UsageError(`\`${name}\` needs uphold or lift.`)
      }
      return { act: verb, sanctionId, decision: chosen, reason: reasonOf(values) }
    }
  }
  throw new UsageError(`There is no command \`${name}\`.`)
}

/** `meant`: the account that is typed, by its id. */
export async function moderate(
  { moderation }: ApiClient<Api>,
  realmId: string,
  asked: Moderate,
  meant: (who: string) => Promise<{ who: string }>,
): Promise<{ answer: unknown; text: string }> {
  const params = { realmId }
  switch (asked.act) {
    case 'mute': {
      const { who, forS, rule, reason } = asked
      const player = { ...params, ...(await meant(who)) }
      const answer = await moderation.mute({ params: player, body: { forS, rule, reason } })
      return { answer, text: `Muted ${answer.playerId}. ${sanctionText(answer.sanction)}` }
    }
    case 'unmute': {
      const player = { ...params, ...(await meant(asked.who)) }
      const answer = await moderation.unmute({ params: player, body: { reason: asked.reason } })
      return { answer, text: `${answer.playerId} may write again.` }
    }
    case 'list': {
      const answer = await moderation.reports({ params, query: { state: asked.state, limit: 50 } })
      const lines = answer.entries.map(lineOf)
      return { answer, text: listed(lines, answer.next, `No ${asked.state} reports.`) }
    }
    case 'show': {
      const { reportId } = asked
      const answer = await moderation.showReport({ params: { ...params, reportId } })
      return { answer, text: reportText(answer) }
    }
    case 'decide': {
      const { reportId, decision, forS, rule, reason } = asked
      const body = { decision, forS, rule, reason }
      const answer = await moderation.decide({ params: { ...params, reportId }, body })
      return { answer, text: lineOf(answer) }
    }
    case 'appeals': {
      const answer = await moderation.appeals({ params, query: { state: asked.state, limit: 50 } })
      const lines = answer.entries.map(appealText)
      return { answer, text: listed(lines, answer.next, `No ${asked.state} appeals.`) }
    }
    case 'appeal': {
      const { sanctionId, decision, reason } = asked
      const body = { decision, reason }
      const answer = await moderation.decideAppeal({ params: { ...params, sanctionId }, body })
      return { answer, text: appealText(answer) }
    }
  }
}

function listed(lines: string[], next: string | undefined, none: string): string {
  const more = next === undefined ? [] : ['There are more: decide these first.']
  return [...lines, ...more].join('\n') || none
}

function lineOf({ reportId, at, what, rule, reported, decision }: Report): string {
  const decided = decision === undefined ? '' : `  ${decision.decision} by ${decision.by}`
  return `${dateOf(at)}  ${reportId}  ${rule}: a ${what} of ${reported.name}${decided}`
}

/** What players wrote is shown in JSON's form: it cannot move the cursor of a terminal. */
function reportText({ report, history }: { report: Report; history: ReportHistory }): string {
  const { reporter, reported, evidence, note } = report
  return [
    lineOf(report),
    `reported ${reported.name}, account:${reported.playerId}`,
    `by ${reporter.name}, account:${reporter.playerId}`,
    ...(note === undefined ? [] : [`note: ${JSON.stringify(note)}`]),
    `text: ${JSON.stringify(evidence.text)}`,
    ...evidence.around.map(
      ({ name, at, text }) => `  ${dateOf(at)}  ${name}: ${JSON.stringify(text)}`,
    ),
    `history: ${history.reports.length} reports, ${history.sanctions.length} sanctions`,
    ...history.sanctions.map((one) => `  ${sanctionText(one)}`),
  ].join('\n')
}

function sanctionText({ sanctionId, kind, rule, at, until, state }: Sanction): string {
  const end = until === undefined ? '' : ` until ${dateOf(until)}`
  return `${dateOf(at)}  ${sanctionId}  ${kind}${end}, ${rule}, ${state}`
}

function appealText({ playerId, sanction }: AppealCase): string {
  const { state, text } = sanction.appeal!
  return `${sanctionText(sanction)}\n  account:${playerId}, ${state}: ${JSON.stringify(text)}`
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').slice(0, 16)
}

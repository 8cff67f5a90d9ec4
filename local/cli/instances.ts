// What operators do with instances, in words.
import type { MoveTo, OccupantView, ZoneInstanceView } from '#shared/api/admin/instances.ts'
import type { Api } from '#shared/api/api.ts'
import type { ApiClient } from '#shared/api/client.ts'
import { StartError } from '../start-error.ts'
import { span, table } from './table.ts'
import { UsageError, named, only, reasonOf } from './typed.ts'
import type { Values } from './typed.ts'

export type InstanceCommand = { do: 'instances'; realmId: string | undefined } & (
  | { verb: 'list'; zone: string | undefined }
  | { verb: 'show'; name: string }
  | { verb: 'open'; zone: string; reason: string }
  | { verb: 'close'; name: string; reason: string }
  | {
      verb: 'move'
      who: string
      to: string | undefined
      beside: string | undefined
      reason: string
    }
)

type Admin = ApiClient<Api>['admin']
type Said = { answer: unknown; text: string }

/** Throws UsageError. */
export function instanceCommandOf(verb: string, given: string[], values: Values): InstanceCommand {
  const name = verb === 'move' ? 'player move' : `instances ${verb}`
  const about = { do: 'instances' as const, realmId: values.realm }
  switch (verb) {
    case 'list':
      if (given.length > 0) throw new UsageError(`\`${name}\` takes no name; use --zone.`)
      return { ...about, verb, zone: values.zone }
    case 'show':
      return { ...about, verb, name: only(name, 'an instance', given) }
    case 'open': {
      if (given.length > 0 || values.zone === undefined) {
        throw new UsageError('`instances open` needs the zone: --zone id.')
      }
      return { ...about, verb, zone: values.zone, reason: reasonOf(values) }
    }
    case 'close':
      return { ...about, verb, name: only(name, 'an instance', given), reason: reasonOf(values) }
    case 'move': {
      const { to } = values
      const beside = values.beside === undefined ? undefined : named(name, [values.beside])
      if (to !== undefined && beside !== undefined) {
        throw new UsageError('Use either --to or --beside.')
      }
      return { ...about, verb, who: named(name, given), to, beside, reason: reasonOf(values) }
    }
  }
  throw new UsageError(`There is no command \`${name.trim()}\`.`)
}

/** `meant`: the account that is typed, by its id. Throws ApiError, StartError. */
export async function actOnInstances(
  admin: Admin,
  realmId: string,
  command: InstanceCommand,
  meant: (who: string) => Promise<{ who: string }>,
): Promise<Said> {
  const params = { realmId }
  switch (command.verb) {
    case 'list': {
      const answer = await listAll(admin, realmId, command.zone)
      return { answer: { instances: answer }, text: instancesText(answer) }
    }
    case 'show': {
      const { bootId, instance } = await find(admin, realmId, command.name)
      const at = { realmId, bootId, instance }
      const answer = await admin.instance({ params: at, query: { limit: 100 } })
      const more = answer.next === undefined ? '' : '\nThere are more: ask with --json and `after`.'
      return {
        answer,
        text: `${oneText(answer.instance)}\n${occupantsText(answer.entries)}${more}`,
      }
    }
    case 'open': {
      const { zone, reason } = command
      const answer = await admin.openInstance({ params, body: { zone, reason } })
      const { host, instance } = answer
      const text =
        instance === undefined
          ? `The fleet gave ${host}; it is not open yet: see \`instances list\`.`
          : `${host}/${instance} is open.`
      return { answer, text }
    }
    case 'close': {
      const one = await find(admin, realmId, command.name)
      const { bootId, instance, players } = one
      const at = { realmId, bootId, instance }
      const answer = await admin.closeInstance({ params: at, body: { reason: command.reason } })
      const where = one.private === undefined ? `another instance of ${one.zone}` : 'outside'
      const text = `${nameOf(one)} is closing: its ${players} players go ${where === 'outside' ? '' : 'to '}${where}.`
      return { answer, text }
    }
    case 'move': {
      const to = await targetOf(admin, realmId, command)
      const { who } = await meant(command.who)
      const body = { to, reason: command.reason }
      const answer = await admin.movePlayer({ params: { realmId, who }, body })
      const { name, left } = answer
      const where = `${answer.to.instance} of host ${answer.to.bootId}`
      const text = left
        ? `${name} is on the way to ${where}. Check with \`player show\`.`
        : `The host of ${name} does not answer; it has the command. Check with \`player show\`.`
      return { answer, text }
    }
  }
}

async function targetOf(
  admin: Admin,
  realmId: string,
  { to, beside }: { to: string | undefined; beside: string | undefined },
): Promise<MoveTo> {
  if (beside !== undefined) return { kind: 'player', who: beside }
  if (to === undefined) return { kind: 'other' }
  const { bootId, instance } = await find(admin, realmId, to)
  return { kind: 'instance', bootId, instance }
}

async function listAll(admin: Admin, realmId: string, zone?: string): Promise<ZoneInstanceView[]> {
  const all: ZoneInstanceView[] = []
  for (let after: string | undefined; ;) {
    const query = { limit: 100, ...(zone && { zone }), ...(after && { after }) }
    const page = await admin.instances({ params: { realmId }, query })
    all.push(...page.entries)
    if (page.next === undefined) return all
    after = page.next
  }
}

const nameOf = ({ host, bootId, instance }: ZoneInstanceView) => `${host || bootId}/${instance}`

/** By `host/instance`, `boot id/instance`, or the instance alone when there is one of that name. */
async function find(admin: Admin, realmId: string, name: string): Promise<ZoneInstanceView> {
  const all = await listAll(admin, realmId)
  const found = all.filter(
    (one) =>
      name === nameOf(one) || name === `${one.bootId}/${one.instance}` || name === one.instance,
  )
  const [first] = found
  if (first === undefined) throw new StartError(`There is no instance ${name}.`)
  if (found.length === 1) return first
  throw new StartError(`Several are called so: ${found.map(nameOf).join(', ')}.`)
}

function instancesText(all: ZoneInstanceView[]): string {
  if (all.length === 0) return 'No instance runs.'
  const now = Date.now()
  const head = [
    'ZONE',
    'INSTANCE',
    'STATE',
    'LEASE',
    'PLAYERS',
    'PLACES',
    'OF',
    'UP',
    'SEEN',
    'FOR',
  ]
  const rows = all.map((one) => [
    one.zone,
    nameOf(one),
    one.state,
    one.lease,
    String(one.players),
    String(one.places),
    String(one.capacity),
    span(now - one.since),
    span(now - one.seenAt),
    membersText(one, now),
  ])
  return table(head, rows)
}

function membersText({ private: own }: ZoneInstanceView, now: number): string {
  if (own === undefined) return 'all'
  return `${own.members.map(({ name }) => name).join(', ')} (${span(own.endsAt - now)} left)`
}

function oneText(one: ZoneInstanceView): string {
  const now = Date.now()
  return [
    `${nameOf(one)}  ${one.zone}, ${one.state}, lease ${one.lease}, for ${membersText(one, now)}`,
    `  ${one.players} players, ${one.places} of ${one.capacity} places taken`,
    `  ${one.address}  boot ${one.bootId}`,
    `  protocol ${one.protocol}, content ${one.content}, up ${span(now - one.since)}, seen ${span(now - one.seenAt)} ago`,
  ].join('\n')
}

function occupantsText(all: OccupantView[]): string {
  if (all.length === 0) return 'Nobody has a place there.'
  const rows = all.map(({ name, state, characterId, playerId }) => [
    name,
    state,
    `character:${characterId}`,
    `account:${playerId}`,
  ])
  return table(['NAME', 'STATE', 'CHARACTER', 'ACCOUNT'], rows)
}

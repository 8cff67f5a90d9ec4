// Runs a command over the API, and says its outcome in words.
import type { AuditEntry } from '#shared/api/admin/audit.ts'
import type { FleetView } from '#shared/api/admin/fleet.ts'
import type { PlayerAccount, StillInPlay } from '#shared/api/admin/players.ts'
import type { PlannedMaintenance } from '#shared/api/admin/realm.ts'
import type { Api } from '#shared/api/api.ts'
import type { ApiClient } from '#shared/api/client.ts'
import { StartError } from '../start-error.ts'
import type { Command } from './command.ts'
import { actOnInstances } from './instances.ts'
import { actOnQueues } from './queues.ts'
import { moderate } from './moderate.ts'
import { actOnBoard } from './leaderboard.ts'

export type Outcome = { answer: unknown; text: string }

type Admin = ApiClient<Api>['admin']

/**
 * `realmId`: the realm of this machine. `preview` gets who is meant before anything is changed. Throws
 * ApiError, StartError.
 */
export async function carryOut(
  client: ApiClient<Api>,
  realmId: string | undefined,
  command: Exclude<Command, { do: 'help' }>,
  preview: (text: string) => void,
): Promise<Outcome> {
  const { admin } = client
  /** The account that is meant, by its id: what is typed is looked up once. */
  const meant = async (who: string): Promise<{ who: string }> => {
    const player = await admin.showPlayer({ params: { who } })
    preview(playerText(player))
    return { who: `account:${player.accountId}` }
  }
  switch (command.do) {
    case 'show':
      return outcome(await admin.showPlayer({ params: { who: command.who } }), playerText)
    case 'kick': {
      const { who, reason } = command
      const answer = await admin.kick({ params: await meant(who), body: { reason } })
      const none = answer.kicked === 0
      return outcome(answer, ({ kicked, stillInPlay }) =>
        none
          ? 'No character of that account is in the world.'
          : `Kicked: ${kicked}.${rest(stillInPlay)}`,
      )
    }
    case 'ban': {
      const { who, reason, forS } = command
      const params = await meant(who)
      return outcome(await admin.ban({ params, body: { reason, forS } }), (answer) => {
        const until = answer.forGood ? 'for good' : `until ${dateOf(answer.until)}`
        return `Banned ${answer.accountId} ${until}.${rest(answer.stillInPlay)}`
      })
    }
    case 'unban': {
      const { who, reason } = command
      const answer = await admin.unban({ params: await meant(who), body: { reason } })
      return outcome(answer, ({ accountId }) => `The ban of ${accountId} is lifted.`)
    }
    case 'role': {
      const { who, role, reason } = command
      const answer = await admin.setRole({ params: await meant(who), body: { role, reason } })
      const when = role !== 'player' ? ' From the next log-in on.' : ''
      return outcome(answer, ({ accountId }) => `${accountId} is ${role} now.${when}`)
    }
    case 'export': {
      const { who } = await meant(command.who)
      const entries = await exportOf(client, who, command.reason)
      return outcome(entries, (all) => JSON.stringify(all, null, 2))
    }
    case 'erase': {
      const { reason, days } = command
      const params = await meant(command.who)
      const answer = await client.personal.eraseOf({ params, body: { reason, days } })
      return outcome(answer, ({ accountId, at }) => `${accountId} is closed at ${dateOf(at)}.`)
    }
    case 'erasures': {
      const answer = await client.personal.erasures({ query: {} })
      return outcome(answer, ({ entries }) =>
        entries.length === 0
          ? 'No account waits.'
          : entries.map(({ accountId, at }) => `${dateOf(at)}  ${accountId}`).join('\n'),
      )
    }
    case 'erasures-run': {
      const answer = await client.personal.run({ body: { reason: command.reason } })
      return outcome(
        answer,
        ({ closed, erased, waiting, more }) =>
          `Closed ${closed}, erased ${erased}, waiting ${waiting}.${more ? ' There are more.' : ''}`,
      )
    }
    case 'character-rename': {
      const { character, name, reason } = command
      const params = { realmId: command.realmId ?? (await realmOf(client, realmId)), character }
      const answer = await client.characters.renameOf({ params, body: { name, reason } })
      return outcome(answer, (one) => `It is called ${one.name} now.`)
    }
    case 'character-restore': {
      const { character, reason } = command
      const params = { realmId: command.realmId ?? (await realmOf(client, realmId)), character }
      const answer = await client.characters.restoreOf({ params, body: { reason } })
      return outcome(answer, ({ name }) => `${name} is there again.`)
    }
    case 'fleet':
      return outcome(await admin.fleet(), ({ hosts }) => hosts.map(hostText).join('\n'))
    case 'stop': {
      const { name, reason } = command
      const answer = await admin.stopHost({ params: { name }, body: { reason } })
      return outcome(answer, () => `${name} saves everybody and ends; the fleet replaces it.`)
    }
    case 'announce':
      return await announce(admin, command.realmId ?? (await realmOf(client, realmId)), command)
    case 'announcement-withdraw': {
      const { announcementId, reason } = command
      const here = command.realmId ?? (await realmOf(client, realmId))
      const params = { realmId: here, announcementId }
      const answer = await admin.withdrawAnnouncement({ params, body: { reason } })
      return outcome(answer, () => `The announcement ${announcementId} is taken back.`)
    }
    case 'maintenance': {
      const here = command.realmId ?? (await realmOf(client, realmId))
      return await maintain(admin, { realmId: here }, command)
    }
    case 'mail': {
      const { to, letter, reason } = command
      const params = { realmId: command.realmId ?? (await realmOf(client, realmId)) }
      const answer = await admin.sendMail({ params, body: { to, ...letter, reason } })
      return outcome(answer, ({ until }) => `${to} has the letter until ${dateOf(until)}.`)
    }
    case 'mail-all': {
      const { letter, days, reason } = command
      const params = { realmId: command.realmId ?? (await realmOf(client, realmId)) }
      const answer = await admin.mailAll({ params, body: { ...letter, days, reason } })
      return outcome(
        answer,
        ({ letterId, until }) => `All have the letter ${letterId} until ${dateOf(until)}.`,
      )
    }
    case 'mail-withdraw': {
      const { letterId, reason } = command
      const here = command.realmId ?? (await realmOf(client, realmId))
      const answer = await admin.withdrawMail({
        params: { realmId: here, letterId },
        body: { reason },
      })
      return outcome(answer, () => `The letter ${letterId} is taken back.`)
    }
    case 'moderate': {
      const here = command.realmId ?? (await realmOf(client, realmId))
      return await moderate(client, here, command.asked, meant)
    }
    case 'leaderboard': {
      const here = command.realmId ?? (await realmOf(client, realmId))
      return await actOnBoard(client, here, command)
    }
    case 'instances': {
      const here = command.realmId ?? (await realmOf(client, realmId))
      return await actOnInstances(admin, here, command, meant)
    }
    case 'queue': {
      const here = command.realmId ?? (await realmOf(client, realmId))
      return await actOnQueues(client, here, command, meant)
    }
    case 'audit': {
      const answer = await admin.audit({ query: { limit: command.limit } })
      return outcome(answer, ({ entries }) => entries.map(entryText).join('\n') || 'Nothing yet.')
    }
  }
}

/** Part by part, all of them as one. */
async function exportOf(client: ApiClient<Api>, who: string, reason: string): Promise<unknown[]> {
  const all: unknown[] = []
  for (let after: string | undefined; ;) {
    const body = { reason, ...(after === undefined ? {} : { after }) }
    const part = await client.personal.exportOf({ params: { who }, body })
    all.push(...part.entries)
    if (part.next === undefined) return all
    after = part.next
  }
}

async function announce(
  admin: Admin,
  realmId: string,
  { text, zone, kept, reason }: Extract<Command, { do: 'announce' }>,
): Promise<Outcome> {
  const params = { realmId }
  if (kept !== undefined) {
    const answer = await admin.keepAnnouncement({ params, body: { text, zone, ...kept, reason } })
    return outcome(
      answer,
      ({ announcementId, from, until }) =>
        `Kept as ${announcementId} from ${dateOf(from)} until ${dateOf(until)}.`,
    )
  }
  const answer = await admin.announce({ params, body: { text, zone, reason } })
  return outcome(answer, ({ hosts }) => `Sent to ${hosts} ${hosts === 1 ? 'host' : 'hosts'}.`)
}

async function maintain(
  admin: Admin,
  params: { realmId: string },
  { verb, reason, ...more }: Extract<Command, { do: 'maintenance' }>,
): Promise<Outcome> {
  switch (verb) {
    case 'show':
      return outcome(await admin.maintenance({ params }), plannedText)
    case 'start': {
      const body = { inS: more.inS ?? 0, forS: more.forS!, text: more.text, least: more.least }
      return outcome(
        await admin.startMaintenance({ params, body: { ...body, reason } }),
        plannedText,
      )
    }
    case 'extend': {
      const body = { forS: more.forS!, reason }
      return outcome(await admin.extendMaintenance({ params, body }), plannedText)
    }
    case 'end': {
      const answer = await admin.endMaintenance({ params, body: { reason } })
      return outcome(answer, () => `The realm ${params.realmId} is open.`)
    }
  }
}

function plannedText({ from, until, least, text }: PlannedMaintenance): string {
  const words = text === undefined ? '' : ` Players read: ${text}`
  return `Closed from ${dateOf(from)} until ${dateOf(until)} for all below ${least}.${words}`
}

async function realmOf(client: ApiClient<Api>, here: string | undefined): Promise<string> {
  if (here !== undefined) return here
  const { realms } = await client.auth.realms()
  if (realms.length === 1) return realms[0]!.realmId
  const names = realms.map((realm) => realm.realmId).join(', ')
  throw new StartError(`There are several realms (${names}): choose one with --realm.`)
}

function outcome<T>(answer: T, words: (answer: T) => string): Outcome {
  return { answer, text: words(answer) }
}

function rest(stillInPlay: StillInPlay): string {
  if (stillInPlay.length === 0) return ''
  const names = stillInPlay.map(({ name }) => name).join(', ')
  return ` Still in play, because their host does not answer: ${names}. Check again with \`player show\`.`
}

function playerText(player: PlayerAccount): string {
  const { ban } = player
  const lines = [
    `${player.accountId}  ${player.guest ? 'guest' : 'account'}, ${player.role}, since ${dateOf(player.createdAt)}`,
  ]
  if (ban !== undefined) {
    const until = ban.forGood ? 'for good' : `until ${dateOf(ban.until)}`
    lines.push(`banned ${until}: ${ban.reason ?? 'no reason given'}`)
  }
  for (const one of player.characters) {
    const where = one.state === 'offline' ? '' : `, ${one.instance} of host ${one.host}`
    lines.push(
      `  ${one.name} (${one.realmId}, ${one.characterId}): ${one.state} in ${one.zone}${where}`,
    )
  }
  return lines.join('\n')
}

function hostText(host: FleetView): string {
  const instances = host.instances.map(
    ({ realmId, instance, state, players, capacity }) =>
      `\n  ${realmId} ${instance}: ${state}, ${players} of ${capacity} players`,
  )
  const name = host.name === '' ? '(not of this fleet)' : host.name
  const clock = host.clockOffMs === undefined ? '' : `, ${clockText(host.clockOffMs)}`
  const room = host.slots.map(
    ({ realmId, zone, used, free }) =>
      `\n  ${realmId} ${zone}: ${used} private instances, room for ${free} more`,
  )
  const lines = [...instances, ...room].join('')
  return `${name}  ${host.state}, lease ${host.lease}${clock}, ${host.address}  ${host.bootId}${lines}`
}

function clockText(offMs: number): string {
  const side = offMs > 0 ? 'ahead' : 'behind'
  return `clock off by ${Math.round(Math.abs(offMs) / 1000)} s (${side}): set it by NTP`
}

function entryText(entry: AuditEntry): string {
  const what = entry.what === '' ? '' : ` (${entry.what})`
  return `${dateOf(entry.at)}  ${entry.operatorId}  ${entry.action} ${entry.target}${what}: ${entry.reason}`
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').slice(0, 16)
}

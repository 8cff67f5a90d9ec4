// Checks the references between content files, and the places that they name on the ground of a zone.
import type { Content, Queue, Zone } from '../content/content.ts'
import { shortestGapMs } from '../content/schedule.ts'
import { boardsMax, matchMembersMax } from '../limits.ts'
import { RuleSetError } from '../matching/issue.ts'
import { readRuleSet } from '../matching/rule-set.ts'
import type { RuleSet } from '../matching/rule-set.ts'
import { metresToUnits, playerRadius } from '../rules/units.ts'
import { buildWalls } from '../rules/walls.ts'
import type { Walls } from '../rules/walls.ts'

type Box = { x: number; y: number; width: number; height: number }
type Point = { x: number; y: number }

/** Every reference that leads nowhere, and every place where no body can stand. */
export function checkReferences(content: Content, startKnown: boolean): string[] {
  const problems: string[] = []
  if (startKnown && !content.zones.has(content.startZone)) {
    problems.push('game.json: startZone: there is no such zone')
  }
  if (content.zones.get(content.startZone)?.private !== undefined) {
    problems.push('game.json: startZone: it must not be private')
  }
  if (content.leaderboards.size > boardsMax) {
    problems.push(`leaderboards/: there must be at most ${boardsMax}`)
  }
  if (content.races.size === 0) problems.push('races/: there must be at least one race')
  for (const race of content.races.values()) {
    race.jobs.forEach((job, i) => {
      if (!content.jobs.has(job)) {
        problems.push(`races/${race.id}.json: jobs.${i}: there is no job "${job}"`)
      }
    })
  }
  for (const event of content.events.values()) {
    const file = `events/${event.id}.json`
    if (event.zone !== undefined && !content.zones.has(event.zone)) {
      problems.push(`${file}: zone: there is no zone "${event.zone}"`)
    }
    if (event.minutes * 60_000 > shortestGapMs(event)) {
      problems.push(`${file}: minutes: it would begin again before it has ended`)
    }
  }
  for (const queue of content.queues.values()) problems.push(...checkQueue(content, queue))
  const walls = new Map<string, Walls>()
  for (const zone of content.zones.values()) walls.set(zone.id, buildWalls(zone))
  for (const zone of content.zones.values()) problems.push(...checkZone(content, zone, walls))
  return problems
}

function checkQueue(content: Content, queue: Queue): string[] {
  const { id, zone: zoneId, difficulty, ruleSet, choices, rating } = queue
  const problems: string[] = []
  const report = (path: string, reason: string) => {
    problems.push(`queues/${id}.json: ${path}: ${reason}`)
  }
  const zone = content.zones.get(zoneId)
  if (zone?.private === undefined) report('zone', `there is no private zone "${zoneId}"`)
  else if (!hasDifficulty(zone, difficulty))
    report('difficulty', unknownDifficulty(zone, difficulty))
  let rules: RuleSet
  try {
    rules = readRuleSet(ruleSet)
  } catch (error) {
    if (!(error instanceof RuleSetError)) throw error
    for (const issue of error.issues) report(`ruleSet.${issue.path}`, issue.reason)
    return problems
  }
  const most = Math.max(...rules.stages.map(({ maxTotal }) => maxTotal))
  const room = Math.min(zone?.capacity ?? matchMembersMax, matchMembersMax)
  if (most > room) report('ruleSet.teams', `take ${most} players; there is room for ${room}`)
  for (const { name, type, default: value } of rules.attributes) {
    if (name === rating?.attribute) {
      if (type !== 'number') report('rating', `the attribute "${name}" takes no numbers`)
      if (choices[name] !== undefined) report('choices', `"${name}" is the rating`)
    } else if (choices[name] === undefined && value === undefined) {
      report('choices', `the attribute "${name}" of the rule set has neither choices nor a default`)
    } else if (choices[name] !== undefined && type !== 'string' && type !== 'string_list') {
      report('choices', `the attribute "${name}" takes no words`)
    }
  }
  const known = new Set(rules.attributes.map(({ name }) => name))
  if (rating?.attribute !== undefined && !known.has(rating.attribute)) {
    report('rating', `the rule set has no attribute "${rating.attribute}"`)
  }
  for (const name of Object.keys(choices)) {
    if (known.has(name)) continue
    report('choices', `the rule set has no attribute "${name}"`)
  }
  return problems
}

/** What a gate names that leads out of a private zone. No zone has this id. */
const outside = 'outside'

function hasDifficulty(zone: Zone, difficulty: string | undefined): boolean {
  if (difficulty === undefined) return true
  return zone.private?.difficulties?.some(({ id }) => id === difficulty) ?? false
}

function unknownDifficulty(zone: Zone, difficulty: string | undefined): string {
  return `zone "${zone.id}" has no difficulty "${difficulty}"`
}

function checkZone(content: Content, zone: Zone, walls: ReadonlyMap<string, Walls>): string[] {
  const problems: string[] = []
  const report = (path: string, reason: string) => {
    problems.push(`zones/${zone.id}.json: ${path}: ${reason}`)
  }
  if (zone.id === outside) report('id', `"${outside}" is what a private zone has around it`)
  const misplaced = standing(zone, walls.get(zone.id)!)(zone.spawn)
  if (misplaced) report('spawn', misplaced)
  zone.walls.forEach((wall, i) => {
    if (!inside(zone, wall)) report(`walls.${i}`, 'reaches outside the zone')
  })
  const { hosts } = zone
  if (hosts !== undefined && hosts.min > hosts.max) report('hosts.min', 'is above hosts.max')
  // Agones refuses such a buffer.
  if (hosts !== undefined && hosts.ready > hosts.min) report('hosts.ready', 'is above hosts.min')
  const gateIds = new Set<string>()
  zone.gates.forEach((gate, i) => {
    if (gateIds.has(gate.id)) report(`gates.${i}.id`, `the id "${gate.id}" is used twice`)
    gateIds.add(gate.id)
    if (!inside(zone, gate.area)) report(`gates.${i}.area`, 'reaches outside the zone')
    if (gate.to === outside) {
      if (zone.private === undefined) report(`gates.${i}.to`, 'only a private zone has an outside')
      if (gate.arrive) report(`gates.${i}.arrive`, 'each one comes back to where he came from')
      return
    }
    const target = content.zones.get(gate.to)
    if (target === undefined) {
      report(`gates.${i}.to`, `there is no zone "${gate.to}"`)
      return
    }
    if (target.private !== undefined && zone.private !== undefined) {
      report(`gates.${i}.to`, `it leads from one private zone to another, "${gate.to}"`)
    }
    if (!hasDifficulty(target, gate.difficulty)) {
      report(`gates.${i}.difficulty`, unknownDifficulty(target, gate.difficulty))
    }
    if (target.private !== undefined) {
      if (gate.arrive) report(`gates.${i}.arrive`, 'a private zone is entered at its spawn')
    } else if (gate.arrive === undefined) report(`gates.${i}.arrive`, 'is missing')
    else {
      const reason = standing(target, walls.get(target.id)!)(gate.arrive)
      if (reason) report(`gates.${i}.arrive`, `${reason} of zone "${target.id}"`)
    }
  })
  zone.creatures.forEach((group, i) => {
    if (!content.creatures.has(group.creature)) {
      report(`creatures.${i}.creature`, `there is no creature "${group.creature}"`)
    }
    for (const difficulty of group.difficulties ?? []) {
      if (hasDifficulty(zone, difficulty)) continue
      report(`creatures.${i}.difficulties`, unknownDifficulty(zone, difficulty))
    }
    if (!inside(zone, group.area)) report(`creatures.${i}.area`, 'reaches outside the zone')
  })
  return problems
}

/** Says why a player cannot stand at a place of the zone. */
function standing(zone: Zone, walls: Walls): (place: Point) => string | undefined {
  return (place) => {
    if (place.x > zone.width || place.y > zone.height) return 'is outside'
    if (walls.blocked(metresToUnits(place.x), metresToUnits(place.y), playerRadius)) {
      return 'is in a wall or at the edge'
    }
    // Who arrives inside a gate would be sent on at once, perhaps for ever.
    if (zone.gates.some((gate) => contains(gate.area, place))) return 'is inside a gate'
    return undefined
  }
}

function inside(zone: Zone, box: Box): boolean {
  return box.x + box.width <= zone.width && box.y + box.height <= zone.height
}

function contains(box: Box, { x, y }: Point): boolean {
  return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height
}

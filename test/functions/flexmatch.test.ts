// A queue that FlexMatch matches: the real client against the wire, events that come late, twice, in another order or
// never, and what is heard over HTTP.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Keeper } from '#functions/matchmaking/keeper.ts'
import type { FlexMatchPart } from '#shared/flexmatch/flexmatch.ts'
import { createGameLiftFlexMatch } from '#shared/flexmatch/gamelift.ts'
import { bodyMaxBytes, flexLostMs, flexQuietMs } from '#shared/limits.ts'
import { openOneProcess } from '../calls/one-process.ts'
import type { Stage } from '../calls/stage.ts'
import {
  answer,
  instanceOf,
  join,
  keeperOf,
  leave,
  matchesOf,
  matchmakerConformance,
  standing,
  waiting,
} from '../conformance/matchmaker.ts'
import type { Matchmaker } from '../conformance/matchmaker.ts'
import { selfSigned } from '../fleet/self-signed.ts'
import { startFlexEmulator } from '../flexmatch/emulator.ts'
import type { FlexEmulator, WireFault } from '../flexmatch/emulator.ts'
import {
  certificate,
  certificateUrl,
  notification,
  signMessage,
  snsRequest,
  topicArn,
} from '../flexmatch/topic.ts'
import type { Random } from '../simulation/random.ts'
import { createClock } from './api.ts'
import type { TestApi } from './api.ts'

const configuration = 'waystone-main-crypt'
const path = '/internal/v1/realms/local/flexmatch'

type World = Matchmaker & {
  emulator: FlexEmulator
  flexMatch: FlexMatchPart
  /** The documents of SNS that were asked for; what a certificate is. */
  got: string[]
  documents: Map<string, string>
  post: (message: object) => Promise<Response>
  /** Delivers what there is, each once. */
  deliver: () => Promise<void>
}

async function openWorld(): Promise<World> {
  const clock = createClock()
  const got: string[] = []
  const documents = new Map([[certificateUrl, certificate]])
  // Set once the rules are known.
  let emulator!: FlexEmulator
  const matching: FlexMatchPart['matching'] = {
    start: async (ticket) => await client.start(ticket),
    stop: async (ticketId) => await client.stop(ticketId),
    describe: async (ticketIds) => await client.describe(ticketIds),
  }
  const flexMatch: FlexMatchPart = {
    queues: new Map([['crypt', configuration]]),
    topic: topicArn,
    matching,
    async get(url) {
      got.push(url)
      const document = documents.get(url)
      if (document === undefined) throw new Error('nothing is there')
      return await Promise.resolve(document)
    },
  }
  const { test, stage } = await openOneProcess({ clock, flexMatch })
  const { ruleSet } = test.content.content.queues.get('crypt')!
  const rules = { name: configuration, ruleSet, timeoutSeconds: 600 }
  emulator = await startFlexEmulator(rules, () => clock.now())
  const client = createGameLiftFlexMatch({
    region: 'eu-central-1',
    endpoint: emulator.endpoint,
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
  })
  let random: Random | undefined
  const post = async (message: object) => await test.send('POST', path, snsRequest(message))
  const deliver = async () => {
    const events = emulator.events.splice(0)
    for (const event of random === undefined ? events : shuffled(random, events)) {
      if (random?.chance(0.15)) continue
      if (random?.chance(0.2)) emulator.events.push(event)
      // SNS delivers again what is not taken.
      if (!(await post(notification(event))).ok && !random?.chance(0.2)) emulator.events.push(event)
    }
  }
  const faults: WireFault[] = ['loseRequest', 'loseAnswer', 'late', 'throttle', 'error']
  return {
    test,
    stage,
    emulator,
    flexMatch,
    got,
    documents,
    post,
    deliver,
    newKeeper: () => keeperOf(test, flexMatch),
    async elsewhere() {
      emulator.pass()
      await deliver()
    },
    fail(next) {
      random = next
      emulator.fault = () => (next?.chance(0.15) ? next.pick(faults) : undefined)
    },
    close: async () => await emulator.stop(),
  }
}

function shuffled<T>(random: Random, list: readonly T[]): T[] {
  return list
    .map((one) => ({ one, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one)
}

matchmakerConformance('the built-in matcher', async () => {
  const { test, stage } = await openOneProcess()
  const nothing = () => Promise.resolve()
  const newKeeper = () => keeperOf(test)
  return { test, stage, newKeeper, elsewhere: nothing, fail: () => undefined, close: nothing }
})

matchmakerConformance('FlexMatch', openWorld)

describe('FlexMatch', () => {
  let world: World
  let test: TestApi
  let stage: Stage
  let emulator: FlexEmulator
  let keeper: Keeper
  beforeEach(async () => {
    world = await openWorld()
    ;({ test, stage, emulator } = world)
    keeper = world.newKeeper()
    await stage.openZone({ zone: 'crypt', kind: 'slots', capacity: 8 })
  })
  afterEach(async () => await world.close())

  /** Time passes, with a look each second at most. */
  async function pass(ms: number, stepMs = 5000): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      test.clock.advance(stepMs)
      emulator.pass()
      await keeper.beat()
    }
  }
  const started = () => emulator.asked.filter(({ operation }) => operation === 'StartMatchmaking')
  const asked = () => emulator.asked.filter(({ operation }) => operation === 'DescribeMatchmaking')

  it('gets each ticket once, under its own id, and loses who gives it up', async () => {
    const [player] = await waiting(stage, 'blade')
    const { ticketId } = (await standing(player!)).ticket!
    for (let i = 0; i < 3; i++) await keeper.beat()
    expect(started()).toEqual([{ operation: 'StartMatchmaking', tickets: [ticketId] }])
    await leave(player!)
    await keeper.beat()
    expect(emulator.statusOf(ticketId)).toBe('CANCELLED')
  })

  it('makes one match, however often and in which order it tells of it', async () => {
    const all = await waiting(stage, 'shield', 'blade', 'blade')
    await keeper.beat()
    emulator.pass()
    const events = emulator.events.splice(0)
    for (const event of [...events, ...events].reverse()) await world.post(notification(event))
    await keeper.beat()
    const { match } = await standing(all[0]!)
    for (const event of events) await world.post(notification(event))
    await keeper.beat()
    for (const one of all) await answer(one, true)
    for (const event of events) await world.post(notification(event))
    await keeper.beat()
    expect(matchesOf(test).map(({ matchId }) => matchId)).toEqual([match!.matchId])
    expect(await instanceOf(all[2]!)).toMatchObject({ instanceId: match!.matchId })
  })

  it('matches no ticket by a match that it has left, when the event comes again', async () => {
    const [shield, one, two] = await waiting(stage, 'shield', 'blade', 'blade')
    await keeper.beat()
    emulator.pass()
    const events = emulator.events.splice(0)
    for (const event of events) await world.post(notification(event))
    await keeper.beat()
    await answer(two!, false)
    for (const event of events) await world.post(notification(event))
    keeper = world.newKeeper()
    await keeper.beat()
    expect((await standing(shield!)).match).toBeUndefined()
    // They were sent anew, under other ids.
    const { ticketId } = (await standing(one!)).ticket!
    expect(emulator.statusOf(`${ticketId}.2`)).toBe('QUEUED')
  })

  it('takes none of a match of which one was given up at that moment; the others go again', async () => {
    const [shield, one, two] = await waiting(stage, 'shield', 'blade', 'blade')
    await keeper.beat()
    emulator.pass()
    await leave(two!)
    await world.deliver()
    await keeper.beat()
    expect(matchesOf(test)).toEqual([])
    await waiting(stage, 'healer')
    await pass(15_000)
    await world.deliver()
    await keeper.beat()
    for (const again of [shield!, one!]) {
      expect((await standing(again)).match).toMatchObject({ members: 3 })
    }
  })

  describe('what is lost on the way', () => {
    it.each(['loseRequest', 'loseAnswer', 'late', 'error', 'throttle'] as const)(
      'a ticket that was sent without a clear answer (%s) is there once',
      async (fault) => {
        const all = await waiting(stage, 'shield', 'blade', 'blade')
        let faults = 1
        emulator.fault = (operation) =>
          operation === 'StartMatchmaking' && faults-- > 0 ? fault : undefined
        await keeper.beat()
        await pass(20_000)
        await world.deliver()
        await keeper.beat()
        for (const one of all) expect((await standing(one)).match).toMatchObject({ members: 3 })
      },
    )

    it('a ticket that a process died with is sent by the next one', async () => {
      const all = await waiting(stage, 'shield', 'blade', 'blade')
      emulator.fault = () => 'loseRequest'
      await keeper.beat()
      emulator.fault = () => undefined
      keeper = world.newKeeper()
      await pass(flexQuietMs + 15_000)
      await world.deliver()
      await keeper.beat()
      for (const one of all) expect((await standing(one)).match).toMatchObject({ members: 3 })
    })

    it('a match that only the potential one was told of is made by that', async () => {
      const all = await waiting(stage, 'shield', 'blade', 'blade')
      await keeper.beat()
      emulator.pass()
      const [potential] = emulator.events.splice(0)
      await world.post(notification(potential!))
      await keeper.beat()
      expect((await standing(all[0]!)).match).toBeUndefined()
      await pass(flexQuietMs + 15_000)
      for (const one of all) expect((await standing(one)).match).toMatchObject({ members: 3 })
    })

    it('tickets of a match that nothing was told of are sent anew, and wait on', async () => {
      const all = await waiting(stage, 'shield', 'blade', 'blade')
      await keeper.beat()
      emulator.pass()
      emulator.events.splice(0)
      await pass(flexQuietMs + flexLostMs + 20_000)
      await world.deliver()
      await keeper.beat()
      for (const one of all) expect((await standing(one)).match).toMatchObject({ members: 3 })
      expect(started().map(({ tickets }) => tickets[0]!.split('.')[1])).toEqual(
        expect.arrayContaining([undefined, '2']),
      )
    })

    it('a ticket that it knows no more is sent again', async () => {
      const [shield, blade] = await waiting(stage, 'shield', 'blade')
      await keeper.beat()
      const { ticketId } = (await standing(blade!)).ticket!
      emulator.forget(ticketId)
      // Its age there begins anew, and with it the 20 s after which two are enough.
      await pass(flexQuietMs + 40_000)
      await world.deliver()
      await keeper.beat()
      expect((await standing(shield!)).match).toMatchObject({ members: 2 })
    })

    it('an end that no event has told of is learned by asking', async () => {
      const [player] = await waiting(stage, 'blade')
      await keeper.beat()
      const { ticketId } = (await standing(player!)).ticket!
      emulator.end(ticketId, 'MatchmakingCancelled')
      emulator.events.splice(0)
      await pass(flexQuietMs + 15_000)
      expect(await standing(player!)).toEqual({})
      await join(player!)
    })

    it('a stop that is lost makes no match of who has left', async () => {
      const [shield, blade] = await waiting(stage, 'shield', 'blade')
      await keeper.beat()
      await leave(blade!)
      emulator.fault = (operation) => (operation === 'StopMatchmaking' ? 'error' : undefined)
      await pass(25_000)
      await world.deliver()
      await keeper.beat()
      expect(await standing(blade!)).toEqual({})
      expect((await standing(shield!)).match).toBeUndefined()
      expect((await standing(shield!)).ticket).toBeDefined()
    })
  })

  it('ends a ticket that FlexMatch ends, and sends one again that failed there', async () => {
    const [first, second] = await waiting(stage, 'blade', 'blade')
    await keeper.beat()
    const idOf = async (player: typeof first) => (await standing(player!)).ticket!.ticketId
    const [gone, failed] = [await idOf(first), await idOf(second)]
    emulator.end(gone, 'MatchmakingCancelled')
    emulator.end(failed, 'MatchmakingFailed')
    await world.deliver()
    await keeper.beat()
    expect(await standing(first!)).toEqual({})
    await pass(15_000)
    expect(emulator.statusOf(`${failed}.2`)).toBe('SEARCHING')
  })

  it('is asked about ten tickets at once, of which it has told nothing for long', async () => {
    await waiting(stage, ...Array.from({ length: 12 }, () => 'shield'))
    await keeper.beat()
    await pass(flexQuietMs - 5000)
    expect(asked()).toEqual([])
    await pass(5000)
    expect(asked().map(({ tickets }) => tickets.length)).toEqual([10, 2])
    await pass(flexQuietMs - 5000)
    expect(asked()).toHaveLength(2)
  })

  it('stands still while it is not there, and players may leave', async () => {
    const [player] = await waiting(stage, 'blade')
    emulator.fault = () => 'error'
    await keeper.beat()
    await pass(20_000)
    expect((await standing(player!)).ticket).toBeDefined()
    await leave(player!)
    await keeper.beat()
    expect(await standing(player!)).toEqual({})
  })

  describe('its messages', () => {
    const codeOf = async (answered: Response) =>
      answered.ok ? 'taken' : ((await answered.json()) as { code: string }).code
    const told = () => test.memory.rows('volatile').filter(({ report }) => report).length

    /** What FlexMatch tells first. */
    async function event(): Promise<string> {
      await waiting(stage, 'shield', 'blade', 'blade')
      await keeper.beat()
      emulator.pass()
      return emulator.events.splice(0)[0]!
    }

    it.each(['1', '2'] as const)('count with a signature of version %s', async (version) => {
      const message = notification(await event(), { SignatureVersion: version })
      expect(await codeOf(await world.post(message))).toBe('taken')
      expect(told()).toBe(1)
      expect(await codeOf(await world.post({ ...message, Message: `${message.Message} ` }))).toBe(
        'sns.signature',
      )
      const other = version === '1' ? '2' : '1'
      expect(await codeOf(await world.post({ ...message, SignatureVersion: other }))).toBe(
        'sns.signature',
      )
      expect(told()).toBe(1)
    })

    it('of others are refused, and nothing is fetched for them', async () => {
      const text = await event()
      const topic = { TopicArn: 'arn:aws:sns:eu-central-1:999999999999:theirs' }
      expect(await codeOf(await world.post(notification(text, topic)))).toBe('route.not_found')
      const urls = [
        'https://sns.eu-central-1.amazonaws.com.evil.example/x.pem',
        'https://evil.example/sns.eu-central-1.amazonaws.com/x.pem',
        'https://sns.eu-west-1.amazonaws.com/x.pem',
        'http://sns.eu-central-1.amazonaws.com/x.pem',
        'https://sns.eu-central-1.amazonaws.com:8443/x.pem',
        'https://sns.eu-central-1.amazonaws.com@evil.example/x.pem',
        'https://sns.eu-central-1.amazonaws.com/x.txt',
        'no address',
      ]
      for (const SigningCertURL of urls) {
        const message = notification(text, { SigningCertURL })
        expect(await codeOf(await world.post(message))).toBe('sns.signature')
      }
      expect(world.got).toEqual([])
      expect(told()).toBe(0)
    })

    it('count with no other key and no certificate that is over', async () => {
      const message = notification(await event())
      const { Signature: _, ...unsigned } = message
      const theirs = signMessage(unsigned, selfSigned('sns.amazonaws.com', 'rsa').key)
      expect(await codeOf(await world.post(theirs))).toBe('sns.signature')
      const old = selfSigned('sns.amazonaws.com', 'rsa', '20260101000000Z')
      world.documents.set(certificateUrl, old.cert)
      expect(await codeOf(await world.post(signMessage(unsigned, old.key)))).toBe('sns.signature')
      world.documents.set(certificateUrl, 'no certificate')
      expect(await codeOf(await world.post(message))).toBe('sns.signature')
      // SNS does not answer: it sends the message again.
      world.documents.clear()
      expect(await codeOf(await world.post(message))).toBe('sns.unavailable')
      expect(told()).toBe(0)
    })

    it('confirm a subscription of the topic, at SNS alone', async () => {
      const query = `?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=abc`
      const confirm = (base: string) =>
        notification('You have chosen to subscribe', {
          Type: 'SubscriptionConfirmation',
          Token: 'abc',
          SubscribeURL: `${base}${query}`,
        })
      const own = 'https://sns.eu-central-1.amazonaws.com/'
      world.documents.set(`${own}${query}`, '<ConfirmSubscriptionResponse/>')
      expect(await codeOf(await world.post(confirm(own)))).toBe('taken')
      expect(world.got).toContain(`${own}${query}`)
      const before = world.got.length
      expect(await codeOf(await world.post(confirm('https://evil.example/')))).toBe('sns.signature')
      expect(world.got.slice(before)).toEqual([certificateUrl])
    })

    it('say nothing that is not of FlexMatch and its queues, or harms nobody', async () => {
      const text = await event()
      const parsed = JSON.parse(text) as { detail: object; resources: string[] }
      const others = [
        'no JSON',
        '{}',
        JSON.stringify({ ...parsed, source: 'aws.s3' }),
        JSON.stringify({
          ...parsed,
          resources: ['arn:aws:gamelift:x:1:matchmakingconfiguration/no'],
        }),
        JSON.stringify({ ...parsed, detail: { ...parsed.detail, type: 'AcceptMatch' } }),
        JSON.stringify({ ...parsed, detail: { ...parsed.detail, tickets: 'none' } }),
        JSON.stringify({ ...parsed, detail: { ...parsed.detail, type: 'toString' } }),
      ]
      for (const other of others) {
        expect(await codeOf(await world.post(notification(other)))).toBe('taken')
      }
      expect(told()).toBe(0)
    })

    it('may be larger than what clients send, and of the type that SNS gives them', async () => {
      const padded = JSON.stringify({
        ...JSON.parse(await event()),
        more: 'x'.repeat(bodyMaxBytes),
      })
      expect(await codeOf(await world.post(notification(padded)))).toBe('taken')
      expect(told()).toBe(1)
      const { body } = snsRequest(notification('{}'))
      const typed = async (type: string) =>
        await codeOf(await test.send('POST', path, { headers: { 'content-type': type }, body }))
      expect(await typed('text/html')).toBe('request.media_type')
      expect(await typed('application/json')).toBe('taken')
      const huge = { headers: { 'content-type': 'text/plain' }, body: 'x'.repeat(400_000) }
      expect(await codeOf(await test.send('POST', path, huge))).toBe('request.too_large')
    })
  })
})

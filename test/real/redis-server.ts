// A real redis-server of a test: on a port of its own, nothing kept.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { freePort } from '../e2e/waystone.ts'
import { findProgram, needPart } from './part.ts'

/** Throws in CI where there is none. */
export function findRedisServer(): string | undefined {
  const found = findProgram('REDIS_SERVER', ['redis-server'])
  return needPart('redis-server', found, 'REDIS_SERVER names the program')
}

export type RedisProcess = { url: string; port: number; child: ChildProcess; stop(): Promise<void> }

export async function startRedisServer(program: string, port?: number): Promise<RedisProcess> {
  const own = port ?? (await freePort())
  const child = spawn(
    program,
    ['--bind', '127.0.0.1', '--port', String(own), '--save', '', '--appendonly', 'no'],
    { cwd: tmpdir(), stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const exited = once(child, 'exit')
  let said = ''
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4096)
      if (said.includes('Ready to accept connections')) resolve()
    })
    exited.then(
      () => reject(new Error(`redis-server ended: ${said}`)),
      () => undefined,
    )
  })
  return {
    url: `redis://127.0.0.1:${own}`,
    port: own,
    child,
    stop: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}

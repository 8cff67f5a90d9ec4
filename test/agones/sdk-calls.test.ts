// Our emulator against what Agones' own sdk-server (release 1.60, local mode) answered to the same calls.
// The transcript was recorded from it; test/real/agones.test.ts records it anew where the program is.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createGameServer } from '#local/agones/game-server.ts'
import { startSidecar } from '#local/agones/sidecar.ts'
import { systemRuntime as runtime } from '#shared/system.ts'
import { silentLog as log } from '#shared/telemetry/log.ts'
import { clusterAnswers, runCalls, start } from './sdk-calls.ts'
import type { Answer } from './sdk-calls.ts'

const queueMs = 8

/** Knows whether a change still lies in the queue, however slow the machine. */
function watchQueue(longestMs: number) {
  const waiting = new Set<Promise<void>>()
  return {
    runtime: {
      now: runtime.now,
      async sleep(ms: number, signal?: AbortSignal) {
        if (ms > longestMs) return await runtime.sleep(ms, signal)
        const sleep = runtime.sleep(ms, signal).finally(() => waiting.delete(sleep))
        waiting.add(sleep)
        await sleep
      },
    },
    async settled() {
      do await runtime.sleep(1)
      while (waiting.size > 0)
    },
  }
}

test('the emulator answers as Agones does, over gRPC and REST', async () => {
  const transcript = JSON.parse(
    readFileSync(join(import.meta.dirname, 'sdk-server-1.60.json'), 'utf8'),
  ) as Answer[]
  expect(transcript.length).toBeGreaterThanOrEqual(60)
  const gameServer = createGameServer({ ...start, runtime, log })
  const queue = watchQueue(queueMs)
  const sidecar = await startSidecar({ gameServer, queueMs, runtime: queue.runtime, log })
  try {
    const ports = { grpc: sidecar.port, http: sidecar.httpPort }
    const answers = await runCalls(ports, queue.settled)
    const expected = transcript.map(({ call, answer }) => ({
      call,
      answer: call in clusterAnswers ? clusterAnswers[call]!.answer : answer,
    }))
    expect(answers).toEqual(expected)
  } finally {
    sidecar.stop()
  }
})

test('each answer in which a cluster differs from the local mode is one of the script', () => {
  const text = readFileSync(join(import.meta.dirname, 'sdk-server-1.60.json'), 'utf8')
  const calls = new Set((JSON.parse(text) as Answer[]).map(({ call }) => call))
  for (const call of Object.keys(clusterAnswers)) expect(calls).toContain(call)
})

test('a page of a browser is refused, whatever it asks', async () => {
  const gameServer = createGameServer({ ...start, runtime, log })
  const sidecar = await startSidecar({ gameServer, queueMs, runtime, log })
  try {
    const headers = { origin: 'https://example.org' }
    const url = `http://127.0.0.1:${sidecar.httpPort}/shutdown`
    const answer = await fetch(url, { method: 'POST', headers, body: '{}' })
    expect(answer.status).toBe(403)
    expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(200)
  } finally {
    sidecar.stop()
  }
})

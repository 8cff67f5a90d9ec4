// The record that outlives the fleet: the processes that it has started, and the boot ids that they reported.
// The next start ends those that still run and marks the leases of all. An entry is removed only when its lease
// is marked.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { processIdentitySchema } from '../process-identity.ts'
import { StartError } from '../start-error.ts'
import { writeFileAtomic } from '../write-file.ts'

const entrySchema = z.object({
  name: z.string(),
  process: processIdentitySchema,
  /** Absent until the host has reported it; before that it admits no player. */
  bootId: z.string().optional(),
})
const fileSchema = z.object({ v: z.literal(1), hosts: z.array(entrySchema) })

export type RunningHost = z.infer<typeof entrySchema>

export interface RunningHosts {
  all(): RunningHost[]
  /** The entry is on the disk when this returns, so a host with a boot id can be found again. */
  put(host: RunningHost): void
  remove(name: string): void
}

/** The file of a data folder. */
export function recordOf(dataDir: string): string {
  return join(dataDir, 'fleet.json')
}

/** Opens the file, or begins one. Throws StartError when it is damaged. */
export function openRunningHosts(path: string): RunningHosts {
  const hosts = new Map(read(path).map((host) => [host.name, host]))
  const save = () => writeFileAtomic(path, JSON.stringify({ v: 1, hosts: [...hosts.values()] }))
  return {
    all: () => [...hosts.values()],
    put: (host) => {
      hosts.set(host.name, host)
      save()
    },
    remove: (name) => {
      if (hosts.delete(name)) save()
    },
  }
}

function read(path: string): RunningHost[] {
  if (!existsSync(path)) return []
  try {
    return fileSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).hosts
  } catch (cause) {
    throw new StartError(
      `${path} is damaged: end any zone hosts that still run, then delete the file and start again.`,
      cause,
    )
  }
}

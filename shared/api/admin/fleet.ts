// Zone hosts.
import * as z from 'zod'
import { endpoint } from '../endpoint.ts'
import { contentId, done, realmId } from '../names.ts'
import { read, reason, write } from './naming.ts'

const fleetHost = z
  .object({
    name: z.string().meta({ description: 'In the fleet; empty when the fleet does not know it' }),
    bootId: z.string().meta({ description: 'Empty until the process has reported it' }),
    address: z.string(),
    state: z.enum(['starting', 'ready', 'allocated', 'shutdown', 'unhealthy', 'unknown']),
    lease: z.enum(['held', 'suspect', 'ended', 'none']).meta({
      description: 'What its lease row says; suspect: another host has seen that it is not renewed',
    }),
    clockOffMs: z.int().optional().meta({
      description:
        'How far the clock of the host is ahead of that of the functions, ms; negative: behind. There when it is more than a minute',
    }),
    instances: z.array(
      z.object({
        realmId,
        zone: contentId,
        instance: z.string(),
        state: z.enum(['ready', 'open', 'draining']),
        players: z.int(),
        capacity: z.int(),
      }),
    ),
    slots: z
      .array(z.object({ realmId, zone: contentId, used: z.int(), free: z.int() }))
      .meta({ description: 'Room for private instances' }),
  })
  .meta({ id: 'FleetHost' })

export const fleetEndpoints = {
  fleet: endpoint({
    method: 'GET',
    path: '/v1/admin/fleet',
    summary: 'Zone hosts, their leases, instances and players',
    identity: 'operator',
    answer: z.object({ hosts: z.array(fleetHost) }),
    errors: [],
    limits: read,
  }),
  stopHost: endpoint({
    method: 'POST',
    path: '/v1/admin/fleet/{name}/stop',
    summary: 'Drain a zone host: everybody is saved and let go, then the fleet replaces it',
    identity: 'operator',
    repeat: 'remembered',
    params: z.object({ name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/) }),
    body: z.object({ reason }),
    answer: done,
    errors: ['admin.host_unknown'],
    limits: write,
  }),
}

export type FleetView = z.infer<typeof fleetHost>

// Who may ask how many hosts there should be, from the environment.
import type { ScalingPart } from '../http/record.ts'
import type { Wired } from './wire.ts'

export async function openScaling({ config }: Pick<Wired, 'config'>): Promise<ScalingPart> {
  return await Promise.resolve({ hashes: config.WAYSTONE_SCALING_HASH ?? [] })
}

// What memory is held after a collection. Resident size says little: the allocator keeps what was freed.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Live bytes in buffers and on the heap, after all that can be collected was. */
export async function collected(): Promise<{ arrayBuffers: number; heapUsed: number }> {
  setFlagsFromString('--expose_gc')
  const collect = runInNewContext('gc') as () => void
  // Finalizers and closing streams have turns of their own.
  for (let i = 0; i < 3; i++) {
    collect()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return { arrayBuffers, heapUsed }
}

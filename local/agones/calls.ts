// The calls of the SDK, over gRPC (sidecar.ts) or REST (rest.ts).
import type { WireGameServer } from './wire.ts'

type Named = { name: string }
export type KeyValue = { key: string; value: string }
type ListValue = { name: string; value: string }
type UpdateCounter = {
  counterUpdateRequest: {
    name: string
    count: { value: number } | null
    capacity: { value: number } | null
    countDiff: number
  } | null
}
type UpdateList = {
  list: { name: string; capacity: number; values: string[] } | null
  updateMask: { paths: string[] } | null
}

/** Each throws SdkRefused for what it refuses. */
export type SdkCalls = {
  ready(): void
  allocate(): void
  shutdown(): void
  reserve(request: { seconds: number }): void
  getGameServer(): Readonly<WireGameServer>
  setLabel(request: KeyValue): void
  setAnnotation(request: KeyValue): void
  /** One health ping. */
  ping(): void
  /** Calls the listener at once and after each change. Returns a function that ends this. */
  watch(listener: (object: Readonly<WireGameServer>) => void): () => void
  getCounter(request: Named): object
  updateCounter(request: UpdateCounter): object
  getList(request: Named): object
  updateList(request: UpdateList): object
  addListValue(request: ListValue): object
  removeListValue(request: ListValue): object
}

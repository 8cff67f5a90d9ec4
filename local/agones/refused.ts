import { status } from '@grpc/grpc-js'

/** What the sidecar refuses; the text goes to the caller. */
export class SdkRefused extends Error {
  /** A gRPC status. Agones answers nearly every refusal with UNKNOWN. */
  readonly code: status.UNKNOWN | status.INVALID_ARGUMENT

  constructor(message: string, kind?: 'argument') {
    super(message)
    this.name = 'SdkRefused'
    this.code = kind === 'argument' ? status.INVALID_ARGUMENT : status.UNKNOWN
  }
}

// Why a zone socket was closed. Codes are final; the name is sent as the close reason.

export const CLOSE = {
  /** The player left, as asked. Do not come back by yourself. */
  left: 4000,
  /** The server does not speak the version in the frame. Update the client. */
  'protocol.version': 4001,
  /** A frame could not be read. A defect of the client. */
  'protocol.malformed': 4002,
  /** A frame came in a state where it has no meaning (input before join, two joins). */
  'protocol.unexpected': 4003,
  /** More frames or bytes than the limits allow. */
  'protocol.flood': 4004,
  /** Nothing was heard before the deadline (join, or a stalled socket). */
  timeout: 4005,
  /** The ticket is forged, expired, used or replaced. Enter again. */
  'ticket.refused': 4010,
  /** The resume secret is unknown or too old. Enter again. */
  'resume.refused': 4011,
  /** The same character came in over another socket. Do not come back by yourself. */
  replaced: 4012,
  /** The instance has no room. Enter again. */
  'instance.full': 4013,
  /** The host cannot admit now (its lease is in doubt, or it is stopping). Enter again after a pause. */
  'host.unavailable': 4014,
  /** The host stops; everything is saved. Enter again. */
  'host.shutdown': 4015,
  /** Follow the redirect that was sent before: enter again. */
  redirected: 4016,
  /** Removed by an operator. Do not come back by yourself. */
  kicked: 4017,
  /** The host lost the character to another owner. Enter again. */
  fenced: 4018,
  /** The realm is closed for maintenance; everything is saved. Enter again after a pause: `enter` says whether it still is. */
  maintenance: 4019,
  /** A defect of the server. Enter again after a pause. */
  internal: 4500,
} as const

export type CloseReason = keyof typeof CLOSE

const byCode = new Map<number, CloseReason>(
  Object.entries(CLOSE).map(([reason, code]) => [code, reason as CloseReason]),
)

/** The reason behind a close code; undefined for codes of WebSocket itself (1000 to 1015). */
export function closeReason(code: number): CloseReason | undefined {
  return byCode.get(code)
}

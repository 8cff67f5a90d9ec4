// The zone protocol's version stands in the first byte of every frame: high four bits the version,
// low four bits the framing (0: one message a frame). A server speaks a range of versions.

export const PROTOCOL_VERSION = 2
/** The oldest version that this build speaks. */
export const PROTOCOL_OLDEST = 2
/** Framing 0: the rest of the WebSocket message is one message. 1 to 15 are reserved. */
export const HEADER = (PROTOCOL_VERSION << 4) | 0

export function speaks(version: number): boolean {
  return version >= PROTOCOL_OLDEST && version <= PROTOCOL_VERSION
}

// Direction to displacement by an integer table. Engines disagree about Math.cos in the last bit, and
// a client that disagrees by one unit is corrected for ever, so the table is part of the protocol.
//
// A heading is 16 bits for a full turn: 0 is +x, 16384 is +y. Its upper ten bits pick one of 1024
// directions. COS holds cos * 2^14, rounded to nearest.
import { unitsPerTick } from './units.ts'

// First quarter, 0 to 90 degrees inclusive.
const QUARTER = [
  16384, 16384, 16383, 16381, 16379, 16376, 16373, 16369, 16364, 16359, 16353, 16347, 16340, 16332,
  16324, 16315, 16305, 16295, 16284, 16273, 16261, 16248, 16235, 16221, 16207, 16192, 16176, 16160,
  16143, 16125, 16107, 16088, 16069, 16049, 16029, 16008, 15986, 15964, 15941, 15917, 15893, 15868,
  15843, 15817, 15791, 15763, 15736, 15707, 15679, 15649, 15619, 15588, 15557, 15525, 15493, 15460,
  15426, 15392, 15357, 15322, 15286, 15250, 15213, 15175, 15137, 15098, 15059, 15019, 14978, 14937,
  14896, 14854, 14811, 14768, 14724, 14680, 14635, 14589, 14543, 14497, 14449, 14402, 14354, 14305,
  14256, 14206, 14155, 14104, 14053, 14001, 13949, 13896, 13842, 13788, 13733, 13678, 13623, 13567,
  13510, 13453, 13395, 13337, 13279, 13219, 13160, 13100, 13039, 12978, 12916, 12854, 12792, 12729,
  12665, 12601, 12537, 12472, 12406, 12340, 12274, 12207, 12140, 12072, 12004, 11935, 11866, 11797,
  11727, 11656, 11585, 11514, 11442, 11370, 11297, 11224, 11151, 11077, 11003, 10928, 10853, 10778,
  10702, 10625, 10549, 10471, 10394, 10316, 10238, 10159, 10080, 10001, 9921, 9841, 9760, 9679,
  9598, 9516, 9434, 9352, 9269, 9186, 9102, 9019, 8935, 8850, 8765, 8680, 8595, 8509, 8423, 8337,
  8250, 8163, 8076, 7988, 7900, 7812, 7723, 7635, 7545, 7456, 7366, 7276, 7186, 7096, 7005, 6914,
  6823, 6731, 6639, 6547, 6455, 6363, 6270, 6177, 6084, 5990, 5897, 5803, 5708, 5614, 5520, 5425,
  5330, 5235, 5139, 5044, 4948, 4852, 4756, 4660, 4563, 4467, 4370, 4273, 4176, 4078, 3981, 3883,
  3786, 3688, 3590, 3492, 3393, 3295, 3196, 3098, 2999, 2900, 2801, 2702, 2603, 2503, 2404, 2305,
  2205, 2105, 2006, 1906, 1806, 1706, 1606, 1506, 1406, 1306, 1205, 1105, 1005, 904, 804, 704, 603,
  503, 402, 302, 201, 101, 0,
]

const COS = new Int16Array(1024)
for (let i = 0; i < 1024; i++) {
  const quarter = i >> 8
  const at = i & 255
  COS[i] =
    quarter === 0
      ? QUARTER[at]!
      : quarter === 1
        ? -QUARTER[256 - at]!
        : quarter === 2
          ? -QUARTER[at]!
          : QUARTER[256 - at]!
}

/** cos(heading) * 2^14. */
export function cosOf(heading: number): number {
  return COS[heading >> 6]!
}

/** sin(heading) * 2^14. */
export function sinOf(heading: number): number {
  return COS[((heading >> 6) + 768) & 1023]!
}

/** Units moved along x in one tick. Rounds half up, as the shift does. */
export function dxOf(heading: number, speed: number, tickHz: number): number {
  return (cosOf(heading) * unitsPerTick(speed, tickHz) + 8192) >> 14
}

/** Units moved along y in one tick. */
export function dyOf(heading: number, speed: number, tickHz: number): number {
  return (sinOf(heading) * unitsPerTick(speed, tickHz) + 8192) >> 14
}

/**
 * The heading from one place towards another, by integers alone: of 1024 directions the last that is
 * not past it. A binary search for where the cross product of direction and way changes sign.
 */
export function headingTo(dx: number, dy: number): number {
  if (dx === 0 && dy === 0) return 0
  // Within the half turn that holds the way, cross(direction, way) falls from positive to negative.
  let low = dy > 0 || (dy === 0 && dx > 0) ? 0 : 512
  let high = low + 511
  while (low < high) {
    const middle = (low + high + 1) >> 1
    const heading = middle << 6
    if (cosOf(heading) * dy - sinOf(heading) * dx >= 0) low = middle
    else high = middle - 1
  }
  return low << 6
}

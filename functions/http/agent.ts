// Which program calls, in words that its player knows: "Firefox on Linux". Nothing else of the header is kept.

const textMaxLength = 400

/** The first that fits: many claim to be others too. */
const programs: readonly (readonly [RegExp, string])[] = [
  [/\bEdgA?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\//, 'Firefox'],
  [/\bChrom(e|ium)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
  [/\bUnity/, 'Unity'],
  [/\bUnrealEngine|\+\+UE\d/, 'Unreal Engine'],
  [/\bGodot/, 'Godot'],
  [/^node\b|\bundici\b/i, 'Node.js'],
]
const systems: readonly (readonly [RegExp, string])[] = [
  [/\bAndroid\b/, 'Android'],
  [/\b(iPhone|iPad|iOS)\b/, 'iOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b|\bX11\b/, 'Linux'],
]

/** Undefined when nothing of it is known. No text of the caller is in it. */
export function agentWords(header: string | undefined): string | undefined {
  const text = header?.slice(0, textMaxLength) ?? ''
  const find = (table: typeof programs) => table.find(([pattern]) => pattern.test(text))?.[1]
  const [program, system] = [find(programs), find(systems)]
  if (program === undefined) return system
  return system === undefined ? program : `${program} on ${system}`
}

/** How arms are called and coloured, in every picture alike, and how times are written. */

/** Light, and what it becomes on a dark page. */
const PALETTE = {
  blue: ['#0969da', '#4493f8'],
  green: ['#1a7f37', '#3fb950'],
  grey: ['#6e7781', '#9198a1'],
  orange: ['#bc4c00', '#f0883e'],
  purple: ['#8250df', '#ab7df8'],
  pink: ['#bf3989', '#f778ba'],
  teal: ['#1b7c83', '#39c5cf'],
  brown: ['#9a6700', '#d29922'],
  red: ['#cf222e', '#ff7b72'],
} as const satisfies Record<string, readonly [string, string]>

const INK = {
  paper: ['#ffffff', '#0d1117'],
  text: ['#1f2328', '#e6edf3'],
  faint: ['#59636e', '#8b949e'],
  line: ['#d1d9e0', '#3d444d'],
  thin: ['#eaeef2', '#21262d'],
} as const satisfies Record<string, readonly [string, string]>

/** Every light colour that a picture uses, with the dark one. */
export const DARK: Readonly<Record<string, string>> = Object.fromEntries([
  ...Object.values(PALETTE),
  ...Object.values(INK),
])

export const ink = { paper: INK.paper[0], text: INK.text[0], faint: INK.faint[0], line: INK.line[0], thin: INK.thin[0] }

const ARMS: Record<string, readonly [name: string, color: keyof typeof PALETTE]> = {
  ours: ['Slipway', 'blue'],
  pooled: ['Slipway, from the pool', 'green'],
  against: ['other checkout', 'orange'],
  'against-pooled': ['other checkout, from the pool', 'teal'],
  floor: ['floor (C++, only messages)', 'grey'],
  exec: ['ip and nft commands', 'orange'],
  'slipway-cni': ['Slipway, by CNI', 'red'],
  cni: ['CNI bridge + portmap', 'purple'],
  'cni-segment': ['CNI', 'purple'],
  netavark: ['netavark', 'pink'],
  'docker-connect': ['docker network connect', 'teal'],
  'docker-start': ['docker start', 'brown'],
}

export const nameOf = (arm: string, variant?: string): string =>
  [ARMS[arm]?.[0] ?? arm, ...(variant === undefined ? [] : [variant])].join(': ')

/** @param i - Its place among others, for an arm or a variant that has no colour of its own. */
export function colorOf(arm: string, i: number): string {
  const colors = Object.values(PALETTE)
  return (PALETTE[ARMS[arm]?.[1] as keyof typeof PALETTE] ?? colors[i % colors.length] ?? PALETTE.grey)[0]
}

/** Three digits and a unit: `950 µs`, `1.08 ms`, `22.8 s`. */
export function duration(microseconds: number): string {
  const [value, unit] =
    microseconds < 999.5
      ? [microseconds, 'µs']
      : microseconds < 999_500
        ? [microseconds / 1000, 'ms']
        : [microseconds / 1e6, 's']
  return `${threeDigits(value)} ${unit}`
}

export const threeDigits = (value: number): string =>
  value >= 99.95 ? thousands(Math.round(value)) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2)

export const thousands = (value: number): string => value.toLocaleString('en-US')

/** A file of pictures has thousands of numbers: four digits are more than anybody sees. */
export const short = (value: number): number => Number(value.toPrecision(4))

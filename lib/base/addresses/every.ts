import type { IpFamily } from './ip.js'

/** Stands for every address of its family. */
export const EVERY: Readonly<Record<IpFamily, string>> = { 4: '0.0.0.0', 6: '::' }

export const isEvery = (address: string): boolean => address === EVERY[4] || address === EVERY[6]

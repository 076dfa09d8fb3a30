import { dnsFrames, dnsMessages } from './dns.js'
import { daemonJson, publish } from './options.js'
import { records } from './records.js'
import type { Target } from './target.js'

/** What is written in TypeScript. The others are in native/fuzz. */
export const targets: readonly Target[] = [records, dnsMessages, dnsFrames, daemonJson, publish]

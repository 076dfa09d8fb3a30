import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Operation } from '#lib/plan/operation.js'
import { printOperation } from '#lib/plan/print.js'
import { isChange, splitMessages, withoutSequence } from '../helpers/netlink.js'
import { type Case, cases } from './cases.js'
import { compare, encode, type Difference, type Golden, toWords, writeGolden } from './format.js'
import { type Reason, reasons } from './reasons.js'

/**
 * Captures golden bytes anew: `npm run golden:capture`. Each case's command is run under strace, which writes every
 * byte that is sent; what the real tool sent and what we would have sent go into the same file.
 */

const temporary = mkdtempSync(join(tmpdir(), 'slipway-golden-'))
const trace = join(temporary, 'trace')

function capture(one: Case): Golden {
  for (const line of one.before ?? []) execFileSync('sh', ['-c', line], { stdio: 'pipe' })
  const { operation, numbers = {} } = one
  const tool = commandsOf(one).flatMap((command) => sentBy(command, one.refused).filter(isChange).map(withoutSequence))
  const ours = encode({ operation, numbers })
  return {
    name: one.name,
    operation,
    numbers: Object.fromEntries(Object.entries(numbers).filter(([name]) => needsNumber(operation, name))),
    command: one.command ?? printOperation(operation as Operation),
    tool: tool.map(toWords),
    ours: ours.map(toWords),
    differences: explain(one, tool, ours),
    ...(one.refused ? { refused: true } : {}),
    ...(one.noTool === undefined ? {} : { noTool: one.noTool }),
  }
}

const needsNumber = (operation: Case['operation'], name: string) => JSON.stringify(operation).includes(JSON.stringify(name))

// nft joins neighbouring elements in one message, so each gets a command of its own.
function commandsOf({ command, operation }: Case): string[] {
  if (command !== undefined) return [command]
  if (operation.op !== 'element.add' && operation.op !== 'element.delete') return [printOperation(operation as Operation)]
  return operation.elements.map((element) => printOperation({ ...operation, elements: [element] }))
}

function sentBy(command: string, refused = false): Buffer[] {
  const words = command.startsWith('nft ') ? ['nft', command.slice('nft '.length)] : ['sh', '-c', command]
  const watch = ['-f', '-qq', '-e', 'trace=sendto,sendmsg', '-e', 'signal=none', '-e', 'write=all', '-o', trace]
  const { status, stderr } = spawnSync('strace', [...watch, ...words], { encoding: 'utf8' })
  if (refused && !stderr.includes('Unknown device type')) throw new Error(`${command} was not refused: ${stderr}`)
  if (status !== 0 && !refused) throw new Error(`${command}: ${stderr}`)
  return splitMessages(Buffer.concat(readDumps(readFileSync(trace, 'latin1'))))
}

// ` | 00010  00 00 00 00 ...   ....  |`: 16 bytes a line, in two halves.
function readDumps(text: string): Buffer[] {
  return [...text.matchAll(/^ \| [0-9a-f]{5} {2}(.{49})/gm)].map(([, bytes = '']) => Buffer.from(bytes.replaceAll(' ', ''), 'hex'))
}

function explain(one: Case, tool: Buffer[], ours: Buffer[]): Difference[] {
  if (one.noTool !== undefined) {
    if (tool.length > 0) throw new Error(`${one.file}: ${one.name}: there is a tool after all`)
    return []
  }
  return compare(one.operation, tool, ours).map((difference) => {
    const reason = reasons.find(({ of, at }) => of.includes(one.operation.op) && (`.${difference.at}`.endsWith(`.${at}`) || difference.at.startsWith(`${at}.`)))
    if (reason) used.add(reason)
    else wrong.push(`${one.file}: ${one.name}: no reason for ${JSON.stringify(difference)}`)
    return { ...difference, why: reason?.why ?? '' }
  })
}

const wrong: string[] = []
const used = new Set<Reason>()
try {
  const files = new Map<string, Golden[]>()
  for (const one of cases) files.set(one.file, [...(files.get(one.file) ?? []), capture(one)])
  for (const { of, at } of reasons.filter((reason) => !used.has(reason))) wrong.push(`${at} of ${of.join(', ')} does not differ`)
  if (wrong.length === 0) files.forEach((entries, file) => writeGolden(file, entries))
} finally {
  rmSync(temporary, { recursive: true })
}
if (wrong.length > 0) {
  console.error([...wrong, 'Nothing was written: reasons.ts must say why, and nothing else.'].join('\n'))
  process.exitCode = 1
} else {
  console.log(`${cases.length} captured`)
}

import type { Operation, Plan } from './operation.js'
import { isNft, nftCommands } from './print-nft.js'
import { shellCommands } from './print-shell.js'

/**
 * A plan as the commands that a person would have typed, one a line; neighbouring nf_tables operations stand together
 * in one `nft -f` transaction. Run by a shell, the text builds what the executor builds: a kernel test does so and
 * compares.
 */
export function printPlan(plan: Plan): string {
  const lines: string[] = []
  let transaction: string[] = []
  const commit = () => {
    if (transaction.length > 0) lines.push("nft -f - <<'NFT'", ...transaction, 'NFT')
    transaction = []
  }
  for (const operation of plan) {
    if (isNft(operation)) {
      transaction.push(...nftCommands(operation))
    } else {
      commit()
      lines.push(...shellCommands(operation))
    }
  }
  commit()
  return lines.map((line) => `${line}\n`).join('')
}

/** One operation in one line, for error messages. */
export function printOperation(operation: Operation): string {
  const commands = isNft(operation)
    ? nftCommands(operation).map((command) => `nft ${command}`)
    : shellCommands(operation)
  return commands.join('; ')
}

/** The same for an error: what a record says is no part of it. */
export const nameOperation = (operation: Operation): string =>
  'content' in operation || 'expected' in operation ? `${operation.op} ${operation.path}` : printOperation(operation)

/** What a check has found. */
export interface Finding {
  check: string
  /** `note`: works, and is good to know. `problem`: something will be refused, or will not be as it should. */
  status: 'ok' | 'note' | 'problem'
  finding: string
  /** What to do, as a command where there is one. */
  advice?: string
}

export const ok = (check: string, finding: string): Finding => ({ check, status: 'ok', finding })
export const note = (check: string, finding: string, advice?: string): Finding => ({
  check,
  status: 'note',
  finding,
  ...(advice ? { advice } : {}),
})
export const problem = (check: string, finding: string, advice?: string): Finding => ({
  check,
  status: 'problem',
  finding,
  ...(advice ? { advice } : {}),
})

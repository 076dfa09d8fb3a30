/** A flag of open(2) that Node.js has no name for: what is opened so is neither read nor written. */
export const O_PATH = 0o10000000

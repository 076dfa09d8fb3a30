// Why: the formatters lay out code and leave comments alone. A line of prose that is wider than a screen is hard to
// read.
import { readFileSync } from 'node:fs'
import { filesUnder, inRoot } from '../setup/tree.mjs'

const WIDTH = 120
const COMMENT = /^\s*(\/\/|\/?\*)/
// An address cannot be broken.
const UNBREAKABLE = /https?:\S{80,}/

export function longComments() {
  return ['lib', 'test', 'bench', 'examples', 'scripts']
    .flatMap(filesUnder)
    .filter((file) => /\.[cm]?[jt]s$/.test(file))
    .flatMap((file) =>
      readFileSync(inRoot(file), 'utf8')
        .split('\n')
        .flatMap((line, at) =>
          line.length > WIDTH && COMMENT.test(line) && !UNBREAKABLE.test(line)
            ? [`${file}:${at + 1}: a comment of ${line.length} columns; ${WIDTH} fit a screen`]
            : [],
        ),
    )
}

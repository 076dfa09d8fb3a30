// With all of its lines (test/helpers/thorough.ts).
import '../kernel/each-rule.test.js'

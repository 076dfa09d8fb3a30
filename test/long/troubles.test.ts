// With all of its lines (test/helpers/thorough.ts).
import '../kernel/troubles.test.js'

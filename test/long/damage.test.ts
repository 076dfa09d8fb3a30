// With all of its lines (test/helpers/thorough.ts).
import '../kernel/damage.test.js'

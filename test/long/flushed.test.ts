// In all of its ways (test/helpers/thorough.ts).
import '../kernel/flushed.test.js'

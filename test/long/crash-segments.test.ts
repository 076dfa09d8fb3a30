// With all of its lines (test/helpers/thorough.ts).
import '../env/crash-segments.test.js'

// With all of its lines (test/helpers/thorough.ts).
import '../env/pool.test.js'

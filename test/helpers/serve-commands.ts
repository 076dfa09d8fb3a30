import { served } from './served-command.js'

/** Imported first: from here on, `slipway serve` does what tests type. */
served.isOn = true

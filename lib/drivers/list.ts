/** The drivers that networks can be of: a new one is a folder, and a line here. */

export { bridge } from './bridge/index.js'
export { ipvlan } from './ipvlan/index.js'
export { macvlan } from './macvlan/index.js'

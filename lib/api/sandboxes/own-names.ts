/** What the processes of a sandbox find in place of the machine's. */
export interface OwnNames {
  /** Folder of its `hostname`, `hosts` and `resolv.conf`. */
  folder: string
  /** `undefined` where it is the machine's. */
  hostname: string | undefined
}

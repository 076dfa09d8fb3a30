/** What commands in sandboxes see of files, for help texts. */
export const FILES_HELP = `COMMAND is a program of this machine. It has the sandbox's network and hostname, and
the sandbox's /etc/hostname, /etc/hosts and /etc/resolv.conf. All else is the machine's.`

/** The grammar of port mappings, for help texts. */
export const PUBLISH_HELP = `
Port mappings are written [HOST ADDRESS:][HOST PORT:]PORT[/PROTOCOL][,allow=WHO]:
  80                          a free port of the host, to port 80 of the sandbox
  8080:80                     port 8080 of every host address
  127.0.0.1:8080:80           port 8080 of one host address
  [2001:db8::1]:8080:80       the same of an IPv6 address, in brackets
  127.0.0.1::80               a free port of one host address
  9000-9010:90-100            ranges, one to one
  8000-8010:80                a free one of these host ports
  80-82                       a free port of the host for each
  53:53/udp                   tcp (when left out), udp or sctp
  8080:80,allow=10.0.0.0/8    only for clients from there; may be repeated
  192.0.2.5:*                 every port of a host address, to the same port inside`

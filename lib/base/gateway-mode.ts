/**
 * How sandboxes and the world meet, as docker names it. `nat`: the world reaches published ports, by the host's
 * address. `nat-unprotected`: every port, by the sandbox's own address, too. `routed`: no translation; published ports
 * and ICMP, by the sandbox's own address. `isolated`: not at all, the network is internal.
 */
export type GatewayMode = 'nat' | 'nat-unprotected' | 'routed' | 'isolated'

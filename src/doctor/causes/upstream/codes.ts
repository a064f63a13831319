// Upstreams and the node's resolv.conf.

export const UPSTREAM_CODES = ['upstream-dead', 'upstreams-not-equivalent', 'too-many-nameservers'] as const

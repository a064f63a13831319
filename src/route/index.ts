export {
  EMPTY_RESOLV_CONF,
  MAX_NAMESERVERS,
  MAX_NDOTS,
  type ResolvConf,
  formatResolvConf,
  ndotsOf,
  parseResolvConf,
} from './resolv-conf.ts'

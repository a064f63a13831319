export { type Answering, type PluginStep, type StepQuestion, answeringPlugins } from './answering-plugin.ts'
export { type MatchedBlock, matchBlock } from './match-block.ts'
export { readForwards, type ForwardRule } from './forward-rules.ts'
export { clusterZoneOf, readKubernetesOptions, type KubernetesOptions } from './kubernetes-options.ts'
export {
  KUBELET_LIMITS,
  computePodResolvConf,
  emptiesRootDomain,
  type NodeDns,
  type PodResolvConf,
  type ResolvConfEntry,
} from './pod-resolv-conf.ts'
export {
  EMPTY_RESOLV_CONF,
  MAX_NAMESERVERS,
  MAX_NDOTS,
  type ResolvConf,
  formatResolvConf,
  ndotsOf,
  parseResolvConf,
} from './resolv-conf.ts'
export { type ComparedLine, compareResolvConf } from './compare-resolv-conf.ts'
export { REMARKS, type Remark, type RemarkKey } from './remarks.ts'
export { type Hop, type QueryRoute, type RouteFacts, type RouteServer, routeQuery } from './hops.ts'
export { type Statement, optionsNamed, readStatements } from './statements.ts'
export { type Candidate, expandSearchList, isAbsolute } from './search-list.ts'
export type { LookupOutcome, LookupRun, QuestionTo, SentQuery, ServerAct, Transport, World } from './resolver/world.ts'
export {
  RESOLVER_NAMES,
  RESOLVER_TRAITS,
  type ResolverName,
  type ResolverTraits,
  readSettings,
} from './resolver/settings.ts'
export type { ResolvedScope } from './resolver/systemd-resolved.ts'
export { type FaultCost, type LookupRequest, costOfFaults, simulateLookup } from './resolver/simulate-lookup.ts'

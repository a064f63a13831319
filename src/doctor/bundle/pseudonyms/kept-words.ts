// Words that name nobody: those of DNS, Kubernetes and the programs around it, by which causes know what a thing is, and
// those that messages are made of. A name made of nothing else keeps its form.
import { DIRECTIVE_ORDER } from '../../../corefile/index.ts'

const PROGRAMS = `
  addon alpine amazon amazonaws antrea aws azure busybox calico canal cilium cni container containerd controller coredns
  crio csi daemon debian docker dnsmasq eks envoy etcd flannel gcr ghcr gke google googleapis istio istiod k3s k8s kiali
  kops kube kubeadm kubelet kubernetes kubesphere linkerd linux local localdns manager mesh microsoft minikube monitoring
  nanny nginx node nodejs nodelocal nodelocaldns nodes npm openshift operator prometheus provider proxy pilot quay rancher
  registry rke2 scheduler sidecar system tigera ubuntu weave windows ztunnel`

const KUBERNETES = `
  access addr addresses admin api apiserver app apps arch arm64 amd64 annotation annotations arpa backend beta binding
  bindings cache cidr class client cluster clusterip clusterdns clusterdomain clusters clusterfirst
  clusterfirstwithhostnet component conf config configmap configmaps container control core corefile custom daemonset
  default deploy deployment dev dig discovery dns domain domains endpoint endpoints endpointslice endpointslices enabled
  env event events external family fieldpath file files gateway group groups hash headless health hostname hostnetwork
  hosts http https id image in instance internal io ip ip4 ip6 ipv4 ipv6 istioproxy job kind label labels lease local
  localhost log logs managed map master metadata metrics mode name named names nameserver nameservers namespace namespaces
  net network networkpolicy networking none nodename none ns option options os owner owning path plane pod pods policy port
  ports private prefix primary probe public ready region release replica replicas replicaset reserved resolv resolve
  resolver resources role route run running secret selector serve server service serviceaccount serviceaccounts services
  slice spec stable stateful statefulset status stub subdomain svc sync task tcp template test tier tls token topology type
  udp upstream upstreams url user v1 v1beta1 version view webhook worker zone zones`

/** Of label keys that causes read, and of resolv.conf. */
const KEYS = `
  ad agentpool alpha ambient attempts authorization beta coreos dataplane debug digitalocean doks edns0 eksctl eni failure
  gke grafana inet6 injection instancegroup ipv4vxlantunneladdr multicluster ndots nodegroup nodepool pool projectcalico
  rbac reopen rotate search searches single sortlist timeout tolerate trust unready usevc vc vpc x zone`

const COREFILE = `
  addresses aliases all always answer answers any apex append bind blackhole cache class combined conf coredns connect
  continue core corefile custom denial disabled domain drop dnssec endpoint enabled error errors except exact expire
  fallthrough first file force force_tcp forward from grpc health health_check hosts ignore ignore_empty_service import
  inline insecure interval jitter json keepttl kubeconfig kubeconfigs labels lameduck lifetime listen load local log match
  max max_concurrent max_fails max_idle_conns max_connect_attempts namespace_labels namespaces next no_recursion noendpoints
  no_reverse nxdomain noerror override parse pass period pods policy prefer_udp prefetch queries random rcode read refused
  regex reload response rewrite round_robin root same secondary sequential servfail serve_stale servers short sized stop
  strict stripts substring success suffix syncup template tls tls_servername to transfer ttl type upstream verified verify
  weight weighted when xfr zonefile endpoint_pod_names startup_timeout apiserver multicluster disable_keepttl
  doh failover failfast_all_unhealthy_upstreams original_message concurrency spop max_age read_timeout
  cluster local in addr arpa ip6 svc pod pods default kubernetes resolv etc var lib run systemd conf`

const MESSAGES = `
  a about above accept accepted action active add added address after again aged all already also am an and another any are
  as ask asked at attempt attempts available back bad be became because been before being below between bind bits both broken
  but by bytes can cannot cause changed check checked closed command connect connection connections could count crash create
  created cut data deadline defined detected deny deps deleted detail did different dial directory directive does done down due during
  each either empty end ended entries entry error every exact exceeded exist exists exit expired extra fail failed failing fails false
  failure few field find first fixed follow following for forbidden found from full get given gives gone got grown had half
  has have here hops host how if ignored in incl insert into invalid is it its just keeps kept key keys kill killed know known large
  last later least leads left length less limit limits line lines list listed lists listening longer loop lost made make many mapping match may
  memory message min missing more most mount mounted much must my need needs never new next no not nothing now number of off old omitted on
  once one only open or order other others our out over packet packets part past pending per place please plugin point present probe
  process program query question queue quick reach reached read reads reason received reconcile record records refuse
  refused reject remains removed request requests required reset response responses result retry returned right rule rules said
  same sandbox scheduled search searches second seconds see seen send sent set setup shown signal silent since size small so
  some source start started state stays still stop stopped such syntax table taint take taken text than that the them then there these they this
  through time timed timeout times to together too total tracking tried true try two type unable unavailable under unexpected
  unknown unreachable unschedulable until untolerated up use used using value values via wait waiting want was watch way were what when where which while who
  whole why will with within without wrong yes you your zero
  nxdomain noerror nodata servfail refused formerr notimp aaaa cname mx ns ptr soa srv txt caa
  backoff crashloopbackoff kernel conntrack iptables nftables ipvs drop dropped input output forwarding prerouting postrouting masquerade dnat snat
  eth0 lo vxlan geneve bridge veth dummy eno ens docker0 cni0 flannel1
  com example invalid localdomain net org test fathom such`

/** Lower-case words that are kept wherever they stand. */
export const KEPT_WORDS: ReadonlySet<string> = new Set(
  [PROGRAMS, KUBERNETES, KEYS, COREFILE, MESSAGES, DIRECTIVE_ORDER.join(' ')].join(' ').trim().split(/\s+/),
)

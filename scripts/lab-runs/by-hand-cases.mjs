// Faults that people make: shell recipes with ip, iptables, nft, kubectl, kill and edited files, none of them known to the lab.

/** Those that a lab with this network plugin can have; each gets a lab of its own, as nobody takes them back. */
export function byHandCases(cni) {
  return RECIPES.filter(({ needs }) => needs === undefined || needs === cni).map(
    ({ title, recipe, ask = [], expected = [], allowed = [], isUnanswering = false }) => ({
      title,
      put: (lab) => lab.shell(recipe),
      asks: [{ args: ask, expected, allowed, isUnanswering }],
    }),
  )
}

const CONSOLE = ['--from', 'default/console']
const WEB = ['--from', 'shop/web-5f6d8b9c47-t6wnc']
const RESOLV_CONF = '/run/systemd/resolve/resolv.conf'

/** Makes a node's file anew by sed: the lab shows it at one path, which a rename would leave. */
const EDIT = `edit() { on "$1" sh -c 'sed "$2" "$1" > /tmp/edited.$$ && cat /tmp/edited.$$ > "$1"; rm /tmp/edited.$$' sh "$2" "$3"; }`
/** Waits for the pods of a label to be ready again. */
const READY = 'ready() { kubectl -n "$1" wait --for=condition=Ready pod -l "$2" --timeout=40s; }'
/** Replaces a Corefile's text by sed. */
const COREFILE = `corefile() { kubectl -n kube-system get configmap "$1" -o json | sed "$2" | kubectl replace -f -; }`

const RECIPES = [
  // --- ip ---
  {
    title: 'ip route: node3 has lost its ways to the pods of other nodes',
    needs: 'calico',
    recipe: `for block in $(on node3 ip route | awk '/^10.233/ && / via / { print $1 }'); do on node3 ip route del $block; done`,
    expected: ['cross-node-traffic-broken'],
  },
  {
    title: 'ip route: a blackhole route on node2 for one replica',
    needs: 'calico',
    recipe: `replica=$(kubectl -n kube-system get pods -l k8s-app=kube-dns --field-selector spec.nodeName=node3 -o jsonpath='{.items[0].status.podIP}')
      on node2 ip route add blackhole "$replica/32"`,
    expected: ['cross-node-traffic-broken'],
  },
  {
    title: "ip route: a prohibit route on a replica's node for what it sends back to node2",
    needs: 'calico',
    recipe: 'on node3 ip route add prohibit 192.168.0.3/32',
    expected: ['cross-node-traffic-broken'],
  },
  {
    title: "ip neigh: a replica's entry on its own node has a wrong address",
    needs: 'calico',
    recipe: `replica=$(kubectl -n kube-system get pods -l k8s-app=kube-dns --field-selector spec.nodeName=node3 -o jsonpath='{.items[0].status.podIP}')
      device=$(on node3 ip -o route get "$replica" | sed 's/.* dev \\([^ ]*\\).*/\\1/')
      on node3 ip neigh replace "$replica" lladdr 02:00:00:00:00:99 dev "$device" nud permanent`,
    isUnanswering: true,
  },
  {
    title: 'ip link: the VXLAN device of node3 is down',
    needs: 'flannel',
    recipe: 'on node3 ip link set flannel.1 down',
    expected: ['cross-node-traffic-broken'],
  },
  {
    title: "ip address: the node cache's address is gone from node3 and comes back to nobody",
    // The cache looks after its address once a second: somebody else takes it away each time.
    recipe: `(on node3 timeout 60 ip monitor address |
        while read -r line; do on node3 ip address del 169.254.25.10/32 dev nodelocaldns; done) >/dev/null 2>&1 &
      sleep 1
      on node3 ip address del 169.254.25.10/32 dev nodelocaldns`,
    ask: ['--from', 'node/node3'],
    expected: ['node-cache-rules-inconsistent'],
    allowed: ['node-cache-down'],
  },
  // --- iptables and nft ---
  {
    title: 'iptables: INPUT of every CoreDNS pod drops UDP 53',
    recipe: `for pod in $(kubectl -n kube-system get pods -l k8s-app=kube-dns -o name); do
      inside "kube-system/\${pod#pod/}" iptables -I INPUT -p udp --dport 53 -j DROP; done`,
    expected: ['udp-53-blocked'],
  },
  {
    title: 'iptables: the raw table of one CoreDNS pod drops UDP 53',
    recipe: 'inside kube-system/coredns-79c6f6447f-hp7ng iptables -t raw -I PREROUTING -p udp --dport 53 -j DROP',
    expected: ['udp-53-blocked'],
  },
  {
    title: 'iptables: one CoreDNS pod drops every second datagram of DNS by chance',
    recipe: `inside kube-system/coredns-79c6f6447f-hp7ng iptables -I INPUT -p udp --dport 53 \
      -m statistic --mode random --probability 0.5 -j DROP`,
    ask: ['--repeat', '20'],
    expected: ['udp-53-blocked'],
  },
  {
    title: 'iptables: a pod drops the datagrams of DNS that it sends',
    recipe: 'inside shop/web-5f6d8b9c47-t6wnc iptables -I OUTPUT -p udp --dport 53 -j DROP',
    ask: WEB,
    expected: ['udp-53-blocked'],
  },
  {
    title: 'iptables: kube-proxy rules of the DNS Service flushed on node4, kube-proxy stopped',
    recipe: `kubectl -n kube-system delete daemonset kube-proxy --cascade=orphan
      kubectl -n kube-system delete pod --field-selector spec.nodeName=node4 -l k8s-app=kube-proxy --wait=false || true
      sleep 2; on node4 iptables -t nat -F KUBE-SERVICES`,
    ask: ['--from', 'node/node4'],
    expected: ['service-ip-unreachable'],
  },
  {
    title: "iptables: kube-proxy's rules on node1 lead UDP for DNS to an address that is no endpoint",
    recipe: `on node1 iptables-save -t nat | sed '/coredns:dns" -m udp -j DNAT/ s/--to-destination .*/--to-destination 10.233.71.199:53/' > "$LAB.nat"
      on node1 iptables-restore -T nat < "$LAB.nat"; rm "$LAB.nat"`,
    expected: ['service-ip-unreachable'],
  },
  {
    title: 'iptables: a DNAT rule on node2 takes UDP for the Service IP before kube-proxy',
    recipe: `for chain in PREROUTING OUTPUT; do
      on node2 iptables -t nat -I $chain -d 10.233.0.3 -p udp --dport 53 -j DNAT --to 192.168.0.77:53; done`,
    expected: ['service-ip-unreachable'],
  },
  {
    title: 'iptables: a REDIRECT rule on node3 takes TCP for the Service IP before kube-proxy',
    recipe: 'on node3 iptables -t nat -I OUTPUT -d 10.233.0.3 -p tcp --dport 53 -j REDIRECT --to-ports 5399',
    expected: ['service-ip-unreachable'],
  },
  {
    title: 'iptables: FORWARD policy DROP on node2',
    needs: 'calico',
    recipe: 'on node2 iptables -P FORWARD DROP',
    ask: CONSOLE,
    expected: ['host-firewall-or-forwarding'],
  },
  {
    title: 'iptables: a rule on node3 drops what one replica sends to node2',
    needs: 'calico',
    recipe: `replica=$(kubectl -n kube-system get pods -l k8s-app=kube-dns --field-selector spec.nodeName=node3 -o jsonpath='{.items[0].status.podIP}')
      on node3 iptables -I FORWARD -s "$replica" -d 192.168.0.3 -j DROP`,
    expected: ['host-firewall-or-forwarding'],
  },
  {
    title: 'nft: a firewall on node2 drops what is forwarded',
    needs: 'calico',
    recipe: `on node2 nft add table inet guard
      on node2 nft 'add chain inet guard forward { type filter hook forward priority 10; policy drop; }'`,
    ask: CONSOLE,
    expected: ['host-firewall-or-forwarding'],
  },
  {
    title: 'sysctl: ip_forward is 0 on node2',
    recipe: 'on node2 sysctl -qw net.ipv4.ip_forward=0',
    ask: CONSOLE,
    expected: ['host-firewall-or-forwarding'],
  },
  {
    title: 'iptables: an upstream drops what it is asked',
    recipe: `upstream 100.64.11.3 iptables -I INPUT -p udp --dport 53 -j DROP
      upstream 100.64.11.3 iptables -I INPUT -p tcp --dport 53 -j DROP`,
    expected: ['upstream-dead'],
  },
  {
    title: 'iptables: TCP 53 to pods is dropped on every node',
    recipe:
      'for node in node1 node2 node3 node4; do on $node iptables -t mangle -I POSTROUTING -d 10.233.64.0/18 -p tcp --dport 53 -j DROP; done',
    expected: ['node-cache-force-tcp-blocked'],
  },
  {
    title: 'iptables: UDP 8472 is dropped on the way to node3',
    needs: 'flannel',
    recipe: 'on node3 iptables -I INPUT -p udp --dport 8472 -j DROP',
    expected: ['vxlan-port-blocked'],
  },
  // --- kubectl ---
  {
    title: 'kubectl scale: CoreDNS has no replicas',
    recipe: `kubectl -n kube-system scale deployment coredns --replicas=0
      kubectl -n kube-system wait --for=delete pod -l k8s-app=kube-dns --timeout=40s`,
    expected: ['dns-service-no-endpoints'],
  },
  {
    title: 'kubectl patch: the DNS Service selects a label that nobody has',
    recipe: `kubectl -n kube-system patch service coredns -p '{"spec":{"selector":{"k8s-app":"dns"}}}'; sleep 2`,
    expected: ['dns-service-selector-mismatch'],
  },
  {
    title: 'kubectl patch: the DNS Service has UDP port 5353 instead of 53',
    recipe: `kubectl -n kube-system get service coredns -o json | sed '/"name": "dns",/,/}/ s/"port": 53,/"port": 5353,/' | kubectl replace -f -; sleep 3`,
    expected: ['dns-service-selector-mismatch'],
  },
  {
    title: 'kubectl apply: a policy lets shop send nothing out',
    needs: 'calico',
    recipe: `kubectl apply -f - <<'END'
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: quarantine, namespace: shop }
spec: { podSelector: {}, policyTypes: [Egress] }
END
      sleep 2`,
    ask: WEB,
    expected: ['network-policy-blocks-egress'],
  },
  {
    title: 'kubectl apply: a policy lets nobody reach CoreDNS but its own namespace',
    needs: 'calico',
    recipe: `kubectl apply -f - <<'END'
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: harden, namespace: kube-system }
spec:
  podSelector: { matchLabels: { k8s-app: kube-dns } }
  policyTypes: [Ingress]
  ingress: [{ from: [{ podSelector: {} }] }]
END
      sleep 2`,
    ask: CONSOLE,
    expected: ['network-policy-blocks-coredns'],
  },
  {
    title: 'kubectl replace: the Corefile has a plugin that does not exist, and CoreDNS was restarted',
    recipe: `${COREFILE}
      corefile coredns 's/cache 30/cachee 30/'
      kubectl -n kube-system delete pod -l k8s-app=kube-dns --wait=true; sleep 12`,
    expected: ['corefile-invalid'],
    allowed: ['corefile-directive-removed'],
  },
  {
    title: 'kubectl replace: a template answers a name of the cluster zone',
    recipe: `${COREFILE}
      corefile coredns 's/\\(\\\\n *\\)cache 30/\\1template IN A api.shop.svc.cluster.local {\\1  rcode NXDOMAIN\\1}\\1cache 30/'
      kubectl -n kube-system delete pod -l k8s-app=kube-dns --wait=true
      kubectl -n kube-system wait --for=condition=Ready pod -l k8s-app=kube-dns --timeout=50s`,
    ask: ['--name', 'api.shop.svc.cluster.local'],
    expected: ['cluster-zone-overridden'],
  },
  {
    title: 'kubectl patch: the selector of a headless Service matches nothing',
    recipe: `kubectl -n kubesphere-system patch service redis-ha -p '{"spec":{"selector":{"app":"nobody"}}}'; sleep 2`,
    ask: ['--name', 'redis-ha.kubesphere-system.svc.cluster.local'],
    expected: ['headless-service-no-endpoints'],
  },
  {
    title: 'kubectl delete: the Service that a StatefulSet names is gone',
    recipe: 'kubectl -n kubesphere-system delete service openldap; sleep 2',
    ask: ['--name', 'openldap-0.openldap.kubesphere-system.svc.cluster.local'],
    expected: ['statefulset-service-name-wrong'],
  },
  {
    title: 'kubectl patch: internalTrafficPolicy Local, no CoreDNS on node1 and node2',
    recipe: `kubectl -n kube-system patch service coredns -p '{"spec":{"internalTrafficPolicy":"Local"}}'; sleep 3`,
    expected: ['internal-traffic-policy-local'],
  },
  {
    title: 'kubectl patch: CoreDNS may not list EndpointSlices, and was restarted',
    recipe: `kubectl get clusterrole system:coredns -o json | sed 's/"endpointslices"/"nothing"/' | kubectl replace -f -
      kubectl -n kube-system delete pod -l k8s-app=kube-dns --wait=true; sleep 12`,
    expected: ['endpointslice-access-forbidden'],
  },
  {
    title: 'kubectl create: an ExternalName Service that holds an address',
    recipe: 'kubectl create service externalname legacy --external-name=100.64.20.5; sleep 2',
    ask: ['--name', 'legacy.default.svc.cluster.local'],
    expected: ['external-name-is-ip'],
  },
  {
    title: 'kubectl run: dnsPolicy None with a resolver that knows no cluster',
    recipe: `${READY}
      kubectl run stray --image=kubesphere/kubectl:v1.17.0 --labels=run=stray --overrides='{"spec":{"dnsPolicy":"None","dnsConfig":{"nameservers":["114.114.114.114"]}}}'
      ready default run=stray || true`,
    ask: ['--from', 'default/stray', '--name', 'kubernetes.default.svc.cluster.local'],
    expected: ['dns-policy-none-incomplete'],
  },
  // --- kill and edited files ---
  {
    title: 'kill: both CoreDNS are stopped with SIGSTOP',
    recipe: `for pod in $(kubectl -n kube-system get pods -l k8s-app=kube-dns -o name); do
        for pid in $(ip netns pids "$LAB.kube-system.\${pod#pod/}"); do kill -STOP $pid; done; done
      # Ten failures of a probe that is sent every 10 s and waited for 5 s.
      kubectl -n kube-system wait --for=condition=Ready=false pod -l k8s-app=kube-dns --timeout=180s`,
    expected: ['dns-service-no-endpoints'],
  },
  {
    title: 'kill: the node cache of node2 is killed again and again, and kubelet gives up on it',
    recipe: `pod=$(kubectl -n kube-system get pods -l k8s-app=nodelocaldns --field-selector spec.nodeName=node2 -o jsonpath='{.items[0].metadata.name}')
      (for turn in $(seq 60); do for pid in $(ip netns pids "$LAB.node2"); do tr '\\0' ' ' < /proc/$pid/cmdline | grep -q -e '-localip' && kill -KILL $pid; done; sleep 0.5; done) >/dev/null 2>&1 &
      sleep 8`,
    ask: ['--from', 'node/node2'],
    expected: ['node-cache-down'],
    allowed: ['node-cache-rules-inconsistent'],
  },
  {
    title: 'an editor: the resolv.conf of node1 names a dead resolver alone, and its pods were made anew',
    recipe: `${EDIT}
      edit node1 ${RESOLV_CONF} 's/^nameserver .*/nameserver 1.2.4.8/'
      kubectl -n kube-system delete pod --field-selector spec.nodeName=node1 -l k8s-app=nodelocaldns; sleep 5`,
    expected: ['upstream-dead'],
  },
  {
    title: 'an editor: the resolv.conf of a running pod names a dead nameserver first',
    recipe: `inside shop/web-5f6d8b9c47-t6wnc sh -c \
      '(echo nameserver 10.9.9.9; cat /etc/resolv.conf) > /tmp/edited.$$ && cat /tmp/edited.$$ > /etc/resolv.conf; rm /tmp/edited.$$'`,
    ask: WEB,
    expected: ['pod-resolv-conf-outdated'],
  },
  {
    title: 'an editor: the search line is gone from the resolv.conf of a running pod',
    recipe: `inside shop/web-5f6d8b9c47-t6wnc sh -c \
      'grep -v ^search /etc/resolv.conf > /tmp/edited.$$; cat /tmp/edited.$$ > /etc/resolv.conf; rm /tmp/edited.$$'`,
    ask: [...WEB, '--name', 'api'],
    expected: ['pod-resolv-conf-outdated'],
  },
  {
    title: "an editor: node2's kubelet hands out an address that nobody serves, and its pods were made anew",
    recipe: `${EDIT}
      edit node2 /var/lib/kubelet/config.yaml 's/169.254.25.10/10.96.0.10/'
      kubectl delete pod console --wait=true || true
      kubectl run console2 --image=kubesphere/kubectl:v1.17.0 --overrides='{"spec":{"nodeName":"node2"}}'; sleep 5`,
    ask: ['--from', 'default/console2'],
    expected: ['cluster-dns-wrong-address'],
  },
  {
    title: 'kubectl delete: the node cache of node3 was taken away with its DaemonSet',
    recipe: `kubectl -n kube-system delete daemonset nodelocaldns --cascade=orphan
      kubectl -n kube-system delete pod --field-selector spec.nodeName=node3 -l k8s-app=nodelocaldns --wait=true; sleep 3`,
    ask: ['--from', 'node/node3'],
    expected: ['node-cache-down'],
    // Its rules and its address stay behind, as nobody was there to take them away.
    allowed: ['node-cache-rules-inconsistent'],
  },
]

import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'
import { places } from './upstream.ts'

const system = "{pod}'s /etc/os-release: {from}"
const image = '{pod} is made from image {from}: a hint at its C library'

export const client: GroupWording<(typeof CAUSE_GROUPS)['client'][number]> = {
  'musl-no-tcp-fallback': {
    title: 'musl does not ask again over TCP',
    summary:
      '{owner} gets no address for {name}: the response is cut off over UDP, and its C library never asks over TCP',
    lines: {
      'some-only':
        '{owner} gets only {left} of the records of {name}: the response is cut off over UDP, and its C library never asks over TCP',
      truncated:
        '{server} answers {name} with TC=1 and {left} {left:record|records} to a client that takes 512 octets over UDP',
      whole: 'Over TCP {server} gives all {count}',
      system,
      image,
      'no-fallback': 'musl before 1.2.4 (Alpine 3.17 and older) takes the truncated response for {name} as it is',
      fits: 'The response for {name} fits a datagram of 512 octets',
      'no-such-pods': 'None of {count} pods is made from an Alpine image that may be older than 3.18',
    },
  },
  'musl-parallel-queries': {
    title: 'musl takes the first response of several nameservers',
    summary:
      '{owner} finds {name} by chance: its C library asks {nameservers} at once and takes the first response, and {denying} denies it',
    lines: {
      knows: '{nameservers} gives {name}',
      denies: '{nameservers} says NXDOMAIN for {name}',
      system,
      image,
      'first-wins': 'musl asks every nameserver at once; glibc would ask {first} and others only when it is silent',
      one: '{pod} has one nameserver: {nameserver}',
      agree: "No name was answered by one of {pod}'s nameservers {nameservers} and denied by another",
      'no-musl': 'None of {count} pods is made from an Alpine image',
    },
  },
  'busybox-nslookup-misleads': {
    title: 'busybox nslookup is not what programs use',
    summary: 'In {pod} busybox nslookup fails for {name}, which programs there find: the tool, not DNS',
    lines: {
      'finds-more': 'In {pod} busybox nslookup finds {name}, which programs there do not: the tool, not DNS',
      'programs-find': 'Programs of {pod} ({resolver}) find {name} through its search list',
      'programs-do-not': 'Programs of {pod} ({resolver}) do not find {name}',
      'tool-does-not': 'busybox nslookup knows no ndots ({ndots} here): it asks {name} as it is once it has a dot',
      'tool-finds':
        'busybox nslookup asks {name} below all search domains at once, knows no {ndots}, and shows any answer',
      'has-busybox': '{pod} is made from {image}, where nslookup is busybox',
      'no-busybox': '{pod} is not made from a busybox or Alpine image',
      'both-find': 'busybox nslookup finds {name} as programs do',
      'neither-finds': 'Programs do not find {name} either',
    },
  },
  'client-udp-ports-exhausted': {
    title: 'a client runs out of UDP ports',
    summary: '{client} uses {count} of {ports} UDP ports: its next query may have none to leave from',
    lines: {
      sockets: '{client} has {count} UDP sockets; it may choose from {ports} ports',
      flows: 'The connection table of {node} has {count} UDP flows of {client} to port 53',
      'one-each': 'Each query in flight holds a port: {client} asks without reuse or cache',
      few: 'The busiest client that was seen uses {count} of {ports} UDP ports',
    },
  },
  'application-caches-address': {
    title: 'the program is older than the answer',
    summary:
      'DNS is right about {name}, and {pod} was started before {service} changed: what it learned then it may still use',
    lines: {
      'other-form': '{name} is not of the form SERVICE.NAMESPACE.svc.ZONE',
      right: '{servers} give what the objects say about {name}',
      started: '{pod} was started at {started}',
      made: 'Service {service} was made at {changed}: its address is as old',
      changed: 'Service {service} was changed last at {changed}',
      'endpoints-changed': 'The endpoints of Service {service} changed last at {changed}',
      younger: '{pod} was started at {started}, after {service} changed at {changed}',
      'not-right': '{server} is not right about {name}',
      'no-service': 'Service {service} does not exist',
    },
  },
  'nodejs-threadpool-exhausted': {
    title: "Node.js's threads wait for DNS",
    summary:
      'A lookup of {name} takes {seconds} s in {pod} though servers answer at once: Node.js can do {perMinute} of them a minute',
    lines: {
      'server-quick': '{server} answers {name} in {ms} ms',
      'client-slow': 'A lookup of {name} with {resolver} and the resolv.conf of {pod} takes {seconds} s',
      waits: 'It waits for {nameserver}, which does not answer {name}',
      threads: 'UV_THREADPOOL_SIZE is {threads}: at most {perMinute} such lookups a minute',
      'default-threads': 'libuv has {threads} threads by default: at most {perMinute} such lookups a minute',
      'runs-node': '{pod} runs Node.js ({image})',
      'no-node': '{pod} does not look like Node.js',
      quick: 'A lookup of {name} with {resolver} in {pod} waits for nothing ({seconds} s)',
    },
  },
  'windows-dotted-short-name': {
    title: 'Windows does not complete names with a dot',
    summary: '{name} is not found on Windows ({nodes}), which completes only names without a dot; {full} is',
    lines: {
      windows: '{nodes} runs Windows',
      'as-is': 'Windows takes {name} for a full name, as it has a dot, and appends no suffix',
      exists: '{full} exists',
      'not-short': '{name} is no short name with a dot',
      linux: '{pod} runs on {node}, which is no Windows node',
      'no-windows': 'None of {count} {count:node|nodes} runs Windows',
      absent: '{name} does not exist either',
    },
  },
  'aaaa-query-unanswered': {
    title: 'an upstream drops AAAA queries',
    summary: 'Upstream {address} answers A and drops AAAA: who asks for both waits for it',
    lines: {
      silent:
        '{address} did not answer {name} AAAA from {nodes} in {seconds} s ({attempts} {attempts:attempt|attempts})',
      answers: '{address} answers {name} A in {ms} ms',
      waits: 'glibc waits {seconds} s for an AAAA response that does not come',
      both: '{servers} answer both A and AAAA',
      ...places,
    },
  },
}

export const clientFixes: Readonly<Record<string, FixWording>> = {
  'musl-no-tcp-fallback': {
    explanation: 'Make the image of {owner} from Alpine 3.18 or newer, or from one with glibc.',
    risk: 'The pods of {owner} are made anew.',
  },
  'musl-parallel-queries': {
    explanation:
      'Give {owner} one nameserver that knows all names, such as {keep}; let that one forward what others know.',
    risk: 'The pods of {owner} are made anew; what only the other nameservers know is no longer found.',
  },
  'busybox-nslookup-misleads': {
    explanation: 'Test {name} the way programs ask: with getaddrinfo (ping, getent, wget), or with a real dig.',
    risk: 'Reads only.',
  },
  'client-udp-ports-exhausted': {
    explanation:
      'Find what asks so often in {client}: keep connections alive, cache responses, or ask through a node cache over TCP.',
    risk: 'Reads only.',
  },
  'application-caches-address': {
    explanation:
      'Start {pod} anew, and give it a limit for the time to come: networkaddress.cache.ttl (JVM), resolver with valid= (nginx).',
    risk: 'Its pods are made anew.',
  },
  'nodejs-threadpool-exhausted': {
    explanation:
      'Mend what does not answer first; more threads, or a cache for lookups in the program, give {pod} room.',
    risk: 'Its pods are made anew; each thread takes some memory.',
  },
  'windows-dotted-short-name': {
    explanation: 'Use the full name {full} wherever Windows pods ask.',
    risk: 'None.',
  },
}

export const clientPhrases: Readonly<Record<string, string>> = {
  'client.missing-system': '/etc/os-release of {pod} (--from it, where the doctor can enter it)',
  'busybox-nslookup-misleads.missing-run': 'both run in {pod}: nslookup {name}, and ping -c 1 {name}',
  'client-udp-ports-exhausted.missing-flows': 'the connection table of {node}: flows of {client} to port 53',
  'client-udp-ports-exhausted.missing-sockets':
    'the UDP sockets of {client} (--from it, where the doctor can enter it)',
  'application-caches-address.missing-start': 'when the process in {pod} was started: its container was restarted',
  'nodejs-threadpool-exhausted.missing-time': 'how long dns.lookup takes in the process of {pod}',
  'not-checked.no-library': 'the C library of {pod} was not seen: neither /etc/os-release nor an image name that tells',
  'not-checked.nameservers-not-asked': 'fewer than two of the nameservers of {pod} ({nameservers}) were asked',
  'not-checked.no-client-ports': 'neither the connection table of a node nor the sockets of a pod were seen',
  'not-checked.no-times': 'when {pod} was started or {service} changed was not seen',
}

// Clients of the lab's API server, as users and as what their roles let them be.
import { KubeClient } from '../../src/kube/api/index.ts'
import type { User } from '../../src/lab/cluster/api/authorize.ts'
import { ADMIN } from '../../src/lab/index.ts'
import type { LabApi } from './lab-api.ts'

/** A client that acts as this user; default: the administrator. */
export function labClient({ api }: LabApi, user: User = ADMIN): KubeClient {
  return new KubeClient(
    {
      context: 'test',
      cluster: 'test',
      namespace: 'default',
      server: api.url,
      origin: 'test',
      tls: { insecureSkipVerify: false, ca: api.caCertificate },
      credential: { kind: 'token', token: api.issueToken(user) },
    },
    {},
  )
}

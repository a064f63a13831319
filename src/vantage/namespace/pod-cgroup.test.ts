import { describe, expect, it } from 'vitest'
import { parsePodCgroup } from './pod-cgroup.ts'

const UID = '0b7e4a0e-3f0c-4b0f-9f43-9a7d1f5f6c11'
const SYSTEMD_UID = UID.replaceAll('-', '_')
const STATIC_UID = '9e8d2f3a4b5c6d7e8f90a1b2c3d4e5f6'
const ID = 'c0ffee'.padEnd(64, '0')

describe('parsePodCgroup()', () => {
  const CASES: readonly { what: string; text: string; podUid?: string; containerId?: string }[] = [
    {
      what: 'v1, cgroupfs driver, docker or containerd',
      text: `12:memory:/kubepods/burstable/pod${UID}/${ID}\n1:name=systemd:/kubepods/burstable/pod${UID}/${ID}\n`,
      podUid: UID,
      containerId: ID,
    },
    { what: 'v1, a guaranteed pod', text: `4:cpu,cpuacct:/kubepods/pod${UID}/${ID}\n`, podUid: UID, containerId: ID },
    {
      what: 'v1, systemd driver, docker',
      text: `11:pids:/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${SYSTEMD_UID}.slice/docker-${ID}.scope\n`,
      podUid: UID,
      containerId: ID,
    },
    {
      what: 'v2, systemd driver, containerd',
      text: `0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${SYSTEMD_UID}.slice/cri-containerd-${ID}.scope\n`,
      podUid: UID,
      containerId: ID,
    },
    {
      what: 'v2, CRI-O, with a cgroup below the container',
      text: `0::/kubepods.slice/kubepods-pod${SYSTEMD_UID}.slice/crio-${ID}.scope/container\n`,
      podUid: UID,
    },
    {
      what: 'v1, CRI-O, cgroupfs driver',
      text: `3:cpuset:/kubepods/besteffort/pod${UID}/crio-${ID}\n`,
      podUid: UID,
      containerId: ID,
    },
    {
      what: 'containerd whose driver is not kubelet’s',
      text: `5:devices:/system.slice/containerd.service/kubepods-burstable-pod${SYSTEMD_UID}.slice:cri-containerd:${ID}\n`,
      podUid: UID,
      containerId: ID,
    },
    {
      what: 'v2, a node in a container (kind)',
      text: `0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod${SYSTEMD_UID}.slice/cri-containerd-${ID}.scope\n`,
      podUid: UID,
      containerId: ID,
    },
    {
      what: 'a cgroup namespace beside the pod',
      text: `0::/../../kubepods-burstable-pod${SYSTEMD_UID}.slice/cri-containerd-${ID}.scope\n`,
      podUid: UID,
      containerId: ID,
    },
    {
      what: 'a static pod',
      text: `0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${STATIC_UID}.slice/cri-containerd-${ID}.scope\n`,
      podUid: STATIC_UID,
      containerId: ID,
    },
    {
      what: 'both hierarchies at once, the pod in one of them',
      text: `12:rdma:/\n4:memory:/kubepods/burstable/pod${UID}/${ID}\n0::/\n`,
      podUid: UID,
      containerId: ID,
    },
    {
      what: 'CRI-O’s monitor, which is outside the pod',
      text: `0::/kubepods.slice/kubepods-pod${SYSTEMD_UID}.slice/crio-conmon-${ID}.scope\n`,
    },
    { what: 'a service of the node', text: '0::/system.slice/containerd.service\n' },
    { what: 'a container without a pod', text: `0::/system.slice/docker-${ID}.scope\n` },
    { what: 'podman’s pods', text: '0::/machine.slice/libpod-pod_1234.slice\n' },
    { what: 'no text', text: '' },
  ]

  it.each(CASES)('reads $what', ({ text, podUid, containerId }) => {
    const expected =
      podUid === undefined ? undefined : { podUid, ...(containerId === undefined ? {} : { containerId }) }
    expect(parsePodCgroup(text)).toEqual(expected)
  })
})

// SPDX-License-Identifier: GPL-2.0
// Layouts and maps that both objects share; bpf/collection.ts repeats them. A changed layout needs a new pin directory.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define F_FAIL_OPEN_IN 1  /* no proxy listener: pass instead of drop */
#define F_EXEMPT_CGROUP 2 /* exempt by cgroup id as well as uid */

struct orig { __u8 family; __u8 kind; __be16 port; __u32 a[4]; }; /* IPv4 is in a[0], network order */
struct pod_cfg { __u32 proxy_uid; __u16 out_port; __u16 in_port; __u32 flags; __u32 slot; __u64 proxy_cgid; __u32 ip4; __u32 ip6[4]; __u32 pad; };
/* Keys of prefix tries: plen counts the bits after itself. dir 0 outbound, 1 inbound. A range of ports is a few prefixes. */
struct port_key { __u32 plen; __u64 netns; __u8 dir; __u8 pad; __be16 port; } __attribute__((packed));
struct cidr_key { __u32 plen; __u32 slot; __u8 dir; __u8 fam; __u8 pad[2]; __u32 a[4]; } __attribute__((packed));
struct tuple { __u64 netns; __u32 s[4]; __u32 d[4]; __u16 sp, dp; __u32 pad; };

#define MAP(NAME, TYPE, ENTRIES, FLAGS, KEY, VALUE) \
	struct { __uint(type, TYPE); __uint(max_entries, ENTRIES); __uint(map_flags, FLAGS); __type(key, KEY); __type(value, VALUE); } NAME SEC(".maps")
MAP(pods, BPF_MAP_TYPE_HASH, 4096, BPF_F_NO_PREALLOC, __u64, struct pod_cfg);
MAP(skip_ports, BPF_MAP_TYPE_LPM_TRIE, 65536, BPF_F_NO_PREALLOC, struct port_key, __u8);
MAP(skip_cidr, BPF_MAP_TYPE_LPM_TRIE, 65536, BPF_F_NO_PREALLOC, struct cidr_key, __u8);
MAP(probes, BPF_MAP_TYPE_LRU_HASH, 16384, 0, struct tuple, __u8);
MAP(listeners, BPF_MAP_TYPE_SOCKMAP, 8192, 0, __u32, __u64); /* 2 * slot + (IPv6 ? 1 : 0) */
MAP(stats, BPF_MAP_TYPE_PERCPU_ARRAY, 16, 0, __u32, __u64);

enum { S_OUT, S_OUT_EXEMPT, S_OUT_SKIP, S_MAPPED, S_MISS, S_IN, S_IN_PASS, S_IN_NOLISTENER, S_LISTEN, S_PEER, S_PROBE };
static __always_inline void cnt(__u32 i) { __u64 *v = bpf_map_lookup_elem(&stats, &i); if (v) (*v)++; }

// SPDX-License-Identifier: GPL-2.0
// Steers one pod's inbound connections: one instance per pod, its netns cookie a constant, its maps those of mesh.bpf.c.
#include "maps.h"

volatile const __u64 NETNS = 0;
SEC("sk_lookup") int in(struct bpf_sk_lookup *ctx) {
	if (ctx->protocol != IPPROTO_TCP) return SK_PASS;
	int v6 = ctx->family == AF_INET6;
	/* In-pod traffic (the proxy's own connection to the app, the app to itself): source == destination address, or 127/8.
	 * NOT ctx->ingress_ifindex == lo: for IPv6 the kernel reports the device that owns the address, even over lo; and 5.17+ only. */
	if (v6) {
		if (ctx->remote_ip6[0] == ctx->local_ip6[0] && ctx->remote_ip6[1] == ctx->local_ip6[1] &&
		    ctx->remote_ip6[2] == ctx->local_ip6[2] && ctx->remote_ip6[3] == ctx->local_ip6[3]) return SK_PASS;
		if (!ctx->local_ip6[0] && !ctx->local_ip6[1] && !ctx->local_ip6[2]) return SK_PASS; /* ::1 */
	} else if (ctx->remote_ip4 == ctx->local_ip4 || (ctx->local_ip4 & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000) ||
		   (ctx->remote_ip4 & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000)) return SK_PASS;
	__u64 ns = NETNS;
	struct pod_cfg *p = bpf_map_lookup_elem(&pods, &ns);
	if (!p) return SK_PASS;
	struct tuple t; __builtin_memset(&t, 0, sizeof t); t.sp = bpf_ntohs(ctx->remote_port); t.dp = ctx->local_port;
	if (v6) { t.s[0] = ctx->remote_ip6[0]; t.s[1] = ctx->remote_ip6[1]; t.s[2] = ctx->remote_ip6[2]; t.s[3] = ctx->remote_ip6[3];
		  t.d[0] = ctx->local_ip6[0]; t.d[1] = ctx->local_ip6[1]; t.d[2] = ctx->local_ip6[2]; t.d[3] = ctx->local_ip6[3]; }
	else { t.s[0] = ctx->remote_ip4; t.d[0] = ctx->local_ip4; }
	if (bpf_map_lookup_elem(&probes, &t)) { cnt(S_IN_PASS); return SK_PASS; }   /* the kubelet's own connection */
	struct port_key pk = { .plen = 96, .netns = ns, .dir = 1, .port = bpf_htons(ctx->local_port) };
	if (bpf_map_lookup_elem(&skip_ports, &pk)) { cnt(S_IN_PASS); return SK_PASS; }
	struct cidr_key k = { .plen = 64 + (v6 ? 128 : 32), .slot = p->slot, .dir = 1, .fam = v6 ? 6 : 4 };
	if (v6) { k.a[0] = ctx->remote_ip6[0]; k.a[1] = ctx->remote_ip6[1]; k.a[2] = ctx->remote_ip6[2]; k.a[3] = ctx->remote_ip6[3]; }
	else k.a[0] = ctx->remote_ip4;
	__u8 *sv = bpf_map_lookup_elem(&skip_cidr, &k);
	if (sv && *sv) { cnt(S_IN_PASS); return SK_PASS; }
	/* Port 4143 is the direct path and 4140 the loop guard: both are steered like any other, and the proxy decides. */
	__u32 i = p->slot * 2 + v6; long r;                        /* the listener of the packet's own family */
	struct bpf_sock *sk = bpf_map_lookup_elem(&listeners, &i);
	if (!sk && !v6) { i++; sk = bpf_map_lookup_elem(&listeners, &i); } /* a dual-stack one serves IPv4 too */
	if (!sk) { cnt(S_IN_NOLISTENER); return p->flags & F_FAIL_OPEN_IN ? SK_PASS : SK_DROP; }
	r = bpf_sk_assign(ctx, sk, 0);
	bpf_sk_release(sk);
	cnt(S_IN);
	return r ? SK_DROP : SK_PASS;
}
char _license[] SEC("license") = "GPL";

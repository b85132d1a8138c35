// SPDX-License-Identifier: GPL-2.0
// Redirection of all meshed pods: attached once, at the pods' parent cgroup. No getsockopt or setsockopt hook: they tax every process.
#include "maps.h"

MAP(inflight, BPF_MAP_TYPE_LRU_HASH, 65536, 0, struct tuple, struct orig);
MAP(sk_dst, BPF_MAP_TYPE_SK_STORAGE, 0, BPF_F_NO_PREALLOC, int, struct orig);  /* app socket: its true peer; proxy socket: original destination */
MAP(sk_peer, BPF_MAP_TYPE_SK_STORAGE, 0, BPF_F_NO_PREALLOC, int, struct orig); /* app's accepted socket: the true client */

/* The verifier refuses a context pointer with an offset added; this keeps the compiler from folding one. */
#define barrier_ctx(ctx) asm volatile("" : "+r"(ctx))

static __always_inline int skip_addr(__u32 slot, __u8 dir, __u8 fam, const __u32 a[4]) {
	struct cidr_key k = { .plen = 64 + (fam == 4 ? 32 : 128), .slot = slot, .dir = dir, .fam = fam };
	k.a[0] = a[0]; k.a[1] = a[1]; k.a[2] = a[2]; k.a[3] = a[3];
	__u8 *v = bpf_map_lookup_elem(&skip_cidr, &k);
	return v && *v;
}

/* The capture probes 192.0.2.1:4140 and [2001:db8::1]:4140 prove redirection from the proxy itself: before its exemption, and no skip covers them. */
static __always_inline int is_probe(const struct orig *o) {
	if (o->port != bpf_htons(4140)) return 0;
	if (o->family == 4) return o->a[0] == bpf_htonl(0xc0000201);
	return o->a[0] == bpf_htonl(0x20010db8) && !o->a[1] && !o->a[2] && o->a[3] == bpf_htonl(1);
}

/* 0 = leave alone, 1 = redirect.  o describes the destination. */
static __always_inline int want_out(struct bpf_sock_addr *ctx, struct pod_cfg **pc, struct orig *o) {
	__u64 ns = bpf_get_netns_cookie(ctx);
	struct pod_cfg *p = bpf_map_lookup_elem(&pods, &ns);
	if (!p) return 0;
	*pc = p;
	if (ctx->protocol != IPPROTO_TCP) return 0;
	if (is_probe(o)) { cnt(S_PROBE); return 1; }
	if ((__u32)bpf_get_current_uid_gid() == p->proxy_uid ||
	    ((p->flags & F_EXEMPT_CGROUP) && bpf_get_current_cgroup_id() == p->proxy_cgid)) { cnt(S_OUT_EXEMPT); return 0; }
	struct port_key pk = { .plen = 96, .netns = ns, .dir = 0, .port = o->port };
	if (bpf_map_lookup_elem(&skip_ports, &pk)) { cnt(S_OUT_SKIP); return 0; }
	if (o->family == 4 ? (o->a[0] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000)
	                   : (!o->a[0] && !o->a[1] && !o->a[2] && o->a[3] == bpf_htonl(1))) return 0; /* loopback stays in the pod */
	if (skip_addr(p->slot, 0, o->family, o->a)) { cnt(S_OUT_SKIP); return 0; }
	return 1;
}
static __always_inline int keep(struct bpf_sock_addr *ctx, struct orig *o) {
	struct bpf_sock *sk = ctx->sk;
	if (!sk) return 0;
	struct orig *s = bpf_sk_storage_get(&sk_dst, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!s) return 0;
	*s = *o; cnt(S_OUT);
	return 1;
}

static __always_inline int forget(struct bpf_sock_addr *ctx) { /* a second connect() on this socket must not show the first one's destination */
	struct bpf_sock *sk = ctx->sk;
	if (sk) { struct orig *s = bpf_sk_storage_get(&sk_dst, sk, 0, 0); if (s && s->kind == 1) bpf_sk_storage_delete(&sk_dst, sk); }
	return 1;
}
SEC("cgroup/connect4") int out4(struct bpf_sock_addr *ctx) {
	struct orig o = { .family = 4, .kind = 1, .port = ctx->user_port }; struct pod_cfg *p;
	o.a[0] = ctx->user_ip4;
	if (!want_out(ctx, &p, &o) || !keep(ctx, &o)) return forget(ctx);
	ctx->user_ip4 = bpf_htonl(0x7f000001);
	ctx->user_port = bpf_htons(p->out_port);
	return 1;
}
SEC("cgroup/connect6") int out6(struct bpf_sock_addr *ctx) {
	struct orig o = { .family = 6, .kind = 1, .port = ctx->user_port }; struct pod_cfg *p;
	o.a[0] = ctx->user_ip6[0]; o.a[1] = ctx->user_ip6[1]; o.a[2] = ctx->user_ip6[2]; o.a[3] = ctx->user_ip6[3];
	int mapped = !o.a[0] && !o.a[1] && o.a[2] == bpf_htonl(0xffff);
	if (mapped) { o.family = 4; o.a[0] = o.a[3]; o.a[1] = o.a[2] = o.a[3] = 0; }
	if (!want_out(ctx, &p, &o) || !keep(ctx, &o)) return forget(ctx);
	ctx->user_ip6[0] = 0; ctx->user_ip6[1] = 0;
	ctx->user_ip6[2] = mapped ? bpf_htonl(0xffff) : 0;
	ctx->user_ip6[3] = mapped ? bpf_htonl(0x7f000001) : bpf_htonl(1);
	ctx->user_port = bpf_htons(p->out_port);
	return 1;
}

/* Only a socket bound by the proxy's uid may become the pod's inbound listener (sockops cannot ask for the uid before 6.10). */
MAP(sk_owner, BPF_MAP_TYPE_SK_STORAGE, 0, BPF_F_NO_PREALLOC, int, __u32);
static __always_inline int tag(struct bpf_sock *sk, __u32 port) {
	__u64 ns = bpf_get_netns_cookie(sk);
	struct pod_cfg *p = bpf_map_lookup_elem(&pods, &ns);
	if (!p || port != p->in_port || (__u32)bpf_get_current_uid_gid() != p->proxy_uid) return 1;
	__u32 *v = bpf_sk_storage_get(&sk_owner, sk, 0, BPF_SK_STORAGE_GET_F_CREATE); if (v) *v = 1;
	return 1;
}
SEC("cgroup/post_bind4") int pb4(struct bpf_sock *sk) { return tag(sk, sk->src_port); }
SEC("cgroup/post_bind6") int pb6(struct bpf_sock *sk) { return tag(sk, sk->src_port); }

/* Attached at the kubelet's own cgroup: its connections (probes) are known exactly, so that only they, not the whole node address, bypass the proxy.
 * Each is known until it is closed, however it ends: the port may be anybody's after. Not less long: with SYN cookies the last ACK is looked up too. */
static __always_inline void tup(struct bpf_sock_ops *ops, struct tuple *t, int passive);
SEC("sockops") int kubelet(struct bpf_sock_ops *ctx) {
	int opens = ctx->op == BPF_SOCK_OPS_TCP_CONNECT_CB;
	if (!opens && !(ctx->op == BPF_SOCK_OPS_STATE_CB && ctx->args[1] == BPF_TCP_CLOSE)) return 1;
	struct tuple t; __builtin_memset(&t, 0, sizeof t); tup(ctx, &t, 0); t.netns = 0; __u8 one = 1;
	if (!opens) { bpf_map_delete_elem(&probes, &t); return 1; }
	/* What could not be forgotten is not noted: it meets the proxy. */
	if (bpf_sock_ops_cb_flags_set(ctx, ctx->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG)) return 1;
	bpf_map_update_elem(&probes, &t, &one, BPF_ANY);
	return 1;
}

/* ---- sockops: carry the original destination from the app's socket to the proxy's accepted socket ---- */
static __always_inline void tup(struct bpf_sock_ops *ops, struct tuple *t, int passive) {
	t->netns = bpf_get_netns_cookie(ops);
	__u32 l[4] = {}, r[4] = {};
	if (ops->family == AF_INET6) {
		l[0] = ops->local_ip6[0]; l[1] = ops->local_ip6[1]; l[2] = ops->local_ip6[2]; l[3] = ops->local_ip6[3];
		r[0] = ops->remote_ip6[0]; r[1] = ops->remote_ip6[1]; r[2] = ops->remote_ip6[2]; r[3] = ops->remote_ip6[3];
		if (!l[0] && !l[1] && l[2] == bpf_htonl(0xffff)) { l[2] = 0; l[0] = l[3]; l[3] = 0; r[0] = r[3]; r[2] = r[3] = 0; r[1] = 0; }
	} else { l[0] = ops->local_ip4; r[0] = ops->remote_ip4; }
	__u16 lp = ops->local_port, rp = bpf_ntohl(ops->remote_port);
	if (passive) { __builtin_memcpy(t->s, r, 16); __builtin_memcpy(t->d, l, 16); t->sp = rp; t->dp = lp; }
	else { __builtin_memcpy(t->s, l, 16); __builtin_memcpy(t->d, r, 16); t->sp = lp; t->dp = rp; }
}
SEC("sockops") int ops(struct bpf_sock_ops *ctx) {
	struct bpf_sock *sk; struct orig *o; struct tuple t;
	if (ctx->op != BPF_SOCK_OPS_TCP_CONNECT_CB && ctx->op != BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB && ctx->op != BPF_SOCK_OPS_TCP_LISTEN_CB) return 1;
	__u64 ns = bpf_get_netns_cookie(ctx);
	struct pod_cfg *p = bpf_map_lookup_elem(&pods, &ns);
	if (!p) return 1;
	sk = ctx->sk; if (!sk) return 1;
	switch (ctx->op) {
	case BPF_SOCK_OPS_TCP_CONNECT_CB:     /* client, source port known, SYN not yet sent */
		o = bpf_sk_storage_get(&sk_dst, sk, 0, 0);
		if (!o || o->kind == 0) return 1;
		__builtin_memset(&t, 0, sizeof t); tup(ctx, &t, 0);
		bpf_map_update_elem(&inflight, &t, o, BPF_ANY);
		return 1;
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB: {
		__builtin_memset(&t, 0, sizeof t); tup(ctx, &t, 1);
		struct orig *f = bpf_map_lookup_elem(&inflight, &t);
		if (!f) { if (ctx->local_port == p->out_port) cnt(S_MISS); return 1; }
		if (f->kind == 2) { o = bpf_sk_storage_get(&sk_peer, sk, 0, BPF_SK_STORAGE_GET_F_CREATE); cnt(S_PEER); }
		else { o = bpf_sk_storage_get(&sk_dst, sk, 0, BPF_SK_STORAGE_GET_F_CREATE); cnt(S_MAPPED); }
		if (o) { *o = *f; if (f->kind == 1) o->kind = 3; }
		bpf_map_delete_elem(&inflight, &t);
		return 1; }
	case BPF_SOCK_OPS_TCP_LISTEN_CB: {
		if (ctx->local_port != p->in_port) return 1;
		if (!bpf_sk_storage_get(&sk_owner, sk, 0, 0)) return 1;
		__u32 k = p->slot * 2 + (ctx->family == AF_INET6);
		long r = bpf_sock_map_update(ctx, &listeners, &k, BPF_ANY);
		if (!r) cnt(S_LISTEN);
		return 1; }
	}
	return 1;
}

/* bind() by the proxy's uid to a foreign address = "show this client to the app": remembered, and the real bind is to ANY:0.
 * So node:net's connect({ localAddress, localPort }) is the whole API: no setsockopt hook, no FFI, no privilege. */
static __always_inline struct orig *claim(struct bpf_sock_addr *ctx, const int v6) {
	__u64 ns = bpf_get_netns_cookie(ctx);
	struct pod_cfg *p = bpf_map_lookup_elem(&pods, &ns);
	if (!p || (__u32)bpf_get_current_uid_gid() != p->proxy_uid || ctx->protocol != IPPROTO_TCP) return 0;
	struct bpf_sock *sk = ctx->sk; if (!sk) return 0;
	if (!v6) { if (!ctx->user_ip4 || ctx->user_ip4 == p->ip4 || (ctx->user_ip4 & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000)) return 0; }
	else { if (!ctx->user_ip6[0] && !ctx->user_ip6[1] && !ctx->user_ip6[2]) return 0;
	       if (ctx->user_ip6[0] == p->ip6[0] && ctx->user_ip6[1] == p->ip6[1] && ctx->user_ip6[2] == p->ip6[2] && ctx->user_ip6[3] == p->ip6[3]) return 0; }
	return bpf_sk_storage_get(&sk_dst, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
}
SEC("cgroup/bind4") int bind4(struct bpf_sock_addr *ctx) {
	struct orig *o = claim(ctx, 0); if (!o) return 1;
	o->family = 4; o->kind = 2; o->port = ctx->user_port; o->a[0] = ctx->user_ip4; o->a[1] = o->a[2] = o->a[3] = 0;
	ctx->user_ip4 = 0; ctx->user_port = 0; return 1;
}
SEC("cgroup/bind6") int bind6(struct bpf_sock_addr *ctx) {
	struct orig *o = claim(ctx, 1); if (!o) return 1;
	barrier_ctx(ctx);
	o->family = 6; o->kind = 2; o->port = ctx->user_port; o->a[0] = ctx->user_ip6[0]; o->a[1] = ctx->user_ip6[1]; o->a[2] = ctx->user_ip6[2]; o->a[3] = ctx->user_ip6[3];
	if (!o->a[0] && !o->a[1] && o->a[2] == bpf_htonl(0xffff)) { o->family = 4; o->a[0] = o->a[3]; o->a[2] = o->a[3] = 0; }
	barrier_ctx(ctx);
	ctx->user_ip6[0] = 0; ctx->user_ip6[1] = 0; ctx->user_ip6[2] = 0; ctx->user_ip6[3] = 0; ctx->user_port = 0; return 1;
}

/* ---- names ---- kind 1: app's outbound socket (getpeername -> original); kind 3: proxy's accepted socket (getsockname -> original) */
static __always_inline int name4(struct bpf_sock_addr *ctx, void *map, int kind) {
	struct bpf_sock *sk = ctx->sk; if (!sk) return 1;
	struct orig *o = bpf_sk_storage_get(map, sk, 0, 0);
	if (!o || o->kind != kind || o->family != 4) return 1;
	ctx->user_ip4 = o->a[0]; ctx->user_port = o->port; return 1;
}
static __always_inline int name6(struct bpf_sock_addr *ctx, void *map, int kind) {
	struct bpf_sock *sk = ctx->sk; if (!sk) return 1;
	struct orig *o = bpf_sk_storage_get(map, sk, 0, 0);
	if (!o || o->kind != kind) return 1;
	if (o->family == 4) { ctx->user_ip6[0] = 0; ctx->user_ip6[1] = 0; ctx->user_ip6[2] = bpf_htonl(0xffff); ctx->user_ip6[3] = o->a[0]; }
	else { ctx->user_ip6[0] = o->a[0]; ctx->user_ip6[1] = o->a[1]; ctx->user_ip6[2] = o->a[2]; ctx->user_ip6[3] = o->a[3]; }
	ctx->user_port = o->port; return 1;
}
SEC("cgroup/getpeername4") int gpn4(struct bpf_sock_addr *ctx) { name4(ctx, &sk_dst, 1); return name4(ctx, &sk_peer, 2); }
SEC("cgroup/getpeername6") int gpn6(struct bpf_sock_addr *ctx) { name6(ctx, &sk_dst, 1); return name6(ctx, &sk_peer, 2); }
/* the app's redirected socket: show the pod's address instead of the loopback source */
static __always_inline struct pod_cfg *redirected(struct bpf_sock_addr *ctx, struct orig **o) {
	struct bpf_sock *sk = ctx->sk; if (!sk) return 0;
	*o = bpf_sk_storage_get(&sk_dst, sk, 0, 0);
	if (!*o || (*o)->kind != 1) return 0;
	__u64 ns = bpf_get_netns_cookie(ctx);
	return bpf_map_lookup_elem(&pods, &ns);
}
SEC("cgroup/getsockname4") int gsn4(struct bpf_sock_addr *ctx) {
	struct orig *o; struct pod_cfg *p = redirected(ctx, &o);
	if (p && p->ip4 && (ctx->user_ip4 & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000)) { ctx->user_ip4 = p->ip4; return 1; }
	return name4(ctx, &sk_dst, 3);
}
SEC("cgroup/getsockname6") int gsn6(struct bpf_sock_addr *ctx) {
	struct orig *o; struct pod_cfg *p = redirected(ctx, &o);
	if (p) {
		if (ctx->user_ip6[2] == bpf_htonl(0xffff) && (ctx->user_ip6[3] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000)) { if (p->ip4) ctx->user_ip6[3] = p->ip4; }
		else if (!ctx->user_ip6[2] && ctx->user_ip6[3] == bpf_htonl(1) && p->ip6[0]) { ctx->user_ip6[0] = p->ip6[0]; ctx->user_ip6[1] = p->ip6[1]; ctx->user_ip6[2] = p->ip6[2]; ctx->user_ip6[3] = p->ip6[3]; }
		return 1;
	}
	return name6(ctx, &sk_dst, 3);
}
char _license[] SEC("license") = "GPL";

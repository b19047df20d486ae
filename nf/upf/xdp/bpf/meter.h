/* SPDX-License-Identifier: Apache-2.0
 *
 * Maps, clock, policers, counters and next hops.
 */
#pragma once
#include "layout.h"

const volatile struct config config;
volatile u64 test_now;

struct {
	UINT(type, MAP_ARRAY);
	UINT(map_flags, F_MMAPABLE);
	UINT(max_entries, 1);
	TYPE(key, u32);
	TYPE(value, struct session);
} sess SEC(".maps");

struct {
	UINT(type, MAP_ARRAY);
	UINT(map_flags, F_MMAPABLE);
	UINT(max_entries, NEXT_HOPS);
	TYPE(key, u32);
	TYPE(value, struct next_hop);
} nh SEC(".maps");

struct {
	UINT(type, MAP_ARRAY);
	UINT(map_flags, F_MMAPABLE);
	UINT(max_entries, 1);
	TYPE(key, u32);
	TYPE(value, struct routes);
} routes SEC(".maps");

/* counters: octets 0 and 1 are packets forwarded up and down, then pairs for each reason to drop. */
struct {
	UINT(type, MAP_PERCPU_ARRAY);
	UINT(max_entries, COUNTERS);
	TYPE(key, u32);
	TYPE(value, u64);
} counters SEC(".maps");

struct {
	UINT(type, MAP_DEVMAP_HASH);
	UINT(max_entries, PORTS);
	TYPE(key, u32);
	TYPE(value, u32);
} ports SEC(".maps");

enum { TICK = 16 };                              /* ticks in a nanosecond */
enum { CONTENDERS = 8 };                         /* tries to take from a policer that others take from */
static const s64 burst = 100000000ll * TICK;     /* how far ahead of its rate a session may be */

INLINE u64 clock(void) { return config.test_clock ? test_now : coarse_ns(); }

INLINE void count(u32 index)
{
	u64 *c = map_lookup(&counters, &index);
	if (c)
		*c += 1;
}

INLINE int drop(u32 reason, u32 direction)
{
	count(2 + (reason & 15) * 2 + direction);
	return XDP_DROP;
}

/* admit takes octets from a policer, or refuses them, TS 23.501 §5.7.1.8. */
INLINE int admit(struct state *s, u64 per_octet, u32 octets, u64 now)
{
	if (!per_octet)
		return 1;
	u64 cost = (u64)octets * per_octet >> 20, ticks = now * TICK;
	for (int i = 0; i < CONTENDERS; i++) {
		u64 old = READ(s->next), from = (s64)(old - ticks) > 0 ? old : ticks;
		if ((s64)(old - ticks) > burst)
			return 0;
		if (likely(__sync_val_compare_and_swap(&s->next, old, from + cost) == old))
			return 1;
	}
	__sync_fetch_and_add(&s->next, cost);
	return 1;
}

INLINE void account(struct state *s, u32 octets, u32 direction)
{
	__sync_fetch_and_add(&s->octets, octets);
	__sync_fetch_and_add(&s->packets, 1);
	count(direction);
}

struct hop {
	u64 macs[2];
	u32 ifindex, mtu;
};

/* hop_of reads a next hop; false if it is not known how to reach it. */
INLINE int hop_of(u32 index, struct hop *h)
{
	struct next_hop *n = index ? map_lookup(&nh, &index) : 0;
	if (!n)
		return 0;
	u32 sequence = READ(n->sequence);
	barrier();
	h->ifindex = READ(n->ifindex);
	h->mtu = READ(n->mtu);
	h->macs[0] = READ(n->macs[0]);
	h->macs[1] = READ(n->macs[1]);
	barrier();
	return h->ifindex && !(sequence & 1) && READ(n->sequence) == sequence;
}

/* to_host tells whether a frame is for one host, as the kernel wants of what it routes. */
INLINE int to_host(const struct ethernet *e) { return !(e->destination[0] & 1) && e->type == htons(ETHERTYPE_IPV4); }

INLINE void write_ethernet(struct ethernet *e, const struct hop *h)
{
	*(u64 *)e->destination = h->macs[0]; /* and two octets of the source */
	*(u32 *)e->source = h->macs[1];
	*(u16 *)(e->source + 4) = h->macs[1] >> 32;
	e->type = htons(ETHERTYPE_IPV4);
}

INLINE int leave(struct xdp_md *ctx, const struct hop *h)
{
	if (h->ifindex == ctx->ingress_ifindex)
		return XDP_TX;
	return redirect_map(&ports, h->ifindex, XDP_DROP);
}

/* hop_to finds the next hop for a destination in host order, 0 if it is user space's concern. */
INLINE u32 hop_to(u32 destination)
{
	u32 zero = 0, found = 0;
	struct routes *r = map_lookup(&routes, &zero);
	if (!r)
		return 0;
	u32 sequence = READ(r->sequence);
	barrier();
	found = READ(r->octet[destination >> 24]);
	if (found == BY_PREFIX) {
		u32 n = READ(r->count);
		found = 0;
#pragma clang loop unroll(disable)
		for (u32 i = 0; i < ROUTES && i < n; i++) {
			if ((destination & READ(r->list[i].mask)) == READ(r->list[i].address)) {
				found = READ(r->list[i].next_hop);
				break;
			}
		}
	}
	barrier();
	return !(sequence & 1) && READ(r->sequence) == sequence ? found : 0;
}

/* decrement takes one from the time to live and mends the checksum, RFC 1141. */
INLINE void decrement(struct ipv4 *ip)
{
	u32 sum = (u32)ip->checksum + htons(0x0100);
	ip->checksum = sum + (sum >= 0xffff);
	ip->ttl--;
}

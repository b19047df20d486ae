/* SPDX-License-Identifier: Apache-2.0
 *
 * Tunnels over IPv6. The programs know outer headers of IPv4: a frame from a tunnel over IPv6 is made one over IPv4 before they see
 * it, and made again what it was if they leave it to user space; one into such a tunnel they make with an outer header of IPv4,
 * which says what the one of IPv6 is to be. UDP over IPv6 has a checksum, RFC 8200 §8.1: it is checked and made, octet for octet.
 */
#pragma once
#include "hop.h"

enum {
	LONGER = IPV6 - IPV4,
	WIDER = LONGER + VLAN, /* room before a frame that is to be finished */
	UNFINISHED = 256,      /* is added to a verdict: finish() is still to be called */
	LINEAR = 8192,         /* a datagram of more octets is user space's, and one of which the end is elsewhere */
	SUMMED = 512,          /* octets that are summed at once */
};

/* write_ipv6 writes a header, word for word: what a compiler makes of a structure in between does not fit on the stack. first is
 * version, class and label, second what follows before the addresses; all are in network order. */
INLINE void write_ipv6(void *ip, u32 first, u32 second, u64 source0, u64 source1, u64 destination0, u64 destination1)
{
	*(u32 *)ip = first;
	*(u32 *)(ip + 4) = second;
	*(u64 *)(ip + 8) = source0;
	*(u64 *)(ip + 16) = source1;
	*(u64 *)(ip + 24) = destination0;
	*(u64 *)(ip + 32) = destination1;
}

/* is_wide tells whether the tunnel to a peer is over IPv6. */
INLINE int is_wide(u64 peer) { return !(u32)peer; }

/* has_n3v6 is known when a program is loaded: without such an address nothing of this is there. */
INLINE int has_n3v6(void) { return config.n3v6[0] || config.n3v6[1]; }

/* is_wide_gtpu tells whether a frame is for the port of GTP-U on N3's address of IPv6. */
INLINE int is_wide_gtpu(const void *data, const void *end)
{
#ifdef TCX
	return 0;
#endif
	if (!has_n3v6() || data + ETH + IPV6 + UDP > end)
		return 0;
	const struct ethernet *e = data;
	const struct ipv6 *ip = data + ETH;
	const struct udp *udp = data + ETH + IPV6;
	return e->type == htons(ETHERTYPE_IPV6) && ip->next == PROTOCOL_UDP && ip->destination[0] == config.n3v6[0] &&
	       ip->destination[1] == config.n3v6[1] && udp->destination == htons(PORT_GTPU) && *(const u8 *)ip >> 4 == 6 && to_host(e);
}

#ifdef TCX
INLINE int is_left_out(u64 peer) { return is_wide(peer); } /* the kernel has what is over IPv6 */
INLINE int reaches(u64 peer, u32 octets, u64 there, u64 frame, u32 mtu) { return octets + OUTER <= mtu; }
INLINE int finished(struct context *ctx, int verdict) { return verdict; }
INLINE int prepare(struct context *ctx, struct ipv4 *outer, u32 next_hop, const struct hop *h) { return 0; }
#else

INLINE int is_left_out(u64 peer) { return 0; }

/* SUM adds the octets of a frame from at on, if the bit of their number is set in the octets that are left. Where it is then is
 * bounded, not known: the kernel verifies once what follows. */
#define SUM(n)                                                                                                        \
	if (octets & n) {                                                                                             \
		at &= 2 * LINEAR - 1;                                                                                 \
		if (data + at + n > end)                                                                              \
			return -1;                                                                                    \
		sum = sum_octets(0, 0, data + at, n, sum);                                                            \
		at += n;                                                                                              \
	}                                                                                                             \
	FORGET(at, octets)

/* checksum sums what an IPv6 packet's addresses and its datagram are, which begin at an offset of the frame, and the rest of the
 * pseudo-header; -1 if they are not all there. */
NOINLINE int checksum(struct context *ctx, u32 from, u32 octets)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	u64 at = from;
	u32 sum = htons(PROTOCOL_UDP), length = htons(octets);
	if (octets > LINEAR || from > LINEAR)
		return -1;
	octets += 32;
	u64 whole = octets / SUMMED;
	FORGET(whole, at);
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < LINEAR / SUMMED + 1 && i < whole; i++) {
		at &= 2 * LINEAR - 1;
		if (data + at + SUMMED > end)
			return -1;
		sum = sum_octets(0, 0, data + at, SUMMED, sum);
		at += SUMMED;
		FORGET(at, octets);
	}
	SUM(256);
	SUM(128);
	SUM(64);
	SUM(32);
	SUM(16);
	SUM(8);
	SUM(4);
	u64 all = (u64)sum + length;
	if (octets & 2) {
		at &= 2 * LINEAR - 1;
		if (data + at + 2 > end)
			return -1;
		all += *(u16 *)(data + at);
		at += 2;
	}
	FORGET(at, octets);
	if (octets & 1) {
		at &= 2 * LINEAR - 1;
		if (data + at + 1 > end)
			return -1;
		all += *(u8 *)(data + at);
	}
	all = (all & 0xffff) + (all >> 16 & 0xffff) + (all >> 32);
	all = (all & 0xffff) + (all >> 16);
	return (all & 0xffff) + (all >> 16);
}

/* reaches tells whether a packet, whose frame is there as far as is said, can go into the tunnel to a peer. */
INLINE int reaches(u64 peer, u32 octets, u64 there, u64 frame, u32 mtu)
{
	if (!has_n3v6() || likely(!is_wide(peer)))
		return octets + OUTER <= mtu;
	return octets + OUTER + LONGER <= mtu && octets + OUTER <= LINEAR && there >= frame;
}

/* prepare says in an outer header of IPv4 what finish() needs, and makes room; false if there is none. */
INLINE int prepare(struct context *ctx, struct ipv4 *outer, u32 next_hop, const struct hop *h)
{
	outer->destination = next_hop;
	outer->id = h->vlan;
	return !reshape(ctx, -WIDER, 0, 0);
}

/* finish makes the outer header of IPv6, RFC 8200 §3, and the checksum. */
NOINLINE int finish(struct context *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	if (data + WIDER + ETH + OUTER > end)
		return 0;
	struct ipv4 *outer = data + WIDER + ETH;
	u32 index = outer->destination, vlan = outer->id, octets = htons(outer->length) - IPV4, tos = outer->tos;
	struct next_hop *n = map_lookup(&nh, &index);
	if (!n)
		return 0;
	u64 macs = *(u64 *)(data + WIDER);
	u32 rest = *(u32 *)(data + WIDER + 8);
	void *begin = data;
	if (!vlan)
		begin += VLAN;
	*(u64 *)begin = macs;
	*(u32 *)(begin + 8) = rest;
	if (vlan)
		*(struct vlan *)(data + 12) = (struct vlan){ htons(ETHERTYPE_VLAN), vlan };
	*(u16 *)(data + VLAN + 12) = htons(ETHERTYPE_IPV6);
	write_ipv6(data + VLAN + ETH, htonl(6u << 28 | tos << 20), htonl(octets << 16 | PROTOCOL_UDP << 8 | 64), config.n3v6[0], config.n3v6[1],
		   READ(n->address[0]), READ(n->address[1]));
	int sum = checksum(ctx, VLAN + ETH + 8, octets);
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (sum < 0 || data + WIDER + ETH + OUTER > end)
		return 0;
	sum = ~sum & 0xffff;
	((struct udp *)(data + VLAN + ETH + IPV6))->checksum = sum ? sum : 0xffff;
	return vlan || !adjust_head(ctx, VLAN);
}

/* finished is the verdict on a frame that is finished now. */
INLINE int finished(struct context *ctx, int verdict)
{
	if (likely(!(verdict & UNFINISHED)))
		return verdict;
	return finish(ctx) ? verdict & ~UNFINISHED : drop(DROP_SEND, DOWNLINK);
}
#endif

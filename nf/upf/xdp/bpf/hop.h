/* SPDX-License-Identifier: Apache-2.0
 *
 * Routes, next hops, and what leaves.
 */
#pragma once
#include "meter.h"

struct hop {
	u64 macs[2];
	u32 ifindex, mtu, vlan;
};

/* What readers of facts return that were changed meanwhile: who asks again finds them whole. */
enum { CHANGED = -1 };
#define CHANGED_UNLESS(elsewhere) ((elsewhere) ? 0 : CHANGED)
enum { NO_HOP = ~0u }; /* CHANGED, of a route */

/* hop_of reads a next hop; false if it is not known how to reach it, CHANGED if it was changed meanwhile. Who asks elsewhere then is
 * told no more than false, and that also while it is being written. */
INLINE int hop_of(u32 index, struct hop *h, int elsewhere)
{
	struct next_hop *n = index ? map_lookup(&nh, &index) : 0;
	if (!n)
		return elsewhere ? 0 : (int)index >> 31; /* NO_HOP: CHANGED */
	u32 sequence = READ(n->sequence);
	struct next_hop *facts = n;
	if (unlikely(sequence & 1)) {
		struct changing *c = elsewhere ? 0 : what_changes();
		if (!c || READ(c->hop_at) != index + 1)
			return CHANGED_UNLESS(elsewhere);
		facts = &c->hop;
	}
	barrier();
	h->ifindex = READ(facts->ifindex);
	h->mtu = READ(facts->mtu);
	h->vlan = READ(facts->vlan);
	h->macs[0] = READ(facts->macs[0]);
	h->macs[1] = READ(facts->macs[1]);
	barrier();
	if (READ(n->sequence) != sequence)
		return CHANGED_UNLESS(elsewhere);
	if (!h->ifindex)
		return 0;
#ifdef TCX
	if (h->vlan)
		return 0;
	h->vlan = 0;
#endif
	return 1;
}

/* to_host tells whether a frame is for one host, as the kernel wants of what it routes. */
INLINE int to_host(const struct ethernet *e) { return !(e->destination[0] & 1); }

/* write_ethernet writes a header. at is of no type, because all that a compiler knows of the structure is that it begins at an even
 * address: it would write two octets at once. */
INLINE void write_ethernet(void *at, const struct hop *h, u16 type)
{
	*(u64 *)at = h->macs[0]; /* and two octets of the source */
	*(u32 *)(at + 6) = h->macs[1];
	*(u16 *)(at + 10) = h->macs[1] >> 32;
	*(u16 *)(at + 12) = type;
}

/* tag puts a VLAN tag into a frame; false if there is no room before it. */
INLINE int tag(struct context *ctx, u16 vlan)
{
	if (reshape(ctx, -VLAN, 0, 0))
		return 0;
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	if (data + ETH + VLAN > end)
		return 0;
	u64 macs = *(u64 *)(data + VLAN);
	u32 rest = *(u32 *)(data + VLAN + 8);
	*(u64 *)data = macs;
	*(u32 *)(data + 8) = rest;
	struct vlan *v = data + 12;
	*v = (struct vlan){ htons(ETHERTYPE_VLAN), vlan };
	return 1;
}

/* leave sends a frame on. */
INLINE int leave(struct context *ctx, const struct hop *h)
{
	return send_to(ctx, &ports, h->ifindex);
}

/* facts_of are the facts of a table as they stand, or as they are to be if they are being written; 0 if neither can be had. */
INLINE struct routes *facts_of(struct routes *r, u32 table, u32 sequence)
{
	if (likely(!(sequence & 1)))
		return r;
	struct changing *c = what_changes();
	return c && READ(c->routes_at) == table + 1 ? &c->routes : 0;
}

/* in_list finds the next hop for a destination in host order by the longest prefix. */
NOINLINE u32 in_list(const struct routes *r, u32 destination)
{
	if (!r)
		return 0;
	u32 n = READ(r->count);
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < ROUTES && i < n; i++) {
		if ((destination & READ(r->list[i].mask)) == READ(r->list[i].address))
			return READ(r->list[i].next_hop);
	}
	return 0;
}

/* in_list6 is in_list for IPv6. */
NOINLINE u32 in_list6(const struct routes *r, u64 high, u64 low)
{
	if (!r)
		return 0;
	u32 n = READ(r->count6);
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < ROUTES && i < n; i++) {
		if (!(((high & READ(r->list6[i].mask[0])) ^ READ(r->list6[i].address[0])) |
		      ((low & READ(r->list6[i].mask[1])) ^ READ(r->list6[i].address[1]))))
			return READ(r->list6[i].next_hop);
	}
	return 0;
}

/* by_prefix finds the next hop for a destination in host order by the longest prefix; NO_HOP if routes were changed meanwhile. */
NOINLINE u32 by_prefix(u32 table, u32 destination)
{
	struct routes *r = map_lookup(&routes, &table);
	if (!r)
		return 0;
	u32 sequence = READ(r->sequence);
	barrier();
	struct routes *facts = facts_of(r, table, sequence);
	if (!facts)
		return NO_HOP;
	u32 found = in_list(facts, destination);
	barrier();
	return READ(r->sequence) == sequence ? found : NO_HOP;
}

/* hop_to finds the next hop for a destination in host order, 0 if it is user space's concern. */
INLINE u32 hop_to(u32 table, u32 destination)
{
	struct routes *r = map_lookup(&routes, &table);
	if (!r)
		return 0;
	u32 sequence = READ(r->sequence);
	barrier();
	u32 found = READ(r->octet[destination >> 24]);
	barrier();
	if (unlikely((sequence & 1) || READ(r->sequence) != sequence || found == BY_PREFIX))
		return by_prefix(table, destination);
	return found;
}

/* by_prefix6 is by_prefix for IPv6. */
NOINLINE u32 by_prefix6(u32 table, u64 high, u64 low)
{
	struct routes *r = map_lookup(&routes, &table);
	if (!r)
		return 0;
	u32 sequence = READ(r->sequence);
	barrier();
	struct routes *facts = facts_of(r, table, sequence);
	if (!facts)
		return NO_HOP;
	u32 found = in_list6(facts, high, low);
	barrier();
	return READ(r->sequence) == sequence ? found : NO_HOP;
}

enum { FIRST_ROUTES = 4 };

/* hop_to6 is hop_to for IPv6: the first routes cost no call. Places after the last route hold zeros, and so match, and lead to
 * user space. */
INLINE u32 hop_to6(u32 table, u64 high, u64 low)
{
	struct routes *r = map_lookup(&routes, &table);
	if (!r)
		return 0;
	u32 sequence = READ(r->sequence), found = BY_PREFIX;
	barrier();
#pragma unroll
	for (u32 i = 0; i < FIRST_ROUTES; i++) {
		if ((high & READ(r->list6[i].mask[0])) == READ(r->list6[i].address[0]) &&
		    (low & READ(r->list6[i].mask[1])) == READ(r->list6[i].address[1])) {
			found = READ(r->list6[i].next_hop);
			break;
		}
	}
	barrier();
	if (unlikely((sequence & 1) || READ(r->sequence) != sequence || found == BY_PREFIX))
		return by_prefix6(table, high, low);
	return found;
}

/* unroutable tells whether a router may not forward to the destination, in host order, RFC 1812 §5.3.7. */
INLINE int unroutable(u32 destination)
{
	u32 octet = destination >> 24;
	return octet == 0 || octet == 127 || octet >= 224;
}

/* unroutable6 is unroutable for IPv6: all of ::/8, link-local and groups are user space's concern, RFC 4291 §2.5. */
INLINE int unroutable6(u64 high)
{
	u16 first = htons((u16)high);
	return first >> 8 == 0 || first >> 8 == 0xff || (first & 0xffc0) == 0xfe80;
}

/* decrement takes one from the time to live and mends the checksum, RFC 1141. */
INLINE void decrement(struct ipv4 *ip)
{
	u32 sum = (u32)ip->checksum + htons(0x0100);
	ip->checksum = sum + (sum >= 0xffff);
	ip->ttl--;
}

/* fold ends a checksum of network order words, RFC 1071. */
INLINE u16 fold(u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* Where a packet goes that leaves in a tunnel. */
struct tunnel {
	u64 peer; /* as in struct downlink */
	u32 qfi, tos;
	u32 type; /* first octet of the container: 0 downlink, 0x10 uplink, TS 38.415 §5.5.2 */
};

/* encapsulate writes the outer headers of a packet of the given octets, word for word as write_ethernet() does: IPv4, UDP without a
 * checksum, which RFC 768 allows, and GTP-U with a PDU session container. */
INLINE void encapsulate(void *at, const struct tunnel *t, u32 octets)
{
	u32 peer = t->peer, n3 = config.n3, protocol = htonl(64 << 24 | PROTOCOL_UDP << 16), ports = htonl(PORT_GTPU << 16 | PORT_GTPU);
	u16 sum = fold(htons(0x4500 | t->tos) + htons(octets + OUTER) + htons(DONT_FRAGMENT) + htons(64 << 8 | PROTOCOL_UDP) +
		       (n3 & 0xffff) + (n3 >> 16) + (peer & 0xffff) + (peer >> 16));
	*(u64 *)at = htonl(0x45 << 24 | t->tos << 16 | ((octets + OUTER) & 0xffff)) | (u64)htonl(DONT_FRAGMENT) << 32;
	*(u64 *)(at + 8) = (protocol | (u32)sum << 16) | (u64)n3 << 32;
	*(u64 *)(at + 16) = peer | (u64)ports << 32;
	*(u64 *)(at + 24) = htonl((octets + UDP + GTPU) << 16) | (u64)htonl(0x34 << 24 | 255 << 16 | ((octets + GTPU - 8) & 0xffff)) << 32;
	*(u64 *)(at + 32) = t->peer >> 32 | 0x85ull << 56;
	*(u32 *)(at + 40) = 1 | t->type << 8 | t->qfi << 16;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * From a data network into the tunnel to a gNB, TS 23.501 §5.8.2.
 */
#pragma once
#include "meter.h"

/* pool_of is the pool of an address in host order: its slot, and the MTU of its data network. */
INLINE int pool_of(u32 address, u32 *slot, u32 *mtu)
{
#pragma unroll
	for (int i = 0; i < POOLS; i++) {
		if (i >= config.pools)
			return 0;
		u32 offset = address - config.pool[i].first;
		if (offset < config.pool[i].size) {
			*slot = config.pool[i].slot + offset;
			*mtu = config.pool[i].mtu;
			return 1;
		}
	}
	return 0;
}

/* address_of is the facts of a UE address as they are at one time; false if there are none or they are being changed. */
INLINE int address_of(struct downlink *f, u32 ue, struct downlink *out)
{
	u32 sequence = READ(f->sequence);
	barrier();
	out->ue = READ(f->ue);
	out->verdict = READ(f->verdict);
	out->next_hop = READ(f->next_hop);
	out->peer = READ(f->peer);
	out->per_octet = READ(f->per_octet);
	out->qfi = READ(f->qfi);
	barrier();
	return out->ue == ue && out->verdict != VERDICT_SLOW && !(sequence & 1) && READ(f->sequence) == sequence;
}

/* fold ends a checksum of network order words, RFC 1071. */
INLINE u16 fold(u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* encapsulate writes the outer headers of a packet of the given octets; UDP has no checksum, which RFC 768 allows. */
INLINE void encapsulate(struct ipv4 *ip, const struct downlink *f, u32 octets)
{
	u32 peer = f->peer, n3 = config.n3;
	*ip = (struct ipv4){ .version_length = 0x45, .length = htons(octets + OUTER), .fragment = htons(DONT_FRAGMENT),
			     .ttl = 64, .protocol = PROTOCOL_UDP, .source = n3, .destination = peer };
	ip->checksum = fold(htons(0x4500) + htons(octets + OUTER) + htons(DONT_FRAGMENT) + htons(64 << 8 | PROTOCOL_UDP) +
			    (n3 & 0xffff) + (n3 >> 16) + (peer & 0xffff) + (peer >> 16));
	struct udp *udp = (void *)(ip + 1);
	*udp = (struct udp){ htons(PORT_GTPU), htons(PORT_GTPU), htons(octets + UDP + GTPU), 0 };
	struct gtpu *g = (void *)(udp + 1);
	*g = (struct gtpu){ .flags = 0x34, .type = 255, .length = htons(octets + GTPU - 8), .teid = f->peer >> 32,
			    .next = 0x85, .container_length = 1, .qfi = f->qfi };
}

INLINE int downlink(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethernet *eth = data;
	struct ipv4 *ip = data + ETH;
	if (data + ETH + IPV4 > end || !to_host(eth) || ip->version_length != 0x45)
		return XDP_PASS;
	u32 ue = ip->destination, octets = htons(ip->length), slot, mtu;
	if (!pool_of(htonl(ue), &slot, &mtu))
		return XDP_PASS;
	u64 now = clock(), frame = end - data;
	if (unlikely(frame < ETH + octets))
		frame = frame_length(ctx);
	if (octets < IPV4 || ETH + octets > frame)
		return XDP_PASS;

	struct session *s = map_lookup(&sess, &slot);
	struct downlink f;
	if (!s || !address_of(&s->down, ue, &f) || ip->ttl <= 1 || octets > mtu)
		return XDP_PASS;
	if (f.verdict >= VERDICT_DROP)
		return drop(f.verdict - VERDICT_DROP, DOWNLINK);
	struct hop h;
	if (!hop_of(f.next_hop, &h) || octets + OUTER > h.mtu)
		return XDP_PASS;

	if (adjust_head(ctx, -OUTER)) /* no room before the frame */
		return XDP_PASS;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + ETH + OUTER + IPV4 > end)
		return drop(DROP_SEND, DOWNLINK);
	if (!admit(&s->down.state, f.per_octet, octets, now))
		return drop(DROP_RATE, DOWNLINK);
	write_ethernet(data, &h);
	encapsulate(data + ETH, &f, octets);
	decrement(data + ETH + OUTER);
	if (frame > ETH + octets && adjust_tail(ctx, -(int)(frame - ETH - octets)))
		return drop(DROP_SEND, DOWNLINK);
	account(&s->down.state, octets, DOWNLINK);
	return leave(ctx, &h);
}

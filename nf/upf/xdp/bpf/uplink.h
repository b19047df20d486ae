/* SPDX-License-Identifier: Apache-2.0
 *
 * From a tunnel of a gNB to a data network, TS 23.501 §5.8.2.
 */
#pragma once
#include "meter.h"

/* gtpu_header is the length of the GTP-U header and the QFI, 0 for whatever is not plain, TS 29.281 §5.1 and §5.2. */
INLINE u32 gtpu_header(const struct gtpu *g, u32 *qfi)
{
	*qfi = 0;
	if ((g->flags & 0xf0) != 0x30 || g->type != 255)
		return 0;
	if (!(g->flags & 7))
		return 8;
	if (!(g->flags & 4))
		return 12;
	if (g->next != 0x85 || g->container_length != 1 || g->container_type >> 4 != 1 || g->container_next)
		return 0;
	*qfi = g->qfi & 0x3f;
	return GTPU;
}

/* tunnel_of is the facts of a tunnel as they are at one time; false if there are none or they are just being changed. */
INLINE int tunnel_of(struct uplink *f, u32 teid, struct uplink *out)
{
	u32 sequence = READ(f->sequence);
	barrier();
	out->teid = READ(f->teid);
	out->ue = READ(f->ue);
	out->verdict = READ(f->verdict);
	out->qfis = READ(f->qfis);
	out->per_octet = READ(f->per_octet);
	barrier();
	return out->teid == teid && out->verdict != VERDICT_SLOW && !(sequence & 1) && READ(f->sequence) == sequence;
}

/* is_gtpu tells whether the outer packet is whole and its payload plain GTP-U to N3. */
INLINE int is_gtpu(const struct ethernet *e, const struct ipv4 *ip, const struct udp *udp)
{
	return to_host(e) && ip->version_length == 0x45 && ip->protocol == PROTOCOL_UDP &&
	       udp->destination == htons(PORT_GTPU) && ip->destination == config.n3 &&
	       !(ip->fragment & htons(MORE_OR_OFFSET)) && htons(udp->length) + IPV4 == htons(ip->length);
}

/* unroutable tells whether a router may not forward to the destination, in host order, RFC 1812 §5.3.7. */
INLINE int unroutable(u32 destination)
{
	u32 octet = destination >> 24;
	return octet == 0 || octet == 127 || octet >= 224;
}

INLINE int uplink(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethernet *eth = data;
	struct ipv4 *outer = data + ETH;
	struct udp *udp = data + ETH + IPV4;
	struct gtpu *g = data + ETH + IPV4 + UDP;
	if (data + ETH + OUTER > end || !is_gtpu(eth, outer, udp))
		return XDP_PASS;
	u32 qfi, header = gtpu_header(g, &qfi), length = htons(outer->length);
	if (!header)
		return XDP_PASS;
	u64 now = clock();
	struct ipv4 *inner = (void *)g + header;
	if ((void *)(inner + 1) > end || inner->version_length != 0x45)
		return XDP_PASS;
	u32 octets = htons(inner->length), payload = htons(g->length) + 8;
	u64 frame = end - data;
	if (unlikely(frame < ETH + length))
		frame = frame_length(ctx);
	if (octets < IPV4 || octets + header > payload || payload + UDP + IPV4 > length || ETH + length > frame)
		return XDP_PASS;

	u32 teid = htonl(g->teid), slot = teid & SLOT_MASK, destination = htonl(inner->destination);
	struct session *s = map_lookup(&sess, &slot);
	struct uplink f;
	if (!s || !teid || !tunnel_of(&s->up, teid, &f))
		return XDP_PASS;
	if (f.qfis && !(f.qfis >> qfi & 1))
		return drop(DROP_NO_RULE, UPLINK);
	if (inner->source != f.ue)
		return drop(DROP_SPOOFED, UPLINK);
	if (f.verdict >= VERDICT_DROP)
		return drop(f.verdict - VERDICT_DROP, UPLINK);
	struct hop h;
	if (inner->ttl <= 1 || unroutable(destination) || !hop_of(hop_to(destination), &h) || octets > h.mtu)
		return XDP_PASS;

	if (!admit(&s->up.state, f.per_octet, octets, now))
		return drop(DROP_RATE, UPLINK);
	decrement(inner);
	write_ethernet((void *)inner - ETH, &h);
	u32 removed = IPV4 + UDP + header;
	if (adjust_head(ctx, removed) || (frame > removed + ETH + octets && adjust_tail(ctx, -(int)(frame - removed - ETH - octets))))
		return drop(DROP_SEND, UPLINK);
	account(&s->up.state, octets, UPLINK);
	return leave(ctx, &h);
}

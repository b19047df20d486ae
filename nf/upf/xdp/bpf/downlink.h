/* SPDX-License-Identifier: Apache-2.0
 *
 * From a data network into the tunnel to a gNB or another UPF, TS 23.501 §5.8.2.
 */
#pragma once
#include "uplink.h"

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

/* address_of is the facts of a UE address as they are at one time; false if they are being changed. */
INLINE int address_of(struct downlink *f, struct downlink *out)
{
	u32 sequence = READ(f->sequence);
	barrier();
	out->ue = READ(f->ue);
	out->ue6 = READ(f->ue6);
	out->verdict = READ(f->verdict);
	out->qfi = READ(f->qfi);
	out->tos = READ(f->tos);
	out->next_hop = READ(f->next_hop);
	out->peer = READ(f->peer);
	out->per_octet = READ(f->per_octet);
	barrier();
	return !(sequence & 1) && READ(f->sequence) == sequence;
}

/* downlink serves what is plain: an IPv4 packet of a session with one rule, or with several that count and police
 * together. */
INLINE int downlink(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethernet *eth = data;
	struct ipv4 *ip = data + ETH;
	if (data + ETH + IPV4 > end || !to_host(eth))
		return XDP_PASS;
	if (eth->type == htons(ETHERTYPE_IPV6))
		return NOT_PLAIN;
	if (eth->type != htons(ETHERTYPE_IPV4))
		return XDP_PASS;
	u32 ue = ip->destination, octets = htons(ip->length), slot, mtu;
	if (!pool_of(htonl(ue), &slot, &mtu))
		return XDP_PASS;
	if (ip->version_length != 0x45)
		return pass(PASS_OPTIONS, DOWNLINK);
	u64 now = clock(), frame = end - data;
	if (unlikely(frame < ETH + octets))
		frame = frame_length(ctx);
	if (octets < IPV4 || ETH + octets > frame)
		return pass(PASS_MALFORMED, DOWNLINK);

	struct session *s = map_lookup(&sess, &slot);
	struct downlink f;
	if (!s || !address_of(&s->down, &f) || f.verdict == VERDICT_SLOW || f.ue != ue)
		return NOT_PLAIN;
	if (ip->ttl <= 1)
		return pass(PASS_TTL, DOWNLINK);
	if (octets > mtu)
		return pass(PASS_MTU, DOWNLINK);
	u32 verdict = f.verdict;
	u64 rate = f.per_octet;
	struct tunnel t = { .peer = f.peer, .qfi = f.qfi, .tos = f.tos };
	if (verdict == VERDICT_RULES) {
		u32 index = f.rules.classifier;
		u64 found = screen(index, ip, end, octets, 0, 1);
		if (verdict_in(found) == VERDICT_SLOW || flow_in(found))
			return NOT_PLAIN;
		verdict = verdict_in(found);
		t.qfi = qfi_in(found);
		t.tos = tos_in(found);
		rate = session_rate(index, found);
	}
	if (verdict >= VERDICT_DROP)
		return drop(verdict - VERDICT_DROP, DOWNLINK);
	struct hop h;
	if (!hop_of(f.next_hop, &h))
		return pass(PASS_ROUTE, DOWNLINK);
	if (octets + OUTER > h.mtu)
		return pass(PASS_MTU, DOWNLINK);
	if (adjust_head(ctx, -OUTER)) /* no room before the frame */
		return pass(PASS_MTU, DOWNLINK);
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + ETH + OUTER + IPV4 > end)
		return drop(DROP_SEND, DOWNLINK);
	if (!within(&s->down.state, rate, now))
		return drop(DROP_RATE, DOWNLINK);
	take(&s->down.state, rate, octets, now);
	write_ethernet(data, &h, htons(ETHERTYPE_IPV4));
	encapsulate(data + ETH, &t, octets);
	decrement(data + ETH + OUTER);
	if (frame > ETH + octets && adjust_tail(ctx, -(int)(frame - ETH - octets)))
		return drop(DROP_SEND, DOWNLINK);
	if (unlikely(h.vlan) && !tag(ctx, h.vlan))
		return drop(DROP_SEND, DOWNLINK);
	account(&s->down.state, octets, DOWNLINK);
	return leave(ctx, &h);
}

/* slot_of is the slot of the session that a packet may be for, and the MTU of its data network. */
INLINE int slot_of(const struct key *k, u32 *slot, u32 *mtu)
{
	if (k->version == 4)
		return pool_of(htonl(k->local[0]), slot, mtu);
	u64 prefix = k->local[0];
	struct ue6 *u = map_lookup(&prefixes, &prefix);
	if (!u)
		return 0;
	*slot = u->slot;
	*mtu = u->mtu;
	return 1;
}

/* is_for_n6 tells whether a frame is for one host and holds an IP packet. */
INLINE int is_for_n6(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethernet *e = data;
	return data + ETH <= end && to_host(e) && (e->type == htons(ETHERTYPE_IPV4) || e->type == htons(ETHERTYPE_IPV6));
}

/* any_downlink serves packets that are IPv6 or meet filters and flows of any kind. */
NOINLINE int any_downlink(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct key k = {};
	u32 slot, mtu;
	int why = read_packet(&k, data + ETH, end, 1);
	if (why >= 0 && why != PASS_OPTIONS)
		return pass(why, DOWNLINK);
	if (!slot_of(&k, &slot, &mtu))
		return XDP_PASS; /* not ours */
	if (why >= 0)
		return pass(why, DOWNLINK);
	u64 now = clock(), frame = end - data;
	if (unlikely(frame < ETH + k.octets))
		frame = frame_length(ctx);
	if (ETH + k.octets > frame)
		return pass(PASS_MALFORMED, DOWNLINK);
	struct session *s = map_lookup(&sess, &slot);
	struct downlink f;
	if (!s)
		return pass(PASS_UNKNOWN, DOWNLINK);
	if (!address_of(&s->down, &f))
		return pass(PASS_CHANGE, DOWNLINK);
	if (!owned(&k, f.ue, f.ue6))
		return pass(PASS_UNKNOWN, DOWNLINK);
	if (f.verdict == VERDICT_SLOW)
		return pass(PASS_SESSION, DOWNLINK);
	if (k.limit <= 1)
		return pass(PASS_TTL, DOWNLINK);
	if (k.octets > mtu)
		return pass(PASS_MTU, DOWNLINK);

	struct way w = { .verdict = f.verdict, .qfi = f.qfi, .tos = f.tos, .next_hop = f.next_hop, .peer = f.peer, .session = &s->down.state,
			 .session_rate = f.per_octet };
	if (f.verdict == VERDICT_RULES) {
		if (k.fragment && by_ports(f.rules.classifier))
			return pass(PASS_OPTIONS, DOWNLINK);
		if (!way_by(&w, &f.rules, classify(f.rules.classifier, &k)) || w.verdict < VERDICT_FORWARD)
			return pass(PASS_SESSION, DOWNLINK);
	}
	if (w.verdict >= VERDICT_DROP)
		return drop(w.verdict - VERDICT_DROP, DOWNLINK);
	struct hop h;
	if (!hop_of(w.next_hop, &h))
		return pass(PASS_ROUTE, DOWNLINK);
	if (k.octets + OUTER > h.mtu)
		return pass(PASS_MTU, DOWNLINK);
	if (adjust_head(ctx, -OUTER))
		return pass(PASS_MTU, DOWNLINK);
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + ETH + OUTER + IPV4 > end)
		return drop(DROP_SEND, DOWNLINK);
	if (!admit(&w, k.octets, now))
		return drop(DROP_RATE, DOWNLINK);
	struct tunnel t = { .peer = w.peer, .qfi = w.qfi, .tos = w.tos };
	write_ethernet(data, &h, htons(ETHERTYPE_IPV4));
	encapsulate(data + ETH, &t, k.octets);
	if (k.version == 4)
		decrement(data + ETH + OUTER);
	else
		((struct ipv6 *)(data + ETH + OUTER))->limit--;
	if (frame > ETH + k.octets && adjust_tail(ctx, -(int)(frame - ETH - k.octets)))
		return drop(DROP_SEND, DOWNLINK);
	if (h.vlan && !tag(ctx, h.vlan))
		return drop(DROP_SEND, DOWNLINK);
	account_way(&w, k.octets, DOWNLINK);
	return leave(ctx, &h);
}

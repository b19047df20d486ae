/* SPDX-License-Identifier: Apache-2.0
 *
 * From a data network into the tunnel to a gNB or another UPF, TS 23.501 §5.8.2.
 */
#pragma once
#include "uplink.h"

/* Where a packet's address leads: the slot, and the MTU of the data network in the high half; NOWHERE if to no session. */
enum { NOWHERE = ~0u };
INLINE u64 place(u32 slot, u32 mtu) { return (u64)mtu << 32 | slot; }

/* place_of is the place of an address of the pools, in host order. */
INLINE u64 place_of(u32 address)
{
	u64 found = NOWHERE;
#pragma unroll
	for (int i = 0; i < POOLS; i++) {
		if (i >= config.pools)
			break;
		u32 offset = address - config.pool[i].first;
		if (offset < config.pool[i].size) {
			found = place(config.pool[i].slot + offset, config.pool[i].mtu);
			break;
		}
	}
	FORGET(found, address);
	return found;
}

/* place_of6 is place_of for a prefix of IPv6 in network order: by its offset in a pool, else by itself. The line of the session with
 * the address at the same offset tells if the prefix is that session's. */
INLINE u64 place_of6(u64 prefix)
{
	u64 found = NOWHERE, beside = UNPAIRED;
#pragma unroll
	for (int i = 0; i < POOLS6; i++) {
		if (i >= config.pools6)
			break;
		u64 offset = htonll(prefix) - config.pool6[i].first;
		if (offset < config.pool6[i].size) {
			found = place(config.pool6[i].at + offset, config.pool6[i].mtu);
			beside = config.pool6[i].beside + offset;
			break;
		}
	}
	FORGET(found, prefix);
	FORGET(beside, prefix);
	u32 index = found, mtu = found >> 32, guess = beside;
	if (index != NOWHERE) {
		struct downlink *s = map_lookup(&downlinks, &guess);
		if (s && READ(s->ue6) == prefix)
			return place(guess, mtu);
		u64 *slot = map_lookup(&slots6, &index);
		return slot && READ(*slot) ? place(READ(*slot) - 1, mtu) : NOWHERE;
	}
	struct ue6 *u = map_lookup(&prefixes, &prefix);
	return u ? place(u->slot, u->mtu) : NOWHERE;
}

/* address_of is the facts of a slot's UE address as they are at one time, or CHANGED as in hop_of(). */
INLINE int address_of(struct downlink *f, u32 slot, struct downlink *out, int elsewhere)
{
	u32 sequence = READ(f->sequence);
	struct downlink *facts = f;
	if (unlikely(sequence & 1)) {
		struct changing *c = elsewhere ? 0 : what_changes();
		if (!c || READ(c->down_at) != slot + 1)
			return CHANGED_UNLESS(elsewhere);
		facts = &c->down;
	}
	barrier();
	out->ue = READ(facts->ue);
	out->ue6 = READ(facts->ue6);
	out->verdict = READ(facts->verdict);
	out->qfi = READ(facts->qfi);
	out->tos = READ(facts->tos);
	out->next_hop = READ(facts->next_hop);
	out->peer = READ(facts->peer);
	out->per_octet = READ(facts->per_octet);
	barrier();
	return READ(f->sequence) == sequence ? 1 : CHANGED_UNLESS(elsewhere);
}

/* downlink serves what is plain: a packet of a session with one rule, or with several that count and police
 * together. */
INLINE int downlink(struct context *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethernet *eth = data;
	struct ipv4 *ip = data + ETH;
	if (data + ETH + IPV4 > end || !to_host(eth))
		return PASS;
	struct user u;
	if (eth->type != htons(ETHERTYPE_IPV4) && eth->type != htons(ETHERTYPE_IPV6))
		return PASS;
	if (!plain_user(&u, ip, end, 1) || eth->type != (u.version == 6 ? htons(ETHERTYPE_IPV6) : htons(ETHERTYPE_IPV4)))
		return NOT_PLAIN;
	u64 at = u.version == 6 ? place_of6(u.local) : place_of(htonl(u.local));
	u32 slot = at, mtu = at >> 32;
	if (slot == NOWHERE)
		return PASS;
	struct downlink *s = map_lookup(&downlinks, &slot);
	if (!s)
		return NOT_PLAIN;
	READ(s->sequence); /* as in uplink() */
	u64 now = clock(), frame = end - data;
	u32 octets = u.octets;
	if (unlikely(frame < ETH + octets))
		frame = frame_length(ctx);
	if (octets < IPV4 || ETH + octets > frame)
		return pass(PASS_MALFORMED, DOWNLINK);

	struct guess guess;
	guess_rules(&guess, slot, &u, ip, end, 0, DOWNLINK);
	struct downlink f;
	if (!address_of(s, slot, &f, 1) || f.verdict == VERDICT_SLOW || u.local != (u.version == 6 ? f.ue6 : f.ue))
		return NOT_PLAIN;
	if (u.limit <= 1)
		return pass(PASS_TTL, DOWNLINK);
	if (octets > mtu)
		return pass(PASS_MTU, DOWNLINK);
	u32 verdict = f.verdict;
	u64 rate = f.per_octet;
	struct tunnel t = { .peer = f.peer, .qfi = f.qfi, .tos = f.tos };
	if (verdict == VERDICT_RULES) {
		if (!check_guess(ctx, &guess, f.per_octet, slot, ETH, 0, DOWNLINK))
			return NOT_PLAIN;
		verdict = verdict_in(guess.found);
		t.qfi = qfi_in(guess.found);
		t.tos = tos_in(guess.found);
		rate = session_rate(f.rules.classifier, guess.found);
	} else {
		no_rules(&guess, DOWNLINK);
	}
	if (verdict >= VERDICT_DROP)
		return drop(verdict - VERDICT_DROP, DOWNLINK);
	struct hop h;
	if (!hop_of(f.next_hop, &h, 1))
		return NOT_PLAIN;
	if (octets + OUTER > h.mtu)
		return pass(PASS_MTU, DOWNLINK);
	struct flow *flow = 0;
	if (guess.flow && !(flow = map_lookup(&flows, &guess.flow)))
		return NOT_PLAIN;
	int failed = reshape(ctx, -OUTER, frame - ETH - octets, u.version);
	if (failed) /* there may be no room before the frame */
		return failed == UNTOUCHED ? pass(PASS_MTU, DOWNLINK) : drop(DROP_SEND, DOWNLINK);
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + ETH + OUTER + IPV4 > end)
		return drop(DROP_SEND, DOWNLINK);
	if (!within(&s->state, rate, now) || (flow && !within(&flow->state, flow->per_octet, now)))
		return drop(DROP_RATE, DOWNLINK);
	take(&s->state, rate, octets, now);
	if (flow)
		take(&flow->state, flow->per_octet, octets, now);
	write_ethernet(data, &h, htons(ETHERTYPE_IPV4));
	encapsulate(data + ETH, &t, octets);
	if (u.version == 6)
		((struct ipv6 *)(data + ETH + OUTER))->limit--;
	else
		decrement(data + ETH + OUTER);
	if (unlikely(h.vlan) && !tag(ctx, h.vlan))
		return drop(DROP_SEND, DOWNLINK);
	account(flow ? &flow->state : &s->state, octets, DOWNLINK);
	return leave(ctx, &h);
}

/* is_for_n6 tells whether a frame is for one host and holds an IP packet. */
INLINE int is_for_n6(struct context *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethernet *e = data;
	return data + ETH <= end && to_host(e) && (e->type == htons(ETHERTYPE_IPV4) || e->type == htons(ETHERTYPE_IPV6));
}

/* any_downlink serves packets that meet filters and flows of any kind. */
NOINLINE int any_downlink(struct context *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct key k = {};
	int why = read_packet(&k, data + ETH, end, 1);
	if (why >= 0 && why != PASS_OPTIONS)
		return pass(why, DOWNLINK);
	u64 at = k.version == 4 ? place_of(htonl(k.local[0])) : place_of6(k.local[0]);
	u32 slot = at, mtu = at >> 32;
	if (slot == NOWHERE)
		return PASS; /* not ours */
	if (why >= 0)
		return pass(why, DOWNLINK);
	u64 now = clock(), frame = end - data;
	if (unlikely(frame < ETH + k.octets))
		frame = frame_length(ctx);
	if (ETH + k.octets > frame)
		return pass(PASS_MALFORMED, DOWNLINK);
	struct downlink *s = map_lookup(&downlinks, &slot);
	struct downlink f;
	if (!s)
		return pass(PASS_UNKNOWN, DOWNLINK);
	if (address_of(s, slot, &f, 0) <= 0)
		return AGAIN;
	if (!owned(&k, f.ue, f.ue6))
		return pass(PASS_UNKNOWN, DOWNLINK);
	if (f.verdict == VERDICT_SLOW)
		return pass(PASS_SESSION, DOWNLINK);
	if (k.limit <= 1)
		return pass(PASS_TTL, DOWNLINK);
	if (k.octets > mtu)
		return pass(PASS_MTU, DOWNLINK);

	struct way w = { .verdict = f.verdict, .qfi = f.qfi, .tos = f.tos, .next_hop = f.next_hop, .peer = f.peer, .session = &s->state,
			 .session_rate = f.per_octet };
	if (f.verdict == VERDICT_RULES) {
		if (k.fragment && by_ports(f.rules.classifier))
			return pass(PASS_OPTIONS, DOWNLINK);
		if (!way_by(&w, &f.rules, slot, classify(f.rules.classifier, &k)) || w.verdict < VERDICT_FORWARD)
			return pass(PASS_SESSION, DOWNLINK);
	}
	if (w.verdict >= VERDICT_DROP)
		return drop(w.verdict - VERDICT_DROP, DOWNLINK);
	struct hop h;
	int known = hop_of(w.next_hop, &h, 0);
	if (known <= 0 || is_left_out(w.peer))
		return known == CHANGED ? AGAIN : pass(PASS_ROUTE, DOWNLINK);
	if (!reaches(w.peer, k.octets, end - data, frame, h.mtu))
		return pass(PASS_MTU, DOWNLINK);
	if (!bounded(&w, k.octets))
		return pass(PASS_QUOTA, DOWNLINK);
	int failed = reshape(ctx, -OUTER, frame - ETH - k.octets, k.version);
	if (failed) {
		refund(w.quota, w.spends, k.octets);
		return failed == UNTOUCHED ? pass(PASS_MTU, DOWNLINK) : drop(DROP_SEND, DOWNLINK);
	}
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + ETH + OUTER + IPV4 > end)
		return refuse(&w, k.octets, DROP_SEND, DOWNLINK);
	if (!admit(&w, k.octets, now))
		return refuse(&w, k.octets, DROP_RATE, DOWNLINK);
	struct tunnel t = { .peer = w.peer, .qfi = w.qfi, .tos = w.tos };
	write_ethernet(data, &h, htons(ETHERTYPE_IPV4));
	encapsulate(data + ETH, &t, k.octets);
	if (k.version == 4)
		decrement(data + ETH + OUTER);
	else
		((struct ipv6 *)(data + ETH + OUTER))->limit--;
	int more = 0;
	if (has_n3v6() && is_wide(w.peer)) {
		if (!prepare(ctx, data + ETH, w.next_hop, &h))
			return refuse(&w, k.octets, DROP_SEND, DOWNLINK);
		more = UNFINISHED;
	} else if (h.vlan && !tag(ctx, h.vlan)) {
		return refuse(&w, k.octets, DROP_SEND, DOWNLINK);
	}
	account_way(&w, k.octets, DOWNLINK);
	return leave(ctx, &h) + more;
}

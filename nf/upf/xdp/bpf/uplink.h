/* SPDX-License-Identifier: Apache-2.0
 *
 * From a tunnel to a data network or into the next tunnel, TS 23.501 §5.8.2.
 */
#pragma once
#include "classify.h"

/* No verdicts: the packet is for the function that knows more, for none of this side, or, untouched, for the same function again,
 * because facts were changed that it read. */
enum { NOT_PLAIN = 64, NOT_FOR_N3, AGAIN };

enum { TIMES = 3 }; /* that a packet is looked at which meets changes */

/* plain_header is the length of a GTP-U header of the common kinds and its QFI, 0 for others, TS 29.281 §5.1. */
INLINE u32 plain_header(const struct gtpu *g, u32 *qfi)
{
	*qfi = 0;
	if ((g->flags & 0xf0) != 0x30 || g->type != 255)
		return 0;
	if (!(g->flags & 7))
		return header_bare;
	if (!(g->flags & 4))
		return header_flagged;
	if (g->next != 0x85 || g->container_length != 1 || g->container_type >> 4 != 1 || g->container_next)
		return 0;
	*qfi = g->qfi & 0x3f;
	return header_extended;
}

/* tunnel_of is the facts of a slot's tunnel as they are at one time; false if there are none, CHANGED as in hop_of(). */
INLINE int tunnel_of(struct uplink *f, u32 slot, u32 teid, struct uplink *out, int elsewhere)
{
	u32 sequence = READ(f->sequence);
	struct uplink *facts = f;
	if (unlikely(sequence & 1)) {
		struct changing *c = elsewhere ? 0 : what_changes();
		if (!c || READ(c->up_at) != slot + 1)
			return CHANGED_UNLESS(elsewhere);
		facts = &c->up;
	}
	barrier();
	out->teid = READ(facts->teid);
	out->ue = READ(facts->ue);
	out->verdict = READ(facts->verdict);
	out->table = READ(facts->table);
	out->flags = READ(facts->flags);
	out->qfis = READ(facts->qfis);
	out->per_octet = READ(facts->per_octet);
	out->ue6 = READ(facts->ue6);
	barrier();
	return READ(f->sequence) == sequence ? out->teid == teid : CHANGED_UNLESS(elsewhere);
}

/* is_gtpu tells whether a packet is for the port of GTP-U on N3. */
INLINE int is_gtpu(const struct ethernet *e, const struct ipv4 *ip, const struct udp *udp)
{
	return e->type == htons(ETHERTYPE_IPV4) && ip->protocol == PROTOCOL_UDP && ip->destination == config.n3 &&
	       udp->destination == htons(PORT_GTPU) && ip->version_length == 0x45 && to_host(e);
}

/* is_whole tells whether the outer packet is no fragment and its lengths agree. */
INLINE int is_whole(const struct ipv4 *ip, const struct udp *udp)
{
	return !(ip->fragment & htons(MORE_OR_OFFSET)) && htons(udp->length) + IPV4 == htons(ip->length);
}

/* stays_on_link tells whether an IPv6 packet stays on the link between the UE and the UPF, which is its router, by the
 * first halves of its addresses: RFC 4291 §2.5.6, §2.7. So does one from the unspecified address, §2.5.2. */
INLINE int stays_on_link(u64 local_prefix, u64 remote_prefix)
{
	u16 local = htons((u16)local_prefix), remote = htons((u16)remote_prefix);
	return !local_prefix || (local & 0xffc0) == 0xfe80 || (remote & 0xffc0) == 0xfe80 || (remote & 0xff0f) == 0xff02;
}

/* forwarded is what a router does to a packet, under a new Ethernet header. */
INLINE void forwarded(void *ethernet, u32 version, const struct hop *h)
{
	if (version == 6)
		((struct ipv6 *)(ethernet + ETH))->limit--;
	else
		decrement(ethernet + ETH);
	write_ethernet(ethernet, h, htons(version == 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4));
}

/* uncover makes the frame of a user's packet that goes to a next hop of the one in which it came, without what was before it
 * and what is over. */
INLINE int uncover(struct context *ctx, void *packet, u32 version, u32 removed, u64 over, const struct hop *h)
{
#ifdef TCX
	if (reshape(ctx, removed, over, version))
		return 0;
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	if (data + ETH + IPV4 > end)
		return 0;
	forwarded(data, version, h);
	return 1;
#else
	forwarded(packet - ETH, version, h);
	return !reshape(ctx, removed, over, version);
#endif
}

NOINLINE int any_uplink(struct context *ctx);
NOINLINE int any_downlink(struct context *ctx);

/* patiently has a packet looked at again, a few times, that met a change: nobody is there for one that is left to user space while the
 * next process takes over and writes facts. */
INLINE int patiently(struct context *ctx, u32 direction)
{
	int verdict;
	u32 left = TIMES;
	do {
		AS_BRANCHES(left); /* a loop, with one call to be verified */
		verdict = direction == UPLINK ? any_uplink(ctx) : any_downlink(ctx);
	} while (verdict == AGAIN && --left);
	return verdict == AGAIN ? pass(PASS_CHANGE, direction) : verdict;
}

#ifdef TCX
INLINE int wide_uplink(struct context *ctx) { return PASS; }
#else
/* wide_uplink serves a frame from a tunnel over IPv6. */
NOINLINE int wide_uplink(struct context *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	if (data + ETH + IPV6 + UDP > end)
		return PASS;
	struct ipv6 *ip = data + ETH;
	struct udp *udp = data + ETH + IPV6;
	u32 octets = htons(udp->length);
	if (ip->length != udp->length || !udp->checksum || octets < UDP || octets > LINEAR)
		return pass(PASS_OUTER, UPLINK);
	u64 source0 = *(u64 *)(data + ETH + 8), source1 = *(u64 *)(data + ETH + 16), before = *(u64 *)(data + ETH);
	if (checksum(ctx, ETH + 8, octets) != 0xffff)
		return pass(PASS_MALFORMED, UPLINK);
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + ETH > end)
		return PASS;
	u64 macs = *(u64 *)data;
	u32 rest = *(u32 *)(data + 8);
	if (adjust_head(ctx, LONGER))
		return PASS;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + ETH + IPV4 > end)
		return DROP;
	*(u64 *)data = macs;
	*(u32 *)(data + 8) = rest;
	((struct ethernet *)data)->type = htons(ETHERTYPE_IPV4);
	*(u32 *)(data + ETH) = htonl(0x45 << 24 | (octets + IPV4));
	*(u32 *)(data + ETH + 4) = 0;
	*(u32 *)(data + ETH + 8) = htonl(PROTOCOL_UDP << 16);
	*(u32 *)(data + ETH + 12) = 0;
	*(u32 *)(data + ETH + 16) = config.n3;
	int verdict = patiently(ctx, UPLINK);
	if (verdict != PASS)
		return verdict;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + ETH > end)
		return DROP;
	macs = *(u64 *)data;
	rest = *(u32 *)(data + 8);
	if (adjust_head(ctx, -LONGER))
		return DROP;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + ETH + IPV6 > end)
		return DROP;
	*(u64 *)data = macs;
	*(u32 *)(data + 8) = rest;
	((struct ethernet *)data)->type = htons(ETHERTYPE_IPV6);
	write_ipv6(data + ETH, before, before >> 32, source0, source1, config.n3v6[0], config.n3v6[1]);
	return PASS;
}
#endif

/* uplink serves what is plain: a packet to a data network of a session with one rule, or with several that count
 * and police together. */
INLINE int uplink(struct context *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethernet *eth = data;
	struct ipv4 *outer = data + ETH;
	struct udp *udp = data + ETH + IPV4;
	struct gtpu *g = data + ETH + IPV4 + UDP;
	if (data + ETH + OUTER > end || !is_gtpu(eth, outer, udp))
		return is_wide_gtpu(data, end) ? finished(ctx, wide_uplink(ctx)) : NOT_FOR_N3;
	u32 teid = htonl(g->teid), slot = teid & SLOT_MASK;
	struct uplink *s = map_lookup(&uplinks, &slot);
	if (!s || !teid)
		return NOT_PLAIN;
	READ(s->sequence); /* its line is fetched while the packet is looked at */
	u32 qfi, header = plain_header(g, &qfi), length = htons(outer->length);
	if (!header || !is_whole(outer, udp))
		return NOT_PLAIN;
	u64 now = clock();
	void *inner = (void *)g + header;
	struct user u;
	if (!plain_user(&u, inner, end, 0))
		return NOT_PLAIN;
	u32 octets = u.octets, payload = htons(g->length) + 8;
	u64 frame = end - data;
	if (unlikely(frame < ETH + length))
		frame = frame_length(ctx);
	if (octets < IPV4 || octets + header > payload || payload + UDP + IPV4 > length || ETH + length > frame)
		return pass(PASS_MALFORMED, UPLINK);

	struct guess guess;
	guess_rules(&guess, slot, &u, inner, end, qfi, UPLINK);
	struct uplink f;
	if (!tunnel_of(s, slot, teid, &f, 1) || f.verdict == VERDICT_SLOW || f.flags)
		return NOT_PLAIN;
	if (u.version == 6 && (unlikely(u.local != f.ue6) || unlikely(!f.ue6) || unlikely(unroutable6(u.remote))))
		return NOT_PLAIN; /* it may stay on the link to the UE, or be spoofed */
	if (f.qfis && !(f.qfis >> qfi & 1))
		return drop(DROP_QFI, UPLINK);
	if (u.version == 4 && (u.local != f.ue || !f.ue))
		return drop(DROP_SPOOFED, UPLINK);
	u32 verdict = f.verdict, table = f.table;
	u64 rate = f.per_octet;
	if (verdict == VERDICT_RULES) {
		if (!check_guess(ctx, &guess, f.per_octet, slot, ETH + IPV4 + UDP + header, qfi, UPLINK))
			return NOT_PLAIN;
		verdict = verdict_in(guess.found);
		table = table_in(guess.found);
		rate = session_rate(f.rules.classifier, guess.found);
	} else {
		no_rules(&guess, UPLINK);
	}
	if (verdict >= VERDICT_DROP)
		return drop(verdict - VERDICT_DROP, UPLINK);
	if (u.limit <= 1)
		return pass(PASS_TTL, UPLINK);
	u32 next;
	if (u.version == 6)
		next = hop_to6(table, u.remote, ((struct ipv6 *)inner)->destination[1]);
	else
		next = unroutable(htonl(u.remote)) ? 0 : hop_to(table, htonl(u.remote));
	struct hop h;
	if (!hop_of(next, &h, 1))
		return NOT_PLAIN;
	if (octets > h.mtu)
		return pass(PASS_MTU, UPLINK);

	struct flow *flow = 0;
	if (guess.flow && !(flow = map_lookup(&flows, &guess.flow)))
		return NOT_PLAIN;
	if (!within(&s->state, rate, now) || (flow && !within(&flow->state, flow->per_octet, now)))
		return drop(DROP_RATE, UPLINK);
	take(&s->state, rate, octets, now);
	if (flow)
		take(&flow->state, flow->per_octet, octets, now);
	u32 removed = IPV4 + UDP + header;
	if (!uncover(ctx, inner, u.version, removed, frame - removed - ETH - octets, &h))
		return drop(DROP_SEND, UPLINK);
	if (unlikely(h.vlan) && !tag(ctx, h.vlan))
		return drop(DROP_SEND, UPLINK);
	account(flow ? &flow->state : &s->state, octets, UPLINK);
	return leave(ctx, &h);
}

/* to_network sends a packet, which begins removed octets after the Ethernet header, on its way to a data network. */
INLINE int to_network(struct context *ctx, const struct key *k, const struct way *w, u32 removed, u64 frame, u64 now)
{
	struct hop h;
	u32 octets = k->octets, next;
	if (k->limit <= 1)
		return pass(PASS_TTL, UPLINK);
	if (k->version == 4)
		next = unroutable(htonl(k->remote[0])) ? 0 : by_prefix(w->table, htonl(k->remote[0]));
	else
		next = unroutable6(k->remote[0]) ? 0 : by_prefix6(w->table, k->remote[0], k->remote[1]);
	int known = hop_of(next, &h, 0);
	if (known <= 0)
		return known ? AGAIN : pass(PASS_ROUTE, UPLINK);
	if (octets > h.mtu)
		return pass(PASS_MTU, UPLINK);
	if (!bounded(w, octets))
		return pass(PASS_QUOTA, UPLINK);
	if (!admit(w, octets, now))
		return refuse(w, octets, DROP_RATE, UPLINK);
	if (reshape(ctx, removed, frame - removed - ETH - octets, k->version))
		return refuse(w, octets, DROP_SEND, UPLINK);
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	if (data + ETH + IPV4 > end)
		return refuse(w, octets, DROP_SEND, UPLINK);
	forwarded(data, k->version, &h);
	if (h.vlan && !tag(ctx, h.vlan))
		return refuse(w, octets, DROP_SEND, UPLINK);
	account_way(w, octets, UPLINK);
	return leave(ctx, &h);
}

/* to_tunnel sends a packet of a tunnel on into the next one, N9 or the gNB's, TS 23.501 §5.6.4. */
INLINE int to_tunnel(struct context *ctx, const struct key *k, const struct way *w, u32 header, u64 there, u64 frame, u64 now, int to_ue)
{
	struct hop h;
	u32 octets = k->octets;
	int known = hop_of(w->next_hop, &h, 0);
	if (known <= 0 || is_left_out(w->peer))
		return known == CHANGED ? AGAIN : pass(PASS_ROUTE, UPLINK);
	if (!reaches(w->peer, octets, there, frame, h.mtu))
		return pass(PASS_MTU, UPLINK);
	if (!bounded(w, octets))
		return pass(PASS_QUOTA, UPLINK);
	if (!admit(w, octets, now))
		return refuse(w, octets, DROP_RATE, UPLINK);
	if (reshape(ctx, (int)header - GTPU, frame + GTPU - header - ETH - OUTER - octets, k->version))
		return refuse(w, octets, DROP_SEND, UPLINK);
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	if (data + ETH + OUTER > end)
		return refuse(w, octets, DROP_SEND, UPLINK);
	struct tunnel t = { .peer = w->peer, .qfi = w->qfi & 0x3f ? w->qfi : w->qfi | k->qfi, .tos = w->tos, .type = to_ue ? 0 : 0x10 };
	write_ethernet(data, &h, htons(ETHERTYPE_IPV4));
	encapsulate(data + ETH, &t, octets);
	int more = 0;
	if (has_n3v6() && is_wide(w->peer)) {
		if (!prepare(ctx, data + ETH, w->next_hop, &h))
			return refuse(w, octets, DROP_SEND, UPLINK);
		more = UNFINISHED;
	} else if (h.vlan && !tag(ctx, h.vlan)) {
		return refuse(w, octets, DROP_SEND, UPLINK);
	}
	account_way(w, octets, UPLINK); /* it came from a tunnel */
	return leave(ctx, &h) + more;
}

/* owned tells whether the UE's end of a packet is the session's UE. */
INLINE int owned(const struct key *k, u32 ue, u64 ue6)
{
	if (k->version == 4)
		return ue && k->local[0] == ue;
	return ue6 && k->local[0] == ue6;
}

/* header_of is the length of a GTP-U header with at most a PDU session container, or why there is none: minus one less
 * a reason to pass. */
INLINE int header_of(const struct gtpu *g, const void *end, u32 *qfi)
{
	*qfi = 0;
	if ((g->flags & 0xf0) != 0x30 || g->type != 255)
		return -1 - PASS_SIGNALLING;
	s64 length = 8;
	if (g->flags & 7) {
		if ((void *)(g + 1) > end)
			return -1 - PASS_MALFORMED;
		length = 12;
		AS_BRANCHES(length);
		if (g->flags & 4) {
			if (g->next != 0x85 || g->container_length != 1 || g->container_type >> 4 > 1 || g->container_next)
				return -1 - PASS_EXTENSION;
			if (!(g->container_type >> 4) && g->qfi & 0x80) /* PPP: another octet should follow, TS 38.415 §5.5.2.1 */
				return -1 - PASS_EXTENSION;
			*qfi = g->qfi & 0x3f;
			length = GTPU;
			AS_BRANCHES(length);
		}
	}
	return length;
}

/* is_for_n3 tells whether a frame is for the port of GTP-U on N3. */
INLINE int is_for_n3(struct context *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	return (data + ETH + IPV4 + UDP <= end && is_gtpu(data, data + ETH, data + ETH + IPV4)) || is_wide_gtpu(data, end);
}

/* any_tunnel serves a frame that is for N3. */
INLINE int any_tunnel(struct context *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	return is_wide_gtpu(data, end) ? wide_uplink(ctx) : patiently(ctx, UPLINK);
}

/* any_uplink serves packets of a tunnel that go into another one, or meet filters and flows of any kind. */
NOINLINE int any_uplink(struct context *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ipv4 *outer = data + ETH;
	struct udp *udp = data + ETH + IPV4;
	struct gtpu *g = data + ETH + IPV4 + UDP;
	if ((void *)g + 8 > end)
		return pass(PASS_MALFORMED, UPLINK);
	if (!is_whole(outer, udp))
		return pass(PASS_OUTER, UPLINK);
	u32 qfi, length = htons(outer->length), payload = htons(g->length) + 8;
	int header = header_of(g, end, &qfi);
	if (header < 0)
		return pass(-1 - header, UPLINK);
	u64 now = clock(), frame = end - data;
	if (unlikely(frame < ETH + length))
		frame = frame_length(ctx);

	u32 teid = htonl(g->teid), slot = teid & SLOT_MASK;
	struct uplink *s = map_lookup(&uplinks, &slot);
	struct uplink f;
	if (!s || !teid)
		return pass(PASS_UNKNOWN, UPLINK);
	int known = tunnel_of(s, slot, teid, &f, 0);
	if (known <= 0)
		return known ? AGAIN : pass(PASS_UNKNOWN, UPLINK);
	if (f.verdict == VERDICT_SLOW)
		return pass(PASS_SESSION, UPLINK);
	int to_ue = f.flags & F_TOWARDS_UE;
	struct key k = { .qfi = qfi };
	int why = read_packet(&k, (void *)g + header, end, to_ue);
	if (why >= 0)
		return pass(why, UPLINK);
	FORGET(k.version, frame);
	FORGET(header, frame);
	if (k.octets + header > payload || payload + UDP + IPV4 > length || ETH + length > frame)
		return pass(PASS_MALFORMED, UPLINK);

	if (k.version == 6 && !to_ue && stays_on_link(k.local[0], k.remote[0]))
		return pass(PASS_SIGNALLING, UPLINK);

	if (f.qfis && !(f.qfis >> qfi & 1))
		return drop(to_ue ? DROP_NO_RULE : DROP_QFI, UPLINK);
	if (!owned(&k, f.ue, f.ue6))
		return drop(DROP_SPOOFED, UPLINK);
	struct way w = { .verdict = f.verdict, .table = f.table, .session = &s->state, .session_rate = f.per_octet };
	if (f.verdict == VERDICT_RULES) {
		if (k.fragment && by_ports(f.rules.classifier))
			return pass(PASS_OPTIONS, UPLINK);
		if (!way_by(&w, &f.rules, slot, classify(f.rules.classifier, &k)) || w.verdict < VERDICT_FORWARD)
			return pass(PASS_SESSION, UPLINK);
	}
	if (w.verdict >= VERDICT_DROP)
		return drop(w.verdict - VERDICT_DROP, UPLINK);
	if (w.next_hop)
		return to_tunnel(ctx, &k, &w, header, end - data, frame, now, to_ue);
	return to_network(ctx, &k, &w, IPV4 + UDP + header, frame, now);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * What a user's packet is, and which rule of several it matches, TS 29.244 §5.2.1.
 */
#pragma once
#include "wide.h"

/* What filters look at in a packet: the ends by role, not by direction. Addresses are in network order, ports in host order. */
struct key {
	u64 remote[2], local[2];
	u16 remote_port, local_port;
	u8 protocol;
	u8 tos;
	u8 version;
	u8 ports; /* there are some */
	u8 qfi;
	u8 limit; /* time to live */
	u8 fragment;
	u8 spare[5];
	u64 octets; /* of the whole packet; in a word of its own, which prove/verifier tells apart from others */
};

/* read_ports reads the ports that begin the body of a packet. */
INLINE void read_ports(struct key *k, const void *body, const void *end, u32 octets, int to_ue)
{
	if (k->protocol != PROTOCOL_TCP && k->protocol != PROTOCOL_UDP && k->protocol != PROTOCOL_DCCP && k->protocol != PROTOCOL_SCTP)
		return;
	if (octets < 4)
		return;
	const u16 *p = body;
	if ((void *)(p + 2) > end)
		return;
	k->ports = 1;
	k->remote_port = to_ue ? htons(p[0]) : htons(p[1]);
	k->local_port = to_ue ? htons(p[1]) : htons(p[0]);
}

INLINE int read_ipv4(struct key *k, const struct ipv4 *ip, const void *end, int to_ue)
{
	if ((void *)(ip + 1) > end)
		return PASS_MALFORMED;
	k->version = 4;
	k->remote[0] = to_ue ? ip->source : ip->destination;
	k->local[0] = to_ue ? ip->destination : ip->source;
	if (ip->version_length != 0x45)
		return PASS_OPTIONS;
	if (k->octets < IPV4)
		return PASS_MALFORMED;
	k->protocol = ip->protocol;
	k->tos = ip->tos;
	k->limit = ip->ttl;
	k->fragment = !!(ip->fragment & htons(MORE_OR_OFFSET));
	if (!k->fragment)
		read_ports(k, ip + 1, end, k->octets - IPV4, to_ue);
	return -1;
}

/* extends tells whether a header of IPv6 is followed by more before the user's data, RFC 8200 §4.1. */
INLINE int extends(u32 next)
{
	return next == 0 || next == 43 || next == 44 || next == 51 || next == 60 || next == 135;
}

INLINE int read_ipv6(struct key *k, const struct ipv6 *ip, const void *end, int to_ue)
{
	if ((void *)(ip + 1) > end)
		return PASS_MALFORMED;
	k->version = 6;
	k->protocol = ip->next;
	k->tos = htonl(ip->version_class_label) >> 20;
	k->limit = ip->limit;
	const u64 *remote = to_ue ? ip->source : ip->destination, *local = to_ue ? ip->destination : ip->source;
	k->remote[0] = remote[0];
	k->remote[1] = remote[1];
	k->local[0] = local[0];
	k->local[1] = local[1];
	if (extends(k->protocol))
		return PASS_OPTIONS;
	read_ports(k, ip + 1, end, k->octets - IPV6, to_ue);
	return -1;
}

/* read_packet reads the header of a user's packet; -1, or why it is left to user space. */
INLINE int read_packet(struct key *k, const void *packet, const void *end, int to_ue)
{
	const u8 *first = packet;
	if (packet + 6 > end)
		return PASS_MALFORMED;
	u32 version = *first >> 4;
	u64 at = 2, added = 0;
	if (version == 6) { /* one read of 16 bits in either case, which is all of a packet that is counted */
		at = 4;
		added = IPV6;
		AS_BRANCHES(at);
		AS_BRANCHES(added);
	}
	k->octets = htons(*(const u16 *)(packet + at)) + added;
	if (version == 4)
		return read_ipv4(k, packet, end, to_ue);
	if (version == 6)
		return read_ipv6(k, packet, end, to_ue);
	return PASS_MALFORMED;
}

/* matches tells whether a filter matches. What needs no branch comes first: the kernel verifies once what precedes one. */
INLINE int matches(const struct filter *f, const struct key *k)
{
	if (((k->remote[0] ^ f->remote[0]) & f->remote_mask[0]) | ((k->remote[1] ^ f->remote[1]) & f->remote_mask[1]) |
	    ((k->local[0] ^ f->local[0]) & f->local_mask[0]) | ((k->local[1] ^ f->local[1]) & f->local_mask[1]) |
	    ((k->tos ^ f->tos) & f->tos_mask))
		return 0;
	if ((f->version && f->version != k->version) || (f->protocol && f->protocol != k->protocol))
		return 0;
	if (f->qfis && !(f->qfis >> (k->qfi & 63) & 1))
		return 0;
	return !f->ports || (k->ports && k->remote_port >= f->remote_first && k->remote_port <= f->remote_last &&
			     k->local_port >= f->local_first && k->local_port <= f->local_last);
}

/* A decision's first octets as one number. */
INLINE u32 verdict_in(u64 d) { return d & 0xff; }
INLINE u32 table_in(u64 d) { return d >> 8 & 0xff; }
INLINE u32 qfi_in(u64 d) { return d >> 16 & 0xff; }
INLINE u32 tos_in(u64 d) { return d >> 24 & 0xff; }
INLINE u32 flow_in(u64 d) { return d >> 32 & 0xff; }
INLINE u32 flags_in(u64 d) { return d >> 40 & 0xff; }

enum { UNDECIDED = VERDICT_SLOW, NO_RULE = VERDICT_DROP + DROP_NO_RULE };

INLINE struct classifier *classifier_of(u32 index)
{
	index %= CLASSIFIERS;
	return map_lookup(&classifiers, &index);
}

/* classify finds the decision on a packet. */
NOINLINE u64 classify(u32 index, const struct key *k)
{
	struct classifier *c = classifier_of(index);
	if (!c || !k)
		return UNDECIDED;
	u32 n = c->count;
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < FILTERS && i < n; i++) {
		barrier(); /* the key is not kept on the stack, which is scarce */
		if (matches(&c->filters[i], k))
			return *(u64 *)&c->decisions[i];
	}
	return NO_RULE;
}

/* by_ports tells whether filters of a classifier look at ports, which a fragment does not show. */
INLINE int by_ports(u32 index)
{
	struct classifier *c = classifier_of(index);
	return !c || c->ports;
}

/* screen_key is what the filters of a packet can be told from by one comparison each: the far end's address or the first
 * half of its prefix, its port, the protocol and the QFI. */
INLINE u64 screen_key(u32 remote, u32 remote_port, u32 protocol, u32 qfi)
{
	return remote | (u64)remote_port << 32 | (u64)protocol << 48 | (u64)qfi << 56;
}

enum { NO_PORTS = 1 << 16, PORTS_OF = 4, FEW = 8, NO_MATCH = 0xff };

/* try_screen is the decision of a filter on a packet of which the key and the ports are all that is asked; NO_MATCH if it does not
 * match, UNDECIDED if it may and asks for more. exact is F_EXACT4 or F_EXACT6. */
INLINE u64 try_screen(struct classifier *c, const struct screen *screens, u32 i, u64 key, u32 remote, u32 local, u32 exact)
{
	if (likely((key & screens[i].mask) != screens[i].value))
		return NO_MATCH;
	struct decision *d = &c->decisions[i];
	u64 found = *(u64 *)d;
	if (!(flags_in(found) & exact))
		return UNDECIDED;
	if (flags_in(found) & F_PORTS && (remote < d->remote_first || remote > d->remote_last ||
					  local < d->local_first || local > d->local_last))
		return NO_MATCH;
	return found;
}

/* screened_late is what the filters after the first few decide. */
NOINLINE u64 screened_late(u32 index, u64 key, u32 remote, u32 local, u32 exact)
{
	struct classifier *c = classifier_of(index);
	if (!c)
		return UNDECIDED;
	u32 n = c->count;
	const struct screen *screens = c->screen4 + (exact / F_EXACT6 & 1) * FILTERS; /* no branch: the loop is verified once for both */
#pragma clang loop unroll(disable)
	for (u32 i = FEW; i < FILTERS && i < n; i++) {
		u64 found = try_screen(c, screens, i, key, remote, local, exact);
		if (found != NO_MATCH)
			return found;
	}
	return NO_RULE;
}

/* screened is classify for what screens tell. The first few filters cost no call, of which each is as dear as four of them. */
INLINE u64 screened(u32 index, u64 key, u32 remote, u32 local, u32 exact)
{
	struct classifier *c = classifier_of(index);
	if (!c)
		return UNDECIDED;
#pragma unroll
	for (u32 i = 0; i < FEW; i++) { /* the screens after the last let nothing through */
		u64 found = try_screen(c, exact == F_EXACT6 ? c->screen6 : c->screen4, i, key, remote, local, exact);
		if (found != NO_MATCH)
			return found;
	}
	return screened_late(index, key, remote, local, exact);
}

/* A user's packet without options and extension headers, with room for ports. Of addresses of IPv6 it has the first halves. */
struct user {
	u64 octets; /* of the whole packet */
	u64 local, remote;
	u32 version, limit, protocol;
};

/* plain_user reads the header of a user's packet; false if it is not plain. */
INLINE int plain_user(struct user *u, const void *packet, const void *end, int to_ue)
{
	const struct ipv4 *ip = packet;
	if ((void *)(ip + 1) + PORTS_OF > end)
		return 0;
	u64 at = 2, added = 0;
	if (ip->version_length == 0x45) {
		u->version = 4;
		u->limit = ip->ttl;
		u->protocol = ip->protocol;
		u->remote = to_ue ? ip->source : ip->destination;
		u->local = to_ue ? ip->destination : ip->source;
	} else {
		const struct ipv6 *ip6 = packet;
		if ((void *)(ip6 + 1) + PORTS_OF > end || ip->version_length >> 4 != 6 || extends(ip6->next))
			return 0;
		u->version = 6;
		u->limit = ip6->limit;
		u->protocol = ip6->next;
		u->remote = to_ue ? ip6->source[0] : ip6->destination[0];
		u->local = to_ue ? ip6->destination[0] : ip6->source[0];
		at = 4;
		added = IPV6;
		AS_BRANCHES(at);
		AS_BRANCHES(added);
	}
	u->octets = htons(*(const u16 *)(packet + at)) + added; /* as in read_packet() */
	return 1;
}

/* screen is the decision on a packet as far as it is found without looking closer. */
INLINE u64 screen(u32 index, const struct user *u, const void *packet, const void *end, u32 qfi, int to_ue)
{
	u32 protocol = u->protocol, remote = NO_PORTS, local = NO_PORTS, header = u->version == 6 ? IPV6 : IPV4;
	if (u->version == 4 && ((struct ipv4 *)packet)->fragment & htons(MORE_OR_OFFSET))
		return UNDECIDED;
	const u16 *ports = packet + header;
	if ((protocol == PROTOCOL_UDP || protocol == PROTOCOL_TCP || protocol == PROTOCOL_SCTP || protocol == PROTOCOL_DCCP) &&
	    u->octets >= header + PORTS_OF) {
		remote = to_ue ? htons(ports[0]) : htons(ports[1]);
		local = to_ue ? htons(ports[1]) : htons(ports[0]);
	}
	return screened(index, screen_key(u->remote, remote & 0xffff, protocol, qfi), remote, local, u->version == 6 ? F_EXACT6 : F_EXACT4);
}

/* session_rate is that of the sessions of a classifier, 0 for packets that are free of it. */
INLINE u64 session_rate(u32 index, u64 decision)
{
	struct classifier *c = classifier_of(index);
	return c && flags_in(decision) & F_SESSION_RATE ? c->per_octet : 0;
}

/* home is the flow from which on those of a slot's session are, if they could be there. */
INLINE u32 home(u32 slot) { return RUN + (slot & config.homes) * HOME; }

/* flow_of is the flow of a decision on a packet for a slot whose rules are at a place; 0 if it has none. */
INLINE u32 flow_of(struct rules r, u32 slot, u64 decision)
{
	if (!flow_in(decision))
		return 0;
	return r.flows + flow_in(decision) - 1 + (r.flows < RUN ? home(slot) : 0);
}

/* What a packet's rule says, and the states that it works on. */
struct way {
	u32 verdict, table, qfi, tos, next_hop;
	u32 quota, spends; /* as in struct flow */
	u64 peer;
	u64 session_rate, flow_rate;
	struct state *session;
	struct flow *flow, *policer; /* 0 if the session has one rule */
};

/* policer_of is the flow that holds the state of a flow's policer. */
INLINE struct flow *policer_of(struct flow *f)
{
	u32 policer = f->policer;
	return policer && f->per_octet ? map_lookup(&flows, &policer) : f;
}

/* way_of is the way of a flow of a session; false if there is none. */
INLINE int way_of(u32 index, struct way *w)
{
	struct flow *f = map_lookup(&flows, &index);
	if (!f)
		return 0;
	w->verdict = f->verdict;
	w->table = f->table;
	w->qfi = f->qfi;
	w->tos = f->tos;
	if (f->next_hop) {
		w->next_hop = f->next_hop;
		w->peer = f->peer;
	}
	if (!(f->flags & F_SESSION_RATE))
		w->session_rate = 0;
	w->flow_rate = f->per_octet;
	w->quota = f->quota;
	w->spends = f->flags & F_SPENDS;
	w->flow = f;
	w->policer = policer_of(f);
	return 1;
}

/* way_by is the way of what was decided; false if there is none. */
INLINE int way_by(struct way *w, const struct rules *r, u32 slot, u64 decision)
{
	w->session_rate = session_rate(r->classifier, decision);
	if (flow_in(decision))
		return way_of(flow_of(*r, slot, decision), w);
	w->verdict = verdict_in(decision);
	w->table = table_in(decision);
	w->qfi = qfi_in(decision);
	w->tos = tos_in(decision);
	return 1;
}

/* admit takes a packet from all its policers, or from none if one refuses it. */
INLINE int admit(const struct way *w, u32 octets, u64 now)
{
	if (!within(w->session, w->session_rate, now))
		return 0;
	if (w->policer && !within(&w->policer->state, w->flow_rate, now))
		return 0;
	take(w->session, w->session_rate, octets, now);
	if (w->policer)
		take(&w->policer->state, w->flow_rate, octets, now);
	return 1;
}

/* spend takes a packet from a quota. It is false if that was used up before, TS 29.244 §5.2.2.2: of packets that come at once the
 * one that uses it up is the last, whatever direction they take. It and refund() are functions, which the kernel verifies once. */
NOINLINE int spend(u32 quota, u32 spends, u32 octets)
{
	u32 at = quota - 1;
	struct account *a = map_lookup(&ledger, &at);
	if (!a || READ(a->left) <= 0)
		return 0;
	if (!spends || __sync_fetch_and_add(&a->left, -(s64)octets) > 0)
		return 1;
	__sync_fetch_and_add(&a->left, octets);
	return 0;
}

/* refund gives back what a packet has taken that does not leave. */
NOINLINE int refund(u32 quota, u32 spends, u32 octets)
{
	u32 at = quota - 1;
	struct account *a = map_lookup(&ledger, &at);
	if (a && spends)
		__sync_fetch_and_add(&a->left, octets);
	return 0;
}

/* bounded tells whether the quota of a packet's rule lets it pass. */
INLINE int bounded(const struct way *w, u32 octets) { return likely(!w->quota) || spend(w->quota, w->spends, octets); }

/* refuse drops a packet that its quota has let pass. */
INLINE int refuse(const struct way *w, u32 octets, u32 reason, u32 direction)
{
	refund(w->quota, w->spends, octets);
	return drop(reason, direction);
}

INLINE void account_way(const struct way *w, u32 octets, u32 direction)
{
	if (w->flow)
		account(&w->flow->state, octets, direction);
	else
		account(w->session, octets, direction);
}

/* What is done before a session is known, so that its line and its flow's are fetched at once: a packet is taken to meet the same
 * filters as the last one, and its session's flows to be at home. */
struct guess {
	u64 rules; /* as in struct rules; 0: none is guessed */
	u64 found;
	u32 flow; /* 0: none */
};

/* screen_again is screen for a packet whose header begins at an offset of the frame: a function of its own, which the kernel
 * verifies once. */
NOINLINE u64 screen_again(struct context *ctx, u32 index, u32 at, u32 qfi, u32 to_ue)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct user u;
	if (at > ETH + OUTER || !plain_user(&u, data + at, end, to_ue))
		return UNDECIDED;
	return screen(index, &u, data + at, end, qfi, to_ue);
}

/* guess_next lets the next packets be guessed by these rules: seldom, because the guess is all processors'. */
INLINE void guess_next(u64 rules, u32 direction)
{
	if (!(prandom() & 7))
		guesses[direction].rules = rules;
}

INLINE struct rules rules_of(u64 number) { return (struct rules){ .classifier = number, .flows = number >> 32 }; }

/* guess_rules decides on a guess. */
INLINE void guess_rules(struct guess *g, u32 slot, const struct user *u, const void *packet, const void *end, u32 qfi, u32 direction)
{
	g->rules = READ(guesses[direction].rules);
	g->found = g->flow = 0;
	if (g->rules) {
		g->found = screen(g->rules, u, packet, end, qfi, direction == DOWNLINK);
		g->flow = flow_of(rules_of(g->rules), slot, g->found);
		struct flow *f = map_lookup(&flows, &g->flow);
		if (f)
			READ(f->state.next);
	}
}

/* check_guess decides by the session's own rules, if they were not guessed, on the packet at an offset of the frame; false if it
 * takes the longer way. */
INLINE int check_guess(struct context *ctx, struct guess *g, u64 rules, u32 slot, u32 at, u32 qfi, u32 direction)
{
	if (unlikely(rules != g->rules)) {
		guess_next(rules, direction);
		g->found = screen_again(ctx, rules, at, qfi, direction == DOWNLINK);
		g->flow = flow_of(rules_of(rules), slot, g->found);
	}
	return verdict_in(g->found) != VERDICT_SLOW && (!flow_in(g->found) || flags_in(g->found) & F_SHORT);
}

/* no_rules ends the guessing until there is a session with several rules again. */
INLINE void no_rules(struct guess *g, u32 direction)
{
	if (unlikely(g->rules))
		guess_next(0, direction);
	g->flow = 0;
}

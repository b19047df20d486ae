/* SPDX-License-Identifier: Apache-2.0
 *
 * Maps, clock, policers and counters.
 */
#pragma once
#include "layout.h"

const volatile struct config config;
volatile u64 test_now;

/* Lengths of GTP-U headers: bare, with a flag, with a container. They are variables so that the kernel verifies once what follows
 * for all of them. */
volatile u8 header_bare = 8, header_flagged = 12, header_extended = GTPU;

/* guesses: by direction, where the rules of a late packet were, 0 if its session has one: a line of memory is fetched on that
 * guess. */
struct {
	u64 rules;
} __attribute__((aligned(64))) guesses[2];

#define ARRAY(name, entry, entries)                                                                                   \
	struct {                                                                                                      \
		UINT(type, MAP_ARRAY);                                                                                \
		UINT(map_flags, F_MMAPABLE);                                                                          \
		UINT(max_entries, entries);                                                                           \
		TYPE(key, u32);                                                                                       \
		TYPE(value, entry);                                                                                   \
	} name SEC(".maps")

/* uplinks, downlinks: by slot, the directions of sessions. The sizes of the first five are set when they are loaded. */
ARRAY(uplinks, struct uplink, 1);
ARRAY(downlinks, struct downlink, 1);
ARRAY(flows, struct flow, 1);
ARRAY(classifiers, struct classifier, 1);
ARRAY(ledger, struct account, 1);
ARRAY(nh, struct next_hop, NEXT_HOPS);
ARRAY(routes, struct routes, TABLES);
ARRAY(changing, struct changing, 1);

INLINE struct changing *what_changes(void) { return map_lookup(&changing, (const void *)&config.zero); } /* stack is scarce */

/* slots6: plus one, the slots of the sessions by the offset of their prefix in the pools of IPv6. Its size is set when it is
 * loaded, like that of prefixes, which has those of no pool. */
ARRAY(slots6, u64, 1);

struct {
	UINT(type, MAP_HASH);
	UINT(map_flags, F_NO_PREALLOC);
	UINT(max_entries, 1);
	TYPE(key, u64);
	TYPE(value, struct ue6);
} prefixes SEC(".maps");

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

/* vlans: what a VLAN leads to, by interface << 12 | VLAN: bit 0 gNBs, bit 1 data networks. */
struct {
	UINT(type, MAP_HASH);
	UINT(max_entries, VLANS);
	TYPE(key, u64);
	TYPE(value, u32);
} vlans SEC(".maps");

enum { LEADS_TO_N3 = 1, LEADS_TO_N6 = 2 };

enum { TICK = 16 };                          /* ticks in a nanosecond */
static const s64 burst = 15000000ll * TICK; /* how far ahead of its rate a session may be */

/* last_tick: the clock as it was read after a tick of the kernel, between two of which it stands still. To read it is a call, and
 * each call of the kernel costs as much as a lookup of a session. */
struct {
	u64 tick, ns;
} __attribute__((aligned(64))) last_tick;

/* read_clock reads the clock anew. The kernel counts a tick a moment before it moves the clock: until then it is read for each
 * packet. */
NOINLINE int read_clock(u64 tick)
{
	u64 ns = coarse_ns();
	if (READ(last_tick.ns) == ns)
		return 0;
	last_tick.ns = ns;
	barrier();
	last_tick.tick = tick;
	return 0;
}

INLINE u64 clock(void)
{
	if (config.test_clock)
		return test_now;
	u64 tick = ticks_of_kernel();
	if (unlikely(READ(last_tick.tick) != tick))
		read_clock(tick);
	barrier();
	return READ(last_tick.ns);
}

INLINE void count(u32 index)
{
	u64 *c = map_lookup(&counters, &index);
	if (c)
		*c += 1;
}

INLINE int drop(u32 reason, u32 direction)
{
	count(DROPS + (reason & 31) * 2 + direction);
	return DROP;
}

/* pass leaves a packet to user space. */
INLINE int pass(u32 reason, u32 direction)
{
	count(PASSED + reason * 2 + direction);
	return PASS;
}

/* within tells whether a policer lets a packet pass, TS 23.501 §5.7.1.8. */
INLINE int within(const struct state *s, u64 per_octet, u64 now)
{
	return !per_octet || (s64)(READ(s->next) - now * TICK) <= burst;
}

/* take takes octets from a policer. */
INLINE void take(struct state *s, u64 per_octet, u32 octets, u64 now)
{
	if (!per_octet)
		return;
	u64 cost = (u64)octets * per_octet >> 20, ticks = now * TICK;
	u64 old = READ(s->next), from = (s64)(old - ticks) > 0 ? old : ticks;
	if (unlikely(__sync_val_compare_and_swap(&s->next, old, from + cost) != old))
		__sync_fetch_and_add(&s->next, cost); /* who was first has brought it to the present */
}

/* make_room moves units out of a sum, unless somebody else does. Whoever reads meanwhile finds CARRYING, and reads again. */
NOINLINE int make_room(struct state *s)
{
	if (!s)
		return 0;
	u64 sum = READ(s->sum), full = sum & ROOM_ENDS, octets = full >> OCTETS_UNIT & 3, packets = full >> PACKETS_UNIT;
	if (sum & CARRYING || __sync_val_compare_and_swap(&s->sum, sum, (sum - full) | CARRYING) != sum)
		return 0; /* the next packet's concern: there is room for as much again */
	__sync_fetch_and_add(&s->units, octets | packets << PACKETS_UNITS_AT);
	__sync_fetch_and_and(&s->sum, ~CARRYING);
	return 0;
}

INLINE void account(struct state *s, u32 octets, u32 direction)
{
	u64 more = octets | 1ull << PACKETS_AT;
	if (unlikely((__sync_fetch_and_add(&s->sum, more) + more) & ROOM_ENDS))
		make_room(s);
	count(direction);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * What user space and the programs share. layout.go says the same in Go; a test compares the two.
 *
 * Facts are written by user space only, state by the programs. Every piece of facts begins with a sequence number:
 * odd while it is being written. A program that meets a change leaves the packet to user space. Loads must stay in
 * order for that, as they do on x86-64.
 */
#pragma once
#include "bpf.h"

enum { SLOT_MASK = (1 << 20) - 1, POOLS = 8, ROUTES = 64, NEXT_HOPS = 4096, COUNTERS = 64, PORTS = 64 };

/* What is done with a packet that matches: VERDICT_DROP + n drops it for reason n of upf.Drop. */
enum { VERDICT_SLOW, VERDICT_FORWARD, VERDICT_DROP };

/* Reasons of upf.Drop that the programs find themselves. */
enum { DROP_SPOOFED = 3, DROP_NO_RULE = 4, DROP_RATE = 6, DROP_SEND = 13 };

enum { UPLINK, DOWNLINK };

struct state {
	u64 next;   /* when all that was sent would have been sent at the policer's rate, in ticks */
	u64 octets; /* inner packets that were forwarded */
	u64 packets;
};

struct uplink { /* one line of the cache */
	u32 sequence;
	u32 teid; /* 0: no tunnel */
	u32 ue;   /* network order */
	u32 verdict;
	u64 qfis;      /* that match, bit by bit; 0: all */
	u64 per_octet; /* policer: 2^-20 ticks for an octet; 0: no limit */
	struct state state;
	u64 spare;
};

struct downlink { /* one line of the cache */
	u32 sequence;
	u32 ue; /* network order; 0: none */
	u32 verdict;
	u32 next_hop;
	u64 peer; /* TEID and address of the tunnel, both in network order: the address in the low half */
	u64 per_octet;
	u32 qfi; /* second octet of the container, TS 38.415 §5.5.2.1 */
	u32 spare;
	struct state state;
};

struct session {
	struct uplink up;
	struct downlink down;
} __attribute__((aligned(64)));

struct next_hop {
	u32 sequence;
	u32 address; /* network order; 0: free */
	u32 ifindex; /* 0: not known how to reach */
	u32 mtu;
	u64 macs[2]; /* destination, source; the last two octets of each are not used */
};

struct route {
	u32 address, mask; /* host order */
	u32 next_hop;      /* 0: user space's concern */
};

/* Routes of the IPv4 main table: by first octet where one next hop serves all of it, else by the longest prefix. */
struct routes {
	u32 sequence;
	u32 count;
	u16 octet[256]; /* next hop, or BY_PREFIX */
	struct route list[ROUTES];
	u32 spare;
};
enum { BY_PREFIX = 0xffff };

struct pool {
	u32 first, size, slot, mtu;
};

/* Fixed when a program is loaded. */
struct config {
	u32 n3; /* network order */
	u32 pools;
	struct pool pool[POOLS];
	u32 test_clock; /* the clock is test_now */
};

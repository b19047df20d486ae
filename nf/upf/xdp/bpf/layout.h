/* SPDX-License-Identifier: Apache-2.0
 *
 * What user space and the programs share. layout.go says the same in Go; a test compares the two.
 *
 * Facts are written by user space only, state by the programs. Facts that change in place begin with a sequence number:
 * odd while they are being written. A program that meets a change takes the facts from struct changing, where they are whole before
 * it begins and as long as it lasts, also if the process has died. Loads must stay in
 * order for that, as they do on x86-64. Flows and classifiers are not changed while a session leads to them.
 */
#pragma once
#include "bpf.h"

enum { SLOT_MASK = (1 << 20) - 1, POOLS = 8, POOLS6 = 8, TABLES = 16, ROUTES = 64, NEXT_HOPS = 4096, COUNTERS = 256, PORTS = 64 };
enum { FILTERS = 32, CLASSIFIERS = 1024, VLANS = 256 };

/* What is done with a packet that matches: VERDICT_DROP + n drops it for reason n of upf.Drop. */
enum { VERDICT_SLOW, VERDICT_RULES, VERDICT_FORWARD, VERDICT_DROP };

/* Reasons of upf.Drop that the programs find themselves. */
enum { DROP_SPOOFED = 3, DROP_NO_RULE = 4, DROP_RATE = 6, DROP_SEND = 13, DROP_QFI = 14 };

enum { UPLINK, DOWNLINK };

/* Why a packet is left to user space. */
enum pass {
	PASS_MALFORMED,  /* lengths that do not fit */
	PASS_SIGNALLING, /* GTP-U, but no G-PDU */
	PASS_EXTENSION,  /* extension headers of GTP-U beside the container */
	PASS_OUTER,      /* outer options or fragments */
	PASS_OPTIONS,    /* options or extension headers of the user's packet, fragments that meet filters */
	PASS_UNKNOWN,    /* no such tunnel or address */
	PASS_SESSION,    /* a session that user space serves, or buffers for */
	PASS_CHANGE,     /* facts that are being written */
	PASS_TTL,
	PASS_ROUTE,      /* no route, no resolved next hop, or the UPF itself */
	PASS_MTU,
	PASS_QUOTA, /* a quota is used up */
};

/* Pairs of counters: forwarded, then each reason to drop from DROPS on, then each reason to pass from PASSED on. */
enum { DROPS = 2, PASSED = 128 };

struct state {
	u64 next;  /* when all that was sent would have been sent at the policer's rate, in ticks */
	u64 sum;   /* inner packets that were forwarded and their octets, counted by one addition */
	u64 units; /* that were taken out of sum, for it to have room */
};

/* In sum: octets, packets, CARRYING while units of it are on their way to state.units, UNCARRIED, see counter.go. Units are
 * taken out of the two highest bits of a part. */
enum { OCTETS_UNIT = 39, PACKETS_AT = 41, PACKETS_UNIT = 60 };
#define ROOM_ENDS (3ull << OCTETS_UNIT | 3ull << PACKETS_UNIT)
#define CARRYING (1ull << 62)

/* In units: of octets, of packets, UNCARRIED. */
enum { PACKETS_UNITS_AT = 26 };

/* Where the rules of a session are that needs more than one: VERDICT_RULES. */
struct rules {
	u32 classifier; /* its index, and in the high half its generation; it has the rate of the session's policer too */
	u32 flows;      /* the first one, if rules have flows of their own; below RUN from the slot's home on, see home() */
};

/* The flows of a session are one run of at most RUN, if it can be from its slot's home on. */
enum { RUN = 32, HOME = 16 };

enum { F_TOWARDS_UE = 1 }; /* the tunnel comes from another UPF and leads to the UE */

/* What is done with packets from a tunnel. A session is two lines of the cache, one for each direction and in an array of its own:
 * what goes one way does not take the cache's room, nor that for addresses of pages, for the other. */
struct uplink {
	u32 sequence;
	u32 teid; /* 0: no tunnel */
	u32 ue;   /* network order; 0: none */
	u8 verdict;
	u8 table; /* of routes */
	u8 flags;
	u8 spare;
	u64 qfis; /* that match, bit by bit; 0: all */
	union {
		u64 per_octet; /* policer: 2^-20 ticks for an octet; 0: no limit */
		struct rules rules;
	};
	u64 ue6; /* prefix of 64 bits, network order; 0: none */
	struct state state;
};

/* What is done with packets to a UE's addresses. */
struct downlink {
	u32 sequence;
	u32 ue; /* network order; 0: none */
	u8 verdict;
	u8 qfi; /* second octet of the container, TS 38.415 §5.5.2.1 */
	u8 tos; /* of the outer header */
	u8 spare;
	u32 next_hop;
	u64 peer; /* TEID and address of the tunnel, both in network order: the address in the low half, 0 if it is of IPv6 */
	union {
		u64 per_octet;
		struct rules rules;
	};
	u64 ue6;
	struct state state;
};

enum {
	F_SESSION_RATE = 1, /* the session's policer holds for the flow too */
	F_DOWNLINK = 2,     /* packets are the downlink's, for user space */
	F_SPENDS = 4,       /* packets take from the quota, and do not only ask whether some of it is left */
};

/* A rule of a session that counts or polices apart, or has a tunnel of its own, with its state: one line of the cache. */
struct flow {
	u8 verdict;
	u8 table;
	u8 qfi;
	u8 tos;
	u32 next_hop; /* of the tunnel that the packet goes into; 0: into none, or a packet to the UE into the session's */
	u64 peer;
	u64 per_octet;
	u32 policer; /* the flow that holds the state of the policer */
	u8 flags;
	u8 spare[3];
	struct state state;
	u32 quota; /* the account, plus one, whose quota lets packets pass; 0: none does */
	u32 last;
} __attribute__((aligned(64)));

/* A filter of a rule. Addresses and masks are in network order; one of IPv4 is in the first word. */
struct filter {
	u8 protocol; /* 0: any */
	u8 tos, tos_mask;
	u8 version; /* 0: any */
	u8 ports;   /* ports are looked at */
	u8 spare[3];
	u64 qfis; /* that match, bit by bit; 0: all */
	u64 remote[2], remote_mask[2];
	u64 local[2], local_mask[2];
	u16 remote_first, remote_last, local_first, local_last; /* host order */
};

/* What a packet shows in one word, see screen_key(): a filter can match only where (key & mask) == value. */
struct screen {
	u64 mask, value;
};

enum {
	F_EXACT4 = 4, /* screen and ports tell all that the filter asks of an IPv4 packet */
	F_EXACT6 = 8,
	F_PORTS = 16, /* the filter asks for ports */
	F_SHORT = 32, /* the flow asks for nothing but its state: no tunnel but the session's, no policer of another */
};

/* What a packet meets that matches a filter: the first eight octets are read as one number. */
struct decision {
	u8 verdict, table, qfi, tos;
	u8 flow;  /* of the session's, plus one, which has more to say; 0: the session's own line counts and polices */
	u8 flags; /* F_SESSION_RATE, and how much the screen tells */
	u8 spare[2];
	u16 remote_first, remote_last, local_first, local_last; /* ports, host order */
};

/* A list of filters, the first that matches decides. Sessions with the same filters, decisions and rate share one. */
struct classifier {
	u32 count;
	u8 ports; /* some filter looks at them */
	u8 flows; /* how many there are of each session */
	u16 generation; /* the how manieth list in this place */
	u64 per_octet;
	struct screen screen4[FILTERS], screen6[FILTERS];
	struct decision decisions[FILTERS];
	struct filter filters[FILTERS];
};

/* What is counted of a URR by both paths; the programs have a part in its quota alone. */
struct account {
	u32 slot; /* plus one; 0: free */
	u32 urr;
	u64 counters;    /* bits: what it sums of the programs' counters, see ledger.go */
	u64 slow[4];  /* counted in user space, and under earlier rules, modulo 2^64: octets up and down, packets up and down */
	u64 told[4];  /* at the last usage report that was sent */
	u64 taken[4]; /* at the last one that was answered */
	u32 sequence; /* of the last one that was sent */
	u32 end;      /* of its measurement, as a time stamp of N4; 0: none was sent */
	s64 left;     /* octets of the quota, taken by the packet that passes; at most 0: used up */
};

struct next_hop {
	u32 sequence;
	u16 version; /* of address; 0: free */
	u16 vlan;    /* 0: untagged */
	u32 ifindex; /* 0: not known how to reach */
	u32 mtu;
	u64 macs[2]; /* destination, source; the last two octets of each are not used */
	u64 address[2];
};

struct route {
	u32 address, mask; /* host order */
	u32 next_hop;      /* 0: user space's concern */
};

struct route6 {
	u64 address[2], mask[2]; /* network order */
	u32 next_hop, spare;
};

/* Routes of a table of the kernel: of IPv4 by first octet where one next hop serves all of it, else by the longest
 * prefix. */
struct routes {
	u32 sequence;
	u32 count;
	u16 octet[256]; /* next hop, or BY_PREFIX */
	struct route list[ROUTES];
	u32 count6, spare;
	struct route6 list6[ROUTES];
};
enum { BY_PREFIX = 0xffff };

/* What is being written, by kind, and where: a slot, a next hop, a table, plus one; 0: nothing. */
struct changing {
	u32 up_at, down_at, hop_at, routes_at;
	struct uplink up;
	struct downlink down;
	struct next_hop hop;
	struct routes routes;
};

struct pool {
	u32 first, size, slot, mtu;
};

/* The first prefix of a pool of IPv6 as a number, how many there are, from where on slots6 has their slots, and where the slots
 * begin of addresses that are given out together with them, as a guess, or UNPAIRED. */
struct pool6 {
	u64 first;
	u32 size, at, mtu, beside;
};
enum { UNPAIRED = 1u << 31 };

/* Where a prefix of IPv6 leads that is in no pool. */
struct ue6 {
	u32 slot, mtu;
};

/* Fixed when a program is loaded. */
struct config {
	u32 n3; /* network order */
	u32 pools;
	struct pool pool[POOLS];
	struct pool6 pool6[POOLS6];
	u32 pools6;
	u32 test_clock; /* the clock is test_now */
	u32 homes;      /* how many there are, less one */
	u32 zero;
	u64 n3v6[2]; /* network order; 0: none */
};

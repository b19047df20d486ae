/* SPDX-License-Identifier: Apache-2.0
 *
 * The hook of traffic control, for interfaces where XDP cannot be had: the kernel has made a packet of the frame.
 */
#pragma once
#include "bpf.h"

struct __sk_buff {
	u32 len;
	u32 unused[4];
	u32 vlan_present;
	u32 unused2[3];
	u32 ingress_ifindex;
	u32 unused3[9];
	u32 data;
	u32 data_end;
	u32 unused4[23];
	u32 gso_size;
};
_Static_assert(__builtin_offsetof(struct __sk_buff, data) == 76 && __builtin_offsetof(struct __sk_buff, gso_size) == 176, "");

static long (*const redirect)(u32 ifindex, u64 flags) = (void *)23;
static long (*const change_tail)(struct __sk_buff *ctx, u32 length, u64 flags) = (void *)38;
static long (*const pull_data)(struct __sk_buff *ctx, u32 octets) = (void *)39;
static long (*const adjust_room)(struct __sk_buff *ctx, int octets, u32 mode, u64 flags) = (void *)50;

enum { ROOM_AFTER_ETHERNET = 1, INTO_IPV4 = 1 << 1, BECOMES_IPV6 = 1 << 8 };

#define context __sk_buff
enum { PASS = -1, DROP = 2 }; /* on to who comes next, and the end */

/* As in xdp.h. The kernel is told too when the packet is of another version then; what it knows to be in a tunnel has no
 * end that could be taken. */
INLINE int reshape(struct __sk_buff *ctx, int octets, u64 over, u32 version)
{
	u64 flags = 0;
	if (octets > 0 && version == 6)
		flags = BECOMES_IPV6;
	if (octets < -GTPU && version == 6)
		flags = INTO_IPV4;
	if (over && change_tail(ctx, ctx->len - over, 0))
		return UNTOUCHED;
	return octets ? adjust_room(ctx, -octets, ROOM_AFTER_ETHERNET, flags) : 0;
}

INLINE u64 frame_length(struct __sk_buff *ctx) { return ctx->len; }

INLINE int send_to(struct __sk_buff *ctx, void *ports, u32 ifindex)
{
	u32 *port = map_lookup(ports, &ifindex);
	return port ? redirect(*port, 0) : DROP;
}

/* fit makes a packet's headers be in one piece; false if it is none that the programs know: several that the kernel took
 * for one, or one whose VLAN tag the kernel has taken away already. */
INLINE int fit(struct __sk_buff *ctx)
{
	enum { HEADERS = 128 };
	if (ctx->gso_size || ctx->vlan_present)
		return 0;
	u32 there = ctx->data_end - ctx->data, want = ctx->len < HEADERS ? ctx->len : HEADERS;
	return there >= want || !pull_data(ctx, want);
}

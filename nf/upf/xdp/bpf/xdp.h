/* SPDX-License-Identifier: Apache-2.0
 *
 * The hook in the drivers: a frame before the kernel has made a packet of it.
 */
#pragma once
#include "bpf.h"

enum verdict { XDP_ABORTED, XDP_DROP, XDP_PASS, XDP_TX, XDP_REDIRECT };

struct xdp_md {
	u32 data;
	u32 data_end;
	u32 data_meta;
	u32 ingress_ifindex;
	u32 rx_queue_index;
	u32 egress_ifindex;
};

static long (*const adjust_head)(struct xdp_md *ctx, int delta) = (void *)44;
static long (*const redirect_map)(void *map, u64 key, u64 flags) = (void *)51;
static long (*const adjust_tail)(struct xdp_md *ctx, int delta) = (void *)65;
static u64 (*const frame_length)(struct xdp_md *ctx) = (void *)188;

#define context xdp_md
enum { PASS = XDP_PASS, DROP = XDP_DROP };

/* reshape takes octets out between the Ethernet header, which is lost, and what follows, or with a negative number makes
 * room there, and takes what is over at the end. version is that of the user's packet. It is 0 if that was done, UNTOUCHED
 * if it cannot be, else the frame is spoilt. */
INLINE int reshape(struct xdp_md *ctx, int octets, u64 over, u32 version)
{
	if (octets && adjust_head(ctx, octets))
		return UNTOUCHED;
	return over ? adjust_tail(ctx, -(int)over) : 0;
}

/* send_to sends a frame on to an interface of the map of ports. */
INLINE int send_to(struct xdp_md *ctx, void *ports, u32 ifindex)
{
	return ifindex == ctx->ingress_ifindex ? XDP_TX : redirect_map(ports, ifindex, XDP_DROP);
}

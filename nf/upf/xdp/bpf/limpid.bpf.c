/* SPDX-License-Identifier: Apache-2.0
 *
 * The fast path: plain G-PDUs and plain IPv4 packets of sessions with one rule for the direction. Whatever else comes
 * passes on untouched to the kernel, and through its sockets and interfaces to the path in user space.
 */
#include "layout.h"
#include "meter.h"
#include "uplink.h"
#include "downlink.h"

/* limpid_n3 serves an interface that leads to gNBs only. */
SEC("xdp.frags") int limpid_n3(struct xdp_md *ctx) { return uplink(ctx); }

/* limpid_n6 serves an interface that leads to data networks only. */
SEC("xdp.frags") int limpid_n6(struct xdp_md *ctx) { return downlink(ctx); }

/* limpid_n3n6 serves an interface that leads to both. */
SEC("xdp.frags") int limpid_n3n6(struct xdp_md *ctx)
{
	int verdict = uplink(ctx);
	return verdict == XDP_PASS ? downlink(ctx) : verdict;
}

char license_text[] SEC("license") = "Apache-2.0";

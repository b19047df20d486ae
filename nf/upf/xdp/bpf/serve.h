/* SPDX-License-Identifier: Apache-2.0
 *
 * The two sides of the UPF, for either hook.
 */
#pragma once
#include "downlink.h"

INLINE int serve_n3(struct context *ctx)
{
	int verdict = uplink(ctx);
	if (verdict == NOT_PLAIN)
		return finished(ctx, patiently(ctx, UPLINK));
	return verdict == NOT_FOR_N3 ? PASS : verdict;
}

INLINE int serve_n6(struct context *ctx)
{
	int verdict = downlink(ctx);
	return verdict == NOT_PLAIN ? finished(ctx, patiently(ctx, DOWNLINK)) : verdict;
}

/* serve serves an interface that leads to gNBs and to data networks. */
INLINE int serve(struct context *ctx)
{
	int verdict = uplink(ctx);
	if (verdict == NOT_PLAIN)
		return finished(ctx, patiently(ctx, UPLINK));
	return verdict == NOT_FOR_N3 ? serve_n6(ctx) : verdict;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The two sides of the UPF, for either hook.
 */
#pragma once
#include "downlink.h"

INLINE int serve_n3(struct context *ctx)
{
	int verdict = uplink(ctx);
	return verdict == NOT_PLAIN ? finished(ctx, any_uplink(ctx)) : verdict;
}

INLINE int serve_n6(struct context *ctx)
{
	int verdict = downlink(ctx);
	return verdict == NOT_PLAIN ? finished(ctx, any_downlink(ctx)) : verdict;
}

/* serve serves an interface that leads to gNBs and to data networks. */
INLINE int serve(struct context *ctx)
{
	return is_for_n3(ctx) ? serve_n3(ctx) : serve_n6(ctx);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The fast path: G-PDUs with plain headers and the IP packets of the sessions that are laid out for it. Whatever else
 * comes passes on untouched to the kernel, and through its sockets and interfaces to the path in user space.
 *
 * The common case, a plain packet of a session whose rules ask for little, is decided in uplink() and downlink(); any_uplink() and
 * any_downlink() know filters and flows of any kind. They are functions and not programs of a PROG_ARRAY: the kernel
 * verifies them each on their own, and there is no map of programs that would be emptied with the process.
 */
#include "xdp.h"
#include "serve.h"

/* tagged serves a frame with a VLAN tag as the frame without, and puts the tag back if it is left to user space. */
NOINLINE int tagged(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	if (data + ETH + VLAN > end)
		return XDP_PASS;
	u32 vlan = ((struct vlan *)(data + 12))->tag;
	u64 key = (u64)ctx->ingress_ifindex << 12 | (htons(vlan) & 0xfff);
	u32 *found = map_lookup(&vlans, &key);
	if (!found)
		return XDP_PASS;
	u32 leads = *found;
	u64 macs = *(u64 *)data;
	u32 rest = *(u32 *)(data + 8);
	if (adjust_head(ctx, VLAN))
		return XDP_PASS;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + ETH > end)
		return XDP_DROP;
	*(u64 *)data = macs;
	*(u32 *)(data + 8) = rest;
	int verdict = XDP_PASS;
	if (leads & LEADS_TO_N3 && is_for_n3(ctx))
		verdict = any_tunnel(ctx);
	else if (leads & LEADS_TO_N6 && is_for_n6(ctx))
		verdict = patiently(ctx, DOWNLINK);
	if (verdict != XDP_PASS)
		return finished(ctx, verdict);
	return tag(ctx, vlan) ? XDP_PASS : XDP_DROP;
}

INLINE int is_tagged(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	return data + ETH <= end && ((struct ethernet *)data)->type == htons(ETHERTYPE_VLAN);
}

/* limpid_n3 serves an interface that leads to gNBs only. */
SEC("xdp.frags") int limpid_n3(struct xdp_md *ctx) { return unlikely(is_tagged(ctx)) ? tagged(ctx) : serve_n3(ctx); }

/* limpid_n6 serves an interface that leads to data networks only. */
SEC("xdp.frags") int limpid_n6(struct xdp_md *ctx) { return unlikely(is_tagged(ctx)) ? tagged(ctx) : serve_n6(ctx); }

/* limpid_n3n6 serves an interface that leads to both. */
SEC("xdp.frags") int limpid_n3n6(struct xdp_md *ctx) { return unlikely(is_tagged(ctx)) ? tagged(ctx) : serve(ctx); }

/* limpid_tagged serves an interface whose VLANs alone lead somewhere. */
SEC("xdp.frags") int limpid_tagged(struct xdp_md *ctx) { return unlikely(is_tagged(ctx)) ? tagged(ctx) : XDP_PASS; }

char license_text[] SEC("license") = "Apache-2.0";

/* SPDX-License-Identifier: Apache-2.0
 *
 * Measuring by BPF_PROG_TEST_RUN: it does not restore the frame between two runs, so a driver restores it, chooses a
 * session and calls the program under test. What the driver costs by itself is found by calling an empty program.
 */
#include "xdp.h"
#include "layout.h"

const volatile u32 sessions = 1; /* to choose from */
const volatile u32 burst = 1;    /* packets of one session in a row */
const volatile u32 first;        /* address of the first UE, host order; of IPv6 the low half of its prefix */
const volatile u32 octets = 128; /* of a packet */
const volatile u32 version = 4;
u64 random_state = 88172645463325252ull, runs;
u32 chosen;

struct frame {
	u64 words[14];
};

/* frame: the headers of the frame that is restored. */
struct {
	UINT(type, MAP_ARRAY);
	UINT(max_entries, 1);
	TYPE(key, u32);
	TYPE(value, struct frame);
} frame SEC(".maps");

struct {
	UINT(type, MAP_PROG_ARRAY);
	UINT(max_entries, 1);
	TYPE(key, u32);
	TYPE(value, u32);
} target SEC(".maps");

struct floor_entry {
	u32 teid, ue;
	u64 peer;
	u64 macs[2];
};

/* floor: what an index into an array costs at the least. */
struct {
	UINT(type, MAP_ARRAY);
	UINT(max_entries, 1);
	TYPE(key, u32);
	TYPE(value, struct floor_entry);
} floor_map SEC(".maps");

INLINE u32 choose(void)
{
	if (runs++ % burst == 0) {
		u64 x = random_state;
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		random_state = x;
		chosen = (x >> 32) * sessions >> 32;
	}
	return chosen;
}

/* restore gives the frame its length and its first words back. */
INLINE void *restore(struct xdp_md *ctx, u32 length, int words)
{
	int now = ctx->data_end - ctx->data;
	u32 zero = 0;
	if (now != length && adjust_head(ctx, now - (int)length))
		return 0;
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct frame *f = map_lookup(&frame, &zero);
	if (!f || data + words * 8 > end)
		return 0;
#pragma unroll
	for (int i = 0; i < words; i++)
		((u64 *)data)[i] = f->words[i];
	return data;
}

SEC("xdp.frags") int drive_uplink(struct xdp_md *ctx)
{
	u32 i = choose();
	if (version == 6) {
		void *data = restore(ctx, ETH + OUTER + octets, 14);
		if (!data)
			return XDP_ABORTED;
		((struct gtpu *)(data + ETH + IPV4 + UDP))->teid = htonl(1 << 20 | i);
		*(u32 *)(data + ETH + OUTER + 8 + 4) = htonl(first + i);
	} else {
		void *data = restore(ctx, ETH + OUTER + octets, 10);
		if (!data)
			return XDP_ABORTED;
		((struct gtpu *)(data + ETH + IPV4 + UDP))->teid = htonl(1 << 20 | i);
		((struct ipv4 *)(data + ETH + OUTER))->source = htonl(first + i);
	}
	tail_call(ctx, &target, 0);
	return XDP_ABORTED;
}

SEC("xdp.frags") int drive_downlink(struct xdp_md *ctx)
{
	u32 i = choose();
	if (version == 6) {
		void *data = restore(ctx, ETH + octets, 7);
		if (!data)
			return XDP_ABORTED;
		*(u32 *)(data + ETH + 24 + 4) = htonl(first + i);
	} else {
		void *data = restore(ctx, ETH + octets, 5);
		if (!data)
			return XDP_ABORTED;
		((struct ipv4 *)(data + ETH))->destination = htonl(first + i);
	}
	tail_call(ctx, &target, 0);
	return XDP_ABORTED;
}

/* drive_plain sends packets as they are, for the kernel to forward. */
SEC("xdp.frags") int drive_plain(struct xdp_md *ctx)
{
	if (!restore(ctx, ETH + octets, 5))
		return XDP_ABORTED;
	tail_call(ctx, &target, 0);
	return XDP_ABORTED;
}

SEC("xdp.frags") int empty(struct xdp_md *ctx) { return XDP_TX; }

SEC("xdp.frags") int floor_uplink(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	if (data + ETH + OUTER + IPV4 > end)
		return XDP_ABORTED;
	struct gtpu *g = data + ETH + IPV4 + UDP;
	u32 slot = htonl(g->teid) & SLOT_MASK;
	struct floor_entry *e = map_lookup(&floor_map, &slot);
	if (!e || e->teid != htonl(g->teid))
		return XDP_ABORTED;
	u64 *eth = data + OUTER;
	eth[0] = e->macs[0];
	*(u32 *)(eth + 1) = e->macs[1];
	return adjust_head(ctx, OUTER) ? XDP_ABORTED : XDP_TX;
}

SEC("xdp.frags") int floor_downlink(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	if (data + ETH + IPV4 > end)
		return XDP_ABORTED;
	struct ipv4 *ip = data + ETH;
	u32 slot = htonl(ip->destination) - first;
	struct floor_entry *e = map_lookup(&floor_map, &slot);
	if (!e || e->ue != ip->destination || adjust_head(ctx, -OUTER))
		return XDP_ABORTED;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + ETH + OUTER > end)
		return XDP_ABORTED;
	u64 *words = data;
#pragma unroll
	for (int i = 0; i < (ETH + OUTER) / 8; i++)
		words[i] = i & 1 ? e->macs[0] : e->peer;
	return XDP_TX;
}

/* out and next: where generator and bare hop send to. */
struct {
	UINT(type, MAP_DEVMAP_HASH);
	UINT(max_entries, 1);
	TYPE(key, u32);
	TYPE(value, u32);
} out SEC(".maps"), next SEC(".maps");

/* What arrived, and the least time that WINDOW packets took to: long enough that a queue on the way does not matter, and
 * short enough that some are not disturbed. */
enum { WINDOW = 8192 };

struct arrivals {
	u64 packets, begun, least;
};

struct {
	UINT(type, MAP_ARRAY);
	UINT(max_entries, 1);
	TYPE(key, u32);
	TYPE(value, struct arrivals);
} arrived SEC(".maps");

static u64 (*const ktime_ns)(void) = (void *)5;

/* send ends a driver under live frames: the frame leaves by the generator's interface. */
SEC("xdp.frags") int send(struct xdp_md *ctx) { return redirect_map(&out, 0, XDP_ABORTED); }

/* bare is a hop that does nothing but redirect. */
SEC("xdp.frags") int bare(struct xdp_md *ctx) { return redirect_map(&next, 0, XDP_ABORTED); }

/* to_kernel is what a hop that the kernel forwards needs: a veth takes redirected frames only with a program. */
SEC("xdp.frags") int to_kernel(struct xdp_md *ctx) { return XDP_PASS; }

/* sink counts and ends what arrives. */
SEC("xdp.frags") int sink(struct xdp_md *ctx)
{
	u32 zero = 0;
	struct arrivals *a = map_lookup(&arrived, &zero);
	if (a && ++a->packets % WINDOW == 0) {
		u64 now = ktime_ns();
		if (a->begun && (!a->least || now - a->begun < a->least))
			a->least = now - a->begun;
		a->begun = now;
	}
	return XDP_DROP;
}

char license_text[] SEC("license") = "Apache-2.0";

/* SPDX-License-Identifier: Apache-2.0
 *
 * The fast path of limpid.bpf.c at the hook of traffic control, over the same maps. VLANs are left to user space.
 */
#define TCX
#include "tcx.h"
#include "serve.h"

/* limpid_tcx_n3 serves an interface that leads to gNBs only. */
SEC("tcx/ingress") int limpid_tcx_n3(struct __sk_buff *ctx) { return fit(ctx) ? serve_n3(ctx) : PASS; }

/* limpid_tcx_n6 serves an interface that leads to data networks only. */
SEC("tcx/ingress") int limpid_tcx_n6(struct __sk_buff *ctx) { return fit(ctx) ? serve_n6(ctx) : PASS; }

/* limpid_tcx_n3n6 serves an interface that leads to both. */
SEC("tcx/ingress") int limpid_tcx_n3n6(struct __sk_buff *ctx) { return fit(ctx) ? serve(ctx) : PASS; }

char license_text[] SEC("license") = "Apache-2.0";

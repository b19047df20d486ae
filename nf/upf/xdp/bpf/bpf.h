/* SPDX-License-Identifier: Apache-2.0
 *
 * The part of the kernel's interface that the programs use, so that they are built without any header of the system.
 */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

#define SEC(name) __attribute__((section(name), used))
#define NOINLINE __attribute__((noinline))
#define INLINE static inline __attribute__((always_inline))
#define UINT(name, value) int(*name)[value]
#define TYPE(name, type) typeof(type) *name
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define barrier() asm volatile("" ::: "memory")
#define AS_BRANCHES(x) asm volatile("" : "+r"(x)) /* no arithmetic on what was compared: x tells nothing of the packet */
/* FORGET keeps a number from being told apart by where it comes from: the kernel verifies once what follows, and not for each pool
 * or each version of IP. other is any number of the packet. */
#define FORGET(x, other) asm volatile("%0 ^= %1\n%0 ^= %1" : "+r"(x) : "r"((u64)(other)))
#define READ(x) (*(const volatile typeof(x) *)&(x))

enum { MAP_HASH = 1, MAP_ARRAY = 2, MAP_PROG_ARRAY = 3, MAP_PERCPU_ARRAY = 6, MAP_DEVMAP_HASH = 25 };
enum { F_NO_PREALLOC = 1, F_MMAPABLE = 1 << 10 };

static void *(*const map_lookup)(void *map, const void *key) = (void *)1;
static long (*const tail_call)(void *ctx, void *map, u32 index) = (void *)12;
static u64 (*const coarse_ns)(void) = (void *)160;
static u64 (*const ticks_of_kernel)(void) = (void *)118; /* no call: the kernel puts a load in its place */
static u32 (*const prandom)(void) = (void *)7;
static s64 (*const sum_octets)(const u32 *from, u32 less, const u32 *to, u32 octets, u32 seed) = (void *)28;

enum { UNTOUCHED = -1000 };

#define htons(x) __builtin_bswap16(x)
#define htonl(x) __builtin_bswap32(x)
#define htonll(x) __builtin_bswap64(x)

struct ethernet {
	u8 destination[6];
	u8 source[6];
	u16 type;
};

struct ipv4 { /* RFC 791 §3.1 */
	u8 version_length;
	u8 tos;
	u16 length;
	u16 id;
	u16 fragment;
	u8 ttl;
	u8 protocol;
	u16 checksum;
	u32 source;
	u32 destination;
};

struct ipv6 { /* RFC 8200 §3 */
	u32 version_class_label;
	u16 length;
	u8 next;
	u8 limit;
	u64 source[2];
	u64 destination[2];
};

struct vlan { /* IEEE 802.1Q: what stands after the addresses of a tagged frame */
	u16 type;
	u16 tag;
};

struct udp { /* RFC 768 */
	u16 source;
	u16 destination;
	u16 length;
	u16 checksum;
};

struct gtpu { /* TS 29.281 §5.1, with the options and a PDU session container of four octets */
	u8 flags;
	u8 type;
	u16 length;
	u32 teid;
	u16 sequence;
	u8 npdu;
	u8 next;
	u8 container_length;
	u8 container_type;
	u8 qfi;
	u8 container_next;
};

enum {
	ETH = sizeof(struct ethernet),
	IPV4 = sizeof(struct ipv4),
	IPV6 = sizeof(struct ipv6),
	VLAN = sizeof(struct vlan),
	UDP = sizeof(struct udp),
	GTPU = sizeof(struct gtpu),
	OUTER = IPV4 + UDP + GTPU, /* what a tunnel adds in downlink */
};

enum { ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_VLAN = 0x8100, ETHERTYPE_IPV6 = 0x86dd };
enum { PROTOCOL_TCP = 6, PROTOCOL_UDP = 17, PROTOCOL_DCCP = 33, PROTOCOL_SCTP = 132, PORT_GTPU = 2152 };
enum { DONT_FRAGMENT = 0x4000, MORE_OR_OFFSET = 0x3fff };

// A peer for the tests on another SCTP stack (usrsctp). It takes commands on its standard input and tells on its
// standard output what happens, one line each.
//
//   usrsctp_peer listen  UDP  LOCAL PORT
//   usrsctp_peer connect UDP  LOCAL PORT REMOTE PORT
//
// UDP is the port of RFC 6951 on both sides, or 0 for raw IP. A listener sends back every message it receives and
// goes on with the next association when one ends.
//
// Commands: "send STREAM PPID UNORDERED SIZE", "shutdown", "abort".
// Lines: "ready", "up", "restart", "recv STREAM PPID UNORDERED SIZE SUM", "lost", "eof", "heartbeats COUNT".
#include <arpa/inet.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <usrsctp.h>

static struct socket *volatile current;

static void fail(const char *what) {
	perror(what);
	exit(1);
}

static uint32_t sum(const uint8_t *p, size_t n) { // FNV-1a
	uint32_t h = 2166136261u;
	while (n--)
		h = (h ^ *p++) * 16777619u;
	return h;
}

static void put(struct socket *so, unsigned stream, unsigned ppid, unsigned unordered, const void *data, size_t n) {
	struct sctp_sndinfo info;
	memset(&info, 0, sizeof info);
	info.snd_sid = stream;
	info.snd_ppid = htonl(ppid);
	info.snd_flags = unordered ? SCTP_UNORDERED : 0;
	if (usrsctp_sendv(so, data, n, NULL, 0, &info, sizeof info, SCTP_SENDV_SNDINFO, 0) < 0)
		perror("sendv");
}

static void *commands(void *unused) {
	char line[256];
	(void)unused;
	while (fgets(line, sizeof line, stdin)) {
		unsigned stream, ppid, unordered, size, i;
		struct socket *so = current;
		if (!so)
			continue;
		if (sscanf(line, "send %u %u %u %u", &stream, &ppid, &unordered, &size) == 4) {
			uint8_t *data = malloc(size);
			for (i = 0; i < size; i++)
				data[i] = (uint8_t)(i * 7 + stream);
			put(so, stream, ppid, unordered, data, size);
			free(data);
		} else if (!strncmp(line, "shutdown", 8)) {
			usrsctp_shutdown(so, SHUT_WR);
		} else if (!strncmp(line, "abort", 5)) {
			struct linger l = {1, 0};
			usrsctp_setsockopt(so, SOL_SOCKET, SO_LINGER, &l, sizeof l);
			current = NULL;
			usrsctp_close(so);
		} else if (!strncmp(line, "heartbeats", 10)) {
			struct sctpstat stat;
			usrsctp_get_stat(&stat);
			printf("heartbeats %u\n", stat.sctps_recvheartbeatack);
		}
	}
	exit(0);
}

static struct sockaddr_in address(const char *ip, const char *port) {
	struct sockaddr_in a;
	memset(&a, 0, sizeof a);
	a.sin_family = AF_INET;
	a.sin_port = htons(atoi(port));
	if (inet_pton(AF_INET, ip, &a.sin_addr) != 1)
		fail("inet_pton");
	return a;
}

static void options(struct socket *so, int udp) {
	int on = 1, big = 1 << 20;
	struct sctp_initmsg init;
	struct sctp_event event;
	struct sctp_paddrparams peer;
	memset(&init, 0, sizeof init);
	init.sinit_num_ostreams = 8;
	init.sinit_max_instreams = 64;
	usrsctp_setsockopt(so, IPPROTO_SCTP, SCTP_INITMSG, &init, sizeof init);
	usrsctp_setsockopt(so, IPPROTO_SCTP, SCTP_RECVRCVINFO, &on, sizeof on);
	usrsctp_setsockopt(so, IPPROTO_SCTP, SCTP_NODELAY, &on, sizeof on);
	usrsctp_setsockopt(so, SOL_SOCKET, SO_SNDBUF, &big, sizeof big);
	usrsctp_setsockopt(so, SOL_SOCKET, SO_RCVBUF, &big, sizeof big);
	memset(&event, 0, sizeof event);
	event.se_assoc_id = SCTP_FUTURE_ASSOC;
	event.se_on = 1;
	event.se_type = SCTP_ASSOC_CHANGE;
	usrsctp_setsockopt(so, IPPROTO_SCTP, SCTP_EVENT, &event, sizeof event);
	memset(&peer, 0, sizeof peer);
	peer.spp_flags = SPP_HB_ENABLE;
	peer.spp_hbinterval = 200;
	usrsctp_setsockopt(so, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &peer, sizeof peer);
	if (udp) {
		struct sctp_udpencaps e;
		memset(&e, 0, sizeof e);
		e.sue_address.ss_family = AF_INET;
		e.sue_port = htons(udp);
		if (usrsctp_setsockopt(so, IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, &e, sizeof e) < 0)
			fail("udp encapsulation");
	}
}

static void serve(struct socket *so, int echo) {
	static uint8_t data[1 << 20];
	size_t n = 0;
	for (;;) {
		struct sctp_rcvinfo info;
		socklen_t infolen = sizeof info, fromlen = 0;
		unsigned type = 0;
		int flags = 0;
		memset(&info, 0, sizeof info);
		ssize_t got = usrsctp_recvv(so, data + n, sizeof data - n, NULL, &fromlen, &info, &infolen, &type, &flags);
		if (got <= 0) {
			puts(got == 0 ? "eof" : "lost");
			return;
		}
		n += got;
		if (!(flags & MSG_EOR))
			continue;
		if (flags & MSG_NOTIFICATION) {
			struct sctp_assoc_change *c = (struct sctp_assoc_change *)data;
			if (c->sac_type == SCTP_ASSOC_CHANGE && c->sac_state == SCTP_COMM_UP)
				puts("up");
			if (c->sac_type == SCTP_ASSOC_CHANGE && c->sac_state == SCTP_RESTART)
				puts("restart");
		} else {
			unsigned unordered = !!(info.rcv_flags & SCTP_UNORDERED);
			printf("recv %u %u %u %zu %u\n", info.rcv_sid, ntohl(info.rcv_ppid), unordered, n, sum(data, n));
			if (echo)
				put(so, info.rcv_sid, ntohl(info.rcv_ppid), unordered, data, n);
		}
		n = 0;
	}
}

int main(int argc, char **argv) {
	pthread_t thread;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 5)
		return 2;
	int udp = atoi(argv[2]);
	usrsctp_init(udp, NULL, NULL);
	usrsctp_sysctl_set_sctp_ecn_enable(1);
	struct socket *so = usrsctp_socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
	if (!so)
		fail("socket");
	options(so, udp);
	struct sockaddr_in local = address(argv[3], argv[4]);
	if (usrsctp_bind(so, (struct sockaddr *)&local, sizeof local) < 0)
		fail("bind");
	pthread_create(&thread, NULL, commands, NULL);
	if (!strcmp(argv[1], "connect") && argc == 7) {
		struct sockaddr_in remote = address(argv[5], argv[6]);
		if (usrsctp_connect(so, (struct sockaddr *)&remote, sizeof remote) < 0) {
			puts("lost");
			return 0;
		}
		current = so;
		puts("ready");
		serve(so, 0);
		pause();
	}
	if (usrsctp_listen(so, 5) < 0)
		fail("listen");
	puts("ready");
	for (;;) {
		struct socket *a = usrsctp_accept(so, NULL, NULL);
		if (!a)
			fail("accept");
		current = a;
		puts("up");
		serve(a, 1);
		if (current)
			usrsctp_close(a);
		current = NULL;
	}
}
